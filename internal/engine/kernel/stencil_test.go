package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// TestStencil holds the gradient against differences of the sum, and sums of two
// kinds against those of the plain total variation.
func TestStencil(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, hw := range sizes {
			h, w := hw[0], hw[1]
			x, add := random(r, 3*h*w), random(r, 3*h*w)
			plain := []kernel.Difference{{DX: 1, Weight: 0.5}, {DY: 1, Weight: 0.25}}
			dx, dy := kernel.RefTV(x, 3, h, w)
			s := kernel.StencilSpec{C: 3, H: h, W: w, In: x, Differences: plain}
			if got, want := e.NewStencil(s).Sum(), 0.5*dx+0.25*dy; math.Abs(got-want) > 1e-6*want {
				t.Fatalf("%dx%d: sum %v, want %v", h, w, got, want)
			}
			for _, d := range []kernel.Difference{
				{DX: 1, Weight: 1},
				{DY: 1, Weight: 2, Absolute: true},
				{DX: 1, DY: 1, Weight: 1, Replicate: true},
				{DX: -1, DY: 1, Weight: 3, Replicate: true},
				{DX: 1, Weight: 1, Inner: true},
				{DX: -1, DY: 1, Weight: 1},
			} {
				s.Differences = append(plain[:2:2], d)
				s.Out, s.Accumulate = append([]float32{}, add...), true
				sum := e.NewStencil(s)
				sum.Gradient(0.5)
				for i := 0; i < len(x); i += 1 + len(x)/20 {
					v := x[i]
					x[i] = v + 1e-2
					a := sum.Sum()
					x[i] = v - 1e-2
					b := sum.Sum()
					x[i] = v
					if want := 0.5*(a-b)/2e-2 + float64(add[i]); math.Abs(want-float64(s.Out[i])) > 2e-2*math.Max(1, math.Abs(want)) && !d.Absolute {
						t.Fatalf("%dx%d %+v: gradient %d is %v, want %v", h, w, d, i, s.Out[i], want)
					}
				}
			}
		}
	})
}
