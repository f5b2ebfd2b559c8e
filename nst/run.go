package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"nst/imgio"
	"nst/internal/optim"
)

// levels is the number of 8-bit levels in a pixel range of [0, 1]. The optimiser
// sees pixels in such levels, as the programs do whose settings people know, so
// that learning rates and first steps mean the same.
const levels = 255

// settle is the number of iterations over which Options.Tolerance is measured.
const settle = 10

// run is the state of one optimisation.
type run struct {
	options   *Options
	objective *objective
	job       *Job
	began     time.Time
	picture   *imgio.Planar // in [0, 1], what the objective sees

	variables []float32 // the picture in 8-bit levels, what the optimiser moves
	gradient  []float32 // of the loss to the variables
	good      []float32 // the last picture whose loss was a number
	recent    []float64 // the last losses, for Tolerance
}

// loop evaluates and steps until there is a reason to stop.
func (r *run) loop(ctx context.Context) (*Result, error) {
	n := len(r.picture.Pix)
	r.variables, r.gradient, r.good = make([]float32, n), make([]float32, n), slices.Clone(r.picture.Pix)
	for i, v := range r.picture.Pix {
		r.variables[i] = v * levels
	}
	r.show()
	opt, err := r.options.optimizer(n, r.objective.vector)
	if err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	res := &Result{Picture: r.picture, Stop: StopIterations}
	defer func() { res.Elapsed = time.Since(r.began) }()
	for i := 1; i <= r.options.Iterations; i++ {
		loss, err := r.objective.evaluate(ctx, r.picture.Pix, r.gradient)
		if err != nil {
			if ctx.Err() != nil {
				return r.interrupted(res, ctx)
			}
			return nil, err
		}
		if math.IsNaN(loss.Total) || math.IsInf(loss.Total, 0) {
			copy(r.picture.Pix, r.good)
			return res, &DivergedError{i}
		}
		copy(r.good, r.picture.Pix)
		res.Loss, res.Iterations = loss, i
		for j := range r.gradient {
			r.gradient[j] /= levels
		}
		switch err := opt.Step(r.variables, r.gradient, loss.Total); {
		case errors.Is(err, optim.ErrNotFinite):
			return res, &DivergedError{i}
		case errors.Is(err, optim.ErrConverged):
			res.Stop = StopTolerance
		case err != nil:
			return nil, fmt.Errorf("nst: iteration %d: %w", i, err)
		}
		r.show()
		r.report(i, loss)
		if res.Stop == StopTolerance || r.settled(loss.Total) {
			res.Stop = StopTolerance
			return res, nil
		}
		if ctx.Err() != nil {
			return r.interrupted(res, ctx)
		}
	}
	return res, nil
}

func (r *run) interrupted(res *Result, ctx context.Context) (*Result, error) {
	res.Stop = StopInterrupted
	return res, fmt.Errorf("nst: interrupted after %d iterations: %w", res.Iterations, ctx.Err())
}

// settled tells whether the loss has stopped falling, by Options.Tolerance.
func (r *run) settled(total float64) bool {
	if r.options.Tolerance == 0 {
		return false
	}
	if len(r.recent) < settle {
		r.recent = append(r.recent, total)
		return false
	}
	before := r.recent[0]
	copy(r.recent, r.recent[1:])
	r.recent[settle-1] = total
	return before-total < r.options.Tolerance*math.Abs(before)
}

func (r *run) report(i int, loss Loss) {
	if r.job.Progress == nil {
		return
	}
	r.job.Progress(Progress{
		Scale: 1, Scales: 1, Width: r.picture.W, Height: r.picture.H,
		Iteration: i, Iterations: r.options.Iterations,
		Loss: loss, Elapsed: time.Since(r.began),
		picture: r.picture.Clone,
	})
}

// show turns the variables into the picture. The first picture goes this way too,
// though it is there already: the first step of L-BFGS is so short, a few units in
// the last place of a pixel, that the gradients on its two sides would else differ
// by this rounding more than by the step.
func (r *run) show() {
	for i, v := range r.variables {
		r.picture.Pix[i] = v / levels
	}
}
