package exec

import (
	"fmt"

	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// affine lowers the preparation of the picture and its gradient.
func (c *lowering) affine(n *Node, o *op.Affine, x *Node) {
	c.reads(x)
	from := c.values[x]
	to, add := c.result(n, false)
	c.step(n.Name(), func() func() {
		t := &affineRun{o, to.buf.data[:size(n)], from.buf.data[:size(n)], add}
		return func() { c.device.engine.Pool().Run(t) }
	})
}

// affineRun has an item for each run of positions.
type affineRun struct {
	o        *op.Affine
	dst, src []float32
	add      bool
}

// affinePositions is how many positions an item has.
const affinePositions = 8192

// Items is the number of runs of positions.
func (t *affineRun) Items() int { return (len(t.src)/3 + affinePositions - 1) / affinePositions }

// Do computes one run of positions.
func (t *affineRun) Do(_, item int) {
	begin := item * affinePositions
	t.o.Run(t.dst, t.src, t.add, begin, min(begin+affinePositions, len(t.src)/3))
}

// conv lowers a convolution. If only a pooling reads its result, both are one step, and
// the result of full resolution is never written.
func (c *lowering) conv(n *Node, o *op.Conv, x, w, b *Node) error {
	if o.Pad != op.Zero && x.Shape()[1] != 3 {
		return fmt.Errorf("cpu: %s: padding %v is there for the first convolution only", n.Name(), o.Pad)
	}
	var grads bool
	var readers []*Node
	for _, u := range c.schedule.users[n] {
		switch u.Op().(type) {
		case *op.ConvGrad: // reads the sign alone, unless n is its gradient
			grads = true
		case *op.PoolGrad: // reads where the maximum is alone
		default:
			readers = append(readers, u)
		}
	}
	c.reads(x)
	in, out := features(x), features(n)
	k16 := whole(out.C)
	bias, weights := padBias(op.Floats(b.Value()), k16), op.Floats(w.Value())
	fused, scale := kernel.None, float32(1)
	dst := n
	if pool, ok := onlyPool(readers); ok && o.ReLU && in.C != 3 && !c.schedule.outputs[n] {
		dst, fused, scale = readers[0], pooling(pool.Pooling), pool.Scale
	}
	to, _ := c.result(dst, true)
	var m *mask
	if grads && o.ReLU {
		m = c.newMask(out)
		c.relu[n] = m
	}
	from, e := c.values[x], c.device.engine
	if in.C == 3 {
		spec := kernel.ConvFirstSpec{K: k16, H: in.H, W: in.W, Bias: bias, ReLU: o.ReLU, Replicate: o.Pad == op.Replicate}
		c.works(e.ConvFirstScratch(spec))
		c.step(n.Name(), func() func() {
			spec.Weights = padFilters(weights, out.C, 3, k16, 3)
			spec.In, spec.Out, spec.OutMask = from.buf.data, to.buf.data, m.words16()
			return e.NewConvFirst(spec).Run
		})
		return nil
	}
	filters := c.fixed(filterNeed{w: weights, k: out.C, c: in.C})
	spec := kernel.ConvSpec{BF16: filters.bf16, C: whole(in.C), K: k16, H: in.H, W: in.W, Bias: bias, ReLU: o.ReLU, OutPool: fused, PoolScale: scale}
	c.works(e.ConvScratch(spec))
	c.step(n.Name(), func() func() {
		spec.In, spec.Out, spec.OutMask = from.buf.data, to.buf.data, m.words16()
		return c.device.convolution(spec, filters)
	})
	return nil
}

// onlyPool returns the only reader, if it is a pooling that the convolution can do.
func onlyPool(readers []*Node) (*op.Pool, bool) {
	if len(readers) != 1 {
		return nil, false
	}
	p, ok := readers[0].Op().(*op.Pool)
	return p, ok && p.Pooling != op.L2
}

func pooling(p op.Pooling) kernel.Pooling {
	if p == op.Avg {
		return kernel.Avg
	}
	return kernel.Max
}

// words16 returns the words of a mask, or nil for no mask.
func (m *mask) words16() []uint16 {
	if m == nil {
		return nil
	}
	return m.bits
}

// convGrad lowers the gradient of convolution y to its input.
func (c *lowering) convGrad(n *Node, o *op.ConvGrad, grad, y, w *Node) {
	c.reads(grad)
	from := c.values[grad]
	out := features(y)
	first := n.Shape()[1] == 3
	to, add := c.result(n, !first)
	m := c.relu[y]
	if from.mask != nil {
		m = from.mask
	}
	weights := op.Floats(w.Value())
	k16, back, e := whole(out.C), n.Shape()[1], c.device.engine
	if first {
		spec := kernel.ConvFirstGradSpec{K: k16, H: out.H, W: out.W, Replicate: o.Pad == op.Replicate, Accumulate: add}
		c.works(e.ConvFirstGradScratch(spec))
		c.step(n.Name(), func() func() {
			spec.Weights = padFilters(weights, out.C, 3, k16, 3)
			spec.In, spec.InMask, spec.Out = from.buf.data, m.words16(), to.buf.data
			return e.NewConvFirstGrad(spec).Run
		})
		return
	}
	filters := c.fixed(filterNeed{w: weights, k: out.C, c: back, rotated: true})
	spec := kernel.ConvSpec{BF16: filters.bf16, C: k16, K: whole(back), H: out.H, W: out.W, Unpool: from.spread, PoolScale: from.scale, Accumulate: add}
	c.works(e.ConvScratch(spec))
	c.step(n.Name(), func() func() {
		spec.In, spec.InMask, spec.Out = from.buf.data, m.words16(), to.buf.data
		return c.device.convolution(spec, filters)
	})
}

// pool lowers a pooling that is not part of the step of a convolution.
func (c *lowering) pool(n *Node, o *op.Pool, x *Node) {
	if c.values[n] != nil {
		return
	}
	c.reads(x)
	from := c.values[x]
	to, _ := c.result(n, true)
	if o.Pooling == op.L2 {
		c.step(n.Name(), func() func() {
			s := from.shape
			return c.device.engine.NewL2Pool(kernel.L2PoolSpec{
				C: s.C, H: s.H, W: s.W, Scale: o.Scale, In: from.buf.data, Out: to.buf.data,
			}).Run
		})
		return
	}
	m := c.newMask(from.shape)
	c.pooled[x] = m
	c.step(n.Name(), func() func() {
		s := from.shape
		return c.device.engine.NewPoolForward(kernel.PoolSpec{
			Kind: pooling(o.Pooling), C: s.C, H: s.H, W: s.W, In: from.buf.data, Out: to.buf.data, Mask: m.words16(), Scale: o.Scale,
		}).Run
	})
}

// poolGrad lowers the gradient of a pooling of x. If the step of convolution x pools, this
// adds no step: the gradient of the convolution spreads what it reads.
func (c *lowering) poolGrad(n *Node, o *op.PoolGrad, x, grad *Node) {
	from := c.values[grad]
	if c.values[x] == nil {
		c.values[n] = &value{buf: from.buf, shape: from.shape, blocked: true, spread: pooling(o.Pooling), scale: o.Scale, mask: c.relu[x]}
		return
	}
	if o.Pooling == op.L2 {
		c.l2PoolGrad(n, o, x, grad)
		return
	}
	c.reads(grad)
	to, add := c.result(n, true)
	m := c.pooled[x]
	c.step(n.Name(), func() func() {
		s := to.shape
		return c.device.engine.NewPoolBackward(kernel.PoolGradSpec{
			Kind: pooling(o.Pooling), C: s.C, H: s.H, W: s.W, In: from.buf.data, Out: to.buf.data, Mask: m.words16(), Scale: o.Scale, Accumulate: add,
		}).Run
	})
}

// l2PoolGrad lowers the gradient of a pooling by the root of the sum of squares.
func (c *lowering) l2PoolGrad(n *Node, o *op.PoolGrad, x, grad *Node) {
	c.reads(x, grad)
	in, from := c.values[x], c.values[grad]
	to, add := c.result(n, true)
	c.step(n.Name(), func() func() {
		s := to.shape
		return c.device.engine.NewL2Pool(kernel.L2PoolSpec{
			C: s.C, H: s.H, W: s.W, Scale: o.Scale, In: in.buf.data, Grad: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}

// reluAlone lowers a ReLU that is separate because its convolution is an output or a tap.
func (c *lowering) reluAlone(n, x *Node) {
	c.reads(x)
	from := c.values[x]
	to, _ := c.result(n, true)
	m := c.newMask(to.shape)
	c.relu[n] = m
	c.step(n.Name(), func() func() {
		dst, src, e := to.buf.data, from.buf.data, c.device.engine
		return func() {
			e.Mask(m.bits, src, to.shape)
			copy(dst, src)
			e.ApplyMask(dst, m.bits, to.shape)
		}
	})
}

// reluGrad lowers the gradient of a ReLU with result y.
func (c *lowering) reluGrad(n, grad, y *Node) {
	c.reads(grad)
	from := c.values[grad]
	to, add := c.result(n, true)
	m := c.relu[y]
	tmp := to.buf
	if add {
		tmp = c.buffer(to.shape.Len())
	}
	c.step(n.Name(), func() func() {
		dst, part, src, e := to.buf.data, tmp.data, from.buf.data, c.device.engine
		return func() {
			copy(part, src)
			e.ApplyMask(part, m.bits, to.shape)
			if add {
				e.Axpy(1, part, dst)
			}
		}
	})
}
