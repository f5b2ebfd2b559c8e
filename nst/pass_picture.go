package nst

import (
	"math"

	"nst/imgio"
)

// show turns the variables into what the objective sees. The first picture goes this
// way too, though it is there already: the first step of L-BFGS is so short, a few units
// in the last place of a pixel, that the gradients on its two sides would else differ
// by this rounding more than by the step.
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

// bounded tells whether L-BFGS sees the nearest picture there is to its variables. They
// may lie outside the range, or a step and its change of gradient would not belong
// together; what is lost in writing a picture would else be part of its plan.
func (o *Options) bounded() bool { return o.Optimizer.Method == LBFGS && o.Optimizer.Clamp }

// unpack sets a picture of the host to the one that from, variables or a sum of them
// with weights that add up to sum, stands for.
func (p *pass) unpack(picture, from []float32, sum float64) {
	t, host := p.transfer, p.transfer.cpu.Vectors()
	p.vector.Copy(picture, from)
	host.Scale(picture, float32(1/(float64(p.unit)*sum)), picture)
	t.network.centre.add(picture, picture)
	if t.options.Optimizer.Method == Adam && t.options.Optimizer.Clamp || t.options.bounded() {
		host.Bound(picture, [3]float32{}, [3]float32{1, 1, 1}) // for adam the rounding of the sum
	}
	p.protection.blend(picture)
}

// painted returns the picture that is handed over: the average if there is one, free of
// its bias to zero (Kingma and Ba 2015, section 7.2), or the best if the last may be a
// trial of a line search.
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
