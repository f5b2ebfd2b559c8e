package imgio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
)

// picture16 is a picture of levels of 16 bits, and their opacity.
func picture16() (*imgio.Planar, []float32) {
	p := imgio.NewPlanar(33, 21)
	alpha := make([]float32, 33*21)
	for i := range p.Pix {
		p.Pix[i] = float32(i*7919%65536) / 65535
	}
	for i := range alpha {
		alpha[i] = float32(i*31%256) / 255
	}
	return p, alpha
}

func TestEncodeRoundTrip(t *testing.T) {
	p, alpha := picture16()
	const half8, half16 = 0.5/255 + 1e-6, 1e-6 // 16 bits are exact
	for _, tt := range []struct {
		name, format string
		e            imgio.Encoding
		deep         bool
		tol          float64
	}{
		{"png", "png", imgio.Encoding{}, false, half8},
		{"png 16", "png", imgio.Encoding{Depth: 16}, true, half16},
		{"png alpha", "png", imgio.Encoding{Alpha: alpha}, false, half8},
		{"png 16 alpha", "png", imgio.Encoding{Depth: 16, Alpha: alpha}, true, half16},
		{"png dithered", "png", imgio.Encoding{Dither: true}, false, 2 * half8},
		{"tiff", "tiff", imgio.Encoding{}, true, half16},
		{"tiff 8", "tiff", imgio.Encoding{Depth: 8}, false, half8},
		{"tiff alpha", "tiff", imgio.Encoding{Alpha: alpha}, true, half16},
		{"tiff 8 alpha dithered", "tiff", imgio.Encoding{Depth: 8, Alpha: alpha, Dither: true}, false, 2 * half8},
		{"webp", "webp", imgio.Encoding{}, false, half8},
		{"webp alpha", "webp", imgio.Encoding{Alpha: alpha}, false, half8},
		{"webp dithered", "webp", imgio.Encoding{Dither: true}, false, 2 * half8},
		{"jpeg", "jpeg", imgio.Encoding{Quality: 100}, false, 3.0 / 255}, // noise in all channels: chroma is not subsampled
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.e.Metadata.DPI = [2]float64{300, 240}
			tt.e.Provenance = imgio.Provenance{Software: "nst", About: "a test", SourceType: "urn:x", Recipe: "{}"}
			var b bytes.Buffer
			if err := imgio.Encode(&b, p, tt.format, tt.e); err != nil {
				t.Fatal(err)
			}
			m, info, err := imgio.Decode(&b)
			want := imgio.Info{Format: tt.format, Width: 33, Height: 21, Orientation: 1, Deep: tt.deep, Alpha: tt.e.Alpha != nil}
			if err != nil || info != want {
				t.Fatalf("info %+v, error %v", info, err)
			}
			q, opacity := imgio.Separate(m)
			if (opacity != nil) != (tt.e.Alpha != nil) {
				t.Fatalf("%d values of alpha", len(opacity))
			}
			for i, a := range opacity {
				if a != alpha[i] {
					t.Fatalf("alpha %d: %v became %v", i, alpha[i], a)
				}
			}
			for i := range p.Pix {
				if opacity != nil && opacity[i%len(opacity)] == 0 {
					continue // not seen
				}
				if math.Abs(float64(p.Pix[i]-q.Pix[i])) > tt.tol {
					t.Fatalf("value %d: %v became %v", i, p.Pix[i], q.Pix[i])
				}
			}
		})
	}
}

