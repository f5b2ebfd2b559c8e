package kernel

// SpreadSpec describes the gradient of keeping the even positions of a blocked tensor, as a
// [MirrorConv] with stride 2 does. It moves memory and computes nothing, so it is in plain
// Go.
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
