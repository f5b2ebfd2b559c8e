package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/optim"
)

// levels is the number of 8-bit levels in a pixel range of [0, 1]. The optimiser
// sees pixels in such levels, as the programs do whose settings people know, so
// that learning rates and first steps mean the same.
const levels = 255

// settle is the least length of the two windows that Options.Tolerance compares.
const settle = 10

// pass is the optimisation at one scale.
type pass struct {
	*run
	index     int // of the scale
	began     time.Time
	objective *objective
	share     share // of the photograph's style loss that is left
	optimizer optim.Optimizer
	vector    exec.Vectors
	w, h      int
	content   *imgio.Planar // here, as colour wants it
	start     *imgio.Planar // what it began with, in [0, 1]
	seen      []float32     // by the objective: the difference of the picture to the centre
	shown     []float32     // the picture, where protection has to look at it

	protection *protection // nil if there is none

	variables []float32 // the same in units of 1/unit, what the optimiser moves
	unit      float32   // levels, or what they are to the network
	gradient  []float32 // of the loss to the variables
	average   []float32 // sum of the variables, each with its weight; nil if not wanted
	averaged  int       // steps in average

	best      []float32 // the variables of the least loss
	bestLoss  float64
	setbacks  int // rollbacks since
	iteration int // evaluations done
	recent    []float64
	snapshot  func() *imgio.Planar // finished, for Progress
}

// prepare makes all that the loop needs, which allocates nothing.
func (p *pass) prepare() {
	n, v := len(p.start.Pix), p.vector
	p.variables, p.gradient, p.best, p.seen = v.Make(n), v.Make(n), v.Make(n), v.Make(n)
	if p.unit = levels; p.transfer.options.Objective.Preprocessing == PrepareLevels256 {
		p.unit = 256
	}
	p.recent = make([]float64, 0, 2*p.window())
	if o := p.transfer.options; o.Optimizer.Method == Adam && o.Optimizer.Average > 0 {
		p.average = v.Make(n)
	}
	p.snapshot = p.finished
	if p.protection != nil {
		p.shown = make([]float32, n)
	}
	difference := make([]float32, n)
	p.transfer.network.centre.subtract(difference, p.start.Pix)
	v.Copy(p.variables, difference)
	v.Scale(p.variables, p.unit, p.variables)
	p.show()
}

// descend evaluates and steps until there is a reason to go on to the next scale,
// or to end with an error.
func (p *pass) descend(ctx context.Context) error {
	for p.iteration < p.plan[p.index].iterations {
		if err := p.renew(ctx); err != nil {
			return err
		}
		loss, err := p.objective.evaluateDifference(ctx, p.seen, p.gradient)
		if err != nil {
			return err
		}
		p.colour.Confine(p.gradient)
		p.protection.gradient(p.gradient)
		if p.transfer.options.bounded() {
			lo, hi := p.transfer.network.centre.bounds(p.unit)
			p.vector.Hold(p.gradient, p.variables, lo, hi)
		}
		p.iteration++
		p.result.Iterations++
		settled := false
		if p.exploded(loss.Total) {
			err = p.rollback()
		} else {
			p.result.Loss = loss
			if p.iteration%max(1, p.turnLength()) == 0 {
				p.share.add(loss.Style)
			}
			settled, err = p.step(loss.Total)
		}
		if err != nil {
			return err
		}
		p.show()
		p.report(loss)
		if settled {
			p.result.Stop = StopTolerance
			return nil
		}
		p.replan()
		if p.late() {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// step moves the variables, and tells whether there is no use in going on.
func (p *pass) step(loss float64) (settled bool, err error) {
	o, v := &p.transfer.options, p.vector
	if loss < p.bestLoss {
		v.Copy(p.best, p.variables)
		p.bestLoss, p.setbacks = loss, 0
	}
	v.Scale(p.gradient, 1/p.unit, p.gradient)
	switch err := p.optimizer.Step(p.variables, p.gradient, loss); {
	case errors.Is(err, optim.ErrNotFinite):
		return false, p.rollback()
	case errors.Is(err, optim.ErrConverged):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("nst: iteration %d: %w", p.result.Iterations, err)
	}
	if o.Optimizer.Method == Adam && o.Optimizer.Clamp {
		lo, hi := p.transfer.network.centre.bounds(p.unit)
		v.Bound(p.variables, lo, hi)
	}
	if p.average != nil {
		v.Scale(p.average, float32(o.Optimizer.Average), p.average)
		v.Axpy(float32(1-o.Optimizer.Average), p.variables, p.average)
		p.averaged++
	}
	return p.settled(loss), nil
}

// settled tells whether the loss has come to rest, by Options.Tolerance.
func (p *pass) settled(total float64) bool {
	if p.transfer.options.Schedule.Tolerance == 0 {
		return false
	}
	n := p.window()
	if len(p.recent) == 2*n {
		copy(p.recent, p.recent[1:])
		p.recent = p.recent[:2*n-1]
	}
	if p.recent = append(p.recent, total); len(p.recent) < 2*n {
		return false
	}
	var before, after float64
	for i := range n {
		before += p.recent[i]
		after += p.recent[n+i]
	}
	return math.Abs(before-after) < p.transfer.options.Schedule.Tolerance*math.Abs(before)
}

// carry takes over what the optimiser has learnt at the scale before: the moments
// of Adam, resampled, the means being of the size that gradients have here. A
// gradient to a pixel shrinks as the pixels become more, since losses are means.
// What L-BFGS knows is of no use at another size.
func (p *pass) carry(last *pass) error {
	if p.transfer.options.Optimizer.Method != Adam {
		return nil
	}
	from, to := p.plan[last.index], p.plan[p.index]
	s := last.optimizer.State()
	if err := last.vector.Wait(); err != nil {
		return fmt.Errorf("nst: %w", err)
	}
	ratio := float32(from.pixels() / to.pixels())
	plane := func(i int) *imgio.Planar { return &imgio.Planar{W: from.w, H: from.h, Pix: slices.Clone(s.Vectors[i])} }
	m, v := plane(0).Resize(to.w, to.h), plane(1).ResizeBilinear(to.w, to.h)
	host := p.transfer.cpu.Vectors()
	host.Scale(m.Pix, ratio, m.Pix)
	host.Scale(v.Pix, ratio*ratio, v.Pix)
	err := p.optimizer.Restore(optim.State{Method: s.Method, Steps: s.Steps, Vectors: [][]float32{m.Pix, v.Pix}})
	if err != nil {
		return fmt.Errorf("nst: %w", err)
	}
	return nil
}
