package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// pointwise lowers the product of a fixed matrix and the features x. With the transpose of
// that matrix it lowers the gradient.
func (c *lowering) pointwise(n, x, m *Node, transpose bool) {
	c.reads(x)
	from := c.values[x]
	to, add := c.result(n, true)
	matrix := op.Floats(m.Value())
	c.step(n.Name(), func() func() {
		s := from.shape
		return c.device.engine.NewPointwise(kernel.PointwiseSpec{
			C: s.C, H: s.H, W: s.W, M: matrix, Transpose: transpose,
			In: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// congruence lowers the congruence of matrix g by a fixed matrix. With the transpose of
// that matrix it lowers the gradient.
func (c *lowering) congruence(n, g, m *Node, transpose bool) {
	c.reads(g)
	from, ch := c.values[g], g.Shape()[0]
	to, add := c.result(n, false)
	a, b := c.buffer(kernel.MatrixLen(ch)), c.buffer(kernel.MatrixLen(ch))
	matrix := op.Floats(m.Value())
	c.step(n.Name(), func() func() {
		return c.device.engine.NewCongruence(kernel.CongruenceSpec{
			C: ch, M: matrix, Transpose: transpose, In: from.buf.data, Out: to.buf.data, Accumulate: add,
			Scratch: [2][]float32{a.data, b.data},
		}).Run
	})
}
