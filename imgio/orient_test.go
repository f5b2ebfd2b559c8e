package imgio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"testing"

	"nst/imgio"
)

// sides returns the table of EXIF 2.3, 4.6.4.A: for orientations 1 to 8, the side of the scene
// that the first row and the first column of the stored picture show.
var sides = [9][2]string{
	1: {"top", "left"},
	2: {"top", "right"},
	3: {"bottom", "right"},
	4: {"bottom", "left"},
	5: {"left", "top"},
	6: {"right", "top"},
	7: {"right", "bottom"},
	8: {"left", "bottom"},
}

// stored returns the scene as a camera held in the given orientation stores it, in a picture
// from blank.
func stored(scene image.Image, orientation int, blank func(image.Rectangle) draw.Image) image.Image {
	b := scene.Bounds()
	rows, columns := b.Dy(), b.Dx()
	if orientation >= 5 {
		rows, columns = columns, rows
	}
	m := blank(image.Rect(0, 0, columns, rows))
	for row := range rows {
		for column := range columns {
			x, y := b.Min.X, b.Min.Y
			for i, n := range []int{row, column} {
				switch sides[orientation][i] {
				case "top":
					y = b.Min.Y + n
				case "bottom":
					y = b.Max.Y - 1 - n
				case "left":
					x = b.Min.X + n
				case "right":
					x = b.Max.X - 1 - n
				}
			}
			m.Set(column, row, scene.At(x, y))
		}
	}
	return m
}

func newNRGBA(r image.Rectangle) draw.Image { return image.NewNRGBA(r) }

func TestOrientation(t *testing.T) {
	scene := blocks()
	for o := 1; o <= 8; o++ {
		shot := stored(scene, o, newNRGBA)
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			exif := exifBlock(order, o)
			for name, file := range map[string][]byte{
				"jpeg": withSegment(encoded(t, shot, asJPEG), 0xe1, []byte("Exif\x00\x00"), exif),
				"png":  withChunk(encoded(t, shot, png.Encode), "eXIf", exif),
				"tiff": withFields(encoded(t, shot, asTIFF), orientationField(binary.LittleEndian, o)),
			} {
				t.Run(fmt.Sprintf("%s/%d/%v", name, o, order), func(t *testing.T) {
					m, info, err := imgio.Decode(bytes.NewReader(file))
					if err != nil {
						t.Fatal(err)
					}
					wantBlocks(t, m)
					want := imgio.Info{Format: name, Width: 48, Height: 32, Orientation: o}
					if info != want {
						t.Errorf("info %+v, want %+v", info, want)
					}
					if notes := info.Notes(); (len(notes) == 1) != (o > 1) {
						t.Errorf("notes %q", notes)
					}
				})
			}
		}
	}
}

// Pixels move and keep their values, also with 16 bits and transparency.
func TestOrientationIsExact(t *testing.T) {
	r := image.Rect(0, 0, 3, 5)
	shallow, deep := image.NewNRGBA(r), image.NewNRGBA64(r)
	for i := range deep.Pix {
		deep.Pix[i] = byte(i*i*31 + 7)
		shallow.Pix[i/2] = deep.Pix[i]
	}
	newNRGBA64 := func(r image.Rectangle) draw.Image { return image.NewNRGBA64(r) }
	for o := 1; o <= 8; o++ {
		for _, tt := range []struct {
			scene image.Image
			blank func(image.Rectangle) draw.Image
		}{{shallow, newNRGBA}, {deep, newNRGBA64}} {
			want := tt.scene
			shot := stored(want, o, tt.blank)
			file := withChunk(encoded(t, shot, png.Encode), "eXIf", exifBlock(binary.BigEndian, o))
			m, _, err := imgio.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			for y := range 5 {
				for x := range 3 {
					g, w := m.At(x, y), want.At(x, y)
					if g != w {
						t.Errorf("orientation %d, (%d, %d): %#v, want %#v", o, x, y, g, w)
					}
				}
			}
		}
	}
}

func TestOrientationWebP(t *testing.T) {
	file := extendedWebP(fromBase64(t, blackWhiteWebP), 32, 16, nil, exifBlock(binary.LittleEndian, 6))
	m, info, err := imgio.Decode(bytes.NewReader(file))
	if err != nil || info.Width != 16 || info.Height != 32 || info.Orientation != 6 {
		t.Fatalf("info %+v, error %v", info, err)
	}
	p := imgio.FromImage(m)
	near(t, p, 8, 2, [3]float64{0, 0, 0}, 0.005) // left became top
	near(t, p, 8, 29, [3]float64{1, 1, 1}, 0.005)
}

// Damaged EXIF is treated like none.
func TestOrientationGarbage(t *testing.T) {
	good := exifBlock(binary.LittleEndian, 6)
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	const secondEntry = 8 + 2 + 12
	for name, exif := range map[string][]byte{
		"empty":              {},
		"cut in the header":  good[:6],
		"cut in the entries": good[:secondEntry+4],
		"no byte order":      change(0, 'X', 'X'),
		"offset beyond":      change(4, 0xff, 0xff, 0xff, 0xff),
		"offset at the end":  change(4, byte(len(good)-1), 0, 0, 0),
		"orientation 0":      change(secondEntry+8, 0),
		"orientation 9":      change(secondEntry+8, 9),
		"of no known type":   change(secondEntry+2, 77),
		"huge count":         change(secondEntry+4, 0xff, 0xff, 0xff, 0xff),
		"count 0":            change(secondEntry+4, 0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			file := withSegment(encoded(t, blocks(), asJPEG), 0xe1, []byte("Exif\x00\x00"), exif)
			m, info, err := imgio.Decode(bytes.NewReader(file))
			if err != nil || info.Orientation != 1 {
				t.Fatalf("orientation %d, error %v", info.Orientation, err)
			}
			wantBlocks(t, m)
		})
	}
}
