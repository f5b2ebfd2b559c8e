package imgio_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"nst/imgio"
)

// line returns a picture one pixel high, the same in all channels.
func line(values ...float32) *imgio.Planar {
	p := imgio.NewPlanar(len(values), 1)
	for ch := range 3 {
		copy(p.Pix[ch*p.W:], values)
	}
	return p
}

// impulse returns n values: 1 at i, else 0.
func impulse(n, i int) []float32 {
	v := make([]float32, n)
	v[i] = 1
	return v
}

// Values computed by hand: at distances 1/4, 3/4, 5/4 and 7/4 the kernel is 111/128, 29/128,
// -9/128 and -3/128.
func TestResizeValues(t *testing.T) {
	tests := []struct {
		name string
		in   []float32
		want []float64
	}{
		{"twice, with edges", []float32{0, 1}, []float64{-9.0 / 102, 29.0 / 140, 111.0 / 140, 111.0 / 102}},
		{"twice", impulse(9, 4), []float64{0, 0, 0, 0, 0, -3. / 128, -9. / 128, 29. / 128, 111. / 128, 111. / 128, 29. / 128, -9. / 128, -3. / 128, 0, 0, 0, 0, 0}},
		{"half", impulse(16, 8), []float64{0, 0, -3. / 256, 29. / 256, 111. / 256, -9. / 256, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := line(tt.in...).Resize(len(tt.want), 1)
			turned := imgio.NewPlanar(1, len(tt.in)) // the same down a column
			copy(turned.Pix, line(tt.in...).Pix)
			down := turned.Resize(1, len(tt.want))
			for x, want := range tt.want {
				near(t, got, x, 0, [3]float64{want, want, want}, 1e-6)
				near(t, down, 0, x, [3]float64{want, want, want}, 1e-6)
			}
		})
	}
}

func TestResizeKeepsConstantsAndRamps(t *testing.T) {
	const w, h = 37, 29
	flat, ramp := imgio.NewPlanar(w, h), imgio.NewPlanar(w, h)
	for i := range flat.Pix {
		flat.Pix[i] = 0.7
		x, y := i%w, i/w%h
		ramp.Pix[i] = float32(0.01*float64(x) + 0.02*float64(y) + 0.1*float64(i/(w*h)))
	}
	for _, size := range [][2]int{{74, 58}, {37, 15}, {12, 29}, {11, 7}, {50, 9}, {1, 1}, {3, 200}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			f, r := flat.Resize(size[0], size[1]), ramp.Resize(size[0], size[1])
			sx, sy := w/float64(size[0]), h/float64(size[1])
			inside := func(i, n int, scale float64) bool { // the kernel does not reach the border
				c := (float64(i)+0.5)*scale - 0.5
				return scale == 1 || c >= 2*max(scale, 1) && c <= float64(n-1)-2*max(scale, 1)
			}
			for i, v := range f.Pix {
				if math.Abs(float64(v)-0.7) > 1e-6 {
					t.Fatalf("constant 0.7 became %v", v)
				}
				x, y, ch := i%r.W, i/r.W%r.H, i/(r.W*r.H)
				if !inside(x, w, sx) || !inside(y, h, sy) {
					continue
				}
				want := 0.01*((float64(x)+0.5)*sx-0.5) + 0.02*((float64(y)+0.5)*sy-0.5) + 0.1*float64(ch)
				if math.Abs(float64(r.Pix[i])-want) > 2e-4 {
					t.Fatalf("ramp at (%d, %d) channel %d = %v, want %v", x, y, ch, r.Pix[i], want)
				}
			}
		})
	}
}

// Detail that is too fine for the smaller picture must average out instead of aliasing. Other
// detail must stay.
func TestResizeEnergy(t *testing.T) {
	wave := func(n, period int) *imgio.Planar {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(0.5 + 0.5*math.Cos(2*math.Pi*float64(i)/float64(period)))
		}
		return line(v...)
	}
	deviation := func(p *imgio.Planar) float64 { // RMS from one half, off the borders
		sum, n := 0.0, 0
		for _, v := range p.Pix[4 : p.W-4] {
			sum += (float64(v) - 0.5) * (float64(v) - 0.5)
			n++
		}
		return math.Sqrt(sum / float64(n))
	}
	tests := []struct {
		name      string
		p         *imgio.Planar
		w         int
		low, high float64
	}{
		{"fine stripes vanish", wave(600, 2), 100, 0, 0.002},
		{"stripes under the limit vanish mostly", wave(600, 8), 100, 0, 0.03},
		{"coarse stripes stay", wave(600, 100), 100, 0.34, 0.36},
		{"enlarged stripes stay", wave(100, 20), 700, 0.34, 0.36},
	}
	for _, tt := range tests {
		if got := deviation(tt.p.Resize(tt.w, 1)); got < tt.low || got > tt.high {
			t.Errorf("%s: deviation %.4f, want %v to %v", tt.name, got, tt.low, tt.high)
		}
	}
}

func TestResizeSameSizeIsACopy(t *testing.T) {
	p := noise(13, 11)
	p.Pix[5] = float32(math.Inf(1))
	q := p.Resize(13, 11)
	if !slices.Equal(p.Pix, q.Pix) {
		t.Error("values changed")
	}
	q.Pix[0] = 9
	if p.Pix[0] == 9 {
		t.Error("the copy shares memory")
	}
}

func TestSameBytesOnAnyNumberOfThreads(t *testing.T) {
	p := noise(61, 43)
	all := func() []float32 {
		return slices.Concat(p.Resize(97, 31).Pix, p.Resize(20, 50).Pix, imgio.FromImage(p.Image()).Pix)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := all()
	for _, n := range []int{2, 3, 8, 100} {
		runtime.GOMAXPROCS(n)
		if !slices.Equal(all(), want) {
			t.Errorf("%d threads give other values than one", n)
		}
	}
}

func TestResizePanicsOnNoPixels(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	imgio.NewPlanar(2, 2).Resize(0, 2)
}

// noise returns a picture without structure, the same on every call.
func noise(w, h int) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	seed := uint32(1)
	for i := range p.Pix {
		seed = seed*1664525 + 1013904223
		p.Pix[i] = float32(seed>>8) / (1 << 24)
	}
	return p
}

func BenchmarkResize(b *testing.B) {
	p := noise(2048, 1536)
	b.SetBytes(int64(4 * len(p.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		p.Resize(512, 384)
	}
}

func BenchmarkFromImage(b *testing.B) {
	m := noise(2048, 1536).Image()
	b.SetBytes(int64(len(m.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		imgio.FromImage(m)
	}
}
