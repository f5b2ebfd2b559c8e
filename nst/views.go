package nst

import (
	"fmt"
	"math"

	"nst/vgg"
)

// A network that stands in for a larger one (vgg.Weights.Projections) does not see all that its
// teacher does, and what it does not see of a picture an optimiser leaves as it was. Turned
// or mirrored, other things escape it. So its views ([vgg.Weights.Oriented]) take turns: the
// filters are turned, the picture stays. docs/slim.md has what that is worth.

// turnLength is how many evaluations a view has, where a scale has enough for all of them:
// with fewer, L-BFGS comes less far; with more, each leaves more of what it does not see.
// Scales of few iterations have shorter turns, of leastTurn at least. A line search, which
// has a line to go through before it has moved at all, has longTurn.
const (
	turnLength = 10
	leastTurn  = 3
	longTurn   = 20
)

// turn returns how many evaluations a view has, or 0 if there is only one view.
func (t *Transfer) turn() int {
	switch {
	case len(t.sights) == 1:
		return 0
	case t.options.Optimizer.Method == LBFGSWolfe:
		return longTurn
	}
	return min(max(t.options.Schedule.Iterations/len(t.sights), leastTurn), turnLength)
}

// sight is a network as it looks at pictures.
type sight struct {
	weights *vgg.Weights
	centred *vgg.Weights // the same for what Transfer.centre has been subtracted from
}

// sightsOf returns so many views of a network, or with 0 as many as are of use: one, or all
// if it stands in for a larger one. Views that are of no use are an [OptionError].
func sightsOf(w *vgg.Weights, c centre, views int) ([]sight, error) {
	useful := 1
	if len(w.Projections) > 0 {
		useful = vgg.Orientations
	}
	if views > useful {
		return nil, &OptionError{"Objective.Orientations", views, "must be 0 or 1 with " + w.Network.Name + ", which has one view: only a network that stands in for a larger one has more"}
	}
	if views == 0 {
		views = useful
	}
	sights := make([]sight, views)
	for i := range sights {
		turned, err := w.Oriented(i)
		if err != nil {
			return nil, fmt.Errorf("nst: %w", err)
		}
		centred := *turned
		centred.Convention = c.convention(centred.Convention)
		sights[i] = sight{turned, &centred}
	}
	return sights, nil
}

// looking returns t with the view that has that turn, from 0.
func (t *Transfer) looking(turn int) *Transfer {
	view := turn % len(t.sights)
	if view == t.view {
		return t
	}
	other := *t
	other.view, other.sight = view, t.sights[view]
	return &other
}

// relieved tells whether the next view takes over. A view keeps the end of a scale where the
// next would have less than half a turn.
func (p *pass) relieved() bool {
	turn := p.transfer.turn()
	return turn > 0 && p.iteration > 0 && p.iteration%turn == 0 && 2*(p.plan[p.index].iterations-p.iteration) >= turn
}

// window is the length of the two windows that Options.Tolerance compares: losses of one
// view cannot be held against those of another, of all together they can.
func (t *Transfer) window() int { return max(settle, t.turn()*len(t.sights)) }

// unknown stands for the loss of the best picture where another function is to measure it:
// any number is less, but one that is none still leads back to that picture.
const unknown = math.MaxFloat64 / explosion
