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

// levels is the number of 8-bit levels in the range [0, 1]. The optimiser sees pixels in
// 8-bit levels, as in the programs whose settings people know, so that learning rates and
// first steps mean the same.
const levels = 255

// settle is the least length of the two windows that Schedule.Tolerance compares.
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
	content   *imgio.Planar // at this size, as the colour mode prepares it
	start     *imgio.Planar // the first picture of this scale, in [0, 1]
	seen      []float32     // by the objective: the difference of the picture to the centre
	matched   []float32     // seen when the objective was made, for StyleNeighbours; else nil
	shown     []float32     // the picture itself; nil without protection

	protection *protection // nil if there is none

	variables []float32 // what the optimiser moves: seen, times unit
	unit      float32   // 8-bit levels, or what they are to the network
	gradient  []float32 // of the loss to the variables
	average   []float32 // weighted sum of the variables; nil if it is not needed
	averaged  int       // steps in average

	best      []float32 // the variables of the least loss
	bestLoss  float64
	setbacks  int                  // rollbacks since then
	halvings  int                  // of the steps of the optimiser
	iteration int                  // evaluations done
	renewed   int                  // the iteration before which the objective was renewed last; 0 is none
	over      bool                 // before all iterations, because the loss settled or the time is up
	recent    []float64            // losses, for Schedule.Tolerance
	snapshot  func() *imgio.Planar // finished, for Progress
}

// prepare allocates all that the loop needs; the loop allocates nothing.
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
	if p.transfer.options.Objective.matches() {
		p.matched = v.Make(n)
	}
	difference := make([]float32, n)
	p.transfer.network.centre.subtract(difference, p.start.Pix)
	v.Copy(p.variables, difference)
	v.Scale(p.variables, p.unit, p.variables)
	p.start = nil
	p.show()
	copy(p.matched, p.seen) // on the processor: a card does not match
}

// descend evaluates and steps until this scale is done. An error ends the run.
func (p *pass) descend(ctx context.Context) error {
	for !p.over && p.iteration < p.plan[p.index].iterations {
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
		switch {
		case p.arrived(loss.Total):
			settled = true
			p.arrive(loss)
		case p.exploded(loss.Total):
			err = p.rollback()
		default:
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
			p.over = true
			return nil
		}
		p.replan()
		if p.late() {
			p.over = true
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.save(); err != nil {
			return err
		}
	}
	return nil
}

// step moves the variables. settled is true if further steps are of no use.
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

// settled reports whether the loss has settled, by Schedule.Tolerance.
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

// carry takes over the moments of Adam from the scale before, resampled and scaled to the
// gradients at this scale: the more pixels there are, the smaller is the gradient to each,
// because losses are means. The history of L-BFGS is of no use at another size.
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
