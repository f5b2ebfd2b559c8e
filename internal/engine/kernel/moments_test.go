package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// guides returns no guide and one of shape s with some zeros.
func guides(r *rand.Rand, s kernel.Shape) [][]float32 {
	g := random(r, s.H*s.W)
	for i, v := range g {
		g[i] = max(v, 0)
	}
	g[0] = 1
	return [][]float32{nil, g}
}

func TestMoments(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{70, 90}}, sizes...) {
			s := kernel.Shape{C: 5 + 13*(i%4), H: hw[0], W: hw[1]}
			n := s.H * s.W
			for _, guide := range guides(r, s) {
				x, add := random(r, s.C*n), random(r, s.C*n)
				a, b := random(r, s.C), random(r, s.C)
				mean, std, affine := make([]float32, s.C), make([]float32, s.C), make([]float32, s.C*n)
				for c := range s.C {
					var total, sum, square float64
					for p, v := range x[c*n:][:n] {
						w := 1.0
						if guide != nil {
							w = float64(guide[p]) * float64(guide[p])
						}
						total += w
						sum += w * float64(v)
						square += w * float64(v) * float64(v)
						affine[c*n+p] = float32(w) * (a[c]*v + b[c])
					}
					mean[c] = float32(sum / total)
					std[c] = float32(math.Sqrt(max(0, square/total-sum/total*sum/total)))
				}
				m := kernel.MomentsSpec{C: s.C, H: s.H, W: s.W, In: pack(x, s), Guide: guide, Mean: dirty(s.C), Std: dirty(s.C)}
				e.NewMoments(m).Run()
				wantClose(t, m.Mean, mean, 1e-6)
				wantClose(t, m.Std, std, 1e-6)

				f := kernel.ChannelAffineSpec{C: s.C, H: s.H, W: s.W, In: m.In, A: a, B: b, Guide: guide, Out: dirty(s.Len())}
				e.NewChannelAffine(f).Run()
				wantBlocked(t, f.Out, affine, s, 1e-6)
				for i := range affine {
					affine[i] += add[i]
				}
				f.Accumulate, f.Out = true, pack(add, s)
				e.NewChannelAffine(f).Run()
				wantBlocked(t, f.Out, affine, s, 1e-6)
				if guide == nil {
					continue
				}
				cut := make([]float32, s.C*n)
				for i, v := range x {
					cut[i] = guide[i%n] * v
				}
				g := kernel.GuideSpec{C: s.C, H: s.H, W: s.W, In: m.In, Guide: guide, Out: dirty(s.Len())}
				e.NewGuide(g).Run()
				wantBlocked(t, g.Out, cut, s, 0)
				for i := range cut {
					cut[i] += add[i]
				}
				g.Accumulate, g.Out = true, pack(add, s)
				e.NewGuide(g).Run()
				wantBlocked(t, g.Out, cut, s, 1e-6)
			}
		}
	})
}
