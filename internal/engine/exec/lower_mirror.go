package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
	"nst/internal/memory"
)

// trained is the filters of a mirrored convolution. They are an input that changes, so a
// run transforms them anew, once for each form that it uses.
type trained struct {
	k, c   int
	padded []float32 // (k16, c16, 3, 3)
	forms  [3]*kernel.Filter
}

// form is what the filters are transformed for.
type form int

const (
	asForward  form = iota
	asRotated       // for the gradient to the input
	asRepeated      // for repeated positions
)

// trainedFilters returns the filters of node w, brought into a form by a step that comes
// before the next one.
func (c *lowering) trainedFilters(w *Node, as form) (*trained, *kernel.Filter) {
	t := c.filters[w]
	if t == nil {
		s := w.Shape()
		t = &trained{k: s[0], c: s[1]}
		t.padded = make([]float32, whole(t.k)*whole(t.c)*9)
		c.filters[w] = t
		from := c.values[w]
		c.reads(w)
		c.step(w.Name()+"/pad", func() func() {
			src := from.buf.data
			return func() { t.pad(src) }
		})
	}
	if t.forms[as] == nil {
		filter := t.filter(c.device.engine.CPU(), as)
		t.forms[as] = filter
		c.step(w.Name()+"/transform", func() func() {
			pool := c.device.engine.Pool()
			return func() { filter.Transform(pool) }
		})
	}
	return t, t.forms[as]
}

// filter returns the filters for a form, not yet transformed.
func (t *trained) filter(cpu *kernel.CPU, as form) *kernel.Filter {
	k, c := whole(t.k), whole(t.c)
	if as == asRepeated {
		return kernel.NewRepeatFilterIn(cpu, memory.Make[float32](kernel.RepeatFilterLen(k, c)), t.padded, k, c)
	}
	return kernel.NewFilterIn(cpu, memory.Make[float32](kernel.FilterLen(k, c)), t.padded, k, c, as == asRotated)
}

// pad copies the filters w (k, c, 3, 3) into whole blocks.
func (t *trained) pad(w []float32) {
	for i := range t.k {
		copy(t.padded[i*whole(t.c)*9:], w[i*t.c*9:][:t.c*9])
	}
}

// floats is the memory of the filters.
func (t *trained) floats() int {
	n := len(t.padded)
	for _, f := range t.forms {
		if f != nil {
			n += f.Len()
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
	from := c.values[x]
	s, v := from.shape, from
	if !from.blocked { // a picture
		s = features(x)
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
		return c.device.engine.NewReflect(kernel.ReflectSpec{C: s.C, H: s.H, W: s.W, X: v.buf.data, Nearest: v.repeated}).Run
	})
	v.buf.touch(len(c.steps))
	return v
}

// mirrorConv lowers a mirrored convolution. Its step also measures the result for a
// normalisation.
func (c *lowering) mirrorConv(n *Node, o *op.MirrorConv, x, w *Node) {
	if c.onlySigmoid(n) {
		return // the step of the sigmoid does both
	}
	if x.Shape()[1] == 3 && !c.values[x].blocked && o.Stride == 1 {
		c.mirrorFirst(n, x, w)
		return
	}
	from := c.mirrored(x)
	as := asForward
	if from.repeated {
		as = asRepeated
	}
	t, filter := c.trainedFilters(w, as)
	from.buf.touch(len(c.steps))
	in := features(x)
	to, add := c.result(n, true)
	part := to.buf
	if add {
		part = c.buffer(to.shape.Len())
	}
	stats := c.measured(n, add)
	c.step(n.Name(), func() func() {
		e := c.device.engine
		run := e.NewMirrorConv(kernel.MirrorConvSpec{
			C: whole(in.C), K: whole(t.k), H: in.H, W: in.W, Stride: o.Stride, U: filter,
			In: from.buf.data, Map: from.channels, Repeat: from.repeated, Out: part.data, Stats: stats,
		}).Run
		if !add {
			return run
		}
		return func() {
			run()
			e.Axpy(1, part.data, to.buf.data)
		}
	})
}

// measured returns a place for the mean and deviation of each channel of convolution n, if
// a normalisation asks for them; else nil.
func (c *lowering) measured(n *Node, add bool) []float32 {
	for _, u := range c.schedule.users[n] {
		if _, norm := u.Op().(*op.InstanceNorm); norm && !add {
			c.stats[n] = make([]float32, 2*n.Shape()[1])
		}
	}
	return c.stats[n]
}

// mirrorConvGrad lowers the gradient of a mirrored convolution to its input: that of a
// convolution with zeros around, and what the reflection adds.
func (c *lowering) mirrorConvGrad(n *Node, o *op.MirrorConvGrad, grad, w *Node) {
	t, filter := c.trainedFilters(w, asRotated)
	c.reads(grad)
	from := c.values[grad]
	to, add := c.result(n, true)
	all := kernel.Shape{C: t.k, H: o.H, W: o.W}
	full := from.buf
	if o.Stride == 2 {
		full = c.buffer(all.Len())
	}
	c.step(n.Name(), func() func() {
		e := c.device.engine
		conv := e.NewConv(kernel.ConvSpec{
			C: whole(t.k), K: whole(t.c), H: o.H, W: o.W, U: filter, In: full.data, Out: to.buf.data, Accumulate: add,
		})
		edge := e.NewReflectGrad(kernel.ReflectGradSpec{
			C: t.c, K: t.k, H: o.H, W: o.W, Weights: t.padded, Grad: full.data, Out: to.buf.data,
		})
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
	c.step(n.Name(), func() func() {
		return c.device.engine.NewConvWeights(kernel.ConvWeightsSpec{
			C: s.C, K: n.Shape()[0], H: s.H, W: s.W, Stride: o.Stride,
			In: in.buf.data, Grad: from.buf.data, Out: to.buf.data, Accumulate: add,
		}).Run
	})
}
