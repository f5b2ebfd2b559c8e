package nst

import (
	"context"
	"math"
)

// balance is how a run keeps what its weights amount to over the scales, see
// Options.Steady. The weight of the content follows, since the style loss that is left
// grows almost in proportion to it: by 0.9 of its logarithm where that was measured.
type balance struct {
	wanted float64 // share of the photograph's style loss that is to be left; 0 is not known
	factor float64 // of the content's weight; 0 stands for 1
}

// The weight of the content changes by no more than furthest at once.
const furthest = 4.0

// follow learns from the pass that has ended, if there was one: from the first what is
// wanted, from each how far the next would be off.
func (b *balance) follow(last *pass, o *Options) {
	if last == nil {
		return
	}
	left, ok := last.share.end(o.Schedule.Iterations)
	if !ok {
		return
	}
	if b.wanted == 0 {
		b.wanted = left
	}
	b.correct(left)
}

// correct takes what is expected to be left.
func (b *balance) correct(left float64) {
	b.factor = b.of(1) * min(max(b.wanted/left, 1/furthest), furthest)
}

// of returns what a weight of the content is now.
func (b *balance) of(weight float64) float64 {
	if b.factor == 0 {
		return weight
	}
	return b.factor * weight
}

// share is the style loss of a pass, evaluation by evaluation, over that of the
// photograph at the same size. Where views take turns it is that of the last evaluation of
// each turn, which is as far as the view comes.
type share struct {
	photograph float64
	every      int // evaluations from one that is taken to the next; 0 stands for 1
	left       []float64
}

// The end of a pass can be told from enough evaluations, or from those of enoughTurns.
const (
	enough      = 9
	enoughTurns = 4
)

// add takes the loss of an evaluation.
func (s *share) add(style float64) {
	if len(s.left) < cap(s.left) {
		s.left = append(s.left, style/s.photograph)
	}
}

// end returns what would be left after n evaluations, by the power of their number
// that the last third follows; a pass with fewer would else seem to end higher than
// one with more. It is not known after too few evaluations, nor where the photograph has
// the style already.
func (s *share) end(n int) (left float64, ok bool) {
	k := len(s.left)
	if k < enough && (s.every <= 1 || k < enoughTurns) {
		return 0, false
	}
	n /= max(1, s.every)
	before, left := s.left[2*k/3-1], s.left[k-1]
	if !(left > 0 && before > 0) || math.IsInf(left+before, 1) {
		return 0, false
	}
	if k < n {
		power := math.Log(before/left) / math.Log(float64(k)/float64(2*k/3))
		left *= math.Pow(float64(k)/float64(n), min(max(power, 0), 1))
	}
	return left, true
}

// balances reports whether the run adapts the weight of the content.
func (p *pass) balances() bool {
	o := &p.transfer.options
	return o.Schedule.AutoBalance && len(p.plan) > 1 && o.Objective.ContentWeight > 0 && o.Objective.StyleWeight > 0
}

// renewObjective makes the objective of a pass for the current orientation and weight of the
// content. If that has not been done, it measures the photograph by it.
func (p *pass) renewObjective(ctx context.Context) error {
	t := p.transfer
	weight := p.balance.of(t.options.Objective.ContentWeight)
	o, err := p.evaluator().newObjective(ctx, comparison{content: p.content, contentWeight: weight, style: p.job.Style, size: p.plan[p.index].size})
	if err != nil {
		return err
	}
	p.objective, p.result.ContentWeight = o, weight
	if !p.balances() || p.share.left != nil {
		return nil
	}
	loss, err := o.evaluate(ctx, p.content.Pix, nil)
	o.difference = nil // not needed again
	p.share = share{loss.Style, p.turnLength(), make([]float64, 0, p.plan[p.index].iterations)}
	return err
}

// halfway tells whether it is time to look how the last scale will end: what the scales
// before it say leaves the end as much as a third off.
func (p *pass) halfway() bool {
	half := p.plan[p.index].iterations / 2
	return p.balances() && p.balance.wanted > 0 && p.index == len(p.plan)-1 &&
		p.iteration == half
}

// renew gives the pass another objective when a turn ends, that of the next orientation, and
// halfway, that with the content weight that the course of the loss asks for.
func (p *pass) renew(ctx context.Context) error {
	turned, left, corrected := p.turnEnds(), 0., false
	if p.halfway() {
		left, corrected = p.share.end(p.plan[p.index].iterations)
	}
	if !turned && !corrected {
		return nil
	}
	if turned {
		p.turn++
	}
	before := p.objective.contentWeight
	if corrected {
		p.balance.correct(left)
		p.recent = p.recent[:0]
	}
	p.objective.close()
	p.objective = nil
	if err := p.renewObjective(ctx); err != nil {
		return err
	}
	p.change(turned)
	// The loss of the best picture is now at most this, so that an explosion is still seen.
	p.bestLoss *= max(1, p.objective.contentWeight/before)
	if turned {
		p.bestLoss = unknown
	}
	return nil
}

// change tells the optimiser that further gradients are of another function. If that is
// alike, as those of two orientations are, the history still serves; else L-BFGS starts
// again. A line search, which may be at a trial, ends at the best picture.
func (p *pass) change(alike bool) {
	switch p.transfer.options.Optimizer.Method {
	case Adam:
		return
	case LBFGSWolfe:
		p.vector.Copy(p.variables, p.best)
		p.show()
	}
	if alike {
		p.optimizer.Change()
		return
	}
	p.optimizer.Reset()
}
