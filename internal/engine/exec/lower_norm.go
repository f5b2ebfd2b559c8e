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

// instanceNorm lowers an instance normalisation.
func (c *lowering) instanceNorm(n *Node, o *op.InstanceNorm, x, affine *Node) {
	c.reads(x, affine)
	from, a, s := c.values[x], c.values[affine], features(x)
	grads := false
	for _, u := range c.schedule.users[n] {
		_, sums := u.Op().(*op.InstanceNormSums)
		grads = grads || sums
	}
	to, add := c.result(n, true)
	whole := to.buf
	if add {
		whole = c.buffer(s.Len())
	}
	k := &norm{stats: make([]float32, 2*s.C)}
	if grads && o.ReLU {
		k.mask = c.newMask(s)
	}
	c.norms[n] = k
	c.step(n.Name(), func() func() {
		e := c.device.engine
		run := e.NewInstanceNorm(kernel.InstanceNormSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Affine: a.buf.data, Out: whole.data,
			ReLU: o.ReLU, Mask: k.mask.words16(), Stats: k.stats,
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
	c.reads(x, affine)
	from, a, s := c.values[x], c.values[affine], features(x)
	to, _ := c.result(n, true)
	stats := make([]float32, 2*s.C)
	for i := s.C; i < len(stats); i++ {
		stats[i] = 1
	}
	c.step(n.Name(), func() func() {
		return c.device.engine.NewInstanceNorm(kernel.InstanceNormSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Affine: a.buf.data, Out: to.buf.data,
			ReLU: o.ReLU, Stats: stats, Given: true,
		}).Run
	})
}
