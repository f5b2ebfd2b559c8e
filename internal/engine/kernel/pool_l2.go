package kernel

// L2PoolSpec describes 2x2 pooling, stride 2, by the root of the sum of squares of
// each window, and its gradient.
type L2PoolSpec struct {
	C, H, W int
	Scale   float32   // a factor on what is pooled
	In      []float32 // blocked (C,H,W)

	// Out is the blocked pooled tensor (C,H/2,W/2). With Grad, the gradient to that
	// tensor, Out is the gradient (C,H,W) to In, or is added to it.
	Out        []float32
	Grad       []float32
	Accumulate bool
}

// L2Pool is a step that pools by the root of the sum of squares, or computes the gradient.
type L2Pool struct {
	s          L2PoolSpec
	e          *Engine
	full, half Shape
}

// NewL2Pool prepares s.
func (e *Engine) NewL2Pool(s L2PoolSpec) *L2Pool {
	p := &L2Pool{s: s, e: e, full: Shape{s.C, s.H, s.W}}
	p.half = p.full.Pooled()
	p.full.check("l2 pooling")
	p.half.check("l2 pooling")
	checkLen("l2 pooling", "In", len(s.In), p.full.Len())
	if s.Grad == nil {
		checkLen("l2 pooling", "Out", len(s.Out), p.half.Len())
	} else {
		checkLen("l2 pooling", "Grad", len(s.Grad), p.half.Len())
		checkLen("l2 pooling", "Out", len(s.Out), p.full.Len())
	}
	return p
}

// Run computes Out.
func (p *L2Pool) Run() {
	if p.s.Grad == nil {
		p.e.pool.Run((*l2Forward)(p))
	} else {
		p.e.pool.Run((*l2Backward)(p))
	}
}

// window returns the four positions that position (y,x) of block b comes from.
func (p *L2Pool) window(b, y, x int) [4]*vec {
	at := p.full.pos(b, 2*y, 2*x) * 16
	below := at + p.full.Pitch()*16
	return [4]*vec{load(p.s.In[at:]), load(p.s.In[at+16:]), load(p.s.In[below:]), load(p.s.In[below+16:])}
}

// l2Forward has an item for each band of rows of a block of the pooled tensor.
type l2Forward L2Pool

// Items is the number of bands, over all blocks.
func (t *l2Forward) Items() int { return t.half.Blocks() * t.half.bands() }

// Do computes a band of Out.
func (t *l2Forward) Do(_, item int) {
	b, y0, y1 := t.half.band(item)
	for y := y0; y < y1; y++ {
		for x := range t.half.W {
			q := (*L2Pool)(t).window(b, y, x)
			d := load(t.s.Out[t.half.pos(b, y, x)*16:])
			for l := range d {
				d[l] = t.s.Scale * sqrt32(squares(&q, l))
			}
		}
	}
	clearRowFrames(t.s.Out, 16, t.half, b, y0, y1, y1 == t.half.H)
}

// squares is the sum of squares of lane l.
func squares(q *[4]*vec, l int) float32 {
	return (q[0][l]*q[0][l] + q[1][l]*q[1][l]) + (q[2][l]*q[2][l] + q[3][l]*q[3][l])
}

// l2Backward has an item for each band of rows of a block of the pooled tensor.
type l2Backward L2Pool

// Items is the number of bands, over all blocks.
func (t *l2Backward) Items() int { return t.half.Blocks() * t.half.bands() }

// Do computes the gradient of the windows of a band.
func (t *l2Backward) Do(_, item int) {
	b, y0, y1 := t.half.band(item)
	for y := y0; y < y1; y++ {
		for x := range t.half.W {
			q := (*L2Pool)(t).window(b, y, x)
			g := *load(t.s.Grad[t.half.pos(b, y, x)*16:])
			for l := range g {
				if s := squares(&q, l); s > 0 {
					g[l] *= t.s.Scale / sqrt32(s)
				} else {
					g[l] = 0
				}
			}
			t.spread(&q, &g, t.full.pos(b, 2*y, 2*x))
		}
	}
	if !t.s.Accumulate {
		last := y1 == t.half.H
		clearRowFrames(t.s.Out, 16, t.full, b, 2*y0, 2*y1, last)
		t.clearOdd(b, 2*y0, 2*y1, last)
	}
}

// spread writes g times the window q to the window at position at.
func (t *l2Backward) spread(q *[4]*vec, g *vec, at int) {
	for i, v := range q {
		d := load(t.s.Out[(at+i/2*t.full.Pitch()+i%2)*16:])
		if t.s.Accumulate {
			for l := range d {
				d[l] += float32(g[l] * v[l])
			}
			continue
		}
		for l := range d {
			d[l] = g[l] * v[l]
		}
	}
}

// clearOdd zeroes the last column and, under the last band, the last row of an odd
// size: they belong to no window.
func (t *l2Backward) clearOdd(b, y0, y1 int, last bool) {
	if t.full.W%2 == 1 {
		for y := y0; y < y1; y++ {
			clear(t.s.Out[t.full.pos(b, y, t.full.W-1)*16:][:16])
		}
	}
	if last && t.full.H%2 == 1 {
		clear(t.s.Out[t.full.pos(b, t.full.H-1, -1)*16:][:t.full.Pitch()*16])
	}
}
