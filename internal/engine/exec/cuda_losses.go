package exec

import "nst/internal/engine/op"

// addUp lowers factor times the sum of the partial sums that count blocks have written.
func (c *cudaLowering) addUp(n *Node, part *buffer, count int, factor float64, to any) {
	c.step(n, "sum_last", 1, part, count, factor, nil, nil, to, nil)
}

// meanSquare lowers the mean of squared differences of a and b.
func (c *cudaLowering) meanSquare(n, a, b *Node) {
	count := blocks(size(a), blockSum)
	part := c.buffer(2 * count)
	c.step(n, "sqdiff_part", count, c.values[a], c.values[b], part, size(a))
	c.addUp(n, part, count, 1/float64(size(a)), c.scalarOf(n))
}

// meanSquareGrad lowers the gradient of meanSquare to a.
func (c *cudaLowering) meanSquareGrad(n, a, b, grad *Node) error {
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.step(n, "sqdiff_grad", blocks(size(a), blockItems), c.values[a], c.values[b], c.scalar(grad), 2/float32(size(a)), to, size(a))
	return nil
}

// differences returns the table of a total variation of picture v: four numbers for
// each difference.
func (c *cudaLowering) differences(f op.TVForm, rng float32, v *cudaValue) (table tableAt, count int) {
	var t []float32
	for _, d := range f.Stencil(v.c, v.h, v.w, rng) {
		flags := 0
		for i, on := range []bool{d.Absolute, d.Inner, d.Replicate} {
			if on {
				flags |= 1 << i
			}
		}
		t = append(t, float32(d.DX), float32(d.DY), float32(d.Weight), float32(flags))
	}
	return c.table(t), len(t) / 4
}

// tv lowers the total variation of picture x.
func (c *cudaLowering) tv(n *Node, o *op.TV, x *Node) {
	v := c.values[x]
	diffs, count := c.differences(o.Form, o.Range, v)
	parts := blocks(v.c*(v.h+2)*(v.w+2), blockItems)
	part := c.buffer(2 * parts)
	c.step(n, "tv_part", parts, v, diffs, count, part, v.c, v.h, v.w)
	c.addUp(n, part, parts, 1, c.scalarOf(n))
}

// tvGrad lowers the gradient of tv.
func (c *cudaLowering) tvGrad(n *Node, o *op.TVGrad, x, grad *Node) error {
	v := c.values[x]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	diffs, count := c.differences(o.Form, o.Range, v)
	c.step(n, "tv_grad", blocks(v.c*v.h*v.w, blockThreads), v, diffs, count, c.scalar(grad), to.plain(), to.add, v.c, v.h, v.w)
	return nil
}

// weightedSum lowers the objective.
func (c *cudaLowering) weightedSum(n *Node, o *op.WeightedSum, in []*Node) {
	terms := make(addresses, len(in))
	for i, t := range in {
		terms[i] = c.scalar(t)
	}
	c.step(n, "weighted_sum", 1, terms, c.table(o.Weights), len(terms), c.scalarOf(n))
}

// scale lowers the gradient of a term of the objective.
func (c *cudaLowering) scale(n *Node, o *op.Scale, x *Node) {
	c.step(n, "scale_scalar", 1, c.scalar(x), o.By, c.scalarOf(n))
}

// normalizedGrad lowers the gradient that is divided by its own size.
func (c *cudaLowering) normalizedGrad(n *Node, o *op.NormalizedGrad, grad *Node) error {
	from := c.values[grad]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	floats := from.buf.floats
	count := blocks(floats, blockSum)
	part, norm := c.buffer(2*count), c.buffer(1)
	c.step(n, "abssum_part", count, from, part, floats)
	c.addUp(n, part, count, 1, norm)
	c.step(n, "normalized", blocks(floats, blockItems), from, norm, o.Strength, to, floats)
	return nil
}
