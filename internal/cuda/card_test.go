//go:build gpu && linux

package cuda

import (
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// open opens the first card of the driver that NST_LIBCUDA names: a real one, or the
// one that make test-gpu builds, which runs kernels on the processor.
func open(t *testing.T) *Card {
	t.Helper()
	if os.Getenv("NST_LIBCUDA") == "" {
		t.Skip("NST_LIBCUDA names no driver; make test-gpu does")
	}
	c, err := Open(0, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestCardMemory looks that what is uploaded comes back, and that too much is refused.
func TestCardMemory(t *testing.T) {
	c := open(t)
	p, err := c.Alloc(4 * 100)
	if err != nil {
		t.Fatal(err)
	}
	want, got := make([]float32, 97), make([]float32, 97)
	for i := range want {
		want[i] = float32(i) / 3
	}
	if err := c.Upload(p.Plus(3), want); err != nil {
		t.Fatal(err)
	}
	if err := c.Download(got, p.Plus(3)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("what comes back is not what was uploaded")
	}
	if err := c.Release(p); err != nil {
		t.Error(err)
	}
	full := new(MemoryError)
	if _, err := c.Alloc(1 << 50); !errors.As(err, &full) || full.Wanted != 1<<50 {
		t.Errorf("a petabyte: %v, want a MemoryError", err)
	}
}

// TestCardUpload looks that what runs after an upload sees what was uploaded.
func TestCardUpload(t *testing.T) {
	c := open(t)
	p, err := c.Alloc(4 * 3)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release(p)
	got := make([]float32, 3)
	err = errors.Join(
		c.Upload(p, []float32{1, 2, 3}),
		c.Launch("scale", 1, uint64(math.Float32bits(2)), 0, uint64(p), uint64(p), 3),
		c.Download(got, p))
	if want := []float32{2, 4, 6}; err != nil || !slices.Equal(got, want) {
		t.Errorf("twice what was uploaded is %v, want %v: %v", got, want, err)
	}
}

// TestCardErrors looks that what cannot be is said by name.
func TestCardErrors(t *testing.T) {
	c := open(t)
	if _, err := c.Load([]Launch{{Kernel: "no_such_kernel"}}); err == nil || !strings.Contains(err.Error(), "no_such_kernel") {
		t.Errorf("a kernel that is not there: %v, want an error that names it", err)
	}
	if _, err := Open(99, os.Getenv); err == nil || !strings.Contains(err.Error(), "99") {
		t.Errorf("card 99: %v, want an error that names it", err)
	}
}

// TestCardShared looks that host and card see the same in shared memory, and that a
// kernel is launched, in time, with the arguments that it has.
func TestCardShared(t *testing.T) {
	c := open(t)
	x, err := c.Share(5)
	if err != nil {
		t.Fatal(err)
	}
	p := Place(x)
	defer c.Release(p)
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x, make([]float32, 5)) {
		t.Errorf("shared memory begins with %v, want zeros", x)
	}
	copy(x, []float32{1, -2, 3, -4, 5})
	took, err := c.Time(func() error {
		return c.Launch("scale", 1, uint64(math.Float32bits(2)), 0, uint64(p), uint64(p), 5)
	})
	if err != nil || took < 0 {
		t.Fatalf("took %v: %v", took, err)
	}
	if want := []float32{2, -4, 6, -8, 10}; !slices.Equal(x, want) {
		t.Errorf("twice the vector is %v, want %v", x, want)
	}
	if err := c.Launch("scale", 1, 0); err == nil || !strings.Contains(err.Error(), "scale: 1 arguments, want 5") {
		t.Errorf("too few arguments: %v, want an error that says so", err)
	}
}
