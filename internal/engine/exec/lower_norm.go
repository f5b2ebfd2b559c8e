package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// norm is what the gradients of an instance normalisation need to know.
type norm struct {
	stats []float32 // (2, c): mean and 1/deviation, of the last run
	mask  *mask     // of the ReLU, or nil
}

// asRead reports whether all readers of n compute it from x as they read, so that n is never
// written: mirrored convolutions, perhaps after an upsampling. They write to the border of x,
// so nothing else may read x.
func (c *lowering) asRead(n, x *Node) bool {
	s := c.schedule
	if s.outputs[n] || s.outputs[x] || len(s.users[x]) != 1 || len(s.users[n]) == 0 || x.Op() == nil {
		return false
	}
	_, repeated := n.Op().(*op.Upsample)
	for _, u := range s.users[n] {
		switch u.Op().(type) {
		case *op.MirrorConv:
			if operands(u)[0] != n || repeated && c.onlySigmoid(u) {
				return false
			}
		case *op.Upsample:
			if repeated || !c.asRead(u, n) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// instanceNorm lowers an instance normalisation. If the step of the convolution x measured
// its result, the readers of n can normalise it, or n can be added to a sum as it is
// computed.
func (c *lowering) instanceNorm(n *Node, o *op.InstanceNorm, x, affine *Node) {
	stats, measured := c.stats[x]
	switch {
	case measured && c.asRead(n, x):
		c.normAsRead(n, x, affine, o.ReLU, stats)
	case measured && !o.ReLU && c.endsSum(n):
		c.normSum(n, x, affine, stats)
	default:
		c.normAlone(n, o, x, affine, stats)
	}
}

// normAsRead lowers a normalisation that the readers of n do.
func (c *lowering) normAsRead(n, x, affine *Node, relu bool, stats []float32) {
	c.reads(x, affine)
	v, a := *c.values[x], c.values[affine]
	v.channels = kernel.NewChannelMap(v.shape.C, relu)
	c.values[n] = &v
	c.step(n.Name(), func() func() {
		return func() { v.channels.Set(stats, a.buf.data) }
	})
}

// endsSum reports whether the normalisation n, which nothing else needs, is added to another
// tensor that is there already: the end of a residual block.
func (c *lowering) endsSum(n *Node) bool {
	users, root := c.schedule.users[n], c.schedule.root(n)
	if root == n || c.values[root] != nil {
		return false
	}
	in := operands(users[0])
	if len(in) != 2 || in[0] == in[1] {
		return false
	}
	other := c.values[otherOf(in, n)]
	return other != nil && other.blocked && other.channels == nil && !other.repeated && c.schedule.root(otherOf(in, n)) != root
}

// otherOf is the operand that is not n.
func otherOf(in []*Node, n *Node) *Node {
	if in[0] == n {
		return in[1]
	}
	return in[0]
}

// normSum lowers a normalisation and the sum that it is part of.
func (c *lowering) normSum(n, x, affine *Node, stats []float32) {
	sum := c.schedule.users[n][0]
	other := otherOf(operands(sum), n)
	c.reads(x, affine, other)
	from, a, add, s := c.values[x], c.values[affine], c.values[other], features(x)
	to := c.newValue(n, true)
	c.begin(n, to)
	c.summed[sum] = other
	c.step(sum.Name(), func() func() {
		channels := kernel.NewChannelMap(s.C, false)
		k := c.device.engine.NewNormSum(kernel.NormSumSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Add: add.buf.data, Map: channels, Out: to.buf.data,
		})
		return func() {
			channels.Set(stats, a.buf.data)
			k.Run()
		}
	})
}

// normAlone lowers a normalisation as a step of its own. stats has what was measured already,
// or is nil.
func (c *lowering) normAlone(n *Node, o *op.InstanceNorm, x, affine *Node, stats []float32) {
	c.reads(x, affine)
	from, a, s := c.values[x], c.values[affine], features(x)
	grads, given := false, stats != nil
	for _, u := range c.schedule.users[n] {
		_, sums := u.Op().(*op.InstanceNormSums)
		grads = grads || sums
	}
	if !given {
		stats = make([]float32, 2*s.C)
	}
	to, add := c.result(n, true)
	whole := to.buf
	if add {
		whole = c.buffer(s.Len())
	}
	k := &norm{stats: stats}
	if grads && o.ReLU {
		k.mask = c.newMask(s)
	}
	c.norms[n] = k
	c.step(n.Name(), func() func() {
		e := c.device.engine
		run := e.NewInstanceNorm(kernel.InstanceNormSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Affine: a.buf.data, Out: whole.data,
			ReLU: o.ReLU, Mask: k.mask.words16(), Stats: k.stats, Given: given,
		}).Run
		if !add {
			return run
		}
		dst, src := to.buf.data, whole.data
		return func() {
			run()
			e.Axpy(1, src, dst)
		}
	})
}

// instanceNormSums lowers the gradient of the normalisation y to its affine parameters.
func (c *lowering) instanceNormSums(n, grad, y, x *Node) {
	c.reads(grad, x)
	k, g, from, s := c.norms[y], c.values[grad], c.values[x], features(x)
	to, add := c.result(n, false)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewInstanceNormSums(kernel.InstanceNormSumsSpec{
			C: s.C, H: s.H, W: s.W, Grad: g.buf.data, In: from.buf.data, Stats: k.stats,
			Mask: k.mask.words16(), Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// instanceNormGrad lowers the gradient of the normalisation y to its input x.
func (c *lowering) instanceNormGrad(n, grad, y, x, affine, sums *Node) {
	c.reads(grad, x, affine, sums)
	k, g, from, s := c.norms[y], c.values[grad], c.values[x], features(x)
	a, d := c.values[affine], c.values[sums]
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewInstanceNormGrad(kernel.InstanceNormGradSpec{
			C: s.C, H: s.H, W: s.W, Grad: g.buf.data, In: from.buf.data, Stats: k.stats, Affine: a.buf.data,
			Sums: d.buf.data, Mask: k.mask.words16(), Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// scaleShift lowers the scaling and shifting of channels, as a normalisation of features
// that have mean 0 and deviation 1.
func (c *lowering) scaleShift(n *Node, o *op.ScaleShift, x, affine *Node) {
	stats := kernel.NormStats(features(x).C)
	if c.asRead(n, x) {
		c.normAsRead(n, x, affine, o.ReLU, stats)
		return
	}
	c.reads(x, affine)
	from, a, s := c.values[x], c.values[affine], features(x)
	to, _ := c.result(n, true)
	c.step(n.Name(), func() func() {
		return c.device.engine.NewInstanceNorm(kernel.InstanceNormSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Affine: a.buf.data, Out: to.buf.data,
			ReLU: o.ReLU, Stats: stats, Given: true,
		}).Run
	})
}
