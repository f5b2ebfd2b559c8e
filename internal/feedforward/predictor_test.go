package feedforward_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/feedforward"
)

// predictorLoss is a sum of the outputs, weighted, in float64.
func predictorLoss(p feedforward.Predictor, params, x, weights []float32) (sum float64) {
	for i, y := range p.NewPrediction().Run(params, x) {
		sum += float64(weights[i]) * float64(y)
	}
	return sum
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(2*r.Float64() - 1)
	}
	return x
}

// TestPredictorGradient compares every part of the gradient with a difference quotient. The
// loss is linear in each parameter while no ReLU changes sides.
func TestPredictorGradient(t *testing.T) {
	p := feedforward.Predictor{In: 5, Hidden: 7, Out: 3}
	r := rand.New(rand.NewPCG(4, 2))
	params, x, weights := random(r, p.Len()), random(r, p.In), random(r, p.Out)
	run := p.NewPrediction()
	run.Run(params, x)
	gradient := make([]float32, p.Len())
	run.Add(gradient, params, weights)
	run.Add(gradient, params, weights) // adds
	for i := range params {
		const step = 1e-3
		old := params[i]
		params[i] = old + step
		up := predictorLoss(p, params, x, weights)
		params[i] = old - step
		down := predictorLoss(p, params, x, weights)
		params[i] = old
		if want := (up - down) / step; math.Abs(float64(gradient[i])-want) > 2e-3 {
			t.Errorf("gradient %d is %v twice, the difference quotient is %v", i, gradient[i], want)
		}
	}
}

func TestPredictorInit(t *testing.T) {
	p := feedforward.Predictor{In: 400, Hidden: 64, Out: 30}
	bias := random(rand.New(rand.NewPCG(1, 1)), p.Out)
	params := p.Init(bias, 3)
	out := p.NewPrediction().Run(params, make([]float32, p.In))
	for i, y := range out {
		if y != bias[i] {
			t.Fatalf("value %d for a descriptor of zeros is %v, want the bias %v", i, y, bias[i])
		}
	}
	x := random(rand.New(rand.NewPCG(5, 1)), p.In)
	for i, y := range p.NewPrediction().Run(params, x) {
		if d := math.Abs(float64(y - bias[i])); d == 0 || d > 0.5 {
			t.Errorf("value %d is %v from its bias", i, d)
		}
	}
}

func BenchmarkPredictor(b *testing.B) {
	p := feedforward.Predictor{In: feedforward.DescriptorLen, Hidden: 256, Out: 1344}
	params, x := p.Init(make([]float32, p.Out), 1), random(rand.New(rand.NewPCG(1, 1)), p.In)
	run, gradient := p.NewPrediction(), make([]float32, p.Len())
	b.Run("run", func(b *testing.B) {
		for b.Loop() {
			run.Run(params, x)
		}
	})
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			run.Add(gradient, params, run.Run(params, x))
		}
	})
}
