// Package optim minimises functions of a flat []float32 with L-BFGS and Adam. It follows the
// rules of PyTorch 1.13, so that a run can be checked against it.
//
// Start with [NewLBFGS] or [NewAdam]. The caller owns the loop: it evaluates loss and
// gradient at x, and Step moves x in place.
//
//	for range iterations {
//		loss := evaluate(x, g)
//		if err := o.Step(x, g, loss); err != nil {
//			break // ErrConverged: no better x is found; ErrNotFinite: x is unchanged
//		}
//	}
//
// A Step uses one evaluation. It allocates nothing once its buffers exist. State returns the
// whole state of an optimiser; after Restore it takes the same steps again, bit by bit.
package optim

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Optimizer is what [LBFGS] and [Adam] have in common.
type Optimizer interface {
	// Step moves x, given the gradient g and the loss at x. If it returns an error, x is
	// unchanged; with a line search see [LBFGS.Step]. The error is [ErrNotFinite] if loss
	// or a value of g is infinite or NaN, which also leaves the state unchanged;
	// [ErrConverged] if a tolerance is met; or another one if x or g has the wrong length.
	Step(x, g []float32, loss float64) error

	// Reset forgets all steps. Buffers are kept for reuse; Shorten stays in effect.
	Reset()

	// Change must be called before losses and gradients of another, similar function. The
	// optimiser then learns nothing from the last step, but keeps what it learnt before. A
	// line search in progress ends; the next one starts at x.
	Change()

	// Shorten multiplies the length of later steps by factor, which is above 0.
	Shorten(factor float64)

	// State returns everything that the next Step depends on. It shares its vectors with
	// the optimiser: save or Clone it before the next Step.
	State() State

	// Restore copies a state into this optimiser, which must have the same method, length
	// and options as the one that State was called on. A state of this optimiser itself
	// must be cloned first. If the state does not fit, Restore returns an error and
	// changes nothing.
	Restore(State) error
}

var (
	// ErrConverged means that a tolerance is met.
	ErrConverged = errors.New("optim: converged")
	// ErrNotFinite means that the loss or a value of the gradient is infinite or NaN.
	ErrNotFinite = errors.New("optim: loss or gradient is not finite")
)

// State is the state of an optimiser, for checkpoints. What Numbers and Vectors mean depends
// on the method. Each vector has one value for every variable.
type State struct {
	Method  string // lbfgs, lbfgs-wolfe or adam
	Steps   int    // steps taken since the start or Reset
	Numbers []float64
	Vectors [][]float32
}

// Clone returns a copy of s that later steps do not change.
func (s State) Clone() State {
	s.Numbers = slices.Clone(s.Numbers)
	s.Vectors = slices.Clone(s.Vectors)
	for i, v := range s.Vectors {
		s.Vectors[i] = slices.Clone(v)
	}
	return s
}

// check returns an error unless s is a state of method with this number of numbers and of
// vectors, each of length n.
func (s State) check(method string, n, numbers, vectors int) error {
	if s.Method != method {
		return fmt.Errorf("optim: state is of method %q, not %s", s.Method, method)
	}
	if s.Steps < 0 || len(s.Numbers) != numbers || len(s.Vectors) != vectors {
		return fmt.Errorf("optim: %s state after %d steps has %d numbers and %d vectors, want %d and %d",
			method, s.Steps, len(s.Numbers), len(s.Vectors), numbers, vectors)
	}
	for i, v := range s.Vectors {
		if len(v) != n {
			return fmt.Errorf("optim: vector %d of %s state has %d values, want %d", i, method, len(v), n)
		}
	}
	return nil
}

// checkStep returns an error unless x and g have n values, and loss and gradient are finite.
func checkStep(v Vector, n int, x, g []float32, loss float64) error {
	if len(x) != n || len(g) != n {
		return fmt.Errorf("optim: %d variables and %d gradient values, want %d", len(x), len(g), n)
	}
	if sum := loss + v.AbsSum(g); math.IsNaN(sum) || math.IsInf(sum, 0) {
		return ErrNotFinite
	}
	return nil
}
