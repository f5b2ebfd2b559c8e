package motion

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/imgio"
)

// photograph returns a picture that the project has drawn.
func photograph(t testing.TB, name string, w, h int) *imgio.Planar {
	t.Helper()
	m, _, err := imgio.Open("../../testdata/images/content/" + name + ".jpg")
	if err != nil {
		t.Fatal(err)
	}
	return m.Resize(w, h)
}

// moved returns the picture that shows at (x, y) what m has at motion(x, y).
func moved(m *imgio.Planar, motion func(x, y float64) (float64, float64)) *imgio.Planar {
	out := imgio.NewPlanar(m.W, m.H)
	for y := range m.H {
		for x := range m.W {
			u, v := motion(float64(x), float64(y))
			p := pointAt(float32(u), float32(v), m.W, m.H)
			p.cubic(out.Pix[y*m.W+x:], m)
		}
	}
	return out
}

// motions are known motions of a picture of w by h pixels.
func motions(w, h float64) map[string]func(x, y float64) (float64, float64) {
	turn, zoom := 0.03, 1.04
	return map[string]func(x, y float64) (float64, float64){
		"still":    func(x, y float64) (float64, float64) { return x, y },
		"pan":      func(x, y float64) (float64, float64) { return x + 3.4, y - 1.7 },
		"fast pan": func(x, y float64) (float64, float64) { return x - 31.5, y + 12 },
		"zoom":     func(x, y float64) (float64, float64) { return w/2 + (x-w/2)*zoom, h/2 + (y-h/2)*zoom },
		"turn": func(x, y float64) (float64, float64) {
			x, y = x-w/2, y-h/2
			return w/2 + x*math.Cos(turn) - y*math.Sin(turn), h/2 + x*math.Sin(turn) + y*math.Cos(turn)
		},
	}
}

// TestEstimate holds flows against known motions.
func TestEstimate(t *testing.T) {
	const w, h = 320, 214
	m := photograph(t, "town", w, h)
	for name, motion := range motions(w, h) {
		later := moved(m, motion)
		now, before := NewPyramid(later), NewPyramid(m)
		back, ahead := Estimate(now, before, 2), Estimate(before, now, 2)
		trusted := Consistent(back, ahead, now, before)
		var off, sum, inside float64
		for y := range back.H {
			for x := range back.W {
				fx, fy := float64(2*x)+0.5, float64(2*y)+0.5
				u, v := motion(fx, fy)
				at := y*back.W + x
				if u < 8 || v < 8 || u > w-9 || v > h-9 {
					continue
				}
				inside++
				k := float64(trusted[at])
				off += k * math.Hypot(2*float64(back.U[at])-(u-fx), 2*float64(back.V[at])-(v-fy))
				sum += k
			}
		}
		t.Logf("%s: %.3f pixels off, %.3f trusted", name, off/sum, sum/inside)
		if limit := 0.35; !(off/sum < limit) || sum < 0.85*inside {
			t.Errorf("%s: %.3f pixels off where it is trusted, %.2f of all; want %v and 0.85", name, off/sum, sum/inside, limit)
		}
	}
}

// TestThreads compares flows by different numbers of goroutines.
func TestThreads(t *testing.T) {
	const w, h = 131, 97
	m := photograph(t, "stilllife", w, h)
	later := moved(m, motions(w, h)["turn"])
	a, b := NewPyramid(m), NewPyramid(later)
	want := Estimate(a, b, 1)
	for _, threads := range []int{2, 3, 7} {
		got := Estimate(a, b, threads)
		if !slices.Equal(got.U, want.U) || !slices.Equal(got.V, want.V) {
			t.Errorf("%d goroutines give another flow", threads)
		}
	}
}

