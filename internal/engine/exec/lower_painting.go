package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// upsample lowers the repetition of positions. A convolution can repeat them as it reads.
func (c *lowering) upsample(n, x *Node) {
	if c.asRead(n, x) {
		v := *c.values[x]
		v.repeated = true
		c.values[n] = &v
		return
	}
	c.reads(x)
	from, s := c.values[x], features(x)
	to, _ := c.result(n, true)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewUpsample(kernel.UpsampleSpec{C: s.C, H: s.H, W: s.W, In: from.buf.data, Out: to.buf.data}).Run
	})
}

// upsampleGrad lowers its gradient.
func (c *lowering) upsampleGrad(n, grad *Node) {
	c.reads(grad)
	from, s := c.values[grad], features(n)
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewUpsampleGrad(kernel.UpsampleGradSpec{
			C: s.C, H: s.H, W: s.W, Grad: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// sigmoidGrad lowers the gradient of the picture y to its features.
func (c *lowering) sigmoidGrad(n, grad, y *Node) {
	c.reads(grad, y)
	g, from, s := c.values[grad], c.values[y], features(n)
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewSigmoidGrad(kernel.SigmoidGradSpec{
			C: s.C, H: s.H, W: s.W, Grad: g.buf.data, Y: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// channelSums lowers the gradient to a bias.
func (c *lowering) channelSums(n, x *Node) {
	c.reads(x)
	from, s := c.values[x], features(x)
	to, add := c.result(n, false)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewChannelSums(kernel.ChannelSumsSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// orient lowers the turning and mirroring of a picture, or its gradient.
func (c *lowering) orient(n, x, orientation *Node, back bool) {
	c.reads(x)
	from, which, s := c.values[x], c.scalars[orientation], features(x)
	to, add := c.result(n, false)
	c.step(n.Name(), func() func() {
		dst, src := to.buf.data, from.buf.data
		return func() {
			if back {
				op.OrientBack(dst, src, s.C, s.H, s.W, int(*which), add)
				return
			}
			op.OrientPicture(dst, src, s.C, s.H, s.W, int(*which))
		}
	})
}
