package imgio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nst/imgio"
)

func TestEncodeRoundTrip(t *testing.T) {
	p := noise(33, 21)
	tests := []struct {
		name, format string
		opts         []imgio.Option
		deep         bool
		tol          float64
	}{
		{"png", "png", nil, false, 0.5/255 + 1e-6},
		{"png 16", "png", []imgio.Option{imgio.Depth16()}, true, 0.5/65535 + 1e-6},
		{"jpeg", "jpeg", nil, false, 1}, // noise has chroma that 4:2:0 cannot keep; see below
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := imgio.Encode(&b, p, tt.format, tt.opts...); err != nil {
				t.Fatal(err)
			}
			m, info, err := imgio.Decode(&b)
			if err != nil || info != (imgio.Info{Format: tt.format, Width: 33, Height: 21, Orientation: 1, Deep: tt.deep}) {
				t.Fatalf("info %+v, error %v", info, err)
			}
			q := imgio.FromImage(m)
			for i := range p.Pix {
				if math.Abs(float64(p.Pix[i]-q.Pix[i])) > tt.tol {
					t.Fatalf("value %d: %v became %v", i, p.Pix[i], q.Pix[i])
				}
			}
		})
	}
}

func TestJPEGQuality(t *testing.T) {
	p := noise(12, 9).Resize(120, 90) // smooth
	size, loss := map[int]int{}, map[int]float64{}
	for _, q := range []int{0, 5, 95, 100} {
		var opts []imgio.Option
		if q > 0 {
			opts = append(opts, imgio.JPEGQuality(q))
		}
		var b bytes.Buffer
		if err := imgio.Encode(&b, p, "jpeg", opts...); err != nil {
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

func TestTextRoundTrip(t *testing.T) {
	want := map[string]string{
		"nst:recipe": `{"style":["a.jpg","b.jpg"],"seed":1}`,
		"Title":      "Ein Bild im Stil von Böcklin, 絵",
		"Comment":    "two\nlines: with a colon",
		"Empty":      "",
		"Long":       strings.Repeat("0123456789abcdef", 4000), // near the end of a JPEG comment
	}
	var opts []imgio.Option
	for _, k := range slices.Sorted(maps.Keys(want)) {
		opts = append(opts, imgio.Text(k, want[k]))
	}
	for _, format := range []string{"png", "jpeg"} {
		t.Run(format, func(t *testing.T) {
			var b, plain bytes.Buffer
			if err := errors.Join(imgio.Encode(&b, noise(8, 8), format, opts...), imgio.Encode(&plain, noise(8, 8), format)); err != nil {
				t.Fatal(err)
			}
			got, err := imgio.ReadText(bytes.NewReader(b.Bytes()))
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("%q, error %v, want %q", got, err, want)
			}
			with, _, err := imgio.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			without, _, _ := imgio.Decode(bytes.NewReader(plain.Bytes()))
			if !slices.Equal(imgio.FromImage(with).Pix, imgio.FromImage(without).Pix) {
				t.Error("text changed the picture")
			}
			if got, err := imgio.ReadText(&plain); err != nil || got == nil || len(got) != 0 {
				t.Errorf("no text: %q, error %v", got, err)
			}
		})
	}
}

// Texts as other programs write them.
func TestReadTextOfOthers(t *testing.T) {
	file := encoded(t, image.NewGray(image.Rect(0, 0, 2, 2)), png.Encode)
	zipped := "\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27" // zlib of abc
	jpg := encoded(t, image.NewGray(image.Rect(0, 0, 2, 2)), asJPEG)
	tests := []struct {
		name string
		file []byte
		want map[string]string
	}{
		{"latin1", withChunk(file, "tEXt", []byte("Caf\xe9\x00cr\xe8me")), map[string]string{"Café": "crème"}},
		{"zTXt", withChunk(file, "zTXt", []byte("k\x00\x00"+zipped)), map[string]string{"k": "abc"}},
		{"iTXt zipped", withChunk(file, "iTXt", []byte("k\x00\x01\x00de\x00Schl\x00"+zipped)), map[string]string{"k": "abc"}},
		{"first counts", withChunk(withChunk(file, "tEXt", []byte("k\x00b")), "tEXt", []byte("k\x00a")), map[string]string{"k": "a"}},
		{"comment", withSegment(jpg, 0xfe, []byte("taken at noon")), map[string]string{"Comment": "taken at noon"}},
	}
	for _, tt := range tests {
		if got, err := imgio.ReadText(bytes.NewReader(tt.file)); err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("%s: %q, error %v, want %q", tt.name, got, err, tt.want)
		}
	}
	for name, chunk := range map[string][2]string{
		"no separator": {"tEXt", "key"},
		"no method":    {"zTXt", "key\x00"},
		"not zlib":     {"zTXt", "key\x00\x00abc"},
		"no flags":     {"iTXt", "key\x00\x00"},
		"no language":  {"iTXt", "key\x00\x00\x00de"},
	} {
		if _, err := imgio.ReadText(bytes.NewReader(withChunk(file, chunk[0], []byte(chunk[1])))); !errors.Is(err, imgio.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, file := range map[string][]byte{"gif": encoded(t, blocks(), asGIF), "text": []byte("hello"), "nothing": nil} {
		if _, err := imgio.ReadText(bytes.NewReader(file)); !errors.Is(err, imgio.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("cable cut")
	if _, err := imgio.ReadText(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("reader's error: %v", err)
	}
}

// A PNG file has an sRGB chunk with a valid checksum. image/png does not check those of
// chunks that it does not know.
func TestEncodePNGChunks(t *testing.T) {
	var b bytes.Buffer
	if err := imgio.Encode(&b, noise(4, 4), "png", imgio.Text("k", "v")); err != nil {
		t.Fatal(err)
	}
	blank := encoded(t, image.NewNRGBA(image.Rect(0, 0, 4, 4)), png.Encode)
	want := withChunk(withChunk(blank, "tEXt", []byte("k\x00v")), "sRGB", []byte{0})
	const from, to = 8 + 25, 8 + 25 + 13 + 15
	if !bytes.Equal(b.Bytes()[from:to], want[from:to]) {
		t.Errorf("chunks % x, want % x", b.Bytes()[from:to], want[from:to])
	}
}

func TestEncodeErrors(t *testing.T) {
	good := noise(4, 4)
	wide := imgio.NewPlanar(70_000, 1)
	tests := []struct {
		name   string
		p      *imgio.Planar
		format string
		opt    imgio.Option
		text   string
	}{
		{"quality 0", good, "jpeg", imgio.JPEGQuality(0), "quality 0 is not in 1..100"},
		{"quality 101", good, "jpeg", imgio.JPEGQuality(101), "quality 101"},
		{"quality of png", good, "png", imgio.JPEGQuality(90), "png"},
		{"16-bit jpeg", good, "jpeg", imgio.Depth16(), "8 bits"},
		{"no key", good, "png", imgio.Text("", "x"), "key"},
		{"long key", good, "png", imgio.Text(strings.Repeat("k", 80), "x"), "key"},
		{"key with colon", good, "png", imgio.Text("a: b", "x"), "key"},
		{"key with space", good, "png", imgio.Text(" a", "x"), "key"},
		{"key not ascii", good, "png", imgio.Text("é", "x"), "key"},
		{"value not utf-8", good, "png", imgio.Text("a", "\xff"), "utf-8"},
		{"value with NUL", good, "png", imgio.Text("a", "b\x00c"), "NUL"},
		{"long comment", good, "jpeg", imgio.Text("a", strings.Repeat("x", 65531)), "65534 bytes"},
		{"format", good, "gif", nil, `unsupported format "gif" (supported: png, jpeg)`},
		{"no pixels", &imgio.Planar{W: 4, H: 4}, "png", nil, "4x4 pixels with 0 values"},
		{"empty", imgio.NewPlanar(0, 3), "png", nil, "0x3"},
		{"too wide for jpeg", wide, "jpeg", nil, "jpeg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var opts []imgio.Option
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			err := imgio.Encode(io.Discard, tt.p, tt.format, opts...)
			if err == nil || !strings.Contains(err.Error(), tt.text) || !strings.HasPrefix(err.Error(), "imgio: ") {
				t.Errorf("error %v, want one with %q", err, tt.text)
			}
		})
	}
	if err := imgio.Encode(io.Discard, good, "png", imgio.Text("a", "1"), imgio.Text("a", "2")); err == nil {
		t.Error("a key given twice is no error")
	}
	if err := imgio.Encode(io.Discard, good, "jpeg", imgio.Text("a", strings.Repeat("x", 65530))); err != nil {
		t.Errorf("the longest comment: %v", err)
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
	for _, format := range []string{"png", "jpeg"} {
		for _, n := range []int{0, 100, 70_000} {
			if err := imgio.Encode(&limited{n}, noise(300, 300), format); !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes: %v", format, n, err)
			}
		}
	}
}

// The dimensions are where a reader of the file expects them.
func TestEncodeHeader(t *testing.T) {
	var b bytes.Buffer
	if err := imgio.Encode(&b, noise(300, 2), "png", imgio.Depth16()); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()[16:26]
	if w, h := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:]); w != 300 || h != 2 || head[8] != 16 || head[9] != 2 {
		t.Errorf("%dx%d pixels, depth %d, colour type %d, want 300x2, 16, 2 (RGB)", w, h, head[8], head[9])
	}
}
