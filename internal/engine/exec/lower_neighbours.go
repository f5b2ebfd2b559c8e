package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// lowerSearch is lower for what has no gradient, and is done before an objective is built.
func (c *lowering) lowerSearch(n *Node, in []*Node) error {
	switch n.Op().(type) {
	case *op.Sample:
		c.sample(n, in[0], in[1])
	case *op.Nearest:
		c.nearest(n, in)
	default:
		return c.lowerFeedForward(n, in)
	}
	return nil
}

// sample lowers the features at some positions.
func (c *lowering) sample(n, x, at *Node) {
	c.reads(x, at)
	from, positions := c.values[x], c.values[at]
	to, _ := c.result(n, false)
	c.step(n.Name(), func() func() {
		return func() { kernel.Gather(to.buf.data, from.buf.data, from.shape, positions.buf.data[:size(at)]) }
	})
}

// nearest lowers the search for the nearest features.
func (c *lowering) nearest(n *Node, in []*Node) {
	c.reads(in...)
	from, target, guide := c.values[in[0]], c.values[in[1]], c.guideOf(in, 2)
	to, _ := c.result(n, false)
	s, rows := from.shape, in[1].Shape()[0]-1
	panels := c.buffer(kernel.NearestLen(s.C, rows))
	c.works(kernel.NearestScratch())
	c.step(n.Name(), func() func() {
		return c.device.engine.NewNearest(kernel.NearestSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Guide: guide.floats(), Rows: rows, Target: target.buf.data,
			Panels: panels.data, Out: to.buf.data,
		}).Run
	})
}

// cosineSpec returns what is known of a cosine before the buffers have their places, and adds
// the buffer that it works in. in are features, target, matches and perhaps a guide.
func (c *lowering) cosineSpec(in []*Node) func() kernel.CosineSpec {
	from, target, matches, guide := c.values[in[0]], c.values[in[1]], c.values[in[2]], c.guideOf(in, 3)
	s, rows := from.shape, in[1].Shape()[0]-1
	padded := c.buffer(kernel.CosineLen(s.C, rows))
	c.works(kernel.CosineScratch())
	return func() kernel.CosineSpec {
		return kernel.CosineSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Guide: guide.floats(), Rows: rows,
			Target: target.buf.data, Matches: matches.buf.data, Padded: padded.data,
		}
	}
}

// cosine lowers the distance of features to their matches.
func (c *lowering) cosine(n *Node, in []*Node) {
	c.reads(in...)
	spec, out := c.cosineSpec(in), c.scalarOf(n)
	c.step(n.Name(), func() func() {
		k := c.device.engine.NewCosine(spec())
		return func() { *out = float32(k.Run()) }
	})
}

// cosineGrad lowers the gradient of cosine to the features.
func (c *lowering) cosineGrad(n, grad *Node, in []*Node) {
	c.reads(in...)
	spec, g := c.cosineSpec(in), c.scalars[grad]
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		s := spec()
		s.Out, s.Accumulate = to.buf.data, add
		k := c.device.engine.NewCosine(s)
		return func() { k.Gradient(float64(*g)) }
	})
}
