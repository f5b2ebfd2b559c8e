package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

func TestL2Pool(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{37, 70}}, sizes...) {
			c, h, w := 5+13*(i%4), hw[0], hw[1]
			if h < 2 || w < 2 {
				continue
			}
			s := kernel.Shape{C: c, H: h, W: w}
			half := s.Pooled()
			x, dy, add := random(r, c*h*w), random(r, c*half.H*half.W), random(r, c*h*w)
			for i := range x { // windows of zeros
				if i/w/2%3 == 0 {
					x[i] = 0
				}
			}
			want, dx := make([]float32, len(dy)), make([]float32, len(x))
			kernel.RefL2Pool(want, x, c, h, w, 0.75)
			kernel.RefL2PoolGrad(dx, x, dy, c, h, w, 0.75)
			f := kernel.L2PoolSpec{C: c, H: h, W: w, Scale: 0.75, In: pack(x, s), Out: dirty(half.Len())}
			e.NewL2Pool(f).Run()
			wantBlocked(t, f.Out, want, half, 1e-6)
			f.Grad, f.Out = pack(dy, half), dirty(s.Len())
			e.NewL2Pool(f).Run()
			wantBlocked(t, f.Out, dx, s, 1e-6)
			f.Accumulate, f.Out = true, pack(add, s)
			for i := range dx {
				dx[i] += add[i]
			}
			e.NewL2Pool(f).Run()
			wantBlocked(t, f.Out, dx, s, 1e-6)
		}
	})
}
