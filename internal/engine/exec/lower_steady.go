package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// steadyNorm lowers a normalisation with moments that change slowly: an instance
// normalisation with statistics that are computed first.
func (c *lowering) steadyNorm(n *Node, o *op.SteadyNorm, in []*Node) {
	c.reads(in...)
	from, affine, own, past, keep := c.values[in[0]], c.values[in[1]], c.values[in[2]], c.values[in[3]], c.scalars[in[4]]
	s := features(in[0])
	to, add := c.result(n, true)
	whole := to.buf
	if add {
		whole = c.buffer(s.Len())
	}
	c.step(n.Name(), func() func() {
		e := c.device.engine
		stats := make([]float32, 2*s.C)
		run := e.NewInstanceNorm(kernel.InstanceNormSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Affine: affine.buf.data, Out: whole.data,
			ReLU: o.ReLU, Stats: stats, Given: true,
		}).Run
		m, before, dst, src := own.buf.data, past.buf.data, to.buf.data, whole.data
		return func() {
			o.Stats(stats, m, before, *keep)
			run()
			if add {
				e.Axpy(1, src, dst)
			}
		}
	})
}
