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

// GramGradSpec describes the product of a symmetric matrix and a blocked tensor.
type GramGradSpec struct {
	C, H, W    int
	D          []float32 // (C,C), symmetric
	In         []float32 // blocked (C,H,W)
	Out        []float32 // blocked (C,H,W): D x In
	Accumulate bool      // Out += instead of Out =
}

// GramGrad is the gradient of a Gram matrix to the features. For G = s F F^T and
// the gradient E to G, D is s (E + E^T).
type GramGrad struct {
	s GramGradSpec
	e *Engine
	b []float32 // D in panels of columns
	n int       // positions
	c int       // channels, whole blocks
}

// gramGradRows is the number of positions of an item of GramGrad.
const gramGradRows = 96

// NewGramGrad prepares the product s.
func (e *Engine) NewGramGrad(s GramGradSpec) *GramGrad {
	in := Shape{s.C, s.H, s.W}
	in.check("gram gradient")
	checkLen("gram gradient", "D", len(s.D), s.C*s.C)
	checkLen("gram gradient", "In", len(s.In), in.Len())
	checkLen("gram gradient", "Out", len(s.Out), in.Len())
	g := &GramGrad{s: s, e: e, n: in.Rows() * in.Pitch(), c: in.Blocks() * 16}
	g.b = Floats(g.c * g.c)
	return g
}

// Run computes Out.
func (g *GramGrad) Run() {
	g.e.pool.Run((*gramGradPack)(g))
	g.e.pool.Run((*gramGradRun)(g))
}

// gramGradPack has an item for each row of D.
type gramGradPack GramGrad

// Items is the number of rows of D.
func (t *gramGradPack) Items() int { return t.s.C }

// Do copies row k of D into the panels of the product.
func (t *gramGradPack) Do(_, k int) {
	widest := len(t.e.cpu.isa.gemm) - 1
	for b := 0; b < t.c/16; {
		w := nextPanel(b, t.c/16, widest)
		cols := 16 << w
		row := t.b[b*16*t.c+k*cols:][:cols]
		clear(row)
		copy(row, t.s.D[k*t.s.C+b*16:(k+1)*t.s.C])
		b += 1 << w
	}
}

// gramGradRun has an item for each run of positions. The border is multiplied too: its zeros
// give zeros.
type gramGradRun GramGrad

// Items is the number of runs of positions.
func (t *gramGradRun) Items() int { return (t.n + gramGradRows - 1) / gramGradRows }

// Do multiplies the features of a run of positions by D.
func (t *gramGradRun) Do(_, item int) {
	at := item * gramGradRows
	n := min(gramGradRows, t.n-at)
	gemm := t.e.cpu.isa.gemm
	for b := 0; b < t.c/16; {
		w := nextPanel(b, t.c/16, len(gemm)-1)
		gemm[w](n, t.c, t.s.In[at*16:], t.n*16, t.b[b*16*t.c:], t.s.Out[(b*t.n+at)*16:], 16, t.n*16, t.s.Accumulate)
		b += 1 << w
	}
}
