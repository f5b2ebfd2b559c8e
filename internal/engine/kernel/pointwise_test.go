package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// triangular is a random upper triangular matrix, full if not asked for.
func triangular(r *rand.Rand, c int, upper bool) []float32 {
	m := random(r, c*c)
	for i := range m {
		if upper && i/c > i%c {
			m[i] = 0
		}
	}
	return m
}

func transpose(m []float32, c int) []float32 {
	out := make([]float32, len(m))
	for i, v := range m {
		out[i%c*c+i/c] = v
	}
	return out
}

// checkPointwise holds a product and its transpose, written and added, against the
// plain definition.
func checkPointwise(t *testing.T, e *kernel.Engine, r *rand.Rand, m []float32, s kernel.Shape) {
	t.Helper()
	n := s.H * s.W
	x, add := random(r, s.C*n), random(r, s.C*n)
	for _, turned := range []bool{false, true} {
		want, matrix := make([]float32, len(x)), m
		if turned {
			matrix = transpose(m, s.C)
		}
		kernel.RefPointwise(want, x, matrix, s.C, n)
		spec := kernel.PointwiseSpec{C: s.C, H: s.H, W: s.W, M: m, Transpose: turned, In: pack(x, s), Out: dirty(s.Len())}
		e.NewPointwise(spec).Run()
		wantBlocked(t, spec.Out, want, s, 2e-6)
		spec.Accumulate, spec.Out = true, pack(add, s)
		for i := range want {
			want[i] += add[i]
		}
		e.NewPointwise(spec).Run()
		wantBlocked(t, spec.Out, want, s, 2e-6)
	}
}

func TestPointwise(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range someSizes() {
			for _, upper := range []bool{false, true} {
				s := kernel.Shape{C: 1 + 37*(i%6), H: hw[0], W: hw[1]}
				checkPointwise(t, e, r, triangular(r, s.C, upper), s)
			}
		}
		s := kernel.Shape{C: 40, H: 3, W: 2}
		checkPointwise(t, e, r, make([]float32, s.C*s.C), s) // nothing comes of nothing
	})
}

func TestCongruence(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, c := range []int{1, 3, 16, 21, 64, 100, 144} {
			m, g, add := triangular(r, c, c%2 == 0), random(r, c*c), random(r, c*c)
			for _, turned := range []bool{false, true} {
				left := m
				if turned {
					left = transpose(m, c)
				}
				half, want := make([]float32, c*c), make([]float32, c*c)
				kernel.RefPointwise(half, g, left, c, c)
				kernel.RefPointwise(want, transpose(half, c), left, c, c)
				want = transpose(want, c)
				spec := kernel.CongruenceSpec{C: c, M: m, Transpose: turned, In: g, Out: dirty(c * c)}
				for i := range spec.Scratch {
					spec.Scratch[i] = dirty(kernel.MatrixLen(c))
				}
				e.NewCongruence(spec).Run()
				wantClose(t, spec.Out, want, 2e-6)
				spec.Accumulate, spec.Out = true, append([]float32(nil), add...)
				for i := range want {
					want[i] += add[i]
				}
				e.NewCongruence(spec).Run()
				wantClose(t, spec.Out, want, 2e-6)
			}
		}
	})
}

// FuzzPointwise runs products of any shape, with matrices that have any triangle of
// zeros, on every instruction set and compares them with the plain definition.
func FuzzPointwise(f *testing.F) {
	f.Add(uint8(16), uint8(7), uint8(9), uint8(3), uint64(1))
	f.Add(uint8(99), uint8(1), uint8(30), uint8(40), uint64(2))
	f.Fuzz(func(t *testing.T, c, h, w, zeros uint8, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := kernel.Shape{C: 1 + int(c)%150, H: 1 + int(h)%30, W: 1 + int(w)%30}
		m := random(r, s.C*s.C)
		for i := range m {
			if i/s.C > i%s.C+int(zeros) {
				m[i] = 0
			}
		}
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			checkPointwise(t, kernel.NewEngine(cpu, pool), r, m, s)
			pool.Close()
		}
	})
}

// BenchmarkPointwise is the map of features of the shapes of the slim network at
// 512x512. The rate is that of a full matrix.
func BenchmarkPointwise(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, l := range []layer{{"relu1_1", 16, 16, 512, false}, {"relu2_1", 32, 32, 256, false}, {"relu3_1", 64, 64, 128, false}, {"relu4_2", 128, 128, 64, false}} {
			s := kernel.Shape{C: l.c, H: l.s, W: l.s}
			x, y := kernel.Floats(s.Len()), kernel.Floats(s.Len())
			kernel.Pack(x, random(r, l.c*l.s*l.s), s)
			for name, upper := range map[string]bool{"triangular": true, "full": false} {
				k := e.NewPointwise(kernel.PointwiseSpec{C: l.c, H: l.s, W: l.s, M: triangular(r, l.c, upper), In: x, Out: y})
				b.Run(l.name+"/"+name, func(b *testing.B) { median(b, 2*float64(l.c*l.c*l.s*l.s)/1e9, k.Run) })
			}
		}
	})
}
