package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// floats returns the memory of a value that has its place, or nil for no value.
func (v *value) floats() []float32 {
	if v == nil {
		return nil
	}
	return v.buf.data
}

// moments lowers the moments of features.
func (c *lowering) moments(n *Node, in []*Node) {
	c.reads(in...)
	from, guide := c.values[in[0]], c.guideOf(in, 1)
	to, _ := c.result(n, false)
	c.step(n.Name(), func() func() {
		s := from.shape
		return c.device.engine.NewMoments(kernel.MomentsSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, Guide: guide.floats(),
			Mean: to.buf.data[:s.C], Std: to.buf.data[s.C:],
		}).Run
	})
}

// momentsGrad lowers the gradient of moments to the features.
func (c *lowering) momentsGrad(n *Node, o *op.MomentsGrad, in []*Node) {
	c.reads(in...)
	grad, from, moments, guide := c.values[in[0]], c.values[in[1]], c.values[in[2]], c.guideOf(in, 3)
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		s := from.shape
		a, b := make([]float32, s.C), make([]float32, s.C)
		k := c.device.engine.NewChannelAffine(kernel.ChannelAffineSpec{
			C: s.C, H: s.H, W: s.W, In: from.buf.data, A: a, B: b, Guide: guide.floats(), Out: to.buf.data, Accumulate: add,
		})
		g, m := grad.buf.data, moments.buf.data
		return func() {
			o.Factors(a, b, g, m, inverse(kernel.GuideTotal(guide.floats(), s.H, s.W)))
			k.Run()
		}
	})
}

// inverse is 1/x, and 0 for 0: a guide of zeros gives zeros.
func inverse(x float64) float32 {
	if x == 0 {
		return 0
	}
	return float32(1 / x)
}
