package optim

import (
	"fmt"
	"math"
)

// AdamOptions are the settings of [Adam]. Start with [DefaultAdam].
type AdamOptions struct {
	LR    float64 // step size in units of x, above 0; default 0.001
	Beta1 float64 // decay of the mean gradient, in [0, 1); default 0.9
	Beta2 float64 // decay of the mean squared gradient, in [0, 1); default 0.999
	Eps   float64 // added to the root of the mean squared gradient, at least 0; default 1e-8
}

// DefaultAdam returns the settings of Kingma and Ba (2015), PyTorch's defaults.
func DefaultAdam() AdamOptions {
	return AdamOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
}

// Adam is algorithm 1 of Kingma and Ba (2015), in the order of operations of
// torch.optim.Adam. It holds two vectors, 8n bytes for n variables.
type Adam struct {
	opts  AdamOptions
	vec   Vector
	steps int
	m, v  []float32 // running means of g and g²
}

var _ Optimizer = (*Adam)(nil)

// NewAdam returns an Adam for n variables. It is an error if an option is out of range.
func NewAdam(n int, opts AdamOptions, vec Vector) (*Adam, error) {
	switch {
	case n < 1:
		return nil, fmt.Errorf("optim: %d variables, want at least 1", n)
	case !(opts.LR > 0) || math.IsInf(opts.LR, 0):
		return nil, fmt.Errorf("optim: adam: LR is %v, want a finite number above 0", opts.LR)
	case !(opts.Beta1 >= 0 && opts.Beta1 < 1):
		return nil, fmt.Errorf("optim: adam: Beta1 is %v, want a number in [0, 1)", opts.Beta1)
	case !(opts.Beta2 >= 0 && opts.Beta2 < 1):
		return nil, fmt.Errorf("optim: adam: Beta2 is %v, want a number in [0, 1)", opts.Beta2)
	case !(opts.Eps >= 0) || math.IsInf(opts.Eps, 0):
		return nil, fmt.Errorf("optim: adam: Eps is %v, want a finite number of at least 0", opts.Eps)
	}
	return &Adam{opts: opts, vec: vec, m: vec.Make(n), v: vec.Make(n)}, nil
}

// Step computes
//
//	m = β1 m + (1-β1) g      v = β2 v + (1-β2) g²
//	x -= LR / (1-β1ᵗ) m / (√v / √(1-β2ᵗ) + ε)
//
// with t = 1 in the first step. It never returns [ErrConverged].
func (a *Adam) Step(x, g []float32, loss float64) error {
	if err := checkStep(a.vec, len(a.m), x, g, loss); err != nil {
		return err
	}
	a.steps++
	o := a.opts
	a.vec.Adam(x, g, a.m, a.v, o.LR, o.Beta1, o.Beta2, o.Eps, a.steps)
	return nil
}

// Shorten multiplies LR by factor, which is above 0.
func (a *Adam) Shorten(factor float64) { a.opts.LR *= factor }

// SetRate sets LR, the size of the next steps, which is above 0. The state does not have it.
func (a *Adam) SetRate(lr float64) { a.opts.LR = lr }

// Change does nothing, because the moments decay by themselves.
func (a *Adam) Change() {}

// Reset forgets all steps.
func (a *Adam) Reset() {
	a.steps = 0
	a.vec.Clear(a.m)
	a.vec.Clear(a.v)
}

// State returns the number of steps and the vectors m and v.
func (a *Adam) State() State {
	return State{Method: "adam", Steps: a.steps, Vectors: [][]float32{a.m, a.v}}
}

// Restore copies s into a.
func (a *Adam) Restore(s State) error {
	if err := s.check("adam", len(a.m), 0, 2); err != nil {
		return err
	}
	a.steps = s.Steps
	a.vec.Copy(a.m, s.Vectors[0])
	a.vec.Copy(a.v, s.Vectors[1])
	return nil
}
