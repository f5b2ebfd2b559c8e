package imgio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"nst/imgio"
)

// wantBlocks fails the test if the middles of the blocks of m differ from those of [blocks].
func wantBlocks(t *testing.T, m image.Image) {
	t.Helper()
	want := blocks()
	p := imgio.FromImage(m)
	if p.W != 48 || p.H != 32 {
		t.Fatalf("size %dx%d, want 48x32", p.W, p.H)
	}
	for y := 8; y < 32; y += 16 {
		for x := 8; x < 48; x += 16 {
			c := want.NRGBAAt(x, y)
			near(t, p, x, y, [3]float64{float64(c.R) / 255, float64(c.G) / 255, float64(c.B) / 255}, 0.02)
		}
	}
}

func TestDecodeFormats(t *testing.T) {
	for name, encode := range formats() {
		t.Run(name, func(t *testing.T) {
			m, info, err := imgio.Decode(iotest.OneByteReader(bytes.NewReader(encoded(t, blocks(), encode))))
			if err != nil {
				t.Fatal(err)
			}
			wantBlocks(t, m)
			if want := (imgio.Info{Format: name, Width: 48, Height: 32, Orientation: 1}); info != want {
				t.Errorf("info %+v, want %+v", info, want)
			}
			if notes := info.Notes(); notes != nil {
				t.Errorf("notes %q, want none", notes)
			}
		})
	}
}

