package jpeg

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// picture returns planes of smooth colours with an amount of noise.
func picture(w, h int, noise float32) (planes [3][]float32) {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for c := range planes {
		planes[c] = make([]float32, w*h)
		for i := range planes[c] {
			x, y := float64(i%w)/20, float64(i/w)/20
			planes[c][i] = float32(0.5+0.4*math.Sin(x+y*float64(c+1))) + noise*(r.Float32()-0.5)
		}
	}
	return planes
}

// TestEncode compares what image/jpeg and this package decode with the picture. The error of
// the best quality is that of rounding, with chroma at full resolution.
func TestEncode(t *testing.T) {
	for _, tt := range []struct {
		w, h, quality int
		noise, most   float32
	}{
		{1, 1, 100, 0, 2}, {8, 8, 100, 0.5, 1}, {17, 9, 100, 0.5, 1}, {64, 33, 100, 1, 1}, {64, 33, 95, 0.2, 3.5}, {40, 40, 50, 0.1, 9}, {40, 40, 1, 1, 90},
	} {
		planes := picture(tt.w, tt.h, tt.noise)
		var b bytes.Buffer
		if err := Encode(&b, planes, tt.w, tt.h, tt.quality, [2]int{300, 300}, Segment(0xfe, []byte("hello")...)); err != nil {
			t.Fatal(err)
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(b.Bytes()))
		if err != nil || config.Width != tt.w || config.Height != tt.h {
			t.Fatalf("%+v, error %v", config, err)
		}
		m, err := jpeg.Decode(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if s := m.(*image.YCbCr).SubsampleRatio; s != image.YCbCrSubsampleRatio444 {
			t.Errorf("chroma %v", s)
		}
		ours, err := Decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		ours.ToRGB()
		var mean float64
		for i := range planes[0] {
			r, g, bl, _ := m.At(i%tt.w, i/tt.w).RGBA()
			for c, v := range []uint32{r, g, bl} {
				want := float64(level(planes[c][i]))
				mean += math.Abs(float64(v)/257-want) / float64(3*len(planes[0]))
				if d := math.Abs(float64(ours.Planes[c][i]) - float64(v)/257); d > 3 {
					t.Fatalf("%dx%d: the decoders differ by %v", tt.w, tt.h, d)
				}
			}
		}
		if mean > float64(tt.most) {
			t.Errorf("%dx%d, quality %d: mean error %v, want at most %v", tt.w, tt.h, tt.quality, mean, tt.most)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	if err := Encode(new(bytes.Buffer), [3][]float32{}, 65536, 1, 90, [2]int{}, nil); err == nil {
		t.Error("65536 pixels pass")
	}
	full := errors.New("disk full")
	if err := Encode(failing{full}, picture(9, 9, 1), 9, 9, 90, [2]int{}, nil); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestZigzag(t *testing.T) {
	order := zigzagOrder()
	for i, want := range []int{0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25} {
		if order[i] != want {
			t.Errorf("coefficient %d is at %d, want %d", i, order[i], want)
		}
	}
	if order[63] != 63 || order[62] != 62 || order[61] != 55 {
		t.Errorf("the last are at %v", order[61:])
	}
}

// TestBestCodes checks that codes are free of prefixes, leave the word of all ones free, and
// are no longer than 16 bits, also for counts that would make them so.
func TestBestCodes(t *testing.T) {
	for name, count := range map[string]func(s int) int64{
		"one":       func(s int) int64 { return max(0, int64(1-s)) },
		"equal":     func(int) int64 { return 5 },
		"fibonacci": func(s int) int64 { return int64(math.Pow(1.618, float64(min(s, 80)))) },
		"few":       func(s int) int64 { return max(0, int64(5-s)) },
	} {
		var counts [257]int64
		for s := range 256 {
			counts[s] = count(s)
		}
		c := bestCodes(counts)
		kraft, symbols := 0, 0
		for s := range 256 {
			if (counts[s] > 0) != (c.length[s] > 0) || c.length[s] > 16 {
				t.Fatalf("%s: symbol %d has %d bits for count %d", name, s, c.length[s], counts[s])
			}
			if c.length[s] == 0 {
				continue
			}
			symbols++
			kraft += 1 << (16 - c.length[s])
			if c.word[s] == 1<<c.length[s]-1 {
				t.Errorf("%s: symbol %d has the word of all ones", name, s)
			}
		}
		if kraft >= 1<<16 || symbols != len(c.symbols) {
			t.Errorf("%s: words use %d of 65536, %d of %d symbols", name, kraft, len(c.symbols), symbols)
		}
	}
}

// FuzzEncode checks that what is written can be read.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{0, 255, 3, 9}, uint8(5), uint8(90))
	f.Fuzz(func(t *testing.T, data []byte, width, quality uint8) {
		w := int(width)%40 + 1
		h := len(data)/w + 1
		q := int(quality)%100 + 1
		var planes [3][]float32
		for c := range planes {
			planes[c] = make([]float32, w*h)
			for i := range planes[c] {
				if i+c < len(data) {
					planes[c][i] = float32(data[i+c])/200 - 0.1
				}
			}
		}
		var b bytes.Buffer
		if err := Encode(&b, planes, w, h, q, [2]int{}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(&b); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	const side = 512
	planes := picture(side, side, 0.2)
	b.SetBytes(3 * side * side)
	for b.Loop() {
		if err := Encode(new(bytes.Buffer), planes, side, side, 95, [2]int{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
