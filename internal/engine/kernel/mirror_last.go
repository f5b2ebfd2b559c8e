package kernel

import "fmt"

// MirrorLastSpec describes the last layer of a feed-forward network, from features to a
// picture: a 3x3 convolution with a bias, and a sigmoid. The border of In has what the
// convolution sees beyond the edge; see [Reflect].
type MirrorLastSpec struct {
	C, K, H, W int         // K at most 16
	Weights    []float32   // (K,C,3,3); every Run reads them
	Bias       []float32   // (K); every Run reads it
	In         []float32   // blocked (C,H,W)
	Map        *ChannelMap // the input is what it makes of In; nil for In itself
	Out        []float32   // planar (K,H,W), from 0 to 1
}

// MirrorLast is a step that computes what a [MirrorLastSpec] describes. For each row of the
// filters it multiplies a matrix (3K,C), of the three taps of each output, by a row of
// features. It adds up the three products, shifts their rows by their taps and adds again.
type MirrorLast struct {
	s    MirrorLastSpec
	e    *Engine
	in   Shape
	a    []float32 // [row of the filters] blocked matrix (3K,C)
	cols int       // of a product: positions of a row, borders included, in whole panels
	ones []uint16  // a mask that passes all
	bias []float32 // (K,W)
}

// lastRows is the number of rows of an item.
const lastRows = 16

// NewMirrorLast prepares the layer s.
func (e *Engine) NewMirrorLast(s MirrorLastSpec) *MirrorLast {
	const name = "last convolution"
	c := &MirrorLast{s: s, e: e, in: Shape{s.C, s.H, s.W}, ones: make([]uint16, e.panelCols())}
	c.in.check(name)
	Shape{s.K, s.H, s.W}.checkPicture(name)
	checkLen(name, "Weights", len(s.Weights), s.K*s.C*9)
	checkLen(name, "Bias", len(s.Bias), s.K)
	checkLen(name, "In", len(s.In), c.in.Len())
	checkLen(name, "Out", len(s.Out), s.K*s.H*s.W)
	if c.s.Map == nil {
		c.s.Map = NewChannelMap(s.C, false)
	}
	if c.s.Map.c != s.C {
		panic(fmt.Sprintf("kernel: %s: map of %d channels, want %d", name, c.s.Map.c, s.C))
	}
	for i := range c.ones {
		c.ones[i] = 0xffff
	}
	c.cols = e.roundPanel(s.W + 2)
	c.a = make([]float32, 3*c.matrix())
	c.bias = make([]float32, s.K*s.W)
	e.Reserve(e.MirrorLastScratch(s))
	return c
}

// MirrorLastScratch returns the working memory of the layer s, of which only the size counts.
func (e *Engine) MirrorLastScratch(s MirrorLastSpec) Scratch {
	cols := e.roundPanel(s.W + 2)
	return Scratch{Each: 3*cols*(Shape{C: s.C}.Blocks()*16+s.K) + 16*e.panelCols()}
}

// matrix is the floats of a matrix of a row of the filters, and row those of a row of
// features in panels.
func (c *MirrorLast) matrix() int { return c.in.Blocks() * 3 * c.s.K * 16 }
func (c *MirrorLast) row() int    { return c.in.Blocks() * 16 * c.cols }

// Run computes Out.
func (c *MirrorLast) Run() {
	s := &c.s
	for i, w := range s.Weights[:s.K*s.C*9] {
		k, ch, t := i/(s.C*9), i/9%s.C, i%9
		c.a[t/3*c.matrix()+(ch/16*3*s.K+3*k+t%3)*16+ch%16] = w
	}
	for i := range c.bias {
		c.bias[i] = s.Bias[i/s.W]
	}
	c.e.pool.Run((*lastTask)(c))
}

// lastTask has an item for each band of rows.
type lastTask MirrorLast

// Items is the number of bands.
func (t *lastTask) Items() int { return (t.s.H + lastRows - 1) / lastRows }

// Do computes a band of all planes of Out. It keeps the last three rows of features.
func (t *lastTask) Do(worker, item int) {
	c := (*MirrorLast)(t)
	y0, y1 := item*lastRows, min((item+1)*lastRows, t.s.H)
	scratch := c.e.scratch[worker]
	rows, scratch := scratch[:3*c.row()], scratch[3*c.row():]
	product, part := scratch[:3*t.s.K*c.cols], scratch[3*t.s.K*c.cols:][:16*c.e.panelCols()]
	row := func(y int) []float32 { return rows[(y+1)%3*c.row():][:c.row()] }
	c.pack(row(y0-1), y0-1, part)
	c.pack(row(y0), y0, part)
	for y := y0; y < y1; y++ {
		c.pack(row(y+1), y+1, part)
		for dy := range 3 {
			c.multiply(product, dy, row(y+dy-1))
		}
		for k := range t.s.K {
			c.finish(product[3*k*c.cols:], k, y)
		}
	}
}

// pack writes row y of the features as panels to dst, [panel][channel][column]. Column 0 is
// the border.
func (c *MirrorLast) pack(dst []float32, y int, part []float32) {
	wide, isa := c.e.panelCols(), c.e.cpu.isa
	for at := 0; at < c.cols; at += wide {
		n := min(wide, c.s.W+2-at)
		for b := range c.in.Blocks() {
			isa.affine(n, c.s.In[(c.in.pos(b, y, -1)+at)*16:], c.s.Map.block(b), c.s.Map.lo, part)
			clear(part[n*16:])
			isa.pack(wide, part, c.ones, dst[(at*c.in.Blocks()+b*wide)*16:], wide)
		}
	}
}

// multiply adds to the product the part of row dy of the filters.
func (c *MirrorLast) multiply(product []float32, dy int, row []float32) {
	wide, gemm, blocks := c.e.panelCols(), c.e.cpu.isa.gemm, c.in.Blocks()
	for at := 0; at < c.cols; at += wide {
		gemm[len(gemm)-1](3*c.s.K, 16*blocks, c.a[dy*c.matrix():], 3*c.s.K*16, row[at*blocks*16:], product[at:], c.cols, 16, dy > 0)
	}
}

// finish writes row y of plane k, from the three rows of the product that belong to it.
func (c *MirrorLast) finish(product []float32, k, y int) {
	isa, w := c.e.cpu.isa, c.s.W
	d := c.s.Out[(k*c.s.H+y)*w:][:w]
	copy(d, c.bias[k*w:])
	for dx := range 3 {
		isa.axpy(1, product[dx*c.cols+dx:][:w], d)
	}
	isa.sigmoid(d)
}
