package nst

import (
	"nst/internal/engine/exec"
	"nst/internal/optim"
)

// The safeguards of lbfgs: the most that a pixel moves in a step, and in one without
// knowledge of the curvature, in 8-bit levels.
const (
	maxMove   = 64
	firstMove = 1
)

// The pyramid that lbfgs is preconditioned with. Away from the edges of the picture, a change
// that is even over 2^pyramidLevels pixels takes steps 31 times as long as the finest grain.
// Features respond to edges and grain, so that the losses curve far less along even changes.
// A history of a few pairs cannot learn that for a hundred thousand pixels.
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

// passVectors is the number of vectors of a pass of so many evaluations: picture, difference,
// gradient, best picture and average, and those of the optimiser.
func (o *Options) passVectors(evaluations int) int {
	loop := 4
	if o.Objective.matches() {
		loop++
	}
	if o.Optimizer.Method == Adam {
		if o.Optimizer.Average > 0 {
			return loop + 2 + 1
		}
		return loop + 2
	}
	n := loop + 2*(min(o.Optimizer.History, evaluations)+1)
	if o.Optimizer.Method == LBFGSWolfe {
		n += 3 // the ends of the search
	}
	return n
}

// passFloats is the length of all vectors of the pass at a scale. Each begins at a cache line.
func (o *Options) passFloats(at scale) int {
	const line = 16
	return o.passVectors(at.iterations) * ((3*at.w*at.h + line - 1) / line * line)
}

// vectorBytes is the memory of the vectors of the longest pass over n variables, at its end.
func (o *Options) vectorBytes(n int64) int64 {
	bytes := 4 * n * int64(o.passVectors(max(o.Schedule.Iterations, o.Schedule.fine(true))))
	if o.Optimizer.Method == LBFGS {
		bytes += 4 * n / 3 // the levels of the pyramid
	}
	return bytes
}
