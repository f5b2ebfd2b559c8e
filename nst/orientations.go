package nst

import (
	"fmt"
	"math"

	"nst/vgg"
)

// A distilled network (vgg.Weights.Projections) is blind to some detail that its teacher sees, and
// an optimiser leaves that detail of a picture as it was. Rotated or mirrored, the network is
// blind to other detail. So a run cycles through its orientations ([vgg.Weights.Oriented]): the
// filters are turned, the picture stays. docs/slim.md has what that is worth.

// A turn is the evaluations that one orientation has before the next takes over. It has
// usualTurn where a scale has enough evaluations for a turn of each. Shorter turns bring
// L-BFGS less far; after longer ones more is left of what the orientation does not see.
// Scales of few iterations have shorter turns, of leastTurn or more. A line search takes
// several evaluations for one step, so that it has searchTurn.
const (
	usualTurn  = 10
	leastTurn  = 3
	searchTurn = 20
)

// turnLength returns the length of a turn in evaluations, or 0 if there is one orientation and
// nothing is matched: the matches of StyleNeighbours are renewed with each turn.
func turnLength(o *Options, orientations int) int {
	switch {
	case o.Objective.matches() && o.Objective.MatchEvery > 0:
		return o.Objective.MatchEvery
	case orientations == 1 && !o.Objective.matches():
		return 0
	case o.Optimizer.Method == LBFGSWolfe:
		return searchTurn
	}
	return min(max(o.Schedule.Iterations/orientations, leastTurn), usualTurn)
}

// toleranceWindow returns the length, in evaluations, of the two windows that
// Schedule.Tolerance compares: at least settle, and whole cycles, since losses of different
// orientations cannot be compared.
func toleranceWindow(o *Options, orientations int) int {
	return max(settle, turnLength(o, orientations)*orientations)
}

// checkTolerance returns an [OptionError] for a tolerance that cannot stop any scale, since none
// has as many evaluations as the two windows.
func (o *Options) checkTolerance(orientations int) error {
	least, most := 2*toleranceWindow(o, orientations), max(o.Schedule.Iterations, o.Schedule.FineIterations)
	if o.Schedule.Tolerance == 0 || most >= least {
		return nil
	}
	reason := fmt.Sprintf("cannot stop %d iterations at a size: it takes %d", most, least)
	if orientations > 1 {
		reason += fmt.Sprintf(", two cycles of %d orientations", orientations)
	}
	return &OptionError{"Schedule.Tolerance", o.Schedule.Tolerance, reason}
}

// orientationsOf returns so many orientations of a network, or with 0 as many as are of use:
// all if it is distilled, else one. Orientations that are of no use are an [OptionError].
func orientationsOf(w *vgg.Weights, count int) ([]*vgg.Weights, error) {
	useful := 1
	if len(w.Projections) > 0 {
		useful = vgg.Orientations
	}
	if count > useful {
		return nil, &OptionError{"Objective.Orientations", count, "must be 0 or 1 with " + w.Network.Name + ", which has one orientation: only a distilled network has more"}
	}
	if count == 0 {
		count = useful
	}
	oriented := make([]*vgg.Weights, count)
	for i := range oriented {
		var err error
		if oriented[i], err = w.Oriented(i); err != nil {
			return nil, fmt.Errorf("nst: %w", err)
		}
	}
	return oriented, nil
}

// turnEnds reports whether the next orientation takes over. The last turn of a scale goes on
// where the next would be less than half a turn.
func (p *pass) turnEnds() bool {
	turn := p.turnLength()
	return turn > 0 && p.iteration > 0 && p.iteration%turn == 0 && 2*(p.plan[p.index].iterations-p.iteration) >= turn
}

// unknown stands for the loss of the best picture where another function will measure it.
// Every finite loss is less; one that is not finite still leads back to that picture.
const unknown = math.MaxFloat64 / explosion
