package kernel

// GramGradSpec describes the product of a symmetric matrix and a blocked tensor.
type GramGradSpec struct {
	C, H, W    int
	D          []float32 // (C,C), symmetric
	In         []float32 // blocked (C,H,W)
	Out        []float32 // blocked (C,H,W): D x In
	Accumulate bool      // Out += instead of Out =
	BF16       bool      // rounds D and In to bfloat16; see [CPU.BF16]
}

// GramGrad is the gradient of a Gram matrix to the features. For G = s F F^T and
// the gradient E to G, D is s (E + E^T).
type GramGrad struct {
	s  GramGradSpec
	e  *Engine
	by multiplier
	b  []float32 // D in panels of columns, in BF16 of pairs of rows
	n  int       // positions
	c  int       // channels, whole blocks
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
	if s.BF16 && !e.cpu.BF16() {
		panic("kernel: gram gradient: no bfloat16 with " + e.cpu.Name())
	}
	g := &GramGrad{s: s, e: e, by: e.cpu.isa.multiplier(s.BF16), n: in.Rows() * in.Pitch(), c: in.Blocks() * 16}
	if s.BF16 {
		g.b = Floats(g.c * g.c / 2)
		e.Reserve(GramGradScratch(s))
		return g
	}
	g.b = Floats(g.c * g.c)
	return g
}

// GramGradScratch returns the working memory of the product s, of which only the sizes and
// BF16 matter.
func GramGradScratch(s GramGradSpec) Scratch {
	if !s.BF16 {
		return Scratch{}
	}
	c := Shape{s.C, s.H, s.W}.Blocks() * 16
	return Scratch{Each: max(gramGradRows*c/2, 2*c)} // see gramGradRun and gramGradPairs
}

// Run computes Out.
func (g *GramGrad) Run() {
	if g.s.BF16 {
		g.e.pool.Run((*gramGradPairs)(g))
	} else {
		g.e.pool.Run((*gramGradPack)(g))
	}
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

// gramGradPairs has an item for each two rows of D.
type gramGradPairs GramGrad

// Items is the number of pairs of rows, with those that only fill a block.
func (t *gramGradPairs) Items() int { return t.c / 2 }

// Do rounds two rows of D, padded with zeros, into the panels of the product.
func (t *gramGradPairs) Do(worker, item int) {
	rows := t.e.scratch[worker][:2*t.c]
	clear(rows)
	for i := range 2 {
		if k := 2*item + i; k < t.s.C {
			copy(rows[i*t.c:], t.s.D[k*t.s.C:][:t.s.C])
		}
	}
	lo, hi := rows[:t.c], rows[t.c:]
	for b := 0; b < t.c/16; {
		w := nextPanel(b, t.c/16, len(t.by.gemm)-1)
		t.by.pairs(1<<w, lo[b*16:], hi[b*16:], t.b[b*16*t.c/2+item*16<<w:], 16)
		b += 1 << w
	}
}

// gramGradRun has an item for each run of positions. The border is multiplied too: its zeros
// give zeros.
type gramGradRun GramGrad

// Items is the number of runs of positions.
func (t *gramGradRun) Items() int { return (t.n + gramGradRows - 1) / gramGradRows }

// Do multiplies the features of a run of positions by D.
func (t *gramGradRun) Do(worker, item int) {
	at := item * gramGradRows
	n := min(gramGradRows, t.n-at)
	in, stride, panel := t.s.In[at*16:], t.n*16, t.c
	if t.s.BF16 {
		rounded := t.e.scratch[worker][:n*t.c/2]
		for b := range t.c / 16 {
			t.by.round(n, in[b*stride:], rounded[b*n*pairLanes:])
		}
		in, stride, panel = rounded, n*pairLanes, t.c/2
	}
	for b := 0; b < t.c/16; {
		w := nextPanel(b, t.c/16, len(t.by.gemm)-1)
		t.by.gemm[w](n, t.c, in, stride, t.b[b*16*panel:], t.s.Out[(b*t.n+at)*16:], 16, t.n*16, t.s.Accumulate)
		b += 1 << w
	}
}
