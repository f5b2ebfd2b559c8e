package nst

import (
	"context"
	"math"
)

// balance adapts the content weight at each scale, see Schedule.AutoBalance. At the end of a
// scale some share of the photograph's own style loss is left. That share grows almost in
// proportion to the content weight: as its power 0.9, where that was measured.
type balance struct {
	target float64 // the share to be left at each scale; 0 is not known
	factor float64 // of the content weight; 0 stands for 1
}

// largestChange is the most by which the content weight is multiplied or divided at once.
const largestChange = 4.0

// follow learns from the pass that has ended; nil is none. The first pass sets the target,
// and each says how far the next would miss it.
func (b *balance) follow(last *pass, o *Options) {
	if last == nil {
		return
	}
	left, ok := last.share.end(o.Schedule.Iterations)
	if !ok {
		return
	}
	if b.target == 0 {
		b.target = left
	}
	b.correct(left)
}

// correct changes the weight so that the target is left where left was expected.
func (b *balance) correct(left float64) {
	b.factor = b.of(1) * min(max(b.target/left, 1/largestChange), largestChange)
}

// of returns the content weight, as adapted.
func (b *balance) of(weight float64) float64 {
	if b.factor == 0 {
		return weight
	}
	return b.factor * weight
}

// share is the style loss of a pass divided by that of the photograph at the same size, for
// each evaluation. Where a run cycles through orientations only the last evaluation of each
// turn counts.
type share struct {
	photograph float64
	every      int // evaluations from one that counts to the next; 0 stands for 1
	left       []float64
}

// The end of a pass can be estimated after enough evaluations, or after enoughTurns.
const (
	enough      = 9
	enoughTurns = 4
)

// add adds the loss of an evaluation.
func (s *share) add(style float64) {
	if len(s.left) < cap(s.left) {
		s.left = append(s.left, style/s.photograph)
	}
}

// end estimates the share that would be left after n evaluations. It fits a power of the
// number of evaluations to the last third; otherwise a pass with fewer evaluations would
// seem to end higher than one with more. ok is false after too few evaluations, and where
// the photograph has the style already.
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

// weighs reports whether the run may change the weight of the content.
func (p *pass) weighs() bool {
	o := &p.transfer.options
	return o.Schedule.AutoBalance && !o.Objective.matches() && o.Objective.ContentWeight > 0 && o.Objective.StyleWeight > 0
}

// balances reports whether the run adapts the weight of the content at each scale.
func (p *pass) balances() bool { return p.weighs() && len(p.plan) > 1 }

// renewObjective makes the objective of a pass for the current orientation and weight of the
// content, and for the matches of a picture, given as its difference to the centre. photograph is
// the features of the content, or nil if they are to be measured. If that has not been done,
// it measures the photograph by the objective.
func (p *pass) renewObjective(ctx context.Context, matched []float32, photograph map[string][]tensor) error {
	t := p.transfer
	weight := p.balance.of(t.options.Objective.ContentWeight)
	o, err := p.evaluator().newObjective(ctx, comparison{
		content: p.content, contentWeight: weight, style: p.job.Style, size: p.plan[p.index].size, matched: matched, calm: p.calm, photograph: photograph,
	})
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

// lead is by how much the content weight is larger while a run that starts from noise or an even
// colour finds the content: in the first half of the first scale. Without it the style takes
// all of such a picture, and what it has painted hides the content for good.
const lead = 1000

// leads reports whether the content leads at the beginning of the run.
func (p *pass) leads() bool {
	init := p.transfer.options.Schedule.Init
	return p.index == 0 && p.weighs() && (init == InitNoise || init == InitMean)
}

// led reports whether it is time for the style to join.
func (p *pass) led() bool {
	return p.balance.factor == lead && p.leads() && p.iteration >= p.plan[0].iterations/2
}

// halfway reports whether it is time to estimate how the last scale will end. Without that
// estimate, from the earlier scales alone, the end misses the target by up to a third.
func (p *pass) halfway() bool {
	half := p.plan[p.index].iterations / 2
	return p.balances() && p.balance.target > 0 && p.index == len(p.plan)-1 &&
		p.iteration == half
}

// renew gives the pass another objective when a turn ends, that of the next orientation, and
// halfway, that with the content weight that the course of the loss asks for, and when the
// content has led long enough, that with the usual one. It does so once
// before an iteration, also if the run is interrupted in that iteration and goes on later.
func (p *pass) renew(ctx context.Context) error {
	turned, left, corrected := p.turnEnds(), 0., false
	if p.halfway() {
		left, corrected = p.share.end(p.plan[p.index].iterations)
	}
	led := p.led()
	if !turned && !corrected && !led || p.renewed == p.iteration {
		return nil
	}
	before, photograph := p.objective.contentWeight, p.objective.photograph
	balance, turn := p.balance, p.turn
	if turned {
		p.turn++
		photograph = nil // that was of another orientation
	}
	if corrected {
		p.balance.correct(left)
	}
	if led {
		p.balance.factor = 0
	}
	p.objective.close()
	p.objective = nil
	if err := p.renewObjective(ctx, p.seen, photograph); err != nil {
		p.balance, p.turn = balance, turn // a State is that before
		return err
	}
	copy(p.matched, p.seen)
	p.renewed = p.iteration
	if corrected || led {
		p.recent = p.recent[:0]
	}
	p.change(led, corrected)
	// The loss of the best picture is at most this now: an explosion is still recognised.
	p.bestLoss *= max(1, p.objective.contentWeight/before)
	if turned {
		p.bestLoss = unknown
	}
	return nil
}

// change tells the optimiser that further gradients are of another function. If that is
// alike, the history still serves; else L-BFGS starts again. The functions of two orientations
// are alike, and so are those before and after a correction of the content weight: with the
// history the picture ends 0.2 to 0.7 % lower (docs/notes/small.md). Those with and without the
// lead are not. A line search, which may be at a trial, ends at the best picture.
//
// Where matches are new at each evaluation, all gradients are of one function: the loss of the
// most similar positions, whichever they are. L-BFGS then learns from every step.
func (p *pass) change(led, corrected bool) {
	switch p.transfer.options.Optimizer.Method {
	case Adam:
		return
	case LBFGSWolfe:
		p.vector.Copy(p.variables, p.best)
		p.show()
	}
	switch {
	case led:
		p.optimizer.Reset()
	case corrected || p.turnLength() != 1:
		p.optimizer.Change()
	}
}
