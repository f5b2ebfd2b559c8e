package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

func TestMatMul(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, c := range []int{1, 3, 16, 21, 64, 100, 144} {
			a, b, want, got := random(r, c*c), random(r, c*c), make([]float32, c*c), dirty(c*c)
			for i := range want {
				sum := 0.0
				for k := range c {
					sum += float64(a[i/c*c+k]) * float64(b[k*c+i%c])
				}
				want[i] = float32(sum)
			}
			blocked := func(x []float32) []float32 {
				m := dirty(kernel.MatrixLen(c))
				kernel.PackMatrix(m, x, c)
				return m
			}
			out := dirty(kernel.MatrixLen(c))
			e.NewMatMul(c).Run(out, blocked(a), blocked(b), false)
			kernel.UnpackMatrix(got, out, c)
			wantClose(t, got, want, 1e-6)
			wantClose(t, out, blocked(got), 0) // zeros beyond c
			e.NewMatMul(c).Run(out, blocked(a), blocked(b), true)
			kernel.UnpackMatrix(got, out, c)
			for i := range want {
				want[i] *= 2
			}
			wantClose(t, got, want, 1e-6)
		}
	})
}

func BenchmarkMatMul(b *testing.B) {
	cpu, err := kernel.Detect(func(string) string { return "" })
	if err != nil {
		b.Fatal(err)
	}
	pool := kernel.NewPool(0)
	defer pool.Close()
	e := kernel.NewEngine(cpu, pool)
	x := random(rand.New(rand.NewPCG(1, 1)), kernel.MatrixLen(512))
	out := make([]float32, len(x))
	m := e.NewMatMul(512)
	for b.Loop() {
		m.Run(out, x, x, false)
	}
	b.ReportMetric(2*512*512*512*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
