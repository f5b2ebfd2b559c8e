package imgio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nst/imgio"
)

// box is a box of ISO/IEC 14496-12.
func box(kind string, parts ...string) string {
	body := strings.Join(parts, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

// be32 writes numbers of 4 bytes.
func be32(v ...uint32) string {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return string(b)
}

// heic has a thumbnail, item 1, and a primary picture, item 2, of 40x30 pixels.
func heic(more ...string) []byte {
	properties := box("ipco", box("ispe", be32(0, 4, 3)), box("ispe", be32(0, 40, 30)), strings.Join(more, ""))
	associations := be32(0, 2) + "\x00\x01\x01\x01" + "\x00\x02\x02\x82\x03"
	return []byte(box("ftyp", "heic", be32(0), "mif1heic") + box("free", "....") +
		box("meta", be32(0), box("pitm", be32(0), "\x00\x02"), box("iprp", properties, box("ipma", associations))) + box("mdat", "pixels"))
}

// TestHEIF reads a file by way of a converter.
func TestHEIF(t *testing.T) {
	exif := exifBlock(binary.BigEndian, 6)
	for _, c := range []struct {
		name    string
		file    []byte
		w, h    int // of the picture that the converter makes
		upright bool
		limit   imgio.Limit
		err     error
		want    string
		width   int
	}{
		{"turned already", heic(box("irot", "\x03")), 30, 40, true, nil, nil, "read with a test", 30},
		{"tagged", heic(box("irot", "\x03")), 40, 30, false, nil, nil, "read with a test; turned upright", 30},
		{"cropped", heic(box("clap", be32(30, 1))), 30, 30, true, nil, nil, "read with a test", 30},
		{"one tile", heic(), 20, 20, true, nil, imgio.ErrFormat, "a test made a picture of 20x20 pixels of one of 40x30", 0},
		{"refused by its header", heic(), 0, 0, true, imgio.MaxPixels(1199), imgio.ErrTooLarge, "40x30", 0},
		{"converter fails", heic(), 0, 0, true, nil, imgio.ErrFormat, "HEIC: a test cannot", 0},
		{"no size", heic()[:100], 0, 0, true, nil, imgio.ErrCorrupt, "without a size", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			convert := func(file []byte) (imgio.Conversion, error) {
				if !bytes.Equal(file, c.file) {
					t.Error("got another file")
				}
				if c.w == 0 {
					return imgio.Conversion{}, errors.New("a test cannot")
				}
				made := withChunk(encoded(t, image.NewGray(image.Rect(0, 0, c.w, c.h)), png.Encode), "eXIf", exif)
				return imgio.Conversion{File: made, By: "a test", Upright: c.upright}, nil
			}
			limits := []imgio.Limit{imgio.ConvertHEIF(convert)}
			if c.limit != nil {
				limits = append(limits, c.limit)
			}
			m, info, err := imgio.Decode(bytes.NewReader(c.file), limits...)
			if c.err != nil {
				if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %v with %q", err, c.err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if notes := strings.Join(info.Notes(), "; "); !strings.HasPrefix(notes, c.want) || info.Format != "heif" {
				t.Errorf("format %q, notes %q, want %q", info.Format, notes, c.want)
			}
			if got := m.Bounds().Dx(); got != c.width || info.Width != c.width {
				t.Errorf("%d pixels wide, want %d", got, c.width)
			}
		})
	}
}

// TestStatHEIF reads the header of a file that is longer than the first look at it.
func TestStatHEIF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "photo.heic")
	file := append(heic(box("irot", "\x03")), make([]byte, 300<<10)...)
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := imgio.Stat(path); !errors.Is(err, imgio.ErrFormat) {
		t.Errorf("without a converter: %v", err)
	}
	h, err := imgio.Stat(path, imgio.ConvertHEIF(func([]byte) (imgio.Conversion, error) {
		t.Error("the file was converted")
		return imgio.Conversion{}, nil
	}))
	if err != nil || h.Width != 30 || h.Height != 40 || h.Format != "heif" {
		t.Errorf("header %+v, %v, want 30x40", h, err)
	}
}

// FuzzHEIF checks that no file makes the reader of boxes panic, and that a size is one that
// can be.
func FuzzHEIF(f *testing.F) {
	f.Add(heic())
	f.Add(heic(box("irot", "\x01"), box("clap", be32(1))))
	f.Add([]byte(box("ftyp", "avif") + box("meta", be32(0), box("pitm", "\x01\x00\x00\x00", be32(1)), box("iprp", box("ipma", be32(1<<24|1, 1, 1), "\x01\x80\x01")))))
	f.Fuzz(func(t *testing.T, file []byte) {
		if w, h, err := imgio.HEIFSize(file); err == nil && (w < 1 || h < 1 || w > 1<<20 || h > 1<<20) {
			t.Fatalf("%dx%d pixels", w, h)
		}
	})
}
