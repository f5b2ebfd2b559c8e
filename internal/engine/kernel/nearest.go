package kernel

// NearestSpec describes, for each position of a blocked tensor, which of some features of
// norm 1 has the largest cosine to the position's features, less their mean over all
// positions. Kolkin et al. (2022, arXiv 2203.13215, section 3.2) match features so.
type NearestSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Guide   []float32 // (H,W): the weights of the mean are its squares; or nil for ones
	Rows    int       // features to choose from
	Target  []float32 // (1+Rows,C): a row that is not used, then the features
	Panels  []float32 // [NearestLen] floats to work in
	Out     []float32 // (H,W): numbers of features, from 0; the lowest of equals
}

// NearestLen is the number of floats that finding the nearest of rows features of c channels
// works in.
func NearestLen(c, rows int) int {
	s := Shape{c, 1, 1}
	blocks := (rows + Lanes - 1) / Lanes
	return s.Blocks()*Lanes*blocks*Lanes + blocks*Lanes + c
}

// Nearest is a step that finds the nearest features. It is a product of matrices that keeps
// only the largest number of each row.
type Nearest struct {
	s            NearestSpec
	e            *Engine
	in           Shape
	mean         *Moments
	average      []float32 // of In
	panels, bias []float32 // the features in panels of columns; minus their products with average
	blocks       int       // of features
	run, runs    int       // positions of an item, items in a row
}

// nearestRun is the most positions that an item has. Their products with 64 features stay in
// the cache.
const nearestRun = 96

// NewNearest prepares s.
func (e *Engine) NewNearest(s NearestSpec) *Nearest {
	n := &Nearest{s: s, e: e, in: Shape{s.C, s.H, s.W}, blocks: (s.Rows + Lanes - 1) / Lanes}
	n.in.check("nearest")
	if s.Rows < 1 {
		panic("kernel: nearest: no features to choose from")
	}
	checkLen("nearest", "Target", len(s.Target), (1+s.Rows)*s.C)
	checkLen("nearest", "Panels", len(s.Panels), NearestLen(s.C, s.Rows))
	checkLen("nearest", "Out", len(s.Out), s.H*s.W)
	c := n.in.Blocks() * Lanes
	n.panels, n.bias = s.Panels[:c*n.blocks*Lanes], s.Panels[c*n.blocks*Lanes:][:n.blocks*Lanes]
	n.average = s.Panels[(c+1)*n.blocks*Lanes:][:s.C]
	n.mean = e.NewMoments(MomentsSpec{C: s.C, H: s.H, W: s.W, In: s.In, Guide: s.Guide, Mean: n.average})
	n.runs = (s.W + nearestRun - 1) / nearestRun
	n.run = (s.W + n.runs - 1) / n.runs
	e.reserve(NearestScratch().Each)
	return n
}

// NearestScratch is the working memory of finding the nearest features.
func NearestScratch() Scratch {
	const panel = 4 // blocks of the widest panel
	return Scratch{Each: nearestRun * Lanes * (panel + 2)}
}

// Run computes Out.
func (n *Nearest) Run() {
	n.mean.Run()
	n.e.pool.Run((*nearestPack)(n))
	n.e.pool.Run((*nearestTask)(n))
}

// nearestPack has an item for each block of features.
type nearestPack Nearest

// Items is the number of blocks of features.
func (t *nearestPack) Items() int { return t.blocks }

// Do copies a block of features into the panels, and computes their biases: f·(x - m) is f·x
// minus f·m. Features beyond the last are never the nearest.
func (t *nearestPack) Do(_, block int) {
	first, width := panelOf(block, t.blocks, len(t.e.cpu.isa.gemm)-1)
	c := t.in.Blocks() * Lanes
	panel := t.panels[first*Lanes*c:][:c*Lanes<<width]
	for l := range Lanes {
		row := block*Lanes + l
		at := (block-first)*Lanes + l
		if row >= t.s.Rows {
			for k := range c {
				panel[k*Lanes<<width+at] = 0
			}
			t.bias[row] = least
			continue
		}
		f, product := t.s.Target[(1+row)*t.s.C:][:t.s.C], 0.0
		for k, v := range f {
			panel[k*Lanes<<width+at] = v
			product += float64(v) * float64(t.average[k])
		}
		for k := t.s.C; k < c; k++ {
			panel[k*Lanes<<width+at] = 0
		}
		t.bias[row] = float32(-product)
	}
}

// nearestTask has an item for each run of positions of a row.
type nearestTask Nearest

// Items is the number of runs, over all rows.
func (t *nearestTask) Items() int { return t.s.H * t.runs }

// Do finds the nearest features of a run.
func (t *nearestTask) Do(worker, item int) {
	y, x := item/t.runs, item%t.runs*t.run
	n := min(t.run, t.s.W-x)
	if n <= 0 {
		return
	}
	scratch, isa, c := t.e.scratch[worker], t.e.cpu.isa, t.in.Blocks()*Lanes
	best, scratch := scratch[:n*Lanes], scratch[n*Lanes:]
	arg, products := scratch[:n*Lanes], scratch[n*Lanes:]
	for i := range best {
		best[i], arg[i] = least, 0
	}
	for b := 0; b < t.blocks; {
		w := nextPanel(b, t.blocks, len(isa.gemm)-1)
		isa.gemm[w](n, c, t.s.In[t.in.pos(0, y, x)*Lanes:], t.in.Rows()*t.in.Pitch()*Lanes, t.panels[b*Lanes*c:],
			products, Lanes, n*Lanes, false)
		for j := range 1 << w {
			isa.nearest(n, products[j*n*Lanes:], t.bias[(b+j)*Lanes:], float32(b+j), best, arg)
		}
		b += 1 << w
	}
	for p := range n {
		t.s.Out[y*t.s.W+x+p] = lowest(load(best[p*Lanes:]), load(arg[p*Lanes:]))
	}
}

// lowest returns the number of the feature with the largest product, the lowest of equals.
// Lane l of best has that of feature 16 arg + l.
func lowest(best, arg *vec) float32 {
	most, at := best[0], arg[0]*Lanes
	for l, v := range best {
		if i := arg[l]*Lanes + float32(l); v > most || v == most && i < at {
			most, at = v, i
		}
	}
	return at
}
