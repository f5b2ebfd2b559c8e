package kernel

import "fmt"

// Pooling is 2x2 pooling with stride 2; an odd last row or column is dropped.
type Pooling uint8

// The poolings.
const (
	None Pooling = iota
	Max          // the maximum; among equals the first in reading order has the gradient
	Avg          // the mean
)

// ConvSpec describes a 3x3 convolution, stride 1, zero padding 1, from C to K
// channels (multiples of 16) on H x W positions, and what is fused with it. The
// forward pass is convolution, bias, ReLU and pooling in one; the backward pass is
// the same step with the rotated filter, which reads its input through pooling and
// ReLU.
type ConvSpec struct {
	C, K, H, W int
	U          *Filter   // from C to K channels
	BF16       bool      // multiplies in bfloat16; U is of [NewBF16FilterIn]
	Bias       []float32 // (K), or nil

	// In is the blocked input (C,H,W). With InMask, it is multiplied by the mask. With
	// Unpool, In is the gradient (C,H/2,W/2) to a pooled tensor, and InMask the mask
	// that the pooling wrote: the input is then In[y/2][x/2]*PoolScale (a quarter of it
	// for Avg) where the mask has a bit, and 0 elsewhere.
	In     []float32
	InMask []uint16
	Unpool Pooling

	// Out is the blocked output (K,H,W). With OutPool it is (K,H/2,W/2), times
	// PoolScale, and the full resolution is not written. OutMask, if not nil, gets the
	// mask (K,H,W) that the gradient needs: the bits of outputs above 0, and with Max
	// pooling only that of the first maximum of each window. OutMask and OutPool need
	// ReLU.
	Out     []float32
	OutMask []uint16
	ReLU    bool
	OutPool Pooling

	PoolScale  float32 // a factor on pooled values; 0 stands for 1
	Accumulate bool    // Out += instead of Out =; without ReLU only
}

// Conv is a convolution step. It uses Winograd's F(4x4, 3x3).
type Conv struct {
	s       ConvSpec
	e       *Engine
	in, out Shape // full resolution
	src     Shape // of s.In
	dst     Shape // of s.Out
	th, tw  int   // tiles
	order   convOrder
	n       int // tiles that are multiplied at a time
	group   int // blocks of outputs that are computed at a time
	scale   float32
	by      multiplier
	lanes   int        // floats of a position of the transformed input
	zero    []float32  // a bias of zeros
	nomask  [][]uint16 // where each worker writes masks that nobody wants
}

// newConv returns the convolution s without what it works with.
func (e *Engine) newConv(s ConvSpec) *Conv {
	c := &Conv{s: s, e: e, in: Shape{s.C, s.H, s.W}, out: Shape{s.K, s.H, s.W}, scale: 1, by: e.cpu.isa.multiplier(s.BF16), lanes: Lanes}
	if s.BF16 {
		c.lanes = pairLanes
	}
	c.src, c.dst = c.in, c.out
	if s.PoolScale != 0 {
		c.scale = s.PoolScale
	}
	if s.Unpool != None {
		c.src = c.in.Pooled()
	}
	c.th, c.tw = (s.H+3)/4, (s.W+3)/4
	if s.OutPool != None {
		c.dst = c.out.Pooled()
		c.th, c.tw = (c.dst.H+1)/2, (c.dst.W+1)/2
	}
	return c
}

// NewConv prepares the convolution s.
func (e *Engine) NewConv(s ConvSpec) *Conv {
	c := e.newConv(s)
	c.check()
	if s.Bias == nil {
		c.zero = make([]float32, s.K)
	}
	if s.OutMask == nil && s.ReLU {
		c.nomask = make([][]uint16, e.pool.Threads())
		for i := range c.nomask {
			c.nomask[i] = make([]uint16, c.out.Pitch()*4)
		}
	}
	if s.U.form == unpacked {
		s.U.workers(e.pool.Threads())
	}
	c.plan()
	e.Reserve(c.need())
	return c
}

// ConvScratch returns the working memory of the convolution s, of which only the sizes and
// OutPool count.
func (e *Engine) ConvScratch(s ConvSpec) Scratch {
	c := e.newConv(s)
	c.plan()
	return c.need()
}

