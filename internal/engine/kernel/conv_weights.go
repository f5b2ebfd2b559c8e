package kernel

import "fmt"

// ConvWeightsSpec describes the gradient of a 3x3 convolution to its filters. What the
// convolution saw beyond the edge of its input is in the border of In: zeros, or the
// mirrored picture.
type ConvWeightsSpec struct {
	C, K, H, W int       // channels from and to, and the size of the input
	Stride     int       // 1 or 2
	In         []float32 // blocked (C,H,W), the input of the convolution
	Grad       []float32 // blocked (K,H',W'), the gradient to its output; H' is H/Stride, rounded up
	Out        []float32 // (K,C,3,3)
	Accumulate bool      // Out += instead of Out =
}

// ConvWeights is a step that computes the gradient to filters by Winograd's algorithm. For
// each of 36 frequencies it multiplies the transformed inputs of all tiles, a (C,tiles)
// matrix, by the transformed gradients, a (tiles,K) matrix. With stride 2, 11 of the
// products are zero.
//
// The tiles are cut into bands, whose number depends on the shape alone. An item adds up the
// products of a band in float32, in runs of tiles. Then the sums of the bands are added in
// order.
type ConvWeights struct {
	s        ConvWeightsSpec
	e        *Engine
	in, grad Shape
	th, tw   int // tiles
	band     int // tiles of a band
	bands    int
	run      int // tiles whose transforms fit the cache
	cg, kg   int // groups of blocks
}

// The blocks of inputs and outputs of an item. A larger group transforms fewer tiles twice,
// but its sums must fit the second-level cache: 36 KB for each pair of blocks.
const (
	weightsC = 4
	weightsK = 2
)

// pairLen is the number of floats of the sums of a pair of blocks: 36 matrices.
const pairLen = 36 * Lanes * Lanes

// NewConvWeights prepares the gradient s.
func (e *Engine) NewConvWeights(s ConvWeightsSpec) *ConvWeights {
	if s.Stride != 1 && s.Stride != 2 {
		panic(fmt.Sprintf("kernel: conv weights: stride %d", s.Stride))
	}
	c := e.newConvWeights(s)
	c.in.check("conv weights")
	c.grad.check("conv weights")
	checkLen("conv weights", "In", len(s.In), c.in.Len())
	checkLen("conv weights", "Grad", len(s.Grad), c.grad.Len())
	checkLen("conv weights", "Out", len(s.Out), s.K*s.C*9)
	c.plan()
	e.Reserve(c.need())
	return c
}

// ConvWeightsScratch returns the working memory of the gradient s, of which only the sizes
// and Stride count.
func (e *Engine) ConvWeightsScratch(s ConvWeightsSpec) Scratch {
	c := e.newConvWeights(s)
	c.plan()
	return c.need()
}