// Lossy WebP has video levels, which must become full levels.
func TestDecodeWebP(t *testing.T) {
	m, info, err := imgio.Decode(bytes.NewReader(fromBase64(t, blackWhiteWebP)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (imgio.Info{Format: "webp", Width: 32, Height: 16, Orientation: 1}); info != want {
		t.Errorf("info %+v, want %+v", info, want)
	}
	p := imgio.FromImage(m)
	near(t, p, 2, 8, [3]float64{0, 0, 0}, 0.005)
	near(t, p, 29, 8, [3]float64{1, 1, 1}, 0.005)

	m, info, err = imgio.Decode(bytes.NewReader(fromBase64(t, halfRedWebP)))
	if err != nil || !info.Alpha {
		t.Fatalf("alpha %v, error %v", info.Alpha, err)
	}
	near(t, imgio.FromImage(m), 8, 8, [3]float64{1, 0.5, 0.5}, 0.01)
}

func TestDecodeCMYK(t *testing.T) {
	m, info, err := imgio.Decode(bytes.NewReader(fromBase64(t, cyanCMYKJPEG)))
	if err != nil || !info.CMYK || len(info.Notes()) != 1 {
		t.Fatalf("info %+v, notes %q, error %v", info, info.Notes(), err)
	}
	near(t, imgio.FromImage(m), 8, 8, [3]float64{0, 1, 1}, 0.01)
}

func TestInfo(t *testing.T) {
	r := image.Rect(0, 0, 4, 3)
	half := image.NewNRGBA(r) // all transparent
	deepClear := image.NewNRGBA64(r)
	greyPalette := image.NewPaletted(r, color.Palette{color.Black, color.Gray{99}})
	greyAlpha := bytes.Clone(encoded(t, half, png.Encode))
	tests := []struct {
		name   string
		file   []byte
		format string
		want   imgio.Info
		notes  string
	}{
		{"grey", encoded(t, image.NewGray(r), png.Encode), "png", imgio.Info{Grey: true}, "greyscale"},
		{"grey jpeg", encoded(t, image.NewGray(r), asJPEG), "jpeg", imgio.Info{Grey: true}, "greyscale"},
		{"deep grey", encoded(t, image.NewGray16(r), asTIFF), "tiff", imgio.Info{Grey: true, Deep: true}, "greyscale; 16 bits per channel"},
		{"grey palette", encoded(t, greyPalette, png.Encode), "png", imgio.Info{Grey: true}, "greyscale"},
		{"alpha", greyAlpha, "png", imgio.Info{Alpha: true}, "transparency flattened on white"},
		{"deep alpha", encoded(t, deepClear, png.Encode), "png", imgio.Info{Alpha: true, Deep: true}, "16 bits per channel; transparency flattened on white"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Format, tt.want.Width, tt.want.Height, tt.want.Orientation = tt.format, 4, 3, 1
			_, info, err := imgio.Decode(bytes.NewReader(tt.file))
			if err != nil || info != tt.want {
				t.Errorf("info %+v, error %v, want %+v", info, err, tt.want)
			}
			if notes := strings.Join(info.Notes(), "; "); notes != tt.notes {
				t.Errorf("notes %q, want %q", notes, tt.notes)
			}
		})
	}
}

// The first frame of an animation may cover only a part of the screen; the rest is
// transparent.
func TestDecodeAnimatedGIF(t *testing.T) {
	palette := color.Palette{color.Black, color.NRGBA{0xff, 0, 0, 0xff}}
	frame := image.NewPaletted(image.Rect(2, 1, 4, 3), palette)
	for i := range frame.Pix {
		frame.Pix[i] = 1
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{
		Image: []*image.Paletted{frame, image.NewPaletted(image.Rect(0, 0, 6, 5), palette)},
		Delay: []int{1, 1}, Config: image.Config{Width: 6, Height: 5, ColorModel: palette},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, info, err := imgio.Decode(&b)
	want := imgio.Info{Format: "gif", Width: 6, Height: 5, Orientation: 1, Alpha: true, Animated: true}
	if err != nil || info != want {
		t.Fatalf("info %+v, error %v, want %+v", info, err, want)
	}
	p := imgio.FromImage(m)
	near(t, p, 2, 1, [3]float64{1, 0, 0}, 0)
	near(t, p, 3, 2, [3]float64{1, 0, 0}, 0)
	near(t, p, 4, 2, [3]float64{1, 1, 1}, 0)
}

// bomb is a PNG file that claims to be large.
func bomb(t *testing.T, w, h uint32) []byte {
	file := encoded(t, image.NewGray(image.Rect(0, 0, 2, 2)), png.Encode)
	header := bytes.Clone(file[16:29])
	binary.BigEndian.PutUint32(header, w)
	binary.BigEndian.PutUint32(header[4:], h)
	withHeader := withChunk(file, "IHDR", header)
	return slices.Concat(file[:8], withHeader[8+25:])
}

func TestDecodeErrors(t *testing.T) {
	pngFile := encoded(t, blocks(), png.Encode)
	webp := fromBase64(t, blackWhiteWebP)
	animated := extendedWebP(webp, 32, 16, nil, nil)
	animated[20] |= 2
	cmyk := fromBase64(t, cyanCMYKJPEG)
	lossless := bytes.Replace(cmyk, []byte{0xff, 0xc0}, []byte{0xff, 0xc3}, 1)
	tests := []struct {
		name string
		file []byte
		want error
		text string // in the message
	}{
		{"empty", nil, imgio.ErrCorrupt, "no data"},
		{"text", []byte("dear diary, "), imgio.ErrFormat, "unsupported format (supported: jpeg, png, webp, tiff, bmp, gif)"},
		{"web page", []byte("\n<!DOCTYPE html><html>404"), imgio.ErrFormat, "web page"},
		{"svg", []byte("<svg xmlns=..."), imgio.ErrFormat, "SVG"},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), imgio.ErrFormat, "HEIC"},
		{"one byte", []byte{0xff}, imgio.ErrFormat, ""},
		{"bmp or not", []byte("BMW was founded in 1916 in Munich"), imgio.ErrFormat, ""},
		{"animated webp without frames", animated, imgio.ErrCorrupt, "without a frame"},
		{"lossless jpeg", lossless, imgio.ErrFormat, "lossless"},
		{"raw", withFields(encoded(t, blocks(), asTIFF), field{50706, 1, []byte{1, 4, 0, 0}}), imgio.ErrFormat, "camera raw"},
		{"one pixel high", encoded(t, image.NewGray(image.Rect(0, 0, 9, 1)), png.Encode), imgio.ErrTooSmall, "9x1"},
		{"one pixel wide", encoded(t, image.NewGray(image.Rect(0, 0, 1, 9)), asJPEG), imgio.ErrTooSmall, "1x9"},
		{"bomb", bomb(t, 100_000, 100_000), imgio.ErrTooLarge, "100000x100000"},
		{"bomb just over", bomb(t, 20_000, 10_001), imgio.ErrTooLarge, "at most 200 million"},
		{"truncated webp", webp[:len(webp)-8], imgio.ErrCorrupt, ""},
		{"damaged png", append(bytes.Clone(pngFile[:60]), bytes.Repeat([]byte{7}, 300)...), imgio.ErrCorrupt, "flate"},
	}
	for name, encode := range formats() {
		file := encoded(t, blocks(), encode)
		for _, n := range []int{len(file) / 2, 40} {
			tests = append(tests, struct {
				name string
				file []byte
				want error
				text string
			}{fmt.Sprintf("%s cut to %d", name, n), file[:n], imgio.ErrCorrupt, "corrupt or truncated"})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, info, err := imgio.Decode(bytes.NewReader(tt.file))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || !strings.HasPrefix(err.Error(), "imgio: ") {
				t.Errorf("error %v, want one that is %q with %q", err, tt.want, tt.text)
			}
			if m != nil || info != (imgio.Info{}) {
				t.Errorf("something came with the error: %T, %+v", m, info)
			}
			var format *imgio.FormatError
			if errors.Is(err, imgio.ErrFormat) != errors.As(err, &format) {
				t.Errorf("ErrFormat and FormatError disagree about %v", err)
			}
		})
	}
}

