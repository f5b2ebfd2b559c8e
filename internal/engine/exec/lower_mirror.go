package exec

import (
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// trained is the filters of a mirrored convolution. They are an input that changes, so a
// run transforms them anew, once for each form that it uses.
type trained struct {
	k, c   int
	padded []float32 // (k16, c16, 3, 3)
	used   [forms]bool
	forms  [forms]filter // those that are used
}

// form is what the filters are transformed for.
type form int

const (
	asForward  form = iota
	asRotated       // for the gradient to the input
	asRepeated      // for repeated positions
	forms
)

// begin takes the memory of the filters.
func (t *trained) begin(cpu *kernel.CPU) error {
	k, c := whole(t.k), whole(t.c)
	t.padded = make([]float32, k*c*9)
	for as, used := range t.used {
		if !used {
			continue
		}
		memory, err := kernel.NewMemory(t.formLen(form(as)))
		if err != nil {
			return err
		}
		f := &t.forms[as]
		f.memory = memory
		switch form(as) {
		case asRepeated:
			f.Filter = kernel.NewRepeatFilterIn(cpu, memory.Floats(), t.padded, k, c)
		case asRotated:
			f.Filter = kernel.NewFilterIn(cpu, memory.Floats(), t.padded, k, c, true)
		default:
			f.Filter = kernel.NewMirrorFilterIn(cpu, memory.Floats(), t.padded, k, c)
		}
	}
	return nil
}

// formLen is the number of floats of a form.
func (t *trained) formLen(as form) int {
	k, c := whole(t.k), whole(t.c)
	switch as {
	case asRepeated:
		return kernel.RepeatFilterLen(k, c)
	case asRotated:
		return kernel.FilterLen(k, c)
	}
	return kernel.MirrorFilterLen(k, c)
}

// close frees the memory of the filters.
func (t *trained) close() {
	for as := range t.forms {
		t.forms[as].memory.Free()
	}
}

// trainedFilters returns the filters of node w, brought into a form by a step that comes
// before the next one.
func (c *lowering) trainedFilters(w *Node, as form) *trained {
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
	if !t.used[as] {
		t.used[as] = true
		f := &t.forms[as]
		c.step(w.Name()+"/transform", func() func() {
			pool := c.device.engine.Pool()
			return func() { f.Make(pool) }
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
	n := whole(t.k) * whole(t.c) * 9
	for as, used := range t.used {
		if used {
			n += t.formLen(form(as))
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
	from, as := c.mirrored(x), asForward
	if from.repeated {
		as = asRepeated
	}
	t := c.trainedFilters(w, as)
	from.buf.touch(len(c.steps))
	to, add := c.result(n, true)
	part := to.buf
	if add {
		part = c.buffer(to.shape.Len())
	}
	e, in := c.device.engine, features(x)
	spec := kernel.MirrorConvSpec{
		C: whole(in.C), K: whole(t.k), H: in.H, W: in.W, Stride: o.Stride, Repeat: from.repeated, Map: from.channels, Stats: c.measured(n, add),
	}
	c.works(e.MirrorConvScratch(spec))
	c.step(n.Name(), func() func() {
		spec.U, spec.In, spec.Out = t.forms[as].Filter, from.buf.data, part.data
		run := e.NewMirrorConv(spec).Run
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
	t := c.trainedFilters(w, asRotated)
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
		spec.U, spec.In, spec.Out = t.forms[asRotated].Filter, full.data, to.buf.data
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
