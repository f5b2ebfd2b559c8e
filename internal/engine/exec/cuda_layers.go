package exec

import (
	"fmt"

	"nst/internal/engine/op"
)

// affine lowers the preparation of the picture and its gradient.
func (c *cudaLowering) affine(n *Node, o *op.Affine, x *Node) error {
	from := c.values[x]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	plane := from.h * from.w
	a, b := o.Mul, o.Add
	c.step(n, "affine", blocks(3*plane, blockThreads), from, to.plain(), a[0], a[1], a[2], b[0], b[1], b[2], o.Reverse, to.add, plane)
	return nil
}

// plain is the value that a kernel without the common ending writes.
func (e *ending) plain() *cudaValue {
	e.out.last = nil
	return e.out
}

// conv lowers a convolution with its ReLU.
func (c *cudaLowering) conv(n *Node, o *op.Conv, x, w, b *Node) error {
	if o.Pad != op.Zero && x.Shape()[1] != 3 {
		return &UnsupportedError{n.Name(), fmt.Sprintf("has padding %v, which cards have for the first convolution only", o.Pad)}
	}
	from := c.values[x]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	k := to.out.c
	bias, filters := fixed{op.Floats(b.Value()), asIs, k, 1}, fixed{op.Floats(w.Value()), forward, k, from.c}
	if from.c == 3 {
		filters.how = asIs
		grid := blocks(from.h*from.w, blockFirst) * blocks(k, blockFirst)
		c.step(n, "conv_first", grid, from, filters, bias, to.plain(), o.ReLU, o.Pad == op.Replicate, from.h, from.w, k)
		return nil
	}
	kernel, grid := c.device.product("conv3", from.h*from.w, k)
	c.step(n, kernel, grid, from, filters, bias, to, o.ReLU, from.h, from.w, from.c, k)
	return nil
}

// product returns the name and the grid of the kernel that multiplies pixels by a matrix
// with k outputs. Wide tiles are faster if there are enough of them.
func (d *CUDA) product(kernel string, pixels, k int) (string, int) {
	rows := blocks(pixels, blockPixels)
	if wide := rows * blocks(k, blockWide); !d.exact && k >= blockWide && wide >= d.card.Info().Multiprocessors {
		return kernel + "_tf32_wide", wide
	}
	return kernel + d.suffix(), rows * blocks(k, blockNarrow)
}

// suffix is the end of the name of a kernel that exists for each precision.
func (d *CUDA) suffix() string {
	if d.exact {
		return "_fp32"
	}
	return "_tf32"
}

// convGrad lowers the gradient of convolution y to its input.
func (c *cudaLowering) convGrad(n *Node, o *op.ConvGrad, grad, y, w *Node) error {
	from := c.values[grad]
	if o.ReLU {
		var err error
		if from, err = c.masked(n, grad, y); err != nil {
			return err
		}
	}
	to, err := c.result(n)
	if err != nil {
		return err
	}
	filters := fixed{op.Floats(w.Value()), backward, from.c, to.out.c}
	if to.out.c == 3 {
		filters.how = asIs
		grid := blocks(from.h, blockEdge) * blocks(from.w, blockEdge)
		c.step(n, "conv_first_grad", grid, from, filters, to.plain(), to.add, o.Pad == op.Replicate, from.h, from.w, from.c)
		return nil
	}
	kernel, grid := c.device.product("conv3", from.h*from.w, to.out.c)
	c.step(n, kernel, grid, from, filters, nil, to, false, from.h, from.w, from.c, to.out.c)
	return nil
}

// pool lowers a pooling.
func (c *cudaLowering) pool(n *Node, o *op.Pool, x *Node) error {
	from := c.values[x]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	grid := blocks(from.h/2*(from.w/2)*from.c, blockItems)
	c.step(n, "pool", grid, from, to.plain(), from.h, from.w, from.c, int(o.Pooling), o.Scale)
	return nil
}

// poolGrad lowers the gradient of a pooling of x.
func (c *cudaLowering) poolGrad(n *Node, o *op.PoolGrad, x, grad *Node) error {
	in, from := c.values[x], c.values[grad]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	h, w := in.h, in.w
	if o.Pooling == op.Avg {
		in = nil // its numbers do not matter
	}
	grid := blocks((h+1)/2*((w+1)/2)*from.c, blockItems)
	c.step(n, "pool_grad", grid, in, from, to, h, w, from.c, int(o.Pooling), o.Scale)
	return nil
}

// relu lowers a ReLU that is separate because its convolution is an output or a tap.
func (c *cudaLowering) relu(n, x *Node) error {
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.step(n, "relu", blocks(size(n), blockItems), c.values[x], to.plain(), size(n))
	return nil
}

// reluGrad lowers the gradient of a ReLU with result y.
func (c *cudaLowering) reluGrad(n, grad, y *Node) error {
	from, err := c.masked(n, grad, y)
	if err != nil {
		return err
	}
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.add(n, from, to)
	return nil
}

// add writes v, or adds it, with the common ending.
func (c *cudaLowering) add(n *Node, v *cudaValue, to *ending) {
	c.step(n, "pass", blocks(v.buf.floats, blockItems), v, to, v.buf.floats)
}

// pointwise lowers the product of a fixed matrix and the features x. The order says how
// the matrix is laid out.
func (c *cudaLowering) pointwise(n, x, m *Node, how order) error {
	from := c.values[x]
	to, err := c.result(n)
	if err != nil {
		return err
	}
	c.multiply(n, from, fixed{op.Floats(m.Value()), how, from.c, from.c}, nil, to)
	return nil
}

// multiply multiplies the features of each position by a matrix (c,c), and by the
// square of its guide if there is one.
func (c *cudaLowering) multiply(n *Node, from *cudaValue, matrix any, guide *cudaValue, to *ending) {
	pixels := from.h * from.w
	kernel, grid := c.device.product("gemm1", pixels, from.c)
	c.step(n, kernel, grid, from, matrix, guide, to, pixels, from.c, from.c)
}
