package nst

import "errors"

// ErrBlind means that the features of content and styles are 0 in all layers that are compared,
// as those of a network without weights are: any picture would do.
var ErrBlind = errors.New("nst: the network has features of 0 only, so that no picture differs from another")

// The parts of its reach below which a loss has settled: that of the first picture of a scale,
// and that of the best one, from where the step leads away. The reach is the loss of a picture
// whose features are all 0. A Gram matrix that is wrong by a hundredth has a loss of a
// ten-thousandth of its reach.
const (
	negligible = 1e-4
	nothing    = 1e-6
)

// reach is the loss that content and style would have if all features of the picture were 0.
func (b *builder) reach() (sum float64) {
	for _, term := range b.objective.content {
		sum += term.weight * power(b.content[term.layer][0].data)
	}
	for _, term := range b.objective.style {
		values := b.style[term.target].values[source{term.layer, term.statistic.name}]
		l, _ := b.layer(term.layer)
		sum += term.weight * term.statistic.reach(values, l.K)
	}
	return sum
}

// power returns the mean of the squares of values; of none, 0.
func power(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(1, len(values)))
}

// arrived reports whether there is nothing to do, after an evaluation: because the loss of the
// first picture of a scale is next to nothing, as where the content has the style already, or
// because that of the best picture is, and the step from there makes it many times larger.
// Near 0 any step does, so that it says nothing about the steps. torch's L-BFGS has tolerances
// of its own.
func (p *pass) arrived(loss float64) bool {
	if p.transfer.options.Optimizer.Method == LBFGSTorch {
		return false
	}
	reach := p.objective.reach
	return p.iteration == 1 && loss <= negligible*reach || p.bestLoss <= nothing*reach && p.exploded(loss)
}

// arrive ends a pass that has arrived, at the best picture, after an evaluation.
func (p *pass) arrive(loss Loss) {
	if p.exploded(loss.Total) {
		p.vector.Copy(p.variables, p.best)
		return
	}
	p.result.Loss = loss
}
