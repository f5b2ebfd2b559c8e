package kernel

import (
	"fmt"
	"math"
)

// MirrorConvSpec describes a 3x3 convolution of a feed-forward network from C to K channels
// (multiples of 16) on H x W positions, and what is fused with it. The border of In has what
// the convolution sees beyond the edge; see [Reflect].
type MirrorConvSpec struct {
	C, K, H, W int
	U          *Filter // from C to K channels, of [NewMirrorFilterIn], or with Repeat of [NewRepeatFilterIn]
	Stride     int     // 1, or 2 to keep the even positions of the even rows

	// In is the blocked input (C,H,W), or with Repeat (C,H/2,W/2), of which each position
	// stands for 2x2 equal ones. If Map is not nil, the input is what it makes of In.
	In     []float32
	Repeat bool
	Map    *ChannelMap

	Out   []float32 // blocked (K,H/Stride,W/Stride), rounded up
	Stats []float32 // (2,k), for the first k channels of Out: mean and 1/sqrt(variance + [NormEps]); may be nil
}

// MirrorConv is a convolution step. It uses Winograd's F(4x4, 3x3): 36 products for 4x4
// outputs. With stride 2 it keeps 2x2 of them, which takes 25 of the products. Repeated
// positions take 25 products too, see repeatFilterGo.
type MirrorConv struct {
	s              MirrorConvSpec
	e              *Engine
	full, src, dst Shape // of the input, of s.In, of s.Out
	th, tw, n      int   // tiles, and those of an item
	products       []product
	zero           []float32
	sums           []float64 // [item][block][2][16]: sums and sums of squares
}

// product is a product of an item: of a transformed position and of the factors of the
// filters. Both count from 0.
type product struct{ position, factor int }

// NewMirrorConv prepares the convolution s.
func (e *Engine) NewMirrorConv(s MirrorConvSpec) *MirrorConv {
	c := &MirrorConv{s: s, e: e, full: Shape{s.C, s.H, s.W}, zero: make([]float32, 16)}
	c.src, c.dst = c.full, Shape{s.K, strided(s.H, s.Stride), strided(s.W, s.Stride)}
	if s.Repeat {
		c.src = c.full.Pooled()
	}
	c.th, c.tw = (s.H+3)/4, (s.W+3)/4
	c.check()
	for f := range 36 {
		switch {
		case s.Repeat && f < 25:
			c.products = append(c.products, product{4*repeatPositions[f/5] + repeatPositions[f%5], f})
		case !s.Repeat && (s.Stride == 1 || f/6 < 5 && f%6 < 5): // see winoOutEven
			c.products = append(c.products, product{f, f})
		}
	}
	c.n = s.tiles()
	e.Reserve(e.MirrorConvScratch(s))
	if s.Stats != nil {
		c.sums = make([]float64, (*mirrorTiles)(c).Items()*s.K/16*32)
	}
	return c
}

// MirrorConvScratch returns the working memory of the convolution s, of which only the size
// counts.
func (e *Engine) MirrorConvScratch(s MirrorConvSpec) Scratch {
	_, v, m := s.scratch(s.tiles())
	return Scratch{Each: 36 * (v + m)}
}

// tiles is the number of tiles of an item. It decides in which order Stats are added up, so
// it does not depend on the threads. What an item works on should fit the second-level cache.
func (s *MirrorConvSpec) tiles() int {
	return min(max((s.H+3)/4*((s.W+3)/4)/64, 6), 48)
}

func (c *MirrorConv) check() {
	const name = "mirrored convolution"
	s := &c.s
	c.src.check(name)
	c.dst.check(name)
	form := transformed
	if s.Repeat {
		form = repeated
	}
	if s.U == nil || s.U.C != s.C || s.U.K != s.K || s.U.isa != c.e.cpu.isa || s.U.form != form {
		panic(fmt.Sprintf("kernel: %s: no filter from %d to %d channels for this instruction set", name, s.C, s.K))
	}
	if s.Stride != 1 && s.Stride != 2 {
		panic(fmt.Sprintf("kernel: %s: stride %d", name, s.Stride))
	}
	if s.Repeat && (s.H%2 != 0 || s.W%2 != 0 || s.Stride != 1) {
		panic(fmt.Sprintf("kernel: %s: no positions to repeat for %v", name, c.full))
	}
	checkLen(name, "In", len(s.In), c.src.Len())
	checkLen(name, "Out", len(s.Out), c.dst.Len())
	if s.Map != nil {
		checkLen(name, "Map", len(s.Map.k), s.C*3)
	}
	if s.Repeat && s.Map == nil {
		s.Map = NewChannelMap(s.C, false)
	}
}

// scratch is that of a [Conv], for all outputs.
func (s *MirrorConvSpec) scratch(n int) (block, v, m int) {
	n |= 1
	return n * 16, (s.C/16*n | 1) * 16, (s.K/16*n | 1) * 16
}

