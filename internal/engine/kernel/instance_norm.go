package kernel

import (
	"fmt"
	"math"
)

// InstanceNormSpec describes an instance normalisation of a blocked tensor, and a ReLU
// after it if wanted: Out = scale (In - mean) inv + shift, where mean is that of the channel
// and inv is 1/sqrt(variance + [NormEps]). See [RefInstanceNorm].
type InstanceNormSpec struct {
	C, H, W int
	In      []float32 // blocked (C,H,W)
	Affine  []float32 // (2,C): scales, then shifts; every Run reads them
	Out     []float32 // blocked (C,H,W); may be In
	ReLU    bool      // Out = max(0, .)
	Mask    []uint16  // with ReLU, gets the bits of Out > 0; nil if they are not wanted
	Stats   []float32 // (2,C): mean and inv of each channel, written by Run
	Given   bool      // Stats are read, not written: those of another picture, or of a larger
}

// InstanceNorm is a step that normalises each channel. It adds up in float64, so mean and
// variance are right to the last digits of a float32 also for channels whose mean is
// thousands of times their deviation.
type InstanceNorm struct {
	s    InstanceNormSpec
	e    *Engine
	in   Shape
	sums []float64 // [item][2][16]: sums and sums of squares
	m    *ChannelMap
}

// NewInstanceNorm prepares the normalisation s.
func (e *Engine) NewInstanceNorm(s InstanceNormSpec) *InstanceNorm {
	n := &InstanceNorm{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	const name = "instance norm"
	n.in.check(name)
	checkLen(name, "In", len(s.In), n.in.Len())
	checkLen(name, "Affine", len(s.Affine), 2*s.C)
	checkLen(name, "Out", len(s.Out), n.in.Len())
	checkLen(name, "Stats", len(s.Stats), 2*s.C)
	checkMask(name, s.Mask, n.in)
	if s.Mask != nil && !s.ReLU {
		panic(fmt.Sprintf("kernel: %s: Mask without ReLU", name))
	}
	n.sums = make([]float64, n.in.Blocks()*n.in.bands()*32)
	n.m = NewChannelMap(s.C, s.ReLU)
	return n
}

// checkMask panics if the mask of a tensor of shape s is too short. It may be nil.
func checkMask(kernel string, mask []uint16, s Shape) {
	if mask != nil {
		checkLen(kernel, "Mask", len(mask), s.MaskLen())
	}
}

// Run computes Out, and Mask and Stats where they are wanted.
func (n *InstanceNorm) Run() {
	if !n.s.Given {
		n.e.pool.Run((*normSumsTask)(n))
		n.writeStats()
	}
	n.m.Set(n.s.Stats, n.s.Affine)
	n.e.pool.Run((*normTask)(n))
}

// writeStats computes Stats from the sums of the bands.
func (n *InstanceNorm) writeStats() {
	count := float64(n.s.H * n.s.W)
	for c := range n.s.C {
		sum, square := bandSums(n.sums, n.in, c)
		mean := sum / count
		n.s.Stats[c] = float32(mean)
		n.s.Stats[n.s.C+c] = float32(1 / math.Sqrt(max(0, square/count-mean*mean)+NormEps))
	}
}

// bandSums adds up the two sums of channel c over the bands of s, in their order.
func bandSums(sums []float64, s Shape, c int) (a, b float64) {
	for i := range s.bands() {
		part := sums[(c/16*s.bands()+i)*32:]
		a += part[c%16]
		b += part[16+c%16]
	}
	return a, b
}

// normSumsTask has an item for each band of rows of a block.
type normSumsTask InstanceNorm

// Items is the number of bands, over all blocks.
func (t *normSumsTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do adds up a band.
func (t *normSumsTask) Do(_, item int) { t.e.bandMoments(t.s.In, t.in, item, t.sums) }

// bandMoments adds up a band of x: the values and their squares, as sums [item][2][16].
func (e *Engine) bandMoments(x []float32, s Shape, item int, sums []float64) {
	b, y0, y1 := s.band(item)
	sums = sums[item*32:][:32]
	clear(sums)
	for y := y0; y < y1; y++ {
		e.cpu.isa.moments(x[s.pos(b, y, 0)*16:][:s.W*16], sums)
	}
}

// normTask has an item for each band of rows of a block.
type normTask InstanceNorm

// Items is the number of bands, over all blocks.
func (t *normTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do normalises a band. The mean is subtracted before the product: In times scale inv may
// be thousands of times the result.
func (t *normTask) Do(_, item int) {
	b, y0, y1 := t.in.band(item)
	k := t.m.block(b)
	for y := y0; y < y1; y++ {
		at := t.in.pos(b, y, 0)
		if t.s.Mask != nil {
			t.e.cpu.isa.affineReLU(t.s.W, t.s.In[at*16:], k, t.s.Out[at*16:], t.s.Mask[at:])
		} else {
			t.e.cpu.isa.affine(t.s.W, t.s.In[at*16:], k, t.m.lo, t.s.Out[at*16:])
		}
	}
	clearRowFrames(t.s.Out, 16, t.in, b, y0, y1, y1 == t.s.H)
	if t.s.Mask != nil {
		clearRowFrames(t.s.Mask, 1, t.in, b, y0, y1, y1 == t.s.H)
	}
}
