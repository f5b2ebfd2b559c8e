package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

func TestPooling(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range sizes {
			c, h, w := 5+13*(i%4), hw[0], hw[1]
			if h < 2 || w < 2 {
				continue
			}
			s := kernel.Shape{C: c, H: h, W: w}
			half := s.Pooled()
			x, dy, add := random(r, c*h*w), random(r, c*half.H*half.W), random(r, c*h*w)
			for i := range x { // ties
				x[i] = float32(math.Round(float64(x[i]) * 2))
			}
			for _, kind := range []kernel.Pooling{kernel.Max, kernel.Avg} {
				for _, positive := range []bool{false, true} {
					in := x
					if positive {
						in = make([]float32, len(x))
						for i, v := range x {
							in[i] = max(0, v)
						}
					}
					want, dx := make([]float32, len(dy)), make([]float32, len(x))
					if kind == kernel.Max {
						kernel.RefMaxPool(want, in, c, h, w)
						kernel.RefMaxPoolGrad(dx, in, dy, c, h, w)
					} else {
						kernel.RefAvgPool(want, in, c, h, w, 1)
						kernel.RefAvgPoolGrad(dx, dy, c, h, w, 1)
					}
					if positive {
						kernel.RefReLUGrad(dx, in, dx)
					}
					f := kernel.PoolSpec{C: c, H: h, W: w, Kind: kind, In: pack(in, s), Out: dirty(half.Len()), Mask: dirtyMask(s.MaskLen()), Positive: positive}
					e.NewPoolForward(f).Run()
					wantBlocked(t, f.Out, want, half, 1e-6)
					b := kernel.PoolGradSpec{C: c, H: h, W: w, Kind: kind, In: pack(dy, half), Mask: f.Mask, Out: dirty(s.Len())}
					e.NewPoolBackward(b).Run()
					wantBlocked(t, b.Out, dx, s, 1e-6)
					b.Accumulate, b.Out = true, pack(add, s)
					for i := range dx {
						dx[i] += add[i]
					}
					e.NewPoolBackward(b).Run()
					wantBlocked(t, b.Out, dx, s, 1e-6)
				}
			}
		}
	})
}

func TestMask(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		s := kernel.Shape{C: 21, H: 9, W: 14}
		x, y := random(r, s.C*s.H*s.W), random(r, s.C*s.H*s.W)
		m := dirtyMask(s.MaskLen())
		e.Mask(m, pack(y, s), s)
		wantMask(t, m, packMask(y, s))
		b := pack(x, s)
		e.ApplyMask(b, m, s)
		kernel.RefReLUGrad(x, y, x)
		wantBlocked(t, b, x, s, 0)
	})
}

func TestGram(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{70, 90}}, sizes...) {
			c, h, w := 11+15*(i%5), hw[0], hw[1]
			s := kernel.Shape{C: c, H: h, W: w}
			x, want, got := random(r, c*h*w), make([]float32, c*c), dirty(c*c)
			kernel.RefGram(want, x, c, h*w, 0.25)
			e.NewGram(kernel.GramSpec{C: c, H: h, W: w, In: pack(x, s), Out: got, Scale: 0.25}).Run()
			wantClose(t, got, want, 1e-6)

			dx, add := make([]float32, len(x)), random(r, len(x))
			kernel.RefGramGrad(dx, x, want, c, h*w)
			g := kernel.GramGradSpec{C: c, H: h, W: w, D: want, In: pack(x, s), Out: dirty(s.Len())}
			e.NewGramGrad(g).Run()
			wantBlocked(t, g.Out, dx, s, 2e-6)
			g.Accumulate, g.Out = true, pack(add, s)
			for i := range dx {
				dx[i] += add[i]
			}
			e.NewGramGrad(g).Run()
			wantBlocked(t, g.Out, dx, s, 2e-6)
		}
	})
}
