package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// mirrorFirst lowers the mirrored convolution of a picture.
func (c *lowering) mirrorFirst(n, x, w *Node) {
	c.reads(x, w)
	from, filters, in := c.values[x], c.values[w], features(x)
	to, add := c.result(n, true)
	part := to.buf
	if add {
		part = c.buffer(to.shape.Len())
	}
	e := c.device.engine
	spec := kernel.ConvFirstSpec{K: whole(to.shape.C), H: in.H, W: in.W, Mirror: true, Stats: c.measured(n, add)}
	c.works(e.ConvFirstScratch(spec))
	c.step(n.Name(), func() func() {
		weights := filters.buf.data
		spec.Weights, spec.In, spec.Out = weights, from.buf.data, part.data
		first := e.NewConvFirst(spec)
		return func() {
			first.SetWeights(weights)
			first.Run()
			if add {
				e.Axpy(1, part.data, to.buf.data)
			}
		}
	})
}

// onlySigmoid reports whether only a sigmoid reads the mirrored convolution n.
func (c *lowering) onlySigmoid(n *Node) bool {
	users := c.schedule.users[n]
	if len(users) != 1 || c.schedule.outputs[n] {
		return false
	}
	o, mirror := n.Op().(*op.MirrorConv)
	_, sigmoid := users[0].Op().(*op.Sigmoid)
	return sigmoid && mirror && o.Stride == 1 && n.Shape()[1] <= kernel.Lanes
}

// sigmoid lowers the last step of a feed-forward network, from features to a picture, with
// the convolution before it if there is one.
func (c *lowering) sigmoid(n, x, bias *Node) {
	if c.onlySigmoid(x) {
		in := operands(x)
		c.mirrorLast(n, in[0], in[1], bias)
		return
	}
	c.reads(x, bias)
	from, b, s := c.values[x], c.values[bias], features(x)
	to, _ := c.result(n, false)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewSigmoid(kernel.SigmoidSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Bias: b.buf.data, Out: to.buf.data,
		}).Run
	})
}

// mirrorLast lowers a mirrored convolution of x and a sigmoid.
func (c *lowering) mirrorLast(n, x, w, bias *Node) {
	from := c.mirrored(x)
	c.reads(w, bias)
	from.buf.touch(len(c.steps))
	filters, b, in := c.values[w], c.values[bias], features(x)
	to, _ := c.result(n, false)
	e := c.device.engine
	spec := kernel.MirrorLastSpec{C: in.C, K: n.Shape()[1], H: in.H, W: in.W, Map: from.channels}
	c.works(e.MirrorLastScratch(spec))
	c.step(n.Name(), func() func() {
		spec.Weights, spec.Bias, spec.In, spec.Out = filters.buf.data, b.buf.data, from.buf.data, to.buf.data
		return e.NewMirrorLast(spec).Run
	})
}
