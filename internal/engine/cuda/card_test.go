//go:build gpu && linux && cgo

package cuda

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"nst/internal/engine/cuda/lazy"
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
// kernel is launched with the arguments that it has.
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
	err = errors.Join(c.Launch("scale", 1, uint64(math.Float32bits(2)), 0, uint64(p), uint64(p), 5), c.Wait())
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{2, -4, 6, -8, 10}; !slices.Equal(x, want) {
		t.Errorf("twice the vector is %v, want %v", x, want)
	}
	if err := c.Launch("scale", 1, 0); err == nil || !strings.Contains(err.Error(), "scale: 1 arguments, want 5") {
		t.Errorf("too few arguments: %v, want an error that says so", err)
	}
}

// TestCardRefusal looks that callers can tell why there is no driver that works.
func TestCardRefusal(t *testing.T) {
	for _, tt := range []struct {
		err                  error
		none, found, unknown bool
	}{
		{lazy.InitError(100), true, false, false},
		{lazy.InitError(999), false, true, true},
		{lazy.InitError(803), false, true, false},
		{fmt.Errorf("%w: no such file", lazy.ErrNoDriver), false, false, false},
	} {
		err, driver := refused(tt.err), new(NoDriverError)
		found := errors.As(err, &driver) && driver.Found
		if none, unknown := err == ErrNoCard, errors.Is(err, ErrDriverUnknown); none != tt.none || found != tt.found || unknown != tt.unknown {
			t.Errorf("%v is %#v: no card %t, driver found %t, unknown %t", tt.err, err, none, found, unknown)
		}
	}
}

// TestCardClose looks that a card can be closed twice, and that its use after that is
// an error.
func TestCardClose(t *testing.T) {
	c := open(t)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Alloc(4); !errors.Is(err, errClosed) {
		t.Errorf("memory of a closed card: %v", err)
	}
}

// TestCardMute looks that a card that does not answer hides no other, and what is known
// of each.
func TestCardMute(t *testing.T) {
	open(t)
	t.Setenv("NST_EMU_DEVICES", "2")
	t.Setenv("NST_EMU_MUTE", "0")
	t.Setenv("NST_EMU_MANAGED", "0")
	cards, err := Cards(os.Getenv)
	if err != nil || len(cards) == 1 {
		t.Skip("this driver has the cards that it has")
	}
	if cards[0].Usable() == nil || cards[1].Usable() != nil || cards[1].Concurrent {
		t.Errorf("%+v: want the second alone to be usable, not concurrent", cards)
	}
	if _, err := Open(0, os.Getenv); !errors.As(err, new(*UnusableError)) {
		t.Errorf("opening the first: %v, want an UnusableError", err)
	}
}
