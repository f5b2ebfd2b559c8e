package kernel

import (
	"fmt"
	"math"
	"unsafe"
)

// ConvFirstSpec describes the first convolution, 3x3, stride 1, padding 1, from a
// planar picture (3,H,W) to K channels, a multiple of 16.
type ConvFirstSpec struct {
	K, H, W   int
	Weights   []float32 // (K,3,3,3)
	Bias      []float32 // (K), or nil
	In        []float32 // (3,H,W)
	Out       []float32 // blocked (K,H,W)
	OutMask   []uint16  // gets the bits of Out > 0; may be nil
	ReLU      bool
	Replicate bool      // continue the picture by its nearest pixel instead of zeros
	Mirror    bool      // continue the picture by its reflection; H and W at least 2
	Stats     []float32 // as in [MirrorConvSpec]; may be nil
}

// ConvFirst is the first convolution of a network, computed directly.
type ConvFirst struct {
	s     ConvFirstSpec
	e     *Engine
	out   Shape
	panel []float32 // for each panel of nb blocks: [27][nb*16]
	bias  []float32
	lo    float32
	sums  []float64 // [item][block][2][16]: sums and sums of squares
}

// firstRows is the number of rows of an item of the first convolution.
const firstRows = 4

// NewConvFirst prepares the convolution s. It copies weights and bias; see
// [ConvFirst.SetWeights].
func (e *Engine) NewConvFirst(s ConvFirstSpec) *ConvFirst {
	c := &ConvFirst{s: s, e: e, out: Shape{s.K, s.H, s.W}}
	c.out.check("first convolution")
	if s.K%16 != 0 {
		panic(fmt.Sprintf("kernel: first convolution: %d channels, want a multiple of 16", s.K))
	}
	checkLen("first convolution", "In", len(s.In), 3*s.H*s.W)
	checkLen("first convolution", "Out", len(s.Out), c.out.Len())
	if s.OutMask != nil {
		checkLen("first convolution", "OutMask", len(s.OutMask), c.out.MaskLen())
	}
	c.bias = make([]float32, s.K)
	if s.Bias != nil {
		checkLen("first convolution", "Bias", len(s.Bias), s.K)
		copy(c.bias, s.Bias)
	}
	if !s.ReLU {
		c.lo = float32(math.Inf(-1))
	}
	if s.Mirror && (s.Replicate || s.H < 2 || s.W < 2) {
		panic(fmt.Sprintf("kernel: first convolution: no reflection for %v", c.out))
	}
	c.panel = make([]float32, s.K*27)
	c.SetWeights(s.Weights)
	if s.Stats != nil {
		c.sums = make([]float64, (*firstTask)(c).Items()*s.K/16*32)
	}
	e.Reserve(e.ConvFirstScratch(s))
	return c
}

// SetWeights copies other weights (k,3,3,3), with k at most K. The other channels have none.
func (c *ConvFirst) SetWeights(weights []float32) {
	for b := 0; b < c.s.K/16; {
		w := nextPanel(b, c.s.K/16, len(c.e.cpu.isa.first)-1)
		nb := 1 << w
		for t := range 27 {
			for j := range nb * 16 {
				if at := (b*16+j)*27 + t; at < len(weights) {
					c.panel[b*16*27+t*nb*16+j] = weights[at]
				}
			}
		}
		b += nb
	}
}

// Run computes Out, OutMask and Stats.
func (c *ConvFirst) Run() {
	c.e.pool.Run((*firstTask)(c))
	if c.s.Stats != nil {
		statsOf(c.s.Stats, totalSums(c.sums, c.s.K), c.s.H*c.s.W)
	}
}

// ConvFirstScratch returns the working memory of the convolution s, of which only the size
// counts.
func (e *Engine) ConvFirstScratch(s ConvFirstSpec) Scratch {
	return Scratch{Each: 3*(firstRows+2)*(s.W+2) + (s.W*4+1)/2 + 16}
}

