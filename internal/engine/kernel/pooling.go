package kernel

import (
	"fmt"
	"math"
)

// PoolSpec describes 2x2 pooling, stride 2, of a blocked tensor whose full resolution is
// needed too. Otherwise [Conv] pools as part of its step.
type PoolSpec struct {
	C, H, W  int
	Kind     Pooling   // Max or Avg
	In       []float32 // (C,H,W)
	Out      []float32 // (C,H/2,W/2)
	Mask     []uint16  // (C,H,W), gets the bits that the gradient needs
	Positive bool      // In is the output of a ReLU: only bits where it is above 0
	Scale    float32   // a factor on Out; 0 stands for 1
}

// PoolForward is a pooling step.
type PoolForward struct {
	s       PoolSpec
	e       *Engine
	in, out Shape
	lo      float32
}

// NewPoolForward prepares the pooling s.
func (e *Engine) NewPoolForward(s PoolSpec) *PoolForward {
	p := &PoolForward{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	p.out = p.in.Pooled()
	checkPool("pooling", s.Kind, p.in, len(s.In), len(s.Out), len(s.Mask))
	if p.s.Scale == 0 {
		p.s.Scale = 1
	}
	if !s.Positive {
		p.lo = float32(math.Inf(-1))
	}
	return p
}

// checkPool panics unless the buffers of the full and the pooled resolution and the mask
// fit the shape in.
func checkPool(name string, kind Pooling, in Shape, full, pooled, mask int) {
	if kind != Max && kind != Avg {
		panic(fmt.Sprintf("kernel: %s: unknown kind %d", name, kind))
	}
	in.check(name)
	in.Pooled().check(name)
	checkLen(name, "full resolution", full, in.Len())
	checkLen(name, "pooled", pooled, in.Pooled().Len())
	checkLen(name, "Mask", mask, in.MaskLen())
}

// Run computes Out and Mask.
func (p *PoolForward) Run() { p.e.pool.Run((*poolTask)(p)) }

// poolTask has an item for each block.
type poolTask PoolForward

// Items is the number of blocks.
func (t *poolTask) Items() int { return t.in.Blocks() }

// Do pools block b.
func (t *poolTask) Do(_, b int) {
	pool := t.e.cpu.isa.poolMax
	if t.s.Kind == Avg {
		pool = t.e.cpu.isa.poolAvg
	}
	for y := range t.out.H {
		from := t.in.pos(b, 2*y, 0)
		pool(t.out.W, t.s.In[from*16:], t.s.Out[t.out.pos(b, y, 0)*16:], t.s.Mask[from:], t.in.Pitch(), t.lo, t.s.Scale)
	}
	if c := t.s.C - 16*b; c < 16 {
		t.dropLanes(b, uint16(1)<<c-1)
	}
	clearFrame(t.s.Out, 16, t.out, t.out.H, t.out.W, b, b+1)
	clearFrame(t.s.Mask, 1, t.in, 2*t.out.H, 2*t.out.W, b, b+1)
}

// dropLanes clears the bits of the lanes beyond the last channel.
func (t *poolTask) dropLanes(b int, keep uint16) {
	block := t.in.Rows() * t.in.Pitch()
	mask := t.s.Mask[b*block:][:block]
	for i := range mask {
		mask[i] &= keep
	}
}

// PoolGradSpec describes the gradient of [PoolForward], or of a ReLU and pooling.
type PoolGradSpec struct {
	C, H, W    int
	Kind       Pooling
	In         []float32 // (C,H/2,W/2): the gradient to what was pooled
	Mask       []uint16  // (C,H,W), as PoolForward or Conv wrote it
	Out        []float32 // (C,H,W)
	Scale      float32   // as in PoolSpec
	Accumulate bool      // Out += instead of Out =
}

// PoolBackward is the gradient of a pooling step. The gradient of a window goes to the
// positions where the mask has a bit.
type PoolBackward struct {
	s       PoolGradSpec
	e       *Engine
	in, out Shape
	scale   float32
}

// NewPoolBackward prepares the gradient s.
func (e *Engine) NewPoolBackward(s PoolGradSpec) *PoolBackward {
	p := &PoolBackward{s: s, e: e, out: Shape{s.C, s.H, s.W}, scale: 1}
	p.in = p.out.Pooled()
	checkPool("pooling gradient", s.Kind, p.out, len(s.Out), len(s.In), len(s.Mask))
	if s.Scale != 0 {
		p.scale = s.Scale
	}
	if s.Kind == Avg {
		p.scale *= 0.25
	}
	return p
}

// Run computes Out.
func (p *PoolBackward) Run() { p.e.pool.Run((*unpoolTask)(p)) }

// unpoolTask has an item for each block.
type unpoolTask PoolBackward

// Items is the number of blocks.
func (t *unpoolTask) Items() int { return t.in.Blocks() }

// Do spreads block b.
func (t *unpoolTask) Do(_, b int) {
	for y := range t.in.H {
		to := t.out.pos(b, 2*y, 0)
		t.e.cpu.isa.unpool(t.in.W, t.s.In[t.in.pos(b, y, 0)*16:], t.s.Mask[to:], t.s.Out[to*16:], t.out.Pitch(), t.scale, t.s.Accumulate)
	}
	if !t.s.Accumulate {
		clearFrame(t.s.Out, 16, t.out, 2*t.in.H, 2*t.in.W, b, b+1)
	}
}

// masks is x *= mask or mask = x > 0 in chunks of positions.
type masks struct {
	e     *Engine
	x     []float32
	mask  []uint16
	write bool
}

const maskChunk = 4096

// Items is the number of chunks.
func (t *masks) Items() int { return (len(t.mask) + maskChunk - 1) / maskChunk }

// Do writes or applies the mask of a chunk.
func (t *masks) Do(_, item int) {
	from := item * maskChunk
	to := min(from+maskChunk, len(t.mask))
	if t.write {
		t.e.cpu.isa.sign(t.x[from*16:to*16], t.mask[from:to])
	} else {
		t.e.cpu.isa.mask(t.x[from*16:to*16], t.mask[from:to])
	}
}

// ApplyMask multiplies the blocked tensor x of shape s by its mask, in place: the
// gradient of a ReLU.
func (e *Engine) ApplyMask(x []float32, mask []uint16, s Shape) {
	e.runMasks(x, mask, s, false)
}

// Mask writes the bits of x > 0 for the blocked tensor x of shape s.
func (e *Engine) Mask(mask []uint16, x []float32, s Shape) {
	e.runMasks(x, mask, s, true)
}

func (e *Engine) runMasks(x []float32, mask []uint16, s Shape, write bool) {
	s.check("mask")
	checkLen("mask", "x", len(x), s.Len())
	checkLen("mask", "mask", len(mask), s.MaskLen())
	e.masks = masks{e, x[:s.Len()], mask[:s.MaskLen()], write}
	e.pool.Run(&e.masks)
	e.masks = masks{}
}
