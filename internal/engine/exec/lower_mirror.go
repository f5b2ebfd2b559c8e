package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// trained is the filters of a mirrored convolution. They are an input that changes, so a
// run transforms them anew, once for each direction that it uses.
type trained struct {
	k, c             int
	forwards, rotate bool      // which directions the run uses
	padded           []float32 // (k16, c16, 3, 3)
	forward, rotated filter
}

// begin takes the memory of the filters.
func (t *trained) begin(cpu *kernel.CPU) error {
	k, c := whole(t.k), whole(t.c)
	t.padded = make([]float32, k*c*9)
	for _, f := range []struct {
		wanted, rotate bool
		filter         *filter
	}{{t.forwards, false, &t.forward}, {t.rotate, true, &t.rotated}} {
		if !f.wanted {
			continue
		}
		memory, err := kernel.NewMemory(kernel.FilterLen(k, c))
		if err != nil {
			return err
		}
		*f.filter = filter{kernel.NewFilterIn(cpu, memory.Floats(), t.padded, k, c, f.rotate), memory}
	}
	return nil
}

// close frees the memory of the filters.
func (t *trained) close() {
	t.forward.memory.Free()
	t.rotated.memory.Free()
}

// trainedFilters returns the filters of node w, transformed for a direction by a step that
// comes before the next one.
func (c *lowering) trainedFilters(w *Node, rotate bool) *trained {
	t := c.filters[w]
	if t == nil {
		s := w.Shape()
		t = &trained{k: s[0], c: s[1]}
		c.filters[w] = t
		from := c.values[w]
		c.reads(w)
		c.step(w.Name()+"/pad", func() func() {
			src := from.buf.data
			return func() { t.pad(src) }
		})
	}
	used, f := &t.forwards, &t.forward
	if rotate {
		used, f = &t.rotate, &t.rotated
	}
	if !*used {
		*used = true
		c.step(w.Name()+"/transform", func() func() {
			pool := c.device.engine.Pool()
			return func() { f.Transform(pool) }
		})
	}
	return t
}

// pad copies the filters w (k, c, 3, 3) into whole blocks.
func (t *trained) pad(w []float32) {
	for i := range t.k {
		copy(t.padded[i*whole(t.c)*9:], w[i*t.c*9:][:t.c*9])
	}
}

// floats is the memory of the filters.
func (t *trained) floats() int {
	k, c := whole(t.k), whole(t.c)
	n := k * c * 9
	for _, used := range []bool{t.forwards, t.rotate} {
		if used {
			n += kernel.FilterLen(k, c)
		}
	}
	return n
}

// isTrained reports whether n is an input of filters that a run transforms.
func (s *schedule) isTrained(n *Node) bool {
	for _, u := range s.users[n] {
		switch u.Op().(type) {
		case *op.MirrorConv, *op.MirrorConvGrad:
			if operands(u)[1] == n {
				return true
			}
		}
	}
	return false
}

// mirrored returns the blocked value of x with its reflection around it. Later steps may
// read x beyond its edge only as a reflection.
func (c *lowering) mirrored(x *Node) *value {
	if v := c.mirrors[x]; v != nil {
		v.buf.touch(len(c.steps))
		return v
	}
	c.reads(x)
	from, s := c.values[x], features(x)
	v := from
	if !from.blocked { // a picture
		v = c.newValue(x, true)
		c.step(x.Name()+"/pack", func() func() {
			return c.device.engine.NewPackPicture(kernel.PackPictureSpec{
				C: s.C, H: s.H, W: s.W, In: from.buf.data, Out: v.buf.data,
			}).Run
		})
	}
	c.mirrors[x] = v
	v.mirrored = true
	v.buf.touch(len(c.steps))
	c.step(x.Name()+"/reflect", func() func() {
		return c.device.engine.NewReflect(kernel.ReflectSpec{C: s.C, H: s.H, W: s.W, X: v.buf.data}).Run
	})
	v.buf.touch(len(c.steps))
	return v
}

// mirrorConv lowers a mirrored convolution. With stride 2 it computes every position, and
// keeps one of four: Winograd's algorithm needs a quarter of the products.
func (c *lowering) mirrorConv(n *Node, o *op.MirrorConv, x, w *Node) {
	from := c.mirrored(x)
	t := c.trainedFilters(w, false)
	from.buf.touch(len(c.steps))
	in := features(x)
	to, add := c.result(n, true)
	full := to.buf
	all := kernel.Shape{C: t.k, H: in.H, W: in.W}
	if o.Stride == 2 {
		full = c.buffer(all.Len())
		add = false
	}
	e := c.device.engine
	spec := kernel.ConvSpec{C: whole(in.C), K: whole(t.k), H: in.H, W: in.W, Accumulate: add}
	c.works(e.ConvScratch(spec))
	c.step(n.Name(), func() func() {
		spec.U, spec.In, spec.Out = t.forward.Filter, from.buf.data, full.data
		conv := e.NewConv(spec)
		if o.Stride == 1 {
			return conv.Run
		}
		keep := e.NewSubsample(kernel.SubsampleSpec{C: all.C, H: all.H, W: all.W, In: full.data, Out: to.buf.data})
		return func() {
			conv.Run()
			keep.Run()
		}
	})
}

// mirrorConvGrad lowers the gradient of a mirrored convolution to its input: that of a
// convolution with zeros around, and what the reflection adds.
func (c *lowering) mirrorConvGrad(n *Node, o *op.MirrorConvGrad, grad, w *Node) {
	t := c.trainedFilters(w, true)
	c.reads(grad)
	from := c.values[grad]
	to, add := c.result(n, true)
	all := kernel.Shape{C: t.k, H: o.H, W: o.W}
	full := from.buf
	if o.Stride == 2 {
		full = c.buffer(all.Len())
	}
	e := c.device.engine
	spec := kernel.ConvSpec{C: whole(t.k), K: whole(t.c), H: o.H, W: o.W, Accumulate: add}
	edges := kernel.ReflectGradSpec{C: t.c, K: t.k, H: o.H, W: o.W}
	c.works(e.ConvScratch(spec))
	c.works(e.ReflectGradScratch(edges))
	c.step(n.Name(), func() func() {
		spec.U, spec.In, spec.Out = t.rotated.Filter, full.data, to.buf.data
		edges.Weights, edges.Grad, edges.Out = t.padded, full.data, to.buf.data
		conv, edge := e.NewConv(spec), e.NewReflectGrad(edges)
		if o.Stride == 1 {
			return func() {
				conv.Run()
				edge.Run()
			}
		}
		spread := e.NewSpread(kernel.SpreadSpec{C: all.C, H: all.H, W: all.W, In: from.buf.data, Out: full.data})
		return func() {
			spread.Run()
			conv.Run()
			edge.Run()
		}
	})
}

// mirrorConvWeights lowers the gradient of a mirrored convolution to its filters.
func (c *lowering) mirrorConvWeights(n *Node, o *op.MirrorConvWeights, grad, x *Node) {
	in := c.mirrored(x)
	c.reads(grad)
	from, s := c.values[grad], features(x)
	to, add := c.result(n, false)
	e := c.device.engine
	spec := kernel.ConvWeightsSpec{C: s.C, K: n.Shape()[0], H: s.H, W: s.W, Stride: o.Stride, Accumulate: add}
	c.works(e.ConvWeightsScratch(spec))
	c.step(n.Name(), func() func() {
		spec.In, spec.Grad, spec.Out = in.buf.data, from.buf.data, to.buf.data
		return e.NewConvWeights(spec).Run
	})
}
