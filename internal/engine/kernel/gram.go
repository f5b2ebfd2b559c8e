package kernel

// GramSpec describes the Gram matrix of a blocked tensor.
type GramSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Out     []float32 // (C,C), row-major
	Scale   float32   // Out = Scale * F F^T
}

// Gram is a step that computes a Gram matrix. It cuts the positions into slabs, whose number
// depends on the shape alone, and adds up their sums in order, in float64.
type Gram struct {
	s     GramSpec
	e     *Engine
	in    Shape
	n     int // positions, border included: zeros add nothing
	slab  int // positions of a slab
	slabs int
	pairs int       // of blocks, one above or on the diagonal
	part  []float32 // [slab][pair][16][16]
}

// gramRun is the number of positions that are added up in float32. Their blocks stay in the
// cache while all pairs are computed.
const gramRun = 128

// NewGram prepares the Gram matrix s.
func (e *Engine) NewGram(s GramSpec) *Gram {
	g := &Gram{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	g.in.check("gram")
	checkLen("gram", "In", len(s.In), g.in.Len())
	checkLen("gram", "Out", len(s.Out), s.C*s.C)
	b := g.in.Blocks()
	g.pairs = b * (b + 1) / 2
	g.n = g.in.Rows() * g.in.Pitch()
	want := max(1, min(g.n/512, max(16, 4096/g.pairs)))
	g.slab = (g.n + want*gramRun - 1) / (want * gramRun) * gramRun
	g.slabs = (g.n + g.slab - 1) / g.slab
	g.part = Floats(g.slabs * g.pairs * 256)
	return g
}

// Run computes Out.
func (g *Gram) Run() {
	g.e.pool.Run((*gramSlabs)(g))
	g.e.pool.Run((*gramSum)(g))
}

// gramSlabs has an item for each slab.
type gramSlabs Gram

// Items is the number of slabs.
func (t *gramSlabs) Items() int { return t.slabs }

// Do adds up the products of all pairs of blocks over a slab.
func (t *gramSlabs) Do(_, item int) {
	part := t.part[item*t.pairs*256:][:t.pairs*256]
	clear(part)
	end := min((item+1)*t.slab, t.n)
	blocks := t.in.Blocks()
	for at := item * t.slab; at < end; at += gramRun {
		n := min(gramRun, end-at)
		pair := 0
		for i := range blocks {
			for j := i; j < blocks; j++ {
				t.e.cpu.isa.gram(n, t.s.In[(i*t.n+at)*16:], t.s.In[(j*t.n+at)*16:], part[pair*256:])
				pair++
			}
		}
	}
}

// gramSum has an item for each row of blocks.
type gramSum Gram

// Items is the number of rows of blocks.
func (t *gramSum) Items() int { return t.in.Blocks() }

// Do adds up the slabs for a row of blocks, from the diagonal on, and mirrors it.
func (t *gramSum) Do(_, i int) {
	blocks, c := t.in.Blocks(), t.s.C
	pair := i*blocks - i*(i-1)/2
	for j := i; j < blocks; j++ {
		var sum [256]float64
		for s := range t.slabs {
			for at, v := range (*[256]float32)(t.part[(s*t.pairs+pair)*256:]) {
				sum[at] += float64(v)
			}
		}
		for at, v := range sum {
			row, col := i*16+at/16, j*16+at%16
			if row >= c || col >= c || col < row {
				continue
			}
			t.s.Out[row*c+col] = float32(v * float64(t.s.Scale))
			t.s.Out[col*c+row] = t.s.Out[row*c+col]
		}
		pair++
	}
}
