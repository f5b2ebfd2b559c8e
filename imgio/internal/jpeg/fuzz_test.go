package jpeg

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzDecode checks that no stream makes the decoder panic, and that planes have the size
// that the header says.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../../testdata/awkward/jpeg-*.jpg")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(data)
		if err != nil || h.W*h.H > 1<<16 {
			return
		}
		p, err := Decode(data)
		if err != nil {
			return
		}
		if p.Header != h {
			t.Fatalf("header %+v, then %+v", h, p.Header)
		}
		p.ToRGB()
		for _, plane := range p.Planes {
			if len(plane) != h.W*h.H {
				t.Fatalf("plane of %d samples, want %dx%d", len(plane), h.W, h.H)
			}
		}
	})
}