// A dithered gradient has its mean, no value more than a level off, and levels stay as they are.
func TestDither(t *testing.T) {
	p := imgio.NewPlanar(256, 64)
	for ch := range 3 {
		for y := range 64 {
			for x := range 256 {
				p.Pix[(ch*64+y)*256+x] = (100 + float32(x/8)/32) / 255
			}
		}
	}
	read := func(e imgio.Encoding, p *imgio.Planar) *imgio.Planar {
		var b bytes.Buffer
		if err := imgio.Encode(&b, p, "png", e); err != nil {
			t.Fatal(err)
		}
		m, _, err := imgio.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		return imgio.FromImage(m)
	}
	q := read(imgio.Encoding{Dither: true}, p)
	for i := 0; i < 256; i += 8 { // columns of one value
		sum := 0.0
		for y := range 64 {
			for x := i; x < i+8; x++ {
				sum += 255 * float64(q.Pix[y*256+x]-p.Pix[y*256+x])
			}
		}
		if mean := sum / 512; math.Abs(mean) > 0.05 {
			t.Errorf("columns at %d: the mean is off by %v levels", i, mean)
		}
	}
	if again := read(imgio.Encoding{Dither: true}, p); !slices.Equal(again.Pix, q.Pix) {
		t.Error("another pattern")
	}
	levels := imgio.NewPlanar(256, 2)
	for i := range levels.Pix {
		levels.Pix[i] = float32(i%256) / 255
	}
	if got := read(imgio.Encoding{Dither: true}, levels); !slices.Equal(got.Pix, levels.Pix) {
		t.Error("levels have changed")
	}
}

func TestJPEGQuality(t *testing.T) {
	p := noise(12, 9).Resize(120, 90) // smooth
	size, loss := map[int]int{}, map[int]float64{}
	for _, q := range []int{0, 5, 95, 100} {
		var b bytes.Buffer
		if err := imgio.Encode(&b, p, "jpeg", imgio.Encoding{Quality: q}); err != nil {
			t.Fatal(err)
		}
		size[q] = b.Len()
		m, _, err := imgio.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		back := imgio.FromImage(m)
		for i, v := range p.Pix {
			loss[q] += math.Abs(float64(min(max(v, 0), 1)-back.Pix[i])) / float64(len(p.Pix))
		}
	}
	if size[0] != size[95] || !(size[5] < size[95] && size[95] < size[100]) {
		t.Errorf("sizes by quality (0 is the default): %v", size)
	}
	if !(loss[5] > loss[95]) || loss[95] > 0.012 {
		t.Errorf("mean error by quality: %v", loss)
	}
}

// Text chunks as other programs write them.
func TestPNGTexts(t *testing.T) {
	zipped := "\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27" // zlib of abc
	for _, tt := range []struct{ name, kind, body, key, value string }{
		{"latin1", "tEXt", "Caf\xe9\x00cr\xe8me", "Café", "crème"},
		{"zTXt", "zTXt", "k\x00\x00" + zipped, "k", "abc"},
		{"iTXt", "iTXt", "k\x00\x00\x00de\x00Schl\x00cr\u00e8me", "k", "crème"},
		{"iTXt zipped", "iTXt", "k\x00\x01\x00de\x00Schl\x00" + zipped, "k", "abc"},
		{"no separator", "tEXt", "key", "", ""},
		{"no method", "zTXt", "key\x00", "", ""},
		{"not zlib", "zTXt", "key\x00\x00abc", "", ""},
		{"no flags", "iTXt", "key\x00\x00", "", ""},
		{"no language", "iTXt", "key\x00\x00\x00de", "", ""},
	} {
		key, value, err := imgio.PNGText(tt.kind, tt.body)
		if key != tt.key || value != tt.value || (err == nil) != (tt.key != "") {
			t.Errorf("%s: %q, %q, error %v", tt.name, key, value, err)
		}
	}
}

// A PNG file has valid checksums. image/png does not check those of chunks that it does not
// know.
func TestEncodePNGChunks(t *testing.T) {
	var b bytes.Buffer
	e := imgio.Encoding{Provenance: imgio.Provenance{Software: "v"}}
	if err := imgio.Encode(&b, noise(4, 4), "png", e); err != nil {
		t.Fatal(err)
	}
	const at = 8 + 25
	chunks := b.Bytes()[at:]
	blank := encoded(t, image.NewNRGBA(image.Rect(0, 0, 4, 4)), png.Encode)
	profile := withChunk(blank, "iCCP", chunks[8:8+binary.BigEndian.Uint32(chunks)])[at:]
	want := slices.Concat(profile[:12+binary.BigEndian.Uint32(chunks)], withChunk(blank, "iTXt", []byte("Software\x00\x00\x00\x00\x00v"))[at:][:12+14])
	if !bytes.HasPrefix(chunks, want) {
		t.Errorf("chunks % x, want % x", chunks, want)
	}
}