func TestFormatErrorHoldsTheReason(t *testing.T) {
	file := encoded(t, blocks(), png.Encode)
	header := bytes.Clone(file[16:29])
	header[10] = 1 // compression method
	_, _, err := imgio.Decode(bytes.NewReader(slices.Concat(file[:8], withChunk(file, "IHDR", header)[8+25:])))
	var reason png.UnsupportedError
	if !errors.As(err, &reason) {
		t.Errorf("error %v wraps no png.UnsupportedError", err)
	}
}

func TestDecodeReportsTheReader(t *testing.T) {
	broken := errors.New("cable cut")
	file := encoded(t, blocks(), png.Encode)
	for _, n := range []int{0, 10, 100} {
		r := iotest.TimeoutReader(iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(file[:n]))))
		if _, _, err := imgio.Decode(r); n > 0 && !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if _, _, err := imgio.Decode(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, imgio.ErrCorrupt) {
		t.Errorf("error %v, want %v only", err, broken)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	misnamed := filepath.Join(dir, "really-a-png.jpg")
	if err := os.WriteFile(misnamed, encoded(t, blocks(), png.Encode), 0o666); err != nil {
		t.Fatal(err)
	}
	p, info, err := imgio.Open(misnamed)
	if err != nil || info.Format != "png" {
		t.Fatalf("info %+v, error %v", info, err)
	}
	wantBlocks(t, p.Image())

	missing := filepath.Join(dir, "missing.jpg")
	if _, _, err := imgio.Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: %v", err)
	}
	if _, _, err := imgio.Open(dir); !errors.Is(err, imgio.ErrFolder) || !strings.Contains(err.Error(), dir) {
		t.Errorf("folder: %v", err)
	}
}

func TestOpenFS(t *testing.T) {
	fsys := fstest.MapFS{"a/b.png": {Data: encoded(t, blocks(), png.Encode)}, "a/c.png": {Data: []byte("no")}}
	if p, _, err := imgio.OpenFS(fsys, "a/b.png"); err != nil || p.W != 48 {
		t.Errorf("%v, error %v", p, err)
	}
	for name, want := range map[string]error{"a/x.png": fs.ErrNotExist, "a": imgio.ErrFolder, "a/c.png": imgio.ErrFormat} {
		if _, _, err := imgio.OpenFS(fsys, name); !errors.Is(err, want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestExtensions(t *testing.T) {
	if got := imgio.Extensions(); !slices.Contains(got, ".jpeg") || !slices.Contains(got, ".webp") {
		t.Errorf("extensions %q", got)
	}
}

func BenchmarkOpenJPEG(b *testing.B) {
	file := encoded(b, noise(2048, 1536).Image(), asJPEG)
	b.ReportAllocs()
	for b.Loop() {
		m, _, err := imgio.Decode(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		imgio.FromImage(m)
	}
}
