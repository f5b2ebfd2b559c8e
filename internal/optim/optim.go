// Package optim minimises functions of a flat []float32: L-BFGS and Adam with
// the rules of PyTorch 1.13, so that a run can be checked against it.
//
// Begin with [NewLBFGS] or [NewAdam]. The caller owns the loop: it evaluates
// loss and gradient at x, and Step moves x in place.
//
//	for range iterations {
//		loss := evaluate(x, g)
//		if err := o.Step(x, g, loss); err != nil {
//			break // ErrConverged: x is as good as it gets; ErrNotFinite: x is as it was
//		}
//	}
//
// One Step spends one evaluation and, once its buffers are there, allocates
// nothing. All state can be taken out with State and put back with Restore; the
// steps after that are the same bit by bit.
package optim

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Optimizer is what [LBFGS] and [Adam] have in common.
type Optimizer interface {
	// Step moves x, given the gradient g and the loss at x. It changes x only
	// when it returns nil, but for a line search, see [LBFGS.Step]. It returns [ErrNotFinite] without touching any state
	// when loss or a value of g is infinite or not a number, [ErrConverged] when
	// a tolerance of the options says that there is nothing left to do, and an
	// error when x or g has another length than the optimiser was made for.
	Step(x, g []float32, loss float64) error

	// Reset forgets all steps taken. Buffers stay, to be used again, and so does
	// what Shorten did.
	Reset()

	// Change tells that the losses and gradients to come are of another function, one
	// much like that before: what the last step did teaches nothing, what steps before it
	// taught still holds. A line search that runs ends; x must be where to begin another.
	Change()

	// Shorten multiplies the length of the steps to come by factor, above 0.
	Shorten(factor float64)

	// State returns what the next Step depends on. Its vectors are the
	// optimiser's own: write them out, or Clone it, before the next Step.
	State() State

	// Restore copies a state into this optimiser, which must have been made with
	// the method, length and options of the one that State was called on. It may
	// not be the own state of this optimiser, unless cloned. Where the state does
	// not fit Restore returns an error and changes nothing.
	Restore(State) error
}

var (
	// ErrConverged is returned by a Step that finds a tolerance met.
	ErrConverged = errors.New("optim: converged")
	// ErrNotFinite is returned by a Step that is given a loss or gradient with
	// an infinity or NaN in it.
	ErrNotFinite = errors.New("optim: loss or gradient is not finite")
)

// State is an optimiser laid open for a checkpoint. What Numbers and Vectors
// mean is the method's affair; each vector has one value for every variable.
type State struct {
	Method  string // lbfgs, lbfgs-wolfe or adam
	Steps   int    // steps taken since the start or Reset
	Numbers []float64
	Vectors [][]float32
}

// Clone returns a copy of s that later steps leave alone, to go back to.
func (s State) Clone() State {
	s.Numbers = slices.Clone(s.Numbers)
	s.Vectors = slices.Clone(s.Vectors)
	for i, v := range s.Vectors {
		s.Vectors[i] = slices.Clone(v)
	}
	return s
}

// check returns an error unless s is a state of method with vectors of length n
// and as many numbers and vectors as wanted.
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

// checkStep returns an error unless x and g have n values and loss and gradient
// are finite.
func checkStep(v Vector, n int, x, g []float32, loss float64) error {
	if len(x) != n || len(g) != n {
		return fmt.Errorf("optim: %d variables and %d gradient values, want %d", len(x), len(g), n)
	}
	if sum := loss + v.AbsSum(g); math.IsNaN(sum) || math.IsInf(sum, 0) {
		return ErrNotFinite
	}
	return nil
}
