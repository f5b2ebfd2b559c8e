package kernel

// GramSpec describes the Gram matrix of a blocked tensor.
type GramSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Out     []float32 // (C,C), row-major
	Scale   float32   // Out = Scale * F F^T
	BF16    bool      // rounds In to bfloat16; see [CPU.BF16]
}

// Gram is a step that computes a Gram matrix. It cuts the positions into slabs, whose number
// depends on the shape alone, and adds up their sums in order, in float64.
type Gram struct {
	s     GramSpec
	e     *Engine
	by    multiplier
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
	if s.BF16 && !e.cpu.BF16() {
		panic("kernel: gram: no bfloat16 with " + e.cpu.Name())
	}
	e.Reserve(GramScratch(s))
	g := &Gram{s: s, e: e, by: e.cpu.isa.multiplier(s.BF16), in: Shape{s.C, s.H, s.W}}
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

// GramScratch returns the working memory of the matrix s, of which only the sizes and BF16 matter.
func GramScratch(s GramSpec) Scratch {
	if !s.BF16 {
		return Scratch{}
	}
	return Scratch{Each: Shape{s.C, s.H, s.W}.Blocks()*gramRun/2*16 + 16} // see gramSlabs
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
func (t *gramSlabs) Do(worker, item int) {
	part := t.part[item*t.pairs*256:][:t.pairs*256]
	clear(part)
	end := min((item+1)*t.slab, t.n)
	blocks := t.in.Blocks()
	for at := item * t.slab; at < end; at += gramRun {
		n := min(gramRun, end-at)
		in, stride := t.s.In[at*16:], t.n*16
		if t.s.BF16 {
			in, stride = t.join(worker, in, n), gramRun/2*16
			n = (n + 1) / 2
		}
		pair := 0
		for i := range blocks {
			for j := i; j < blocks; j++ {
				t.by.gram(n, in[i*stride:], in[j*stride:], part[pair*256:])
				pair++
			}
		}
	}
}

// join rounds n positions of all blocks to pairs: each of the first half with one of the second.
// An odd one is joined with zeros. It returns them, [block][gramRun/2][16].
func (t *gramSlabs) join(worker int, in []float32, n int) []float32 {
	const stride = gramRun / 2 * 16
	blocks, half := t.in.Blocks(), n/2
	u := t.e.scratch[worker][:blocks*stride+16]
	zero := u[blocks*stride:]
	clear(zero)
	for b := range blocks {
		x := in[b*t.n*16:]
		t.by.pairs(half, x, x[half*16:], u[b*stride:], 16)
		if n%2 != 0 {
			t.by.pairs(1, x[(n-1)*16:], zero, u[b*stride+half*16:], 16)
		}
	}
	return u
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
