package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

func TestTV(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, hw := range append([][2]int{{70, 90}}, sizes...) {
			h, w := hw[0], hw[1]
			x := random(r, 3*h*w)
			wx, wy := kernel.RefTV(x, 3, h, w)
			dx, dy := e.TV(x, 3, h, w)
			if math.Abs(dx-wx) > 1e-6*wx || math.Abs(dy-wy) > 1e-6*wy {
				t.Fatalf("%dx%d: sums %v %v, want %v %v", h, w, dx, dy, wx, wy)
			}
			// The sums are quadratic, so a central difference is exact.
			g := dirty(len(x))
			e.TVGrad(g, x, 3, h, w, 0.3, 0.7, false)
			e.TVGrad(g, x, 3, h, w, 0.6, 0.7, true)
			for i := 0; i < len(x); i += 1 + len(x)/20 {
				v := x[i]
				x[i] = v + 0.5
				ax, ay := kernel.RefTV(x, 3, h, w)
				x[i] = v - 0.5
				bx, by := kernel.RefTV(x, 3, h, w)
				x[i] = v
				if want := 0.9*(ax-bx) + 1.4*(ay-by); math.Abs(want-float64(g[i])) > 1e-4 {
					t.Fatalf("%dx%d: gradient %d is %v, want %v", h, w, i, g[i], want)
				}
			}
		}
	})
}

func TestVectors(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, n := range []int{0, 1, 7, 15, 16, 17, 31, 64, 100, 1000, 40000} {
			x, y := random(r, n), random(r, n)
			var dot, diff, sum, top float64
			axpy, sub, sdiff := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range x {
				a, b := float64(x[i]), float64(y[i])
				dot += a * b
				diff += (a - b) * (a - b)
				sum += math.Abs(a)
				top = max(top, math.Abs(a))
				axpy[i], sub[i], sdiff[i] = float32(0.5*a+b), x[i]-y[i], 3*(x[i]-y[i])
			}
			for _, c := range []struct {
				name      string
				got, want float64
			}{
				{"dot", e.Dot(x, y), dot},
				{"diff", e.SumSquaredDiff(x, y), diff},
				{"abs sum", e.AbsSum(x), sum},
				{"abs max", float64(e.AbsMax(x)), top},
			} {
				if math.Abs(c.got-c.want) > 1e-6*(sum+1) {
					t.Fatalf("%s of %d is %v, want %v", c.name, n, c.got, c.want)
				}
			}
			z := dirty(n)
			e.Sub(z, x, y)
			wantClose(t, z, sub, 1e-7)
			e.SquaredDiffGrad(z, 1, x, y, false)
			e.SquaredDiffGrad(z, 2, x, y, true)
			wantClose(t, z, sdiff, 1e-6)
			e.Copy(z, y)
			e.Axpy(0.5, x, z)
			wantClose(t, z, axpy, 1e-6)
			twice := dirty(n)
			e.Scale(twice, 4, z)
			e.Scale(twice, 0.5, twice)
			e.Scale(z, 0.5, twice)
			wantClose(t, z, axpy, 1e-6)
			e.Clamp(z, -0.5, 0.25)
			for i := range z {
				if z[i] < -0.5 || z[i] > 0.25 || (axpy[i] > -0.49 && axpy[i] < 0.24 && math.Abs(float64(z[i]-axpy[i])) > 1e-6) {
					t.Fatalf("clamp of %v is %v", axpy[i], z[i])
				}
			}
		}
		if v := e.AbsMax([]float32{1, float32(math.NaN()), 2}); v == v {
			t.Errorf("AbsMax with a NaN is %v", v)
		}
	})
}

func TestAdam(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		n := 37
		x, m, v := random(r, n), make([]float32, n), make([]float32, n)
		want, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			want[i] = float64(x[i])
		}
		for step := 1; step <= 5; step++ {
			g := random(r, n)
			e.Adam(x, g, m, v, 0.1, 0.9, 0.999, 1e-8, step)
			for i := range want {
				d := float64(g[i])
				m64[i] = 0.9*m64[i] + 0.1*d
				v64[i] = 0.999*v64[i] + 0.001*d*d
				mh, vh := m64[i]/(1-math.Pow(0.9, float64(step))), v64[i]/(1-math.Pow(0.999, float64(step)))
				want[i] -= 0.1 * mh / (math.Sqrt(vh) + 1e-8)
			}
		}
		for i := range x {
			if math.Abs(want[i]-float64(x[i])) > 1e-5 {
				t.Fatalf("element %d is %v, want %v", i, x[i], want[i])
			}
		}
	})
}
