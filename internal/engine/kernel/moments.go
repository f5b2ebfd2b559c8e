package kernel

import "math"

// MomentsSpec describes the mean and the standard deviation of each channel of a blocked
// tensor over its positions. A position has the weight Guide². Without a guide all weights
// are equal.
type MomentsSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Guide   []float32 // (H,W), or nil for ones
	Mean    []float32 // (C)
	Std     []float32 // (C), or nil; of the whole, not of a sample
}

// Moments is a step that computes moments in float64. A guide of zeros gives zeros.
type Moments struct {
	s     MomentsSpec
	e     *Engine
	in    Shape
	sums  []float64 // [item][2][16]: sums and sums of squares
	total float64
}

// bandRows is the number of rows of a block of an item, in the steps of this file.
const bandRows = 16

func (s Shape) bands() int { return (s.H + bandRows - 1) / bandRows }

// band returns the block and the rows [y0,y1) of an item.
func (s Shape) band(item int) (b, y0, y1 int) {
	y0 = item % s.bands() * bandRows
	return item / s.bands(), y0, min(y0+bandRows, s.H)
}

// NewMoments prepares the moments s.
func (e *Engine) NewMoments(s MomentsSpec) *Moments {
	m := &Moments{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	m.in.check("moments")
	checkLen("moments", "In", len(s.In), m.in.Len())
	checkLen("moments", "Mean", len(s.Mean), s.C)
	if s.Std != nil {
		checkLen("moments", "Std", len(s.Std), s.C)
	}
	if s.Guide != nil {
		checkLen("moments", "Guide", len(s.Guide), s.H*s.W)
	}
	m.sums = make([]float64, m.in.Blocks()*m.in.bands()*32)
	return m
}

// Run computes Mean and Std.
func (m *Moments) Run() {
	m.total = GuideTotal(m.s.Guide, m.s.H, m.s.W)
	m.e.pool.Run((*momentsTask)(m))
	for c := range m.s.C {
		var sum, square float64
		for i := range m.in.bands() {
			part := m.sums[(c/16*m.in.bands()+i)*32:]
			sum += part[c%16]
			square += part[16+c%16]
		}
		if m.total > 0 {
			sum /= m.total
			square /= m.total
		}
		m.s.Mean[c] = float32(sum)
		if m.s.Std != nil {
			m.s.Std[c] = float32(math.Sqrt(max(0, square-sum*sum)))
		}
	}
}

// GuideTotal returns the sum of the squares of a guide (h,w), or h w for nil.
func GuideTotal(guide []float32, h, w int) float64 {
	if guide == nil {
		return float64(h * w)
	}
	sum := 0.0
	for _, t := range guide[:h*w] {
		sum += float64(t) * float64(t)
	}
	return sum
}

// momentsTask has an item for each band of rows of a block.
type momentsTask Moments

// Items is the number of bands, over all blocks.
func (t *momentsTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do adds up a band: the values and their squares.
func (t *momentsTask) Do(_, item int) {
	b, y0, y1 := t.in.band(item)
	sums := t.sums[item*32:][:32]
	clear(sums)
	for y := y0; y < y1; y++ {
		x := t.s.In[t.in.pos(b, y, 0)*16:][:t.s.W*16]
		if t.s.Guide == nil {
			t.e.cpu.isa.moments(x, sums)
		} else {
			guidedMoments(x, t.s.Guide[y*t.s.W:][:t.s.W], sums)
		}
	}
}

// guidedMoments is momentsGo with the weight guide² for each position.
func guidedMoments(x, guide []float32, sums []float64) {
	for p, t := range guide {
		w := float64(t) * float64(t)
		if w == 0 {
			continue
		}
		for l, v := range load(x[p*16:]) {
			f := float64(v)
			sums[l] += float64(w * f)
			sums[16+l] += float64(w * f * f)
		}
	}
}

// ChannelAffineSpec describes Out = G² (A x + B) for a position x of a blocked tensor. A and
// B have a number for each channel, G has one for each position.
type ChannelAffineSpec struct {
	C, H, W    int
	In         []float32 // blocked (C,H,W); nil for zeros
	A, B       []float32 // (C); A may be nil if In is
	Guide      []float32 // (H,W), or nil for ones
	Out        []float32 // blocked (C,H,W)
	Accumulate bool      // Out += instead of Out =
}

// ChannelAffine is a step that computes what a [ChannelAffineSpec] describes: the gradient
// of moments.
type ChannelAffine struct {
	s   ChannelAffineSpec
	e   *Engine
	out Shape
}

// NewChannelAffine prepares s.
func (e *Engine) NewChannelAffine(s ChannelAffineSpec) *ChannelAffine {
	a := &ChannelAffine{s: s, e: e, out: Shape{s.C, s.H, s.W}}
	a.out.check("channel affine")
	checkLen("channel affine", "Out", len(s.Out), a.out.Len())
	checkLen("channel affine", "B", len(s.B), s.C)
	if s.In != nil {
		checkLen("channel affine", "In", len(s.In), a.out.Len())
		checkLen("channel affine", "A", len(s.A), s.C)
	}
	if s.Guide != nil {
		checkLen("channel affine", "Guide", len(s.Guide), s.H*s.W)
	}
	return a
}

// Run computes Out.
func (a *ChannelAffine) Run() { a.e.pool.Run((*affineTask)(a)) }

// affineTask has an item for each band of rows of a block.
type affineTask ChannelAffine

// Items is the number of bands, over all blocks.
func (t *affineTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do computes a band of Out.
func (t *affineTask) Do(_, item int) {
	block, y0, y1 := t.out.band(item)
	var a, b vec
	copy(b[:], t.s.B[block*16:t.s.C])
	if t.s.In != nil {
		copy(a[:], t.s.A[block*16:t.s.C])
	}
	x := a // zeros, where there is no In
	for y := y0; y < y1; y++ {
		at := t.out.pos(block, y, 0)
		for p := range t.s.W {
			g := float32(1)
			if t.s.Guide != nil {
				g = t.s.Guide[y*t.s.W+p]
				g *= g
			}
			if t.s.In != nil {
				x = *load(t.s.In[(at+p)*16:])
			}
			d := load(t.s.Out[(at+p)*16:])
			if t.s.Accumulate {
				for l := range d {
					d[l] += g * (float32(a[l]*x[l]) + b[l])
				}
				continue
			}
			for l := range d {
				d[l] = g * (float32(a[l]*x[l]) + b[l])
			}
		}
	}
	if !t.s.Accumulate {
		clearRowFrames(t.s.Out, 16, t.out, block, y0, y1, y1 == t.s.H)
	}
}

// GuideSpec describes Out = G x for a position x of a blocked tensor. G has a number for each
// position.
type GuideSpec struct {
	C, H, W    int
	In         []float32 // blocked (C,H,W)
	Guide      []float32 // (H,W)
	Out        []float32 // blocked (C,H,W)
	Accumulate bool      // Out += instead of Out =
}

// Guide is a step that multiplies features by a guide.
type Guide struct {
	s   GuideSpec
	e   *Engine
	out Shape
}

// NewGuide prepares s.
func (e *Engine) NewGuide(s GuideSpec) *Guide {
	g := &Guide{s: s, e: e, out: Shape{s.C, s.H, s.W}}
	g.out.check("guide")
	checkLen("guide", "In", len(s.In), g.out.Len())
	checkLen("guide", "Guide", len(s.Guide), s.H*s.W)
	checkLen("guide", "Out", len(s.Out), g.out.Len())
	return g
}

// Run computes Out.
func (g *Guide) Run() { g.e.pool.Run((*guideTask)(g)) }

// guideTask has an item for each band of rows of a block.
type guideTask Guide

// Items is the number of bands, over all blocks.
func (t *guideTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do computes a band of Out.
func (t *guideTask) Do(_, item int) {
	b, y0, y1 := t.out.band(item)
	for y := y0; y < y1; y++ {
		at := t.out.pos(b, y, 0)
		for p, g := range t.s.Guide[y*t.s.W:][:t.s.W] {
			x, d := load(t.s.In[(at+p)*16:]), load(t.s.Out[(at+p)*16:])
			if t.s.Accumulate {
				for l := range d {
					d[l] += float32(g * x[l])
				}
				continue
			}
			for l := range d {
				d[l] = g * x[l]
			}
		}
	}
	if !t.s.Accumulate {
		clearRowFrames(t.s.Out, 16, t.out, b, y0, y1, y1 == t.s.H)
	}
}
