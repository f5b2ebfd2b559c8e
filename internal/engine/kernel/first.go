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
	Replicate bool // continue the picture by its nearest pixel instead of zeros
}

// ConvFirst is the first convolution of a network, computed directly.
type ConvFirst struct {
	s     ConvFirstSpec
	e     *Engine
	out   Shape
	panel []float32 // for each panel of nb blocks: [27][nb*16]
	bias  []float32
	lo    float32
}

// firstRows is the number of rows of an item of the first convolution.
const firstRows = 4

// NewConvFirst prepares the convolution s. It copies weights and bias.
func (e *Engine) NewConvFirst(s ConvFirstSpec) *ConvFirst {
	c := &ConvFirst{s: s, e: e, out: Shape{s.K, s.H, s.W}}
	c.out.check("first convolution")
	if s.K%16 != 0 {
		panic(fmt.Sprintf("kernel: first convolution: %d channels, want a multiple of 16", s.K))
	}
	checkLen("first convolution", "Weights", len(s.Weights), s.K*27)
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
	c.panel = make([]float32, s.K*27)
	for b := 0; b < s.K/16; {
		w := nextPanel(b, s.K/16, len(e.cpu.isa.first)-1)
		nb := 1 << w
		for t := range 27 {
			for j := range nb * 16 {
				c.panel[b*16*27+t*nb*16+j] = s.Weights[(b*16+j)*27+t]
			}
		}
		b += nb
	}
	e.Reserve(e.ConvFirstScratch(s))
	return c
}

// ConvFirstScratch returns the working memory of the convolution s, of which only the size
// counts.
func (e *Engine) ConvFirstScratch(s ConvFirstSpec) Scratch {
	return Scratch{Each: 3*(firstRows+2)*(s.W+2) + (s.W*4+1)/2 + 16}
}

// Run computes Out and OutMask.
func (c *ConvFirst) Run() { c.e.pool.Run((*firstTask)(c)) }

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
	padRows(x, s.In, s.H, s.W, y0, rows+2, s.Replicate)
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

// padRows writes n rows of the picture in (3,h,w), from row y-1 on, to dst (3,n,w+2). Beyond
// the picture it writes zeros or the nearest pixel.
func padRows(dst, in []float32, h, w, y, n int, replicate bool) {
	for c := range 3 {
		for r := range n {
			row := dst[(c*n+r)*(w+2):][:w+2]
			at := y - 1 + r
			if !replicate && (at < 0 || at >= h) {
				clear(row)
				continue
			}
			copy(row[1:], in[(c*h+min(max(at, 0), h-1))*w:][:w])
			row[0], row[w+1] = 0, 0
			if replicate {
				row[0], row[w+1] = row[1], row[w]
			}
		}
	}
}

// words returns the memory of floats as n words.
func words(s []float32, n int) []uint16 {
	checkLen("scratch", "floats", len(s), (n+1)/2)
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(s))), n)
}