// firstTask has an item for each firstRows rows.
type firstTask ConvFirst

// Items is the number of bands of rows.
func (t *firstTask) Items() int { return (t.s.H + firstRows - 1) / firstRows }

// Do computes a band of Out, all channels of it, and of its mask.
func (t *firstTask) Do(worker, item int) {
	c := (*ConvFirst)(t)
	s, isa := &c.s, c.e.cpu.isa
	y0 := item * firstRows
	rows := min(firstRows, s.H-y0)
	scratch := c.e.scratch[worker]
	pitch := s.W + 2
	x := scratch[:3*(rows+2)*pitch]
	nomask := words(scratch[3*(firstRows+2)*pitch:], s.W*4)
	c.padRows(x, y0, rows+2)
	for y := range rows {
		for b := 0; b < s.K/16; {
			w := nextPanel(b, s.K/16, len(isa.first)-1)
			at := c.out.pos(b, y0+y, 0)
			stride := c.out.Rows() * c.out.Pitch()
			mask, maskStride := nomask, s.W
			if s.OutMask != nil {
				mask, maskStride = s.OutMask[at:], stride
			}
			isa.first[w](s.W, x[y*pitch:], pitch, (rows+2)*pitch, c.panel[b*16*27:], c.bias[b*16:], c.lo, s.Out[at*16:], stride*16, mask, maskStride)
			b += 1 << w
		}
	}
	last := t.Items() - 1
	for b := range s.K / 16 {
		clearRowFrames(s.Out, 16, c.out, b, y0, y0+rows, item == last)
		if s.OutMask != nil {
			clearRowFrames(s.OutMask, 1, c.out, b, y0, y0+rows, item == last)
		}
		if s.Stats != nil {
			sums := c.sums[(item*s.K/16+b)*32:][:32]
			clear(sums)
			for y := y0; y < y0+rows; y++ {
				isa.moments(s.Out[c.out.pos(b, y, 0)*16:][:s.W*16], sums)
			}
		}
	}
}

// clearRowFrames zeroes the border of the rows [y0,y1) of block b: left, right, above if y0
// is 0 and below if last.
func clearRowFrames[T float32 | uint16](buf []T, lanes int, s Shape, b, y0, y1 int, last bool) {
	pitch := s.Pitch()
	if y0 == 0 {
		clear(buf[s.pos(b, -1, -1)*lanes:][:pitch*lanes])
	}
	for y := y0; y < y1; y++ {
		row := buf[s.pos(b, y, -1)*lanes:][:pitch*lanes]
		clear(row[:lanes])
		clear(row[(s.W+1)*lanes:])
	}
	if last {
		clear(buf[s.pos(b, s.H, -1)*lanes : s.pos(b+1, -1, -1)*lanes])
	}
}

// padRows writes n rows of the picture, from row y-1 on, to dst (3,n,W+2), with what is
// beyond the picture.
func (c *ConvFirst) padRows(dst []float32, y, n int) {
	h, w := c.s.H, c.s.W
	for ch := range 3 {
		for r := range n {
			row := dst[(ch*n+r)*(w+2):][:w+2]
			at := y - 1 + r
			if !c.s.Replicate && !c.s.Mirror && (at < 0 || at >= h) {
				clear(row)
				continue
			}
			if c.s.Mirror {
				at = mirror(at, h)
			}
			copy(row[1:], c.s.In[(ch*h+min(max(at, 0), h-1))*w:][:w])
			row[0], row[w+1] = 0, 0
			if c.s.Replicate {
				row[0], row[w+1] = row[1], row[w]
			}
			if c.s.Mirror {
				row[0], row[w+1] = row[2], row[w-1]
			}
		}
	}
}

// words returns the memory of floats as n words.
func words(s []float32, n int) []uint16 {
	checkLen("scratch", "floats", len(s), (n+1)/2)
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(s))), n)
}