// Run computes Out and Stats.
func (c *MirrorConv) Run() {
	c.e.pool.Run((*mirrorTiles)(c))
	c.e.pool.Run((*mirrorFrame)(c))
	if c.s.Stats != nil {
		statsOf(c.s.Stats, totalSums(c.sums, c.s.K), c.dst.H*c.dst.W)
	}
}

// totalSums adds up the sums of the items for k channels, in their order, in place.
func totalSums(sums []float64, k int) []float64 {
	stride := k / 16 * 32
	total := sums[:stride]
	for at := stride; at < len(sums); at += stride {
		for i, v := range sums[at:][:stride] {
			total[i] += v
		}
	}
	return total
}

// statsOf writes the mean of each channel and 1/sqrt(variance + NormEps) to stats (2,c), from
// the sums [block][2][16] of its values and their squares over n positions.
func statsOf(stats []float32, sums []float64, n int) {
	c := len(stats) / 2
	for i := range c {
		part := sums[i/16*32+i%16:]
		mean, square := part[0]/float64(n), part[16]/float64(n)
		stats[i] = float32(mean)
		stats[c+i] = float32(1 / math.Sqrt(max(0, square-mean*mean)+NormEps))
	}
}

// mirrorTiles has an item for each n tiles, counted along rows.
type mirrorTiles MirrorConv

// Items is the number of runs of n tiles.
func (t *mirrorTiles) Items() int { return (t.th*t.tw + t.n - 1) / t.n }

// Do computes n tiles in the scratch of the worker.
func (t *mirrorTiles) Do(worker, item int) {
	c := (*MirrorConv)(t)
	s, gemm := &c.s, c.e.cpu.isa.gemm
	first := item * c.n
	n := min(c.n, c.th*c.tw-first)
	ns, vs, ms := s.scratch(n)
	v, m := c.e.scratch[worker][:36*vs], c.e.scratch[worker][36*vs:]
	for b := range s.C / 16 {
		tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.input(b, ty, tx, n, v[b*ns+i*16:], vs) })
	}
	for _, p := range c.products {
		for b := 0; b < s.K/16; {
			w := nextPanel(b, s.K/16, len(gemm)-1)
			gemm[w](n, s.C, v[p.position*vs:], ns, s.U.panel(p.factor, b), m[p.factor*ms+b*ns:], 16, ns, false)
			b += 1 << w
		}
	}
	for b := range s.K / 16 {
		var sums []float64
		if s.Stats != nil {
			sums = c.sums[(item*s.K/16+b)*32:][:32]
			clear(sums)
		}
		tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.output(b, ty, tx, n, m[b*ns+i*16:], ms, sums) })
	}
}

// input transforms n tiles of block b from tile (ty,tx) on.
func (c *MirrorConv) input(b, ty, tx, n int, v []float32, vStride int) {
	s, isa := &c.s, c.e.cpu.isa
	switch {
	case s.Repeat:
		x := s.In[c.src.pos(b, 2*ty-1, 2*tx-1)*16:]
		isa.repeatIn(n, x, c.src.Pitch(), s.Map.block(b), s.Map.lo, v, vStride)
	case s.Map != nil:
		x := s.In[c.full.pos(b, 4*ty-1, 4*tx-1)*16:]
		isa.winoInAffine(n, x, c.full.Pitch(), s.Map.block(b), s.Map.lo, v, vStride)
	default:
		isa.winoIn(n, s.In[c.full.pos(b, 4*ty-1, 4*tx-1)*16:], c.full.Pitch(), v, vStride)
	}
}

// output transforms n tiles of block b back, from tile (ty,tx) on, and adds what is within
// the picture to sums, unless they are nil.
func (c *MirrorConv) output(b, ty, tx, n int, m []float32, mStride int, sums []float64) {
	isa, side := c.e.cpu.isa, 4/c.s.Stride
	y := c.s.Out[c.dst.pos(b, side*ty, side*tx)*16:]
	switch {
	case c.s.Stride == 2:
		isa.winoOutEven(n, m, mStride, y, c.dst.Pitch())
	case c.s.Repeat:
		isa.repeatOut(n, m, mStride, y, c.dst.Pitch())
	default:
		isa.winoOut(n, m, mStride, c.zero, y, c.dst.Pitch())
	}
	if sums == nil {
		return
	}
	wide := min(side*n, c.dst.W-side*tx) * 16
	for r := range min(side, c.dst.H-side*ty) {
		isa.moments(y[r*c.dst.Pitch()*16:][:wide], sums)
	}
}

// mirrorFrame clears everything outside the picture. It has an item for each block of
// outputs.
type mirrorFrame MirrorConv

// Items is the number of blocks of outputs.
func (t *mirrorFrame) Items() int { return t.s.K / 16 }

// Do clears the frame of a block of Out.
func (t *mirrorFrame) Do(_, item int) {
	clearFrame(t.s.Out, 16, t.dst, t.dst.H, t.dst.W, item, item+1)
}
