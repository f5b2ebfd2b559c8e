package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// momentsOf returns the means and second moments of n random features with c
// channels, means and spread growing with the channel.
func momentsOf(r *rand.Rand, c, n int) []float32 {
	x := random(r, c*n)
	for i := range x {
		k := float32(i/n%5 + 1)
		x[i] = k * (x[i] + 1)
	}
	out := make([]float32, (1+c)*c)
	kernel.RefGram(out[c:], x, c, n, 1/float32(n))
	for i := range c {
		for _, v := range x[i*n:][:n] {
			out[i] += v / float32(n)
		}
	}
	return out
}

func TestW2(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, c := range []int{1, 5, 16, 37, 64} {
			x, target := momentsOf(r, c, 3*c), momentsOf(r, c, 2*c)
			m := func() []float32 { return dirty(kernel.MatrixLen(c)) }
			s := kernel.W2Spec{
				C: c, X: x, Target: target, Grad: dirty(len(x)), Seen: dirty(len(x)), Half: m(), Root: m(),
				Scratch: [4][]float32{m(), m(), m(), m()},
			}
			w := e.NewW2(s)
			for run := range 3 { // the second run knows the target, the third has another
				want := make([]float32, len(x))
				value := kernel.RefW2(want, x, target, c)
				if got := w.Run(); math.Abs(got-value) > 2e-5*value {
					t.Fatalf("%d channels: distance %v, want %v", c, got, value)
				}
				w.Gradient(0.5)
				for i := range want {
					want[i] *= 0.5
				}
				wantClose(t, s.Grad, want, 2e-4)
				if run > 0 {
					copy(target, momentsOf(r, c, 4*c))
				}
			}
		}
	})
}

// TestW2OfNothing looks that a covariance of nothing but rounding, as that of features
// at one place, has a root: of two such, only the means are apart.
func TestW2OfNothing(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, c := range []int{16, 64} {
			for name, n := range map[string][2]int{"both": {1, 1}, "target": {4 * c, 1}, "picture": {1, 4 * c}} {
				x, target := large(momentsOf(r, c, n[0]), c), large(momentsOf(r, c, n[1]), c)
				m := func() []float32 { return dirty(kernel.MatrixLen(c)) }
				grad := dirty(len(x))
				w := e.NewW2(kernel.W2Spec{
					C: c, X: x, Target: target, Grad: grad, Seen: dirty(len(x)), Half: m(), Root: m(),
					Scratch: [4][]float32{m(), m(), m(), m()},
				})
				// Of a normal distribution and a point: the trace of its covariance.
				want := 0.0
				for i := range c {
					d := float64(x[i]) - float64(target[i])
					want += d * d / float64(c)
					for _, y := range [][]float32{x, target} {
						want += (float64(y[c+i*c+i]) - float64(y[i])*float64(y[i])) / float64(c)
					}
				}
				value, ref := w.Run(), kernel.RefW2(nil, x, target, c)
				if math.Abs(value-want) > 0.02*want || math.Abs(ref-want) > 0.02*want {
					t.Errorf("%d channels, %s of nothing: distance %v, reference %v, want %v", c, name, value, ref, want)
				}
				w.Gradient(1)
				for i, g := range grad {
					if math.IsNaN(float64(g)) || math.IsInf(float64(g), 0) {
						t.Fatalf("%d channels, %s of nothing: gradient %d is %v", c, name, i, g)
					}
				}
			}
		}
	})
}

// large makes features of the size that those of a photograph have deep in VGG.
func large(x []float32, c int) []float32 {
	for i := range x {
		if x[i] *= 100; i >= c {
			x[i] *= 100
		}
	}
	return x
}
