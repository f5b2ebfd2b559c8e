package kernel

// NormSumSpec describes the end of a residual block: Out = Add + what Map makes of In.
type NormSumSpec struct {
	C, H, W int
	In, Add []float32   // blocked (C,H,W)
	Map     *ChannelMap // without a ReLU
	Out     []float32   // blocked (C,H,W); may be In or Add
}

// NormSum is a step that computes what a [NormSumSpec] describes.
type NormSum struct {
	s  NormSumSpec
	e  *Engine
	in Shape
}

// NewNormSum prepares s.
func (e *Engine) NewNormSum(s NormSumSpec) *NormSum {
	n := &NormSum{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	n.in.check("norm sum")
	checkLen("norm sum", "In", len(s.In), n.in.Len())
	checkLen("norm sum", "Add", len(s.Add), n.in.Len())
	checkLen("norm sum", "Out", len(s.Out), n.in.Len())
	if s.Map.c != s.C || s.Map.lo == 0 {
		panic("kernel: norm sum: want a map of as many channels, without a ReLU")
	}
	return n
}

// Run computes Out.
func (n *NormSum) Run() { n.e.pool.Run((*normSumTask)(n)) }

// normSumTask has an item for each band of rows of a block.
type normSumTask NormSum

// Items is the number of bands, over all blocks.
func (t *normSumTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do computes a band of Out.
func (t *normSumTask) Do(_, item int) {
	b, y0, y1 := t.in.band(item)
	for y := y0; y < y1; y++ {
		at := t.in.pos(b, y, 0) * 16
		t.e.cpu.isa.affineSum(t.s.W, t.s.In[at:], t.s.Map.block(b), t.s.Add[at:], t.s.Out[at:])
	}
	clearRowFrames(t.s.Out, 16, t.in, b, y0, y1, y1 == t.s.H)
}