func (c *Conv) check() {
	s := &c.s
	c.in.check("conv")
	c.out.check("conv")
	c.src.check("conv")
	c.dst.check("conv")
	if s.U == nil || s.U.C != s.C || s.U.K != s.K || s.U.form > paired || (s.U.form == paired) != s.BF16 {
		panic(fmt.Sprintf("kernel: conv: no filter from %d to %d channels", s.C, s.K))
	}
	if s.U.isa != c.e.cpu.isa {
		panic("kernel: conv: filter packed for another instruction set")
	}
	if s.Unpool != None && s.InMask == nil {
		panic("kernel: conv: Unpool without InMask")
	}
	if (s.OutMask != nil || s.OutPool != None) && !s.ReLU {
		panic("kernel: conv: OutMask or OutPool without ReLU")
	}
	if s.Accumulate && s.ReLU {
		panic("kernel: conv: Accumulate with ReLU")
	}
	checkLen("conv", "In", len(s.In), c.src.Len())
	checkLen("conv", "Out", len(s.Out), c.dst.Len())
	if s.Bias != nil {
		checkLen("conv", "Bias", len(s.Bias), s.K)
	}
	if s.InMask != nil {
		checkLen("conv", "InMask", len(s.InMask), c.in.MaskLen())
	}
	if s.OutMask != nil {
		checkLen("conv", "OutMask", len(s.OutMask), c.out.MaskLen())
	}
}

// tileRows splits n tiles from first on, of rows of width tiles, into runs of tiles side by
// side. It calls f for each run with the number of its first tile, counted from first, its
// place and its length.
func tileRows(first, n, width int, f func(i, ty, tx, n int)) {
	for i := 0; i < n; {
		ty, tx := (first+i)/width, (first+i)%width
		run := min(n-i, width-tx)
		f(i, ty, tx, run)
		i += run
	}
}

// input transforms n tiles of block b from tile (ty,tx) on.
func (c *Conv) input(b, ty, tx, n int, v []float32, vStride int) {
	s := &c.s
	at := c.in.pos(b, 4*ty-1, 4*tx-1)
	switch {
	case s.Unpool != None:
		scale := c.scale
		if s.Unpool == Avg {
			scale *= 0.25
		}
		// The last tiles of an odd size read beyond the pooled tensor, where the mask
		// is 0. They are done one by one, from a copy of what is there.
		whole := n
		if 2*ty+4 > c.src.Rows() {
			whole = 0
		}
		for whole > 0 && 2*(tx+whole-1)+4 > c.src.Pitch() {
			whole--
		}
		if whole > 0 {
			c.by.winoInUnpool(whole, s.In[c.src.pos(b, 2*ty-1, 2*tx-1)*16:], c.src.Pitch(), s.InMask[at:], c.in.Pitch(), scale, v, vStride)
		}
		for i := whole; i < n; i++ {
			c.inputEdge(b, ty, tx+i, s.InMask[at+4*i:], scale, v[i*c.lanes:], vStride)
		}
	case s.InMask != nil:
		c.by.winoInMask(n, s.In[at*16:], s.InMask[at:], c.in.Pitch(), v, vStride)
	default:
		c.by.winoIn(n, s.In[at*16:], c.in.Pitch(), v, vStride)
	}
}

// inputEdge is input with Unpool for one tile at the end of an odd size.
func (c *Conv) inputEdge(b, ty, tx int, mask []uint16, scale float32, v []float32, vStride int) {
	var d patchOf
	for i := range 36 {
		y, x := 4*ty-1+i/6, 4*tx-1+i%6
		d.p[i] = vec{}
		if y >= 0 && x >= 0 && y < 2*c.src.H && x < 2*c.src.W {
			masked(&d.p[i], load(c.s.In[c.src.pos(b, y/2, x/2)*16:]), mask[i/6*c.in.Pitch()+i%6], scale)
		}
	}
	if c.s.BF16 {
		d.transformBF16(v, vStride)
		return
	}
	d.transform(v, vStride)
}

// output transforms n tiles of block b back, from tile (ty,tx) on. Tiles at the edge also
// write beyond the picture, into the padding to whole tiles, which convFrame clears.
func (c *Conv) output(worker, b, ty, tx, n int, m []float32, mStride int) {
	s, isa := &c.s, c.e.cpu.isa
	bias := c.zero
	if s.Bias != nil {
		bias = s.Bias
	}
	bias = bias[b*16:]
	at := c.out.pos(b, 4*ty, 4*tx)
	var mask []uint16
	if s.OutMask != nil {
		mask = s.OutMask[at:]
	} else if s.ReLU {
		mask = c.nomask[worker]
	}
	switch {
	case s.OutPool == Max:
		isa.winoOutMax(n, m, mStride, bias, s.Out[c.dst.pos(b, 2*ty, 2*tx)*16:], c.dst.Pitch(), mask, c.out.Pitch(), c.scale)
	case s.OutPool == Avg:
		isa.winoOutAvg(n, m, mStride, bias, s.Out[c.dst.pos(b, 2*ty, 2*tx)*16:], c.dst.Pitch(), mask, c.out.Pitch(), c.scale)
	case s.ReLU:
		isa.winoOutReLU(n, m, mStride, bias, s.Out[at*16:], mask, c.out.Pitch())
	case s.Accumulate:
		isa.winoOutAdd(n, m, mStride, bias, s.Out[at*16:], c.out.Pitch())
	default:
		isa.winoOut(n, m, mStride, bias, s.Out[at*16:], c.out.Pitch())
	}
}
