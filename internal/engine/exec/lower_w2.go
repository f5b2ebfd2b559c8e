package exec

import "nst/internal/engine/kernel"

// meanGram lowers the means and second moments of features.
func (c *lowering) meanGram(n *Node, in []*Node) {
	c.reads(in...)
	from, guide := c.values[in[0]], c.guideOf(in, 1)
	to, _ := c.result(n, false)
	gram := c.gramStep(from, guide, func() []float32 { return to.buf.data[from.shape.C:] }, false) // deviations are differences, which need all digits
	c.step(n.Name(), func() func() {
		s := from.shape
		second := gram()
		mean := c.device.engine.NewMoments(kernel.MomentsSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Guide: guide.floats(), Mean: to.buf.data[:s.C],
		})
		return func() {
			mean.Run()
			second()
		}
	})
}

// meanGramGrad lowers the gradient of means and second moments to the features.
func (c *lowering) meanGramGrad(n *Node, in []*Node) {
	c.reads(in...)
	grad, from, guide := c.values[in[0]], c.values[in[1]], c.guideOf(in, 2)
	to, add := c.result(n, true)
	s := from.shape
	gram := c.gramGradStep(func() []float32 { return grad.buf.data[s.C:] }, from, guide, to, add, false)
	c.step(n.Name(), func() func() {
		second := gram()
		g, b := grad.buf.data[:s.C], make([]float32, s.C)
		mean := c.device.engine.NewChannelAffine(kernel.ChannelAffineSpec{
			C: s.C, H: s.H, W: s.W, B: b, Guide: guide.floats(), Out: to.buf.data, Accumulate: true,
		})
		return func() {
			second()
			scale := inverse(kernel.GuideTotal(guide.floats(), s.H, s.W))
			for i, v := range g {
				b[i] = scale * v
			}
			mean.Run()
		}
	})
}

// distance is what the step that computes a W2 leaves for the step that computes its
// gradient.
type distance struct{ root, half, seen *buffer }

// w2 lowers the distance of statistic x and target b.
func (c *lowering) w2(n, x, b *Node) {
	c.reads(x, b)
	from, want := c.values[x], c.values[b]
	ch := x.Shape()[1]
	d := &distance{root: c.buffer(kernel.MatrixLen(ch)), half: c.buffer(kernel.MatrixLen(ch)), seen: c.buffer(size(b))}
	for _, kept := range []*buffer{d.half, d.seen} {
		kept.first = 0
		kept.touch(forever)
	}
	c.distances[n] = d
	scratch := c.matrices(ch)
	out := c.scalarOf(n)
	c.step(n.Name(), func() func() {
		k := c.device.engine.NewW2(kernel.W2Spec{
			C: ch, X: from.buf.data, Target: want.buf.data, Seen: d.seen.data, Half: d.half.data, Root: d.root.data,
			Scratch: contents(scratch),
		})
		return func() { *out = float32(k.Run()) }
	})
}

// matrices adds buffers for four matrices that the next step works in.
func (c *lowering) matrices(ch int) (m [4]*buffer) {
	for i := range m {
		m[i] = c.buffer(kernel.MatrixLen(ch))
	}
	return m
}

func contents(m [4]*buffer) (data [4][]float32) {
	for i, b := range m {
		data[i] = b.data
	}
	return data
}

// w2Grad lowers the gradient of distance y to its statistic x.
func (c *lowering) w2Grad(n *Node, x, b, y, grad *Node) {
	c.reads(x, b)
	d, from, want := c.distances[y], c.values[x], c.values[b]
	d.root.touch(len(c.steps))
	to, add := c.result(n, false)
	part := to.buf
	if add {
		part = c.buffer(size(n))
	}
	scratch, g, ch := c.matrices(x.Shape()[1]), c.scalars[grad], x.Shape()[1]
	c.step(n.Name(), func() func() {
		k := c.device.engine.NewW2(kernel.W2Spec{
			C: ch, X: from.buf.data, Target: want.buf.data, Grad: part.data, Seen: d.seen.data, Half: d.half.data, Root: d.root.data,
			Scratch: contents(scratch),
		})
		return func() {
			k.Gradient(float64(*g))
			if add {
				c.device.engine.Axpy(1, part.data, to.buf.data)
			}
		}
	})
}
