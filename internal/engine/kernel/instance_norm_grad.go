package kernel

// InstanceNormSumsSpec describes the gradient of [InstanceNorm] to its scales and shifts:
// the sums of g z and of g over the positions of each channel. g is the gradient to the
// output, after the mask, and z = (In - mean) inv.
type InstanceNormSumsSpec struct {
	C, H, W    int
	Grad, In   []float32 // blocked (C,H,W)
	Stats      []float32 // (2,C), as InstanceNorm wrote them
	Mask       []uint16  // of the ReLU; nil without one
	Out        []float32 // (2,C): sums of g z, then sums of g
	Accumulate bool      // Out += instead of Out =
}

// InstanceNormSums is a step that computes what an [InstanceNormSumsSpec] describes, in
// float64.
type InstanceNormSums struct {
	s    InstanceNormSumsSpec
	e    *Engine
	in   Shape
	sums []float64 // [item][2][16]: sums of g x and sums of g
}

// NewInstanceNormSums prepares the sums s.
func (e *Engine) NewInstanceNormSums(s InstanceNormSumsSpec) *InstanceNormSums {
	n := &InstanceNormSums{s: s, e: e, in: Shape{s.C, s.H, s.W}}
	const name = "instance norm sums"
	n.in.check(name)
	checkLen(name, "Grad", len(s.Grad), n.in.Len())
	checkLen(name, "In", len(s.In), n.in.Len())
	checkLen(name, "Stats", len(s.Stats), 2*s.C)
	checkLen(name, "Out", len(s.Out), 2*s.C)
	checkMask(name, s.Mask, n.in)
	n.sums = make([]float64, n.in.Blocks()*n.in.bands()*32)
	return n
}

// Run computes Out. It uses that the sum of g z is inv (sum of g x - mean times sum of g).
func (n *InstanceNormSums) Run() {
	n.e.pool.Run((*productsTask)(n))
	for c := range n.s.C {
		gx, g := bandSums(n.sums, n.in, c)
		mean, inv := float64(n.s.Stats[c]), float64(n.s.Stats[n.s.C+c])
		dscale, dshift := float32(inv*(gx-mean*g)), float32(g)
		if n.s.Accumulate {
			dscale += n.s.Out[c]
			dshift += n.s.Out[n.s.C+c]
		}
		n.s.Out[c], n.s.Out[n.s.C+c] = dscale, dshift
	}
}

// productsTask has an item for each band of rows of a block.
type productsTask InstanceNormSums

// Items is the number of bands, over all blocks.
func (t *productsTask) Items() int { return t.in.Blocks() * t.in.bands() }

// Do adds up a band.
func (t *productsTask) Do(_, item int) {
	b, y0, y1 := t.in.band(item)
	sums := t.sums[item*32:][:32]
	clear(sums)
	for y := y0; y < y1; y++ {
		at := t.in.pos(b, y, 0)
		g, x := t.s.Grad[at*16:], t.s.In[at*16:]
		if t.s.Mask != nil {
			t.e.cpu.isa.productsMask(t.s.W, g, x, t.s.Mask[at:], sums)
		} else {
			t.e.cpu.isa.products(t.s.W, g, x, sums)
		}
	}
}

// InstanceNormGradSpec describes the gradient of [InstanceNorm] to its input, with g and z as
// in [InstanceNormSumsSpec] and n positions:
//
//	Out = scale inv (g - (sum of g + z times sum of g z)/n)
type InstanceNormGradSpec struct {
	C, H, W    int
	Grad, In   []float32 // blocked (C,H,W)
	Stats      []float32 // (2,C), as InstanceNorm wrote them
	Affine     []float32 // (2,C), as in InstanceNormSpec; every Run reads them
	Sums       []float32 // (2,C), as InstanceNormSums wrote them, without Accumulate
	Mask       []uint16  // of the ReLU; nil without one
	Out        []float32 // blocked (C,H,W); may be Grad or In, unless Accumulate is set
	Accumulate bool      // Out += instead of Out =
}

// InstanceNormGrad is a step that computes what an [InstanceNormGradSpec] describes.
type InstanceNormGrad struct {
	s    InstanceNormGradSpec
	e    *Engine
	out  Shape
	maps []float32 // [block][4][16]: mean, a, b, c of a (g - b - c (In - mean)); 0 in unused lanes
}

// NewInstanceNormGrad prepares the gradient s.
func (e *Engine) NewInstanceNormGrad(s InstanceNormGradSpec) *InstanceNormGrad {
	n := &InstanceNormGrad{s: s, e: e, out: Shape{s.C, s.H, s.W}}
	const name = "instance norm gradient"
	n.out.check(name)
	checkLen(name, "Grad", len(s.Grad), n.out.Len())
	checkLen(name, "In", len(s.In), n.out.Len())
	checkLen(name, "Stats", len(s.Stats), 2*s.C)
	checkLen(name, "Affine", len(s.Affine), 2*s.C)
	checkLen(name, "Sums", len(s.Sums), 2*s.C)
	checkLen(name, "Out", len(s.Out), n.out.Len())
	checkMask(name, s.Mask, n.out)
	n.maps = make([]float32, n.out.Blocks()*4*16)
	return n
}

// Run computes Out.
func (n *InstanceNormGrad) Run() {
	count := float64(n.s.H * n.s.W)
	for c := range n.s.C {
		k, inv := n.maps[c/16*64+c%16:], n.s.Stats[n.s.C+c]
		k[0], k[16] = n.s.Stats[c], n.s.Affine[c]*inv
		k[32] = float32(float64(n.s.Sums[n.s.C+c]) / count)
		k[48] = float32(float64(inv) * float64(n.s.Sums[c]) / count)
	}
	n.e.pool.Run((*normGradTask)(n))
}

// normGradTask has an item for each band of rows of a block.
type normGradTask InstanceNormGrad

// Items is the number of bands, over all blocks.
func (t *normGradTask) Items() int { return t.out.Blocks() * t.out.bands() }

// Do computes a band of Out.
func (t *normGradTask) Do(_, item int) {
	block, y0, y1 := t.out.band(item)
	k := t.maps[block*64:][:64]
	for y := y0; y < y1; y++ {
		at := t.out.pos(block, y, 0)
		g, x, d := t.s.Grad[at*16:], t.s.In[at*16:], t.s.Out[at*16:]
		if t.s.Mask != nil {
			t.e.cpu.isa.normGradMask(t.s.W, g, x, k, t.s.Mask[at:], d, t.s.Accumulate)
		} else {
			t.e.cpu.isa.normGrad(t.s.W, g, x, k, d, t.s.Accumulate)
		}
	}
	if !t.s.Accumulate {
		clearRowFrames(t.s.Out, 16, t.out, block, y0, y1, y1 == t.s.H)
	}
}
