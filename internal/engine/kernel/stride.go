package kernel

// A convolution with stride 2 is one with stride 1 of which only the even positions are
// kept. Both steps of this file move memory and compute nothing, so they are in plain Go.

// SubsampleSpec describes the even positions of a blocked tensor.
type SubsampleSpec struct {
	C, H, W int       // of In
	In      []float32 // blocked (C,H,W)
	Out     []float32 // blocked (C,H/2,W/2), rounded up: Out(y,x) = In(2y,2x)
}

// Subsample is a step that keeps the even positions.
type Subsample struct {
	s       SubsampleSpec
	e       *Engine
	in, out Shape
}

// NewSubsample prepares s.
func (e *Engine) NewSubsample(s SubsampleSpec) *Subsample {
	u := &Subsample{s: s, e: e, in: Shape{s.C, s.H, s.W}, out: Shape{s.C, strided(s.H, 2), strided(s.W, 2)}}
	u.in.check("subsample")
	checkLen("subsample", "In", len(s.In), u.in.Len())
	checkLen("subsample", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *Subsample) Run() { u.e.pool.Run((*subsampleTask)(u)) }

// subsampleTask has an item for each band of rows of a block of Out.
type subsampleTask Subsample

// Items is the number of bands, over all blocks.
func (t *subsampleTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do copies a band of Out.
func (t *subsampleTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		x, d := t.s.In[t.in.pos(b, 2*y, 0)*16:], t.s.Out[t.out.pos(b, y, 0)*16:]
		for p := range t.out.W {
			*load(d[p*16:]) = *load(x[2*p*16:])
		}
	}
	clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.out.H)
}

// SpreadSpec describes the transpose of [Subsample].
type SpreadSpec struct {
	C, H, W int       // of Out
	In      []float32 // blocked (C,H/2,W/2), rounded up
	Out     []float32 // blocked (C,H,W): Out(2y,2x) = In(y,x), and 0 elsewhere
}

// Spread is a step that writes a tensor to the even positions of another, between zeros.
type Spread struct {
	s       SpreadSpec
	e       *Engine
	in, out Shape
}

// NewSpread prepares s.
func (e *Engine) NewSpread(s SpreadSpec) *Spread {
	u := &Spread{s: s, e: e, in: Shape{s.C, strided(s.H, 2), strided(s.W, 2)}, out: Shape{s.C, s.H, s.W}}
	u.out.check("spread")
	checkLen("spread", "In", len(s.In), u.in.Len())
	checkLen("spread", "Out", len(s.Out), u.out.Len())
	return u
}

// Run computes Out.
func (u *Spread) Run() { u.e.pool.Run((*spreadTask)(u)) }

// spreadTask has an item for each band of rows of a block of Out.
type spreadTask Spread

// Items is the number of bands, over all blocks.
func (t *spreadTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do writes a band of Out.
func (t *spreadTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		d := t.s.Out[t.out.pos(b, y, 0)*16:][:t.s.W*16]
		clear(d)
		if y%2 == 1 {
			continue
		}
		x := t.s.In[t.in.pos(b, y/2, 0)*16:]
		for p := range t.in.W {
			*load(d[2*p*16:]) = *load(x[p*16:])
		}
	}
	clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.s.H)
}
