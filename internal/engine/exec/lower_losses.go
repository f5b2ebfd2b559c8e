package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// scalarOf gives node n, a scalar, its place.
func (c *lowering) scalarOf(n *Node) *float32 {
	s := new(float32)
	c.scalars[n] = s
	return s
}

// meanSquare lowers the mean of squared differences of a and b.
func (c *lowering) meanSquare(n, a, b *Node) {
	c.reads(a, b)
	va, vb := c.values[a], c.values[b]
	out := c.scalarOf(n)
	count := float64(size(a))
	c.step(n.Name(), func() func() {
		a, b := va.buf.data, vb.buf.data
		return func() { *out = float32(c.device.engine.SumSquaredDiff(a, b) / count) }
	})
}

// meanSquareGrad lowers the gradient of meanSquare to a.
func (c *lowering) meanSquareGrad(n, a, b, grad *Node) {
	c.reads(a, b)
	va, vb := c.values[a], c.values[b]
	to, add := c.result(n, va.blocked)
	g := c.scalars[grad]
	factor := 2 / float32(size(a))
	c.step(n.Name(), func() func() {
		dst, a, b := to.buf.data, va.buf.data, vb.buf.data
		return func() { c.device.engine.SquaredDiffGrad(dst, factor**g, a, b, add) }
	})
}

// stencil describes the differences of a total variation of pixels x.
func stencil(f op.TVForm, rng float32, s kernel.Shape) kernel.StencilSpec {
	return kernel.StencilSpec{C: s.C, H: s.H, W: s.W, Differences: f.Stencil(s.C, s.H, s.W, rng)}
}

// tv lowers the total variation of picture x. The quadratic form has a kernel of
// its own.
func (c *lowering) tv(n *Node, o *op.TV, x *Node) {
	c.reads(x)
	from, s := c.values[x], features(x)
	out := c.scalarOf(n)
	spec := stencil(o.Form, o.Range, s)
	c.step(n.Name(), func() func() {
		pixels := from.buf.data
		if o.Form == op.Quadratic {
			return func() {
				dx, dy := c.device.engine.TV(pixels, s.C, s.H, s.W)
				*out = float32(spec.Differences[0].Weight*dx + spec.Differences[1].Weight*dy)
			}
		}
		spec.In = pixels
		k := c.device.engine.NewStencil(spec)
		return func() { *out = float32(k.Sum()) }
	})
}

// tvGrad lowers the gradient of tv.
func (c *lowering) tvGrad(n *Node, o *op.TVGrad, x, grad *Node) {
	c.reads(x)
	from, s := c.values[x], features(x)
	to, add := c.result(n, false)
	g := c.scalars[grad]
	spec := stencil(o.Form, o.Range, s)
	c.step(n.Name(), func() func() {
		dst, pixels := to.buf.data, from.buf.data
		if o.Form == op.Quadratic {
			sx, sy := spec.Differences[0].Weight, spec.Differences[1].Weight
			return func() {
				d := float64(*g)
				c.device.engine.TVGrad(dst, pixels, s.C, s.H, s.W, float32(d*sx), float32(d*sy), add)
			}
		}
		spec.In, spec.Out, spec.Accumulate = pixels, dst, add
		k := c.device.engine.NewStencil(spec)
		return func() { k.Gradient(float64(*g)) }
	})
}

// weightedSum lowers the objective.
func (c *lowering) weightedSum(n *Node, o *op.WeightedSum, in []*Node) {
	out := c.scalarOf(n)
	terms := make([]*float32, len(in))
	for i, t := range in {
		terms[i] = c.scalars[t]
	}
	c.step(n.Name(), func() func() {
		return func() {
			var sum float64
			for i, t := range terms {
				sum += float64(o.Weights[i]) * float64(*t)
			}
			*out = float32(sum)
		}
	})
}

// scale lowers the gradient of a term of the objective.
func (c *lowering) scale(n *Node, o *op.Scale, x *Node) {
	out, from := c.scalarOf(n), c.scalars[x]
	c.step(n.Name(), func() func() { return func() { *out = o.By * *from } })
}

// scaleBy lowers a factor that is an input.
func (c *lowering) scaleBy(n, x, by *Node) {
	out, from, factor := c.scalarOf(n), c.scalars[x], c.scalars[by]
	c.step(n.Name(), func() func() { return func() { *out = *factor * *from } })
}

// normalizedGrad lowers the gradient that is divided by its own size.
func (c *lowering) normalizedGrad(n *Node, o *op.NormalizedGrad, grad *Node) {
	c.reads(grad)
	from := c.values[grad]
	to, add := c.result(n, from.blocked)
	c.step(n.Name(), func() func() {
		e, dst, src := c.device.engine, to.buf.data, from.buf.data
		return func() {
			f := o.Factor(e.AbsSum(src))
			if add {
				e.Axpy(f, src, dst)
				return
			}
			copy(dst, src)
			e.Scale(dst, f, dst)
		}
	})
}
