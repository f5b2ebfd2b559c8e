package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// gram lowers the Gram matrix of features, perhaps guided.
func (c *lowering) gram(n *Node, in []*Node) {
	c.reads(in...)
	from, guide := c.values[in[0]], c.guideOf(in, 1)
	to, _ := c.result(n, false)
	c.step(n.Name(), c.gramStep(from, guide, func() []float32 { return to.buf.data }, c.device.by == inBF16))
}

// gramStep adds the step that writes the Gram matrix to the slice that out returns, and
// the buffers that it works in.
func (c *lowering) gramStep(from, guide *value, out func() []float32, bf16 bool) func() func() {
	e, s := c.device.engine, from.shape
	spec := kernel.GramSpec{C: s.C, H: s.H, W: s.W, Scale: 1, BF16: bf16}
	c.works(kernel.GramScratch(spec))
	if guide == nil {
		return func() func() {
			spec.In, spec.Out, spec.Scale = from.buf.data, out(), 1/float32(s.H*s.W)
			return e.NewGram(spec).Run
		}
	}
	region := c.buffer(s.Len())
	return func() func() {
		dst := out()
		cut := e.NewGuide(kernel.GuideSpec{C: s.C, H: s.H, W: s.W, In: from.buf.data, Guide: guide.buf.data, Out: region.data})
		spec.In, spec.Out = region.data, dst
		gram := e.NewGram(spec)
		return func() {
			cut.Run()
			gram.Run()
			e.Scale(dst[:s.C*s.C], inverse(kernel.GuideTotal(guide.buf.data, s.H, s.W)), dst[:s.C*s.C])
		}
	}
}

// gramGrad lowers the gradient of a Gram matrix to its features.
func (c *lowering) gramGrad(n *Node, in []*Node) {
	c.reads(in...)
	d, from, guide := c.values[in[0]], c.values[in[1]], c.guideOf(in, 2)
	to, add := c.result(n, true)
	c.step(n.Name(), c.gramGradStep(func() []float32 { return d.buf.data }, from, guide, to, add, c.device.by == inBF16 || c.device.by == mixed))
}

// gramGradStep adds the step that writes the gradient to the features, or adds it, and the
// buffers that it works in. d returns the gradient to the matrix.
func (c *lowering) gramGradStep(d func() []float32, from, guide, to *value, add, bf16 bool) func() func() {
	e, s := c.device.engine, from.shape
	sym := c.buffer(s.C * s.C)
	spec := kernel.GramGradSpec{C: s.C, H: s.H, W: s.W, BF16: bf16}
	c.works(kernel.GramGradScratch(spec))
	if guide == nil {
		return func() func() {
			spec.D, spec.In, spec.Out, spec.Accumulate = sym.data, from.buf.data, to.buf.data, add
			k, src := e.NewGramGrad(spec), d()
			return func() {
				op.Symmetrise(sym.data, src, 1/float32(s.H*s.W))
				k.Run()
			}
		}
	}
	// The weight of a position is a factor of its gradient, which can be applied last.
	weights, back := c.buffer(s.H*s.W), to.buf
	if add {
		back = c.buffer(s.Len())
	}
	return func() func() {
		spec.D, spec.In, spec.Out = sym.data, from.buf.data, back.data
		k, src := e.NewGramGrad(spec), d()
		weigh := e.NewGuide(kernel.GuideSpec{
			C: s.C, H: s.H, W: s.W, In: back.data, Guide: weights.data[:s.H*s.W], Out: to.buf.data, Accumulate: add,
		})
		return func() {
			op.Symmetrise(sym.data, src, inverse(kernel.GuideTotal(guide.buf.data, s.H, s.W)))
			for i, t := range guide.buf.data[:s.H*s.W] {
				weights.data[i] = t * t
			}
			k.Run()
			weigh.Run()
		}
	}
}