// TestConsistent uncovers what was behind a square that moves: it must not be trusted. What did
// not move must be.
func TestConsistent(t *testing.T) {
	const w, h, side, step = 240, 160, 60, 12
	ground, square := photograph(t, "lakeside", w, h), photograph(t, "stilllife", w, h)
	frame := func(left int) *imgio.Planar {
		m := ground.Clone()
		for c := range 3 {
			for y := 50; y < 50+side; y++ {
				copy(m.Pix[(c*h+y)*w+left:][:side], square.Pix[(c*h+y)*w+40:][:side])
			}
		}
		return m
	}
	before, now := NewPyramid(frame(80)), NewPyramid(frame(80+step))
	trusted := Consistent(Estimate(now, before, 2), Estimate(before, now, 2), now, before)
	mean := func(x0, y0, x1, y1 int) float64 {
		sum := 0.0
		for y := y0 / 2; y < y1/2; y++ {
			for x := x0 / 2; x < x1/2; x++ {
				sum += float64(trusted[y*w/2+x])
			}
		}
		return sum / float64((x1-x0)/2*((y1-y0)/2))
	}
	if got := mean(80, 56, 80+step-2, 104); got > 0.2 {
		t.Errorf("what is newly seen is trusted: %.2f", got)
	}
	if got := mean(80+step+12, 62, 80+step+side-12, 98); got < 0.8 {
		t.Errorf("the square is not trusted: %.2f", got)
	}
	if got := mean(170, 10, 230, 150); got < 0.95 {
		t.Errorf("what is still is not trusted: %.2f", got)
	}
}

// TestWarp moves a picture along a flow that is known.
func TestWarp(t *testing.T) {
	const w, h = 64, 48
	m := photograph(t, "town", w, h)
	still := &Flow{w / 2, h / 2, make([]float32, w*h/4), make([]float32, w*h/4)}
	if got := Warp(still, 3, m)[0]; !slices.Equal(got.Pix, m.Pix) {
		t.Error("a flow of zeros changes the picture")
	}
	for i := range still.U {
		still.U[i], still.V[i] = 1.5, -1 // 3 to the right, 2 up
	}
	got := Warp(still, 3, m)[0]
	for y := 4; y < h-4; y++ {
		for x := 4; x < w-4; x++ {
			if got.Pix[y*w+x] != m.Pix[(y-2)*w+x+3] {
				t.Fatalf("(%d, %d) is %v, want %v", x, y, got.Pix[y*w+x], m.Pix[(y-2)*w+x+3])
			}
		}
	}
}

// TestSmall estimates motion in pictures that are hardly larger than a patch, or smaller.
func TestSmall(t *testing.T) {
	for _, size := range [][2]int{{2, 2}, {3, 40}, {16, 16}, {17, 33}, {1000, 5}} {
		m := photograph(t, "town", size[0], size[1])
		p := NewPyramid(m)
		f := Estimate(p, p, 2)
		for i := range f.U {
			if f.U[i] != 0 || f.V[i] != 0 {
				t.Fatalf("%v: a picture moves to itself by %v, %v", size, f.U[i], f.V[i])
			}
		}
		Blend(m, m, Consistent(f, f, p, p), 0.5, 2)
	}
}

func BenchmarkEstimate(b *testing.B) {
	const w, h = 480, 270
	m := photograph(b, "town", w, h)
	later := moved(m, motions(w, h)["pan"])
	x, y := NewPyramid(m), NewPyramid(later)
	b.Run("flow", func(b *testing.B) {
		for b.Loop() {
			Estimate(x, y, 1)
		}
	})
	f, g := Estimate(x, y, 1), Estimate(y, x, 1)
	b.Run("pyramid", func(b *testing.B) {
		for b.Loop() {
			NewPyramid(m)
		}
	})
	b.Run("warp", func(b *testing.B) {
		for b.Loop() {
			Warp(f, 1, m)
		}
	})
	b.Run("consistent", func(b *testing.B) {
		for b.Loop() {
			Consistent(f, g, x, y)
		}
	})
}

// TestDouble compares rows of a plane that is doubled with its values between pixels, at odd
// sizes.
func TestDouble(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{2, 2}, {3, 5}, {7, 4}, {16, 9}, {41, 3}} {
		w, h := (size[0]+1)/2, (size[1]+1)/2
		f := &Flow{w, h, make([]float32, w*h), make([]float32, w*h)}
		for i := range f.U {
			f.U[i] = r.Float32()
		}
		row := make([]float32, size[0])
		for y := range size[1] {
			double(row, f.U, w, h, y)
			for x, got := range row {
				if want, _ := f.sample((float32(x)-0.5)/2, (float32(y)-0.5)/2); math.Abs(float64(got-want)) > 1e-6 {
					t.Fatalf("%v at %d, %d: %g, want %g", size, x, y, got, want)
				}
			}
		}
	}
}
