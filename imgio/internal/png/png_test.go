package png

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// compare reads a file by rows, and compares it with what image/png reads. It returns false if
// it cannot be read.
func compare(t *testing.T, data []byte) bool {
	t.Helper()
	f, err := Open(data)
	if err != nil || f.W*f.H > 1<<16 {
		return false
	}
	var rows [][]uint16
	if err := f.Rows(func(row []uint16) { rows = append(rows, append([]uint16(nil), row...)) }); err != nil {
		return false
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		// What lacks its last chunk, and what image/png finds in chunks that do not matter.
		return true
	}
	if m.Bounds() != image.Rect(0, 0, f.W, f.H) || len(rows) != f.H {
		t.Fatalf("%d rows of %d, want %v", len(rows), f.W, m.Bounds())
	}
	for y, row := range rows {
		for x := range f.W {
			r, g, b, a := m.At(x, y).RGBA()
			px := row[4*x : 4*x+4]
			for ch, want := range [4]uint32{r, g, b, a} {
				got := uint32(px[ch])
				if ch < 3 {
					got = got * uint32(px[3]) / 0xffff // premultiplied, as RGBA returns it
				}
				if got != want {
					t.Fatalf("pixel %d,%d of %T is %v, want %v", x, y, m, px, [4]uint32{r, g, b, a})
				}
			}
		}
	}
	return true
}

// pictures returns pictures of every type that image/png writes, of odd sizes.
func pictures() []image.Image {
	r := rand.New(rand.NewPCG(1, 2))
	var all []image.Image
	for w := 1; w < 40; w += 6 {
		bounds := image.Rect(0, 0, w, 41-w)
		grey, grey16 := image.NewGray(bounds), image.NewGray16(bounds)
		rgba, nrgba, deep := image.NewRGBA(bounds), image.NewNRGBA(bounds), image.NewNRGBA64(bounds)
		for _, pix := range [][]uint8{grey.Pix, grey16.Pix, rgba.Pix, nrgba.Pix, deep.Pix} {
			for i := range pix {
				pix[i] = uint8(r.IntN(256)) * uint8(r.IntN(2))
			}
		}
		for i := 3; i < len(rgba.Pix); i += 4 {
			rgba.Pix[i] = 0xff
		}
		all = append(all, grey, grey16, rgba, nrgba, deep)
		for _, n := range []int{2, 3, 11, 200} {
			m := image.NewPaletted(bounds, nil)
			for i := range n {
				m.Palette = append(m.Palette, color.NRGBA{uint8(i * 91), uint8(i * 17), uint8(i), uint8(255 - i%3*90)})
			}
			for i := range m.Pix {
				m.Pix[i] = uint8(r.IntN(n))
			}
			all = append(all, m)
		}
	}
	return all
}

func TestRows(t *testing.T) {
	for _, m := range pictures() {
		for _, level := range []png.CompressionLevel{png.DefaultCompression, png.NoCompression} {
			var b bytes.Buffer
			e := png.Encoder{CompressionLevel: level}
			if err := e.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			if !compare(t, b.Bytes()) {
				t.Errorf("%T of %v is not read", m, m.Bounds())
			}
			for _, n := range []int{b.Len() / 2, b.Len() - 20} {
				if compare(t, b.Bytes()[:n]) {
					t.Errorf("%T: %d of %d bytes are read", m, n, b.Len())
				}
			}
			damaged := bytes.Clone(b.Bytes())
			damaged[b.Len()/2] ^= 4
			if compare(t, damaged) {
				t.Errorf("%T: a damaged file is read", m)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	read := 0
	for _, data := range files(t) {
		if compare(t, data) {
			read++
		}
	}
	if read < 12 {
		t.Errorf("%d files are read", read)
	}
}

// files returns the PNG files of the test of package imgio.
func files(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("../../../testdata/awkward/*.png")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// FuzzRows checks that no file makes the reader panic, and that image/png reads the same.
func FuzzRows(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	for _, m := range pictures()[:18] {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		compare(t, data)
		compare(t, withSums(data))
	})
}

// withSums returns a file whose chunks have the right checksums.
func withSums(data []byte) []byte {
	data = bytes.Clone(data)
	for at := 8; at+12 <= len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		if n > len(data)-at-12 {
			break
		}
		binary.BigEndian.PutUint32(data[at+8+n:], crc32.ChecksumIEEE(data[at+4:at+8+n]))
		at += 12 + n
	}
	return data
}
