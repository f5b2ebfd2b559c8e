package kernel

// UpsampleSpec describes nearest upsampling of a blocked tensor by 2: each position is
// repeated 2x2 times.
type UpsampleSpec struct {
	C, H, W int       // of In
	In      []float32 // blocked (C,H,W)
	Out     []float32 // blocked (C,2H,2W)
}

// Upsample is a step that upsamples by 2. See [RefUpsample].
type Upsample struct {
	s       UpsampleSpec
	e       *Engine
	in, out Shape
}

// NewUpsample prepares the upsampling s.
func (e *Engine) NewUpsample(s UpsampleSpec) *Upsample {
	u := &Upsample{s: s, e: e, in: Shape{s.C, s.H, s.W}, out: Shape{s.C, 2 * s.H, 2 * s.W}}
	u.in.check("upsample")
	checkLen("upsample", "In", len(s.In), u.in.Len())
	checkLen("upsample", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *Upsample) Run() { u.e.pool.Run((*upsampleTask)(u)) }

// upsampleTask has an item for each band of rows of a block of In.
type upsampleTask Upsample

// Items is the number of bands, over all blocks.
func (t *upsampleTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do writes the rows of Out of a band of In.
func (t *upsampleTask) Do(_, item int) {
	b, y0, y1 := t.in.band(item)
	for y := y0; y < y1; y++ {
		t.e.cpu.isa.upsample(t.s.W, t.s.In[t.in.pos(b, y, 0)*16:], t.s.Out[t.out.pos(b, 2*y, 0)*16:], t.out.Pitch())
	}
	clearRowFrames(t.s.Out, 16, t.out, b, 2*y0, 2*y1, y1 == t.s.H)
}

// UpsampleGradSpec describes the gradient of [Upsample]: the sum over each 2x2 positions.
type UpsampleGradSpec struct {
	C, H, W    int       // of Out
	Grad       []float32 // blocked (C,2H,2W)
	Out        []float32 // blocked (C,H,W)
	Accumulate bool      // Out += instead of Out =
}

// UpsampleGrad is a step that computes the gradient of upsampling. See [RefUpsampleGrad].
type UpsampleGrad struct {
	s       UpsampleGradSpec
	e       *Engine
	in, out Shape
}

// NewUpsampleGrad prepares the gradient s.
func (e *Engine) NewUpsampleGrad(s UpsampleGradSpec) *UpsampleGrad {
	u := &UpsampleGrad{s: s, e: e, in: Shape{s.C, 2 * s.H, 2 * s.W}, out: Shape{s.C, s.H, s.W}}
	u.out.check("upsample gradient")
	checkLen("upsample gradient", "Grad", len(s.Grad), u.in.Len())
	checkLen("upsample gradient", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *UpsampleGrad) Run() { u.e.pool.Run((*upsampleGradTask)(u)) }

// upsampleGradTask has an item for each band of rows of a block of Out.
type upsampleGradTask UpsampleGrad

// Items is the number of bands, over all blocks.
func (t *upsampleGradTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do computes a band of Out.
func (t *upsampleGradTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		t.e.cpu.isa.quads(t.s.W, t.s.Grad[t.in.pos(b, 2*y, 0)*16:], t.in.Pitch(), t.s.Out[t.out.pos(b, y, 0)*16:], t.s.Accumulate)
	}
	if !t.s.Accumulate {
		clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.s.H)
	}
}
