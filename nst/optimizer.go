package nst

import (
	"nst/internal/engine/exec"
	"nst/internal/optim"
)

// The safeguards of lbfgs, in 8-bit levels: no pixel moves further in a step, nor in
// one that knows nothing of the curvature.
const (
	maxMove   = 64
	firstMove = 1
)

// The pyramid that lbfgs is preconditioned with: away from the edges, what is even
// over 2^pyramidLevels pixels takes steps 31 times as long as the finest grain does.
// The losses, which are of features that answer to edges and grain, curve far less
// along what is even, and a history of some pairs does not tell that of a hundred
// thousand pixels.
const (
	pyramidLevels = 4
	pyramidWeight = 2
)

// optimizer returns the optimiser that the options ask for, over pictures of w by h
// pixels.
func (o *Options) optimizer(w, h int, v exec.Vectors) (optim.Optimizer, error) {
	n, rate := 3*w*h, o.Optimizer.LearningRate
	if o.Optimizer.Method == Adam {
		a := optim.DefaultAdam()
		a.Beta2, a.Eps = o.Optimizer.Beta2, o.Optimizer.Epsilon
		if rate == 0 {
			rate = 10
		}
		a.LR = rate
		return optim.NewAdam(n, a, v)
	}
	l := optim.DefaultLBFGS()
	if rate != 0 {
		l.LR = rate
	}
	if o.Optimizer.Method == LBFGS {
		l.MaxMove, l.FirstMove = maxMove, firstMove
		l.Precondition = func(dst, src []float32) { v.Pyramid(dst, src, 3, h, w, pyramidLevels, pyramidWeight) }
	}
	l.History, l.StrongWolfe = o.Optimizer.History, o.Optimizer.Method == LBFGSWolfe
	return optim.NewLBFGS(n, l, v)
}