// newConvWeights returns the gradient s without what it works with.
func (e *Engine) newConvWeights(s ConvWeightsSpec) *ConvWeights {
	c := &ConvWeights{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	c.grad = Shape{s.K, strided(s.H, s.Stride), strided(s.W, s.Stride)}
	return c
}

// need is the working memory.
func (c *ConvWeights) need() Scratch {
	_, v, d := c.scratch(c.run)
	return Scratch{
		Each:   max(36*(v+d), 9*Lanes*Lanes),
		Shared: c.bands * c.in.Blocks() * c.grad.Blocks() * pairLen,
	}
}

// plan cuts the tiles into bands and the bands into runs. The numbers are measured. A band
// of fewer tiles is not worth the addition of its sums, which also take memory. A run should
// leave room for the sums of an item in the second-level cache.
func (c *ConvWeights) plan() {
	cb, kb := c.in.Blocks(), c.grad.Blocks()
	c.cg, c.kg = (cb+weightsC-1)/weightsC, (kb+weightsK-1)/weightsK
	c.th, c.tw = (c.s.H+3)/4, (c.s.W+3)/4
	tiles := c.th * c.tw
	bands := max(1, min(tiles/128, 32, 512/(cb*kb)))
	c.band = (tiles + bands - 1) / bands
	c.bands = (tiles + c.band - 1) / c.band
	want := 192 / (min(cb, weightsC) + min(kb, weightsK))
	runs := (c.band + want - 1) / want
	c.run = (c.band + runs - 1) / runs
}

// scratch returns the distances, in floats, of blocks and of frequencies in V and in D, for
// runs of n tiles. They are odd numbers of cache lines, as in [Conv].
func (c *ConvWeights) scratch(n int) (block, v, d int) {
	n |= 1
	return n * 16, (min(c.in.Blocks(), weightsC)*n | 1) * 16, (min(c.grad.Blocks(), weightsK)*n | 1) * 16
}

// sums is the sums of a band for a pair of blocks.
func (c *ConvWeights) sums(band, cb, kb int) []float32 {
	return c.e.shared[((band*c.in.Blocks()+cb)*c.grad.Blocks()+kb)*pairLen:][:pairLen]
}

// Run computes Out.
func (c *ConvWeights) Run() {
	c.e.pool.Run((*weightsBands)(c))
	c.e.pool.Run((*weightsPairs)(c))
}

// weightsBands has an item for each band, group of inputs and group of outputs.
type weightsBands ConvWeights

// Items is the number of bands, times the pairs of groups.
func (t *weightsBands) Items() int { return t.bands * t.cg * t.kg }

// Do adds up the products of a band.
func (t *weightsBands) Do(worker, item int) {
	c := (*ConvWeights)(t)
	band, cg, kg := item/(c.cg*c.kg), item/c.kg%c.cg, item%c.kg
	c0, c1 := cg*weightsC, min(cg*weightsC+weightsC, c.in.Blocks())
	k0, k1 := kg*weightsK, min(kg*weightsK+weightsK, c.grad.Blocks())
	for cb := c0; cb < c1; cb++ {
		for kb := k0; kb < k1; kb++ {
			clear(c.sums(band, cb, kb))
		}
	}
	ns, vs, ds := c.scratch(c.run)
	v, d := c.e.scratch[worker][:36*vs], c.e.scratch[worker][36*vs:]
	end := min((band+1)*c.band, c.th*c.tw)
	for first := band * c.band; first < end; first += c.run {
		n := min(c.run, end-first)
		for cb := c0; cb < c1; cb++ {
			tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.input(cb, ty, tx, n, v[(cb-c0)*ns+i*16:], vs) })
		}
		for kb := k0; kb < k1; kb++ {
			tileRows(first, n, c.tw, func(i, ty, tx, n int) { c.gradient(kb, ty, tx, n, d[(kb-k0)*ns+i*16:], ds) })
		}
		for f := range 36 {
			g, zero := c.frequency(f)
			if zero {
				continue
			}
			for cb := c0; cb < c1; cb++ {
				for kb := k0; kb < k1; kb++ {
					c.e.cpu.isa.gram(n, v[f*vs+(cb-c0)*ns:], d[g*ds+(kb-k0)*ns:], c.sums(band, cb, kb)[f*256:])
				}
			}
		}
	}
}

// frequency returns where the transformed gradients have the frequency f, or that it is zero.
func (c *ConvWeights) frequency(f int) (at int, zero bool) {
	if c.s.Stride == 1 {
		return f, false
	}
	y, x := f/6, f%6
	return (y+1)/2*3 + (x+1)/2, y == 5 || x == 5
}

// input transforms n tiles of block b of In from tile (ty,tx) on.
func (c *ConvWeights) input(b, ty, tx, n int, v []float32, vStride int) {
	c.e.cpu.isa.winoIn(n, c.s.In[c.in.pos(b, 4*ty-1, 4*tx-1)*16:], c.in.Pitch(), v, vStride)
}

// gradient transforms n tiles of block b of Grad from tile (ty,tx) on.
func (c *ConvWeights) gradient(b, ty, tx, n int, d []float32, dStride int) {
	side := 4 / c.s.Stride
	c.e.cpu.isa.winoGrad[c.s.Stride-1](n, c.s.Grad[c.grad.pos(b, side*ty, side*tx)*16:], c.grad.Pitch(), d, dStride)
}

// weightsPairs has an item for each pair of a block of inputs and one of outputs.
type weightsPairs ConvWeights

// Items is the number of pairs.
func (t *weightsPairs) Items() int { return t.in.Blocks() * t.grad.Blocks() }

// Do adds up the bands of a pair and transforms the sums to filters.
func (t *weightsPairs) Do(worker, item int) {
	c := (*ConvWeights)(t)
	isa := c.e.cpu.isa
	cb, kb := item/c.grad.Blocks(), item%c.grad.Blocks()
	sum, g := c.sums(0, cb, kb), c.e.scratch[worker]
	for band := 1; band < c.bands; band++ {
		isa.axpy(1, c.sums(band, cb, kb), sum)
	}
	isa.winoWeights(16, sum, 256, g)
	for k := kb * 16; k < min(kb*16+16, c.s.K); k++ {
		out := c.s.Out[(k*c.s.C+cb*16)*9:][:min(16, c.s.C-cb*16)*9]
		if !c.s.Accumulate {
			clear(out)
		}
		for i := range out {
			out[i] += g[i*16+k%16]
		}
	}
}
