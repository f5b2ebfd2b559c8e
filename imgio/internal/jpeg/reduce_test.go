package jpeg

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// averaged returns the means of a component of a fully decoded picture, over the samples that
// belong to it.
func averaged(c *component, full []byte, rx, ry int) []float64 {
	w, h := ceil(c.width, rx), ceil(c.height, ry)
	out := make([]float64, w*h)
	for i := range out {
		n := 0.0
		for y := i / w * ry; y < min(i/w*ry+ry, c.height); y++ {
			for x := i % w * rx; x < min(i%w*rx+rx, c.width); x++ {
				out[i] += float64(full[8*y*c.blocksX+x])
				n++
			}
		}
		out[i] /= n
	}
	return out
}

// checkReduced compares a reduced picture with the means of the full one. It returns false if
// the picture cannot be reduced by the factor.
func checkReduced(t *testing.T, data []byte, factor int) bool {
	t.Helper()
	h, err := ReadHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := DecodeReduced(data, factor)
	if !h.CanReduce(factor) {
		if err == nil {
			t.Errorf("factor %d: decoded nevertheless", factor)
		}
		return false
	}
	if err != nil {
		t.Fatalf("factor %d: %v", factor, err)
	}
	if p.W != ceil(h.W, factor) || p.H != ceil(h.H, factor) || len(p.Planes) != h.Components {
		t.Fatalf("factor %d: %d planes of %dx%d of a picture of %dx%d", factor, len(p.Planes), p.W, p.H, h.W, h.H)
	}
	full := decoder{data: data, pixels: true}
	if err := full.walk(full.decodeScan); err != nil {
		t.Fatal(err)
	}
	for i, r := range h.factors(factor) {
		c := &full.components[i]
		// Where only the first coefficients are kept, a block at the edge is a mean with what
		// is beyond the picture.
		padded := h.Progressive && r == [2]int{8, 8}
		sum := 0.0
		for j, want := range averaged(c, full.transform(c), r[0], r[1]) {
			d := math.Abs(float64(p.Planes[i][j]) - want)
			atEdge := j%p.W == p.W-1 && c.width%8 > 0 || j/p.W == p.H-1 && c.height%8 > 0
			if d > 1.5 && !(padded && atEdge) {
				t.Fatalf("factor %d, component %d: sample %d,%d is %d, want %.2f", factor, i, j%p.W, j/p.W, p.Planes[i][j], want)
			}
			if !(padded && atEdge) {
				sum += d / float64(len(p.Planes[i]))
			}
		}
		if sum > 0.4 { // rounding gives 0.25 to 0.3
			t.Errorf("factor %d, component %d: mean error %.2f", factor, i, sum)
		}
	}
	return true
}

// TestDecodeReduced reads files of all kinds of sampling and coding.
func TestDecodeReduced(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/awkward/jpeg-*.jpg")
	if err != nil {
		t.Fatal(err)
	}
	done, progressive := 0, 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadHeader(data)
		if err != nil {
			continue // no picture of a kind that is read
		}
		if _, err := Decode(data); err != nil {
			continue
		}
		least := 2 // factor that is possible
		switch filepath.Base(name) {
		case "jpeg-3x1.jpg", "jpeg-3x2.jpg", "jpeg-1x3.jpg":
			least = 9
		case "jpeg-4x1.jpg", "jpeg-4x2.jpg", "jpeg-1x4.jpg", "jpeg-2x4.jpg", "jpeg-progressive-1x4.jpg":
			least = 4
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, factor := range []int{2, 4, 8} {
				ok := checkReduced(t, data, factor)
				if ok != (factor >= least) {
					t.Errorf("factor %d: %v for sampling %v", factor, ok, h.Sampling)
				}
				if ok {
					done++
				}
				if ok && h.Progressive {
					progressive++
				}
			}
		})
	}
	if done < 50 || progressive < 9 {
		t.Errorf("%d pictures, %d of them progressive", done, progressive)
	}
}

// TestDecodeReducedSizes reads pictures whose edges lie anywhere in a block.
func TestDecodeReducedSizes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for w := 1; w < 35; w += 3 {
		h := 36 - w
		grey := image.NewGray(image.Rect(0, 0, w, h))
		m := image.NewNRGBA(grey.Rect)
		for i := range grey.Pix {
			v := uint8(80 + 60*math.Sin(float64(i%w)/3) + r.Float64()*50)
			grey.Pix[i] = v
			m.SetNRGBA(i%w, i/w, color.NRGBA{v, 255 - v, uint8(90 + r.IntN(60)), 255})
		}
		for _, m := range []image.Image{grey, m} {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
				t.Fatal(err)
			}
			for _, factor := range []int{2, 4, 8} {
				checkReduced(t, b.Bytes(), factor)
			}
		}
	}
}

// TestDecodeReducedCut checks that a file that is cut short is no picture, even if the scans
// that are missing are not needed.
func TestDecodeReducedCut(t *testing.T) {
	for _, name := range []string{"jpeg-2x2.jpg", "jpeg-progressive-2x2.jpg"} {
		data, err := os.ReadFile("../../../testdata/awkward/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(data) / 2, len(data) * 3 / 4, len(data) - 40} {
			if p, err := DecodeReduced(data[:n], 8); err == nil {
				t.Errorf("%s cut to %d of %d bytes: %d planes", name, n, len(data), len(p.Planes))
			}
		}
	}
}

// FuzzDecodeReduced checks that no stream makes the decoder panic, and that planes have the
// size that the header says.
func FuzzDecodeReduced(f *testing.F) {
	files, err := filepath.Glob("../../../testdata/awkward/jpeg-*.jpg")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint8(8))
	}
	f.Fuzz(func(t *testing.T, data []byte, factor uint8) {
		h, err := ReadHeader(data)
		if err != nil || h.W*h.H > 1<<16 {
			return
		}
		k := int(factor)
		p, err := DecodeReduced(data, k)
		if err != nil {
			return
		}
		if !h.CanReduce(k) || p.W != ceil(h.W, k) || p.H != ceil(h.H, k) {
			t.Fatalf("%dx%d reduced by %d to %dx%d", h.W, h.H, k, p.W, p.H)
		}
		for _, plane := range p.Planes {
			if len(plane) != p.W*p.H {
				t.Fatalf("plane of %d samples, want %dx%d", len(plane), p.W, p.H)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := photograph(b)
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeReduced(b *testing.B) {
	data := photograph(b)
	for b.Loop() {
		if _, err := DecodeReduced(data, 4); err != nil {
			b.Fatal(err)
		}
	}
}

// photograph returns a file of 2 megapixels.
func photograph(b *testing.B) []byte {
	const w, h = 1600, 1200
	var file bytes.Buffer
	if err := Encode(&file, picture(w, h, 0.2), w, h, 90, [2]int{}, nil); err != nil {
		b.Fatal(err)
	}
	return file.Bytes()
}
