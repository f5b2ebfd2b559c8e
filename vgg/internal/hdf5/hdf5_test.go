package hdf5_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"nst/vgg/internal/hdf5"
	"nst/vgg/safetensors"
)

const fixtures = "../../../testdata/weights/"

func load(t testing.TB, name string) []byte {
	b, err := os.ReadFile(fixtures + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walk reads all arrays of at most a million elements, and returns how many there are.
func walk(b []byte) (n int, err error) {
	f, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0, err
	}
	walkErr := f.Walk(func(_ string, d *hdf5.Dataset) {
		size := safetensors.Count(d.Shape)
		if size < 0 || size > 1<<20 {
			return
		}
		n++
		switch d.Class {
		case hdf5.Float:
			if e := d.Read(make([]float32, size)); err == nil {
				err = e
			}
		case hdf5.Integer, hdf5.Reference:
			if _, e := d.Words(); err == nil {
				err = e
			}
		}
	})
	if walkErr != nil {
		return n, walkErr
	}
	return n, err
}

func TestWalk(t *testing.T) {
	for name, want := range map[string]int{"keras1.h5": 20, "keras2.h5": 10, "chunked.h5": 10, "latest.h5": 10, "v73.mat": 28} {
		if got, err := walk(load(t, name)); err != nil || got < want {
			t.Errorf("%s: got %d arrays, %v, want %d", name, got, err, want)
		}
	}
}

// A changed byte of a chunk with a checksum is found.
func TestChecksum(t *testing.T) {
	b := load(t, "chunked.h5")
	read := func() error {
		f, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return err
		}
		f.Walk(func(path string, d *hdf5.Dataset) {
			if strings.HasPrefix(path, "block1_conv2/kernel") {
				err = d.Read(make([]float32, safetensors.Count(d.Shape)))
			}
		})
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := 0; i < len(b); i += 8 {
		b[i] ^= 1
		if err := read(); err != nil && strings.Contains(err.Error(), "checksum of a chunk differs") {
			found++
		}
		b[i] ^= 1
	}
	if found < 4*144/8 {
		t.Errorf("%d of %d changes were found", found, 4*144/8)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := load(t, "latest.h5")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":     {nil, "damaged"},
		"cut short": {good[:len(good)-1], "cut short"},
		"version 9": {append([]byte(hdf5.Magic), bytes.Repeat([]byte{9}, 90)...), "superblock version 9"},
	} {
		if _, err := walk(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzWalk checks that no file makes the package panic, or fill the memory.
func FuzzWalk(f *testing.F) {
	for _, name := range []string{"keras2.h5", "chunked.h5", "latest.h5", "v73.mat"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := walk(b); err != nil && !strings.HasPrefix(err.Error(), "hdf5: ") && !strings.Contains(err.Error(), "EOF") {
			t.Errorf("error without the package's name: %v", err)
		}
	})
}
