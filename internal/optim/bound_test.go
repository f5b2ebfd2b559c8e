package optim_test

import (
	"math"
	"testing"

	"nst/internal/optim"
)

// bounded makes an L-BFGS with the bounds that torch lacks.
func bounded(t *testing.T, first, most float64, n int) *optim.LBFGS {
	t.Helper()
	o, err := optim.NewLBFGS(n, optim.LBFGSOptions{LR: 1, History: 5, TolGrad: -1, TolChange: math.Inf(-1), FirstMove: first, MaxMove: most}, optim.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// largest returns the largest change of a variable in one step with gradient g.
func largest(t *testing.T, o optim.Optimizer, x, g []float32) float64 {
	t.Helper()
	before := append([]float32(nil), x...)
	if err := o.Step(x, g, 1); err != nil {
		t.Fatal(err)
	}
	m := 0.0
	for i := range x {
		m = max(m, math.Abs(float64(x[i]-before[i])))
	}
	return m
}

func TestLBFGSBounds(t *testing.T) {
	x, g := []float32{1, 2, 3}, []float32{100, -300, 50}
	o := bounded(t, 0.5, 4, 3)
	if m := largest(t, o, x, g); math.Abs(m-0.5) > 1e-6 {
		t.Errorf("first step moves by %v, want 0.5", m)
	}
	// A gradient that has hardly changed would give a huge step.
	if m := largest(t, o, x, []float32{99.99, -299.99, 49.99}); math.Abs(m-4) > 1e-5 {
		t.Errorf("second step moves by %v, want 4", m)
	}
	o.Reset()
	o.Shorten(0.5)
	if m := largest(t, o, x, g); math.Abs(m-0.25) > 1e-6 {
		t.Errorf("first step after a reset, shortened, moves by %v, want 0.25", m)
	}
	if _, err := optim.NewLBFGS(1, optim.LBFGSOptions{LR: 1, History: 1, MaxMove: -1}, optim.Plain{}); err == nil {
		t.Error("MaxMove below 0: no error")
	}
}

func TestAdamShorten(t *testing.T) {
	x, g := []float32{1, 2}, []float32{3, -4}
	o := adam(t, optim.AdamOptions{LR: 2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8}, 2)
	o.Shorten(0.25)
	if m := largest(t, o, x, g); math.Abs(m-0.5) > 1e-6 {
		t.Errorf("first step moves by %v, want 0.5", m)
	}
}