func TestEncodeErrors(t *testing.T) {
	good := noise(4, 4)
	wide := imgio.NewPlanar(70_000, 1)
	long := imgio.Provenance{Recipe: strings.Repeat("x", 65_400)}
	tests := []struct {
		name   string
		p      *imgio.Planar
		format string
		e      imgio.Encoding
		text   string
	}{
		{"quality -1", good, "jpeg", imgio.Encoding{Quality: -1}, "quality -1 is not in 1..100"},
		{"quality 101", good, "jpeg", imgio.Encoding{Quality: 101}, "quality 101"},
		{"quality of png", good, "png", imgio.Encoding{Quality: 90}, "png"},
		{"16-bit jpeg", good, "jpeg", imgio.Encoding{Depth: 16}, "jpeg files have 8 bits per channel, not 16"},
		{"16-bit webp", good, "webp", imgio.Encoding{Depth: 16}, "webp files have 8 bits"},
		{"9-bit png", good, "png", imgio.Encoding{Depth: 9}, "png files have 8 or 16 bits per channel, not 9"},
		{"dithered jpeg", good, "jpeg", imgio.Encoding{Dither: true}, "dithering"},
		{"dithered 16 bits", good, "png", imgio.Encoding{Dither: true, Depth: 16}, "dithering"},
		{"transparent jpeg", good, "jpeg", imgio.Encoding{Alpha: make([]float32, 16)}, "no transparency"},
		{"alpha of another size", good, "png", imgio.Encoding{Alpha: make([]float32, 15)}, "15 values of alpha"},
		{"long recipe", good, "jpeg", imgio.Encoding{Provenance: long}, "jpeg segment"},
		{"format", good, "gif", imgio.Encoding{}, `unsupported format "gif" (supported: png, jpeg, tiff, webp)`},
		{"no pixels", &imgio.Planar{W: 4, H: 4}, "png", imgio.Encoding{}, "4x4 pixels with 0 values"},
		{"empty", imgio.NewPlanar(0, 3), "png", imgio.Encoding{}, "0x3"},
		{"too wide for jpeg", wide, "jpeg", imgio.Encoding{}, "jpeg"},
		{"too wide for webp", wide, "webp", imgio.Encoding{}, "webp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := imgio.Encode(io.Discard, tt.p, tt.format, tt.e)
			if err == nil || !strings.Contains(err.Error(), tt.text) || !strings.HasPrefix(err.Error(), "imgio: ") {
				t.Errorf("error %v, want one with %q", err, tt.text)
			}
		})
	}
	if err := imgio.Encode(io.Discard, good, "png", imgio.Encoding{Provenance: long}); err != nil {
		t.Errorf("a long recipe in a png file: %v", err)
	}
}

// limited takes n bytes and then fails.
type limited struct{ n int }

var errFull = errors.New("disk full")

func (l *limited) Write(b []byte) (int, error) {
	if l.n -= len(b); l.n < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestEncodeReportsTheWriter(t *testing.T) {
	for _, format := range []string{"png", "jpeg", "tiff", "webp"} {
		for _, n := range []int{0, 100, 70_000} {
			if err := imgio.Encode(&limited{n}, noise(300, 300), format, imgio.Encoding{}); !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes: %v", format, n, err)
			}
		}
	}
}

// The dimensions are where a reader of the file expects them.
func TestEncodeHeader(t *testing.T) {
	var b bytes.Buffer
	if err := imgio.Encode(&b, noise(300, 2), "png", imgio.Encoding{Depth: 16}); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()[16:26]
	if w, h := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:]); w != 300 || h != 2 || head[8] != 16 || head[9] != 2 {
		t.Errorf("%dx%d pixels, depth %d, colour type %d, want 300x2, 16, 2 (RGB)", w, h, head[8], head[9])
	}
}
