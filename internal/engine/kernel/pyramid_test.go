package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/internal/engine/kernel"
)

var pyramidSizes = [][2]int{{1, 1}, {1, 2}, {1, 37}, {41, 1}, {2, 2}, {3, 5}, {16, 16}, {17, 24}, {33, 35}, {50, 31}}

func TestPyramid(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, hw := range pyramidSizes {
			for levels := range 5 {
				h, w := hw[0], hw[1]
				x, y := random(r, 3*h*w), dirty(3*h*w)
				e.Pyramid(y, x, 3, h, w, levels, 2)
				wantClose(t, y, kernel.RefPyramid(x, 3, h, w, levels, 2), 1e-6)
			}
		}
	})
}

// TestPyramidPositive looks that P is symmetric and positive definite, also where
// the last level is a single pixel.
func TestPyramidPositive(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, hw := range pyramidSizes {
			n := 3 * hw[0] * hw[1]
			a, b := random(r, n), random(r, n)
			pa, pb := dirty(n), dirty(n)
			e.Pyramid(pa, a, 3, hw[0], hw[1], 4, 2)
			e.Pyramid(pb, b, 3, hw[0], hw[1], 4, 2)
			left, right := e.Dot(pa, b), e.Dot(a, pb)
			if size := math.Sqrt(e.Dot(pa, pa) * e.Dot(b, b)); math.Abs(left-right) > 1e-6*size {
				t.Errorf("%v: <Pa,b> is %v, <a,Pb> %v", hw, left, right)
			}
			if got, least := e.Dot(a, pa), e.Dot(a, a); got < least {
				t.Errorf("%v: <a,Pa> is %v, below <a,a>, %v", hw, got, least)
			}
		}
	})
}

// TestPyramidFrequencies: what is even grows by 1+2+4+8+16, a chequerboard stays.
func TestPyramidFrequencies(t *testing.T) {
	e := kernel.NewEngine(kernel.Supported()[0], kernel.NewPool(1))
	const side = 256
	even, fine, out := make([]float32, side*side), make([]float32, side*side), make([]float32, side*side)
	for i := range even {
		even[i], fine[i] = 1, float32(1-2*((i/side+i%side)%2))
	}
	const middle = side/2*side + side/2
	if e.Pyramid(out, even, 1, side, side, 4, 2); math.Abs(float64(out[middle])-31) > 1e-4 {
		t.Errorf("an even plane is multiplied by %v, want 31", out[middle])
	}
	if e.Pyramid(out, fine, 1, side, side, 4, 2); math.Abs(float64(out[middle])-1) > 1e-4 {
		t.Errorf("a chequerboard is multiplied by %v, want 1", out[middle])
	}
}

func TestPyramidSameBytes(t *testing.T) {
	const h, w = 133, 75
	x := random(rand.New(rand.NewPCG(1, 2)), 3*h*w)
	var first []float32
	for threads := 1; threads <= 5; threads++ {
		pool := kernel.NewPool(threads)
		y := dirty(len(x))
		e := kernel.NewEngine(kernel.Supported()[0], pool)
		e.Pyramid(y, x, 3, h, w, 4, 2)
		if n := testing.AllocsPerRun(3, func() { e.Pyramid(y, x, 3, h, w, 4, 2) }); n != 0 {
			t.Errorf("%v allocations a call", n)
		}
		pool.Close()
		if first == nil {
			first = y
		}
		if !slices.Equal(y, first) {
			t.Errorf("%d threads give other bytes", threads)
		}
	}
}

func BenchmarkPyramid(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		x := random(rand.New(rand.NewPCG(1, 2)), 3*512*384)
		y := make([]float32, len(x))
		median(b, 0, func() { e.Pyramid(y, x, 3, 384, 512, 4, 2) })
	})
}
