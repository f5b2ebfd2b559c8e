package nst

import (
	"math"

	"nst/imgio"
)

// show turns the variables into what the objective sees. So does the first picture, although
// it is known: the first step of L-BFGS is only a few units in the last place of a pixel.
// Without this rounding on both sides of the step, the gradients would differ more by it than
// by the step.
func (p *pass) show() {
	if p.protection != nil {
		p.unpack(p.shown, p.variables, 1)
		p.transfer.network.centre.subtract(p.shown, p.shown)
		p.vector.Copy(p.seen, p.shown)
		return
	}
	p.vector.Scale(p.seen, 1/p.unit, p.variables)
	if p.transfer.options.bounded() {
		lo, hi := p.transfer.network.centre.bounds(1)
		p.vector.Bound(p.seen, lo, hi)
	}
}

// bounded reports whether the objective sees the nearest valid picture to the variables of
// L-BFGS. The variables themselves may leave the range, because a step that was cut short
// would not belong to its change of gradient. Without bounds the optimiser would rely on
// values that saving clips.
func (o *Options) bounded() bool { return o.Optimizer.Method == LBFGS && o.Optimizer.Clamp }

// unpack sets picture, on the host, to that of from: variables, or a sum of variables with
// weights that add up to sum.
func (p *pass) unpack(picture, from []float32, sum float64) {
	t, host := p.transfer, p.transfer.cpu.Vectors()
	p.vector.Copy(picture, from)
	host.Scale(picture, float32(1/(float64(p.unit)*sum)), picture)
	t.network.centre.add(picture, picture)
	if t.options.Optimizer.Method == Adam && t.options.Optimizer.Clamp || t.options.bounded() {
		host.Bound(picture, [3]float32{}, [3]float32{1, 1, 1}) // for adam, because the sum rounds
	}
	p.protection.blend(picture)
}

// painted returns the picture at this point: the average if there is one, corrected for its
// bias to zero (Kingma and Ba 2015, section 7.2); the best one with a line search, which may
// be at a trial; else the last.
func (p *pass) painted() *imgio.Planar {
	out := imgio.NewPlanar(p.w, p.h)
	switch {
	case p.averaged > 0:
		p.unpack(out.Pix, p.average, 1-math.Pow(p.transfer.options.Optimizer.Average, float64(p.averaged)))
	case p.transfer.options.Optimizer.Method == LBFGSWolfe && !math.IsInf(p.bestLoss, 1):
		p.unpack(out.Pix, p.best, 1)
	default:
		p.unpack(out.Pix, p.variables, 1)
	}
	return out
}

// finished returns what the result would be if the run ended here, at this scale.
func (p *pass) finished() *imgio.Planar { return p.finish(p.painted()) }
