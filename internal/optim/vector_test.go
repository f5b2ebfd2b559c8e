package optim_test

import (
	"fmt"
	"math"
	"testing"

	"nst/internal/optim"
)

// TestPlain compares with the definitions, for lengths around the four partial
// sums and the chunks of 1024.
func TestPlain(t *testing.T) {
	var v optim.Plain
	for _, n := range []int{0, 1, 3, 4, 5, 1023, 1024, 1025, 3000} {
		x, y, axpy, scaled, diff := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		var dot, sum, most float64
		for i := range x {
			x[i], y[i] = float32(math.Sin(float64(7*i+1))), float32(math.Cos(float64(3*i)))
			axpy[i] = y[i]
			dot += float64(x[i]) * float64(y[i])
			sum += math.Abs(float64(x[i]))
			most = max(most, math.Abs(float64(x[i])))
		}
		v.Axpy(0.25, x, axpy)
		v.Scale(scaled, -2, x)
		v.Sub(diff, x, y)
		if got := v.Dot(x, y); math.Abs(got-dot) > 1e-12*float64(n) {
			t.Errorf("n %d: Dot is %v, want %v", n, got, dot)
		}
		if got := v.AbsSum(x); math.Abs(got-sum) > 1e-12*float64(n) {
			t.Errorf("n %d: AbsSum is %v, want %v", n, got, sum)
		}
		if got := v.AbsMax(x); float64(got) != most {
			t.Errorf("n %d: AbsMax is %v, want %v", n, got, most)
		}
		for i := range x {
			if axpy[i] != y[i]+0.25*x[i] || scaled[i] != -2*x[i] || diff[i] != x[i]-y[i] {
				t.Fatalf("n %d: value %d is %v, %v, %v", n, i, axpy[i], scaled[i], diff[i])
			}
		}
	}
}

func TestPlainPassesNaN(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		for i := range 6 {
			x := make([]float32, 6)
			x[i] = bad
			sum, most := optim.Plain{}.AbsSum(x), float64(optim.Plain{}.AbsMax(x))
			if !(math.IsNaN(sum) || math.IsInf(sum, 1)) || !(math.IsNaN(most) || math.IsInf(most, 1)) {
				t.Errorf("%v at %d: sum %v, maximum %v", bad, i, sum, most)
			}
		}
	}
}

// BenchmarkStep times a step for a picture of 256 x 256 with a full history. Bytes are those
// of the picture.
func BenchmarkStep(b *testing.B) {
	const n = 3 * 256 * 256
	lbfgs := func(history int) optim.Optimizer {
		o, err := optim.NewLBFGS(n, optim.LBFGSOptions{LR: 1, History: history, TolGrad: -1, TolChange: math.Inf(-1)}, optim.Plain{})
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	a, err := optim.NewAdam(n, optim.DefaultAdam(), optim.Plain{})
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name      string
		warm      int
		optimiser optim.Optimizer
	}{{"adam", 1, a}, {"lbfgs10", 12, lbfgs(10)}, {"lbfgs100", 102, lbfgs(100)}} {
		b.Run(bb.name, func(b *testing.B) {
			x, g := start("quadratic", n), make([]float32, n)
			loss := 0.0
			for range bb.warm {
				loss = quadratic(x, g)
				if err := bb.optimiser.Step(x, g, loss); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(4 * n)
			b.ReportAllocs()
			for b.Loop() {
				if err := bb.optimiser.Step(x, g, loss); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDot(b *testing.B) {
	for _, n := range []int{3 * 64 * 64, 3 * 512 * 512} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y := start("waves", n), start("waves", n)
			b.SetBytes(8 * int64(n))
			for b.Loop() {
				optim.Plain{}.Dot(x, y)
			}
		})
	}
}
