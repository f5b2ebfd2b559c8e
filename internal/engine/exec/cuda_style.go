package exec

import (
	"nst/internal/engine/op"
)

// inside is a place within a value, so many floats from its start.
type inside struct {
	v      *cudaValue
	floats int
}

// inverseTotal is 1 over the sum of the squares of a guide, which is known when the guide
// is set. Without a guide it is 1 over the number of positions. With wide set the kernel
// takes a float64.
type inverseTotal struct {
	guide     *cudaValue
	positions int
	wide      bool
}

// total is 1 over the sum of the weights of all positions of from, as an argument.
func total(from, guide *cudaValue) inverseTotal {
	return inverseTotal{guide: guide, positions: from.h * from.w}
}

// busy is the number of blocks that keep a large card busy.
const busy = 512

// slabs returns the number of parts that a sum over positions is split into, if the given
// number of blocks work on each part, and the number of positions in a part. Both depend
// on the shape alone, so that all cards round alike.
func slabs(positions, each int) (count, slab int) {
	count = min(blocks(positions, gramRun), max(1, busy/each))
	slab = blocks(blocks(positions, count), gramRun) * gramRun
	return blocks(positions, slab), slab
}

// gram lowers the Gram matrix of features, perhaps guided.
func (c *cudaLowering) gram(n *Node, in []*Node) error {
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.gramTo(n, c.values[in[0]], c.guideOf(in, 1), inside{to.plain(), 0})
	return nil
}

func (c *cudaLowering) gramTo(n *Node, from, guide *cudaValue, to inside) {
	tiles := blocks(from.c, blockGram)
	pairs := tiles * (tiles + 1) / 2
	count, slab := slabs(from.h*from.w, pairs)
	part := c.buffer(blockGram * blockGram * pairs * count)
	c.step(n, "gram_part"+c.device.suffix(), pairs*count, from, guide, part, from.h*from.w, from.c, slab)
	c.step(n, "gram_sum", blocks(from.c*from.c, blockGroup), part, to, from.c, count, total(from, guide))
}

// gramGrad lowers the gradient of a Gram matrix to its features.
func (c *cudaLowering) gramGrad(n *Node, in []*Node) error {
	d, from, guide := c.values[in[0]], c.values[in[1]], c.guideOf(in, 2)
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.gramGradTo(n, inside{d, 0}, from, guide, to)
	return nil
}

func (c *cudaLowering) gramGradTo(n *Node, d inside, from, guide *cudaValue, to *ending) {
	symmetric := c.buffer(from.c * from.c)
	c.step(n, "symmetrise", blocks(from.c*from.c, blockThreads), d, symmetric, from.c, total(from, guide))
	c.multiply(n, from, symmetric, guide, to)
}

// congruence lowers the congruence of matrix g by a fixed matrix. With the transpose of
// that matrix it lowers the gradient.
func (c *cudaLowering) congruence(n, g, m *Node, transpose bool) error {
	from, ch := c.values[g], g.Shape()[0]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	matrix := fixed{op.Floats(m.Value()), asIs, ch, ch}
	half := c.buffer(ch * ch)
	tiles := blocks(ch, blockSide)
	grid := tiles * tiles
	c.step(n, "small_gemm", grid, matrix, from, half, ch, transpose, false, false)
	c.step(n, "small_gemm", grid, half, matrix, to.plain(), ch, false, !transpose, to.add)
	return nil
}

// moments lowers the means and deviations of features.
func (c *cudaLowering) moments(n *Node, in []*Node) error {
	to, err := c.result(n)
	if err != nil {
		return err
	}
	from := c.values[in[0]]
	c.momentsTo(n, from, c.guideOf(in, 1), to.plain(), inside{to.out, from.c})
	return nil
}

// momentsTo lowers means, and deviations unless their place is nil.
func (c *cudaLowering) momentsTo(n *Node, from, guide, mean *cudaValue, std any) {
	pixels := from.h * from.w
	count, slab := slabs(pixels, blocks(from.c, blockGroup))
	part := c.buffer(2 * 2 * from.c * count)
	scale := total(from, guide)
	scale.wide = true
	c.step(n, "moments_part", blocks(from.c, blockGroup)*count, from, guide, part, pixels, from.c, slab)
	c.step(n, "moments_sum", blocks(from.c, blockGroup), part, mean, std, from.c, count, scale)
}

// momentsGrad lowers the gradient of moments to the features.
func (c *cudaLowering) momentsGrad(n *Node, in []*Node) error {
	grad, from, moments, guide := c.values[in[0]], c.values[in[1]], c.values[in[2]], c.guideOf(in, 3)
	to, err := c.result(n)
	if err != nil {
		return err
	}
	factors := &cudaValue{buf: c.buffer(2 * from.c)}
	c.step(n, "moments_factors", blocks(from.c, blockThreads), grad, moments, factors, from.c, total(from, guide))
	c.channelAffine(n, from, from, factors, inside{factors, from.c}, guide, to)
	return nil
}

// channelAffine lowers a x + b for each channel, times the square of the guide. The result
// has the shape of like. x and a may be nil.
func (c *cudaLowering) channelAffine(n *Node, like *cudaValue, x, a, b any, guide *cudaValue, to *ending) {
	pixels := like.h * like.w
	c.step(n, "channel_affine", blocks(pixels*like.c, blockItems), x, a, b, guide, to, pixels, like.c)
}

// meanGram lowers the means and second moments of features.
func (c *cudaLowering) meanGram(n *Node, in []*Node) error {
	to, err := c.result(n)
	if err != nil {
		return err
	}
	from, guide := c.values[in[0]], c.guideOf(in, 1)
	c.momentsTo(n, from, guide, to.plain(), nil)
	c.gramTo(n, from, guide, inside{to.out, from.c})
	return nil
}

// meanGramGrad lowers the gradient of means and second moments to the features.
func (c *cudaLowering) meanGramGrad(n *Node, in []*Node) error {
	grad, from, guide := c.values[in[0]], c.values[in[1]], c.guideOf(in, 2)
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.gramGradTo(n, inside{grad, from.c}, from, guide, to)
	b := &cudaValue{buf: c.buffer(from.c)}
	c.step(n, "scale", blocks(from.c, blockItems), total(from, guide), nil, grad, b, from.c)
	c.channelAffine(n, from, nil, nil, b, guide, &ending{out: to.out, add: true})
	return nil
}
