package tiff

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"testing"
)

// FuzzDecode checks that no file makes the decoder panic or return a picture of another
// size than it said.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../../testdata/awkward/*.tif")
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
		file, err := Open(data)
		if err != nil || file.Memory() > 1<<22 {
			return
		}
		file.WebP = func([]byte) (*image.NRGBA, error) { return nil, errors.New("no WebP here") }
		m, err := file.Decode()
		if err == nil && m.Bounds() != image.Rect(0, 0, file.W, file.H) {
			t.Fatalf("bounds %v, want %dx%d", m.Bounds(), file.W, file.H)
		}
		if err == nil && file.CanRow() && file.W*file.H < 1<<14 {
			sameRows(t, file, m)
		}
	})
}

// FuzzFax checks that the fax decoder fills what it is given, or says that it cannot.
func FuzzFax(f *testing.F) {
	f.Add([]byte{0x26, 0xa0, 0x00, 0x10, 0x01}, uint8(20), uint8(0))
	f.Add([]byte{0x00, 0x1b, 0x35, 0x01, 0x80, 0x08}, uint8(9), uint8(1))
	f.Fuzz(func(t *testing.T, src []byte, width, kind uint8) {
		fax := newFax(1 + int(width))
		fax.group4, fax.twoD, fax.byteAligned = kind&1 != 0, kind&2 != 0, kind&4 != 0
		stride := int(width)/8 + 1
		dst := make([]byte, 4*stride)
		if err := fax.decode(dst, src, stride); err == nil && len(src) == 0 {
			t.Fatal("pixels from nothing")
		}
	})
}

// sameRows fails the test if the rows of a picture, read one by one, are not those of m.
func sameRows(t *testing.T, file *File, m image.Image) {
	t.Helper()
	y := 0
	err := file.Rows(func(row image.Image) {
		for x := range file.W {
			if row.At(x, 0) != m.At(x, y) {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, row.At(x, 0), m.At(x, y))
			}
		}
		y++
	})
	if err != nil || y != file.H {
		t.Fatalf("%d rows of %d, error %v", y, file.H, err)
	}
}
