package kernel

import "fmt"

// ReflectGradSpec describes what mirroring a picture at its edge adds to the gradient of a
// 3x3 convolution, stride 1, to its input. A [Conv] with the rotated filter gives the
// gradient to the positions of the picture, without the copies beyond its edge. The
// gradient to a copy belongs to the position that it stands for.
type ReflectGradSpec struct {
	C, K, H, W int       // channels from and to; H and W are at least 2
	Weights    []float32 // (K,C,3,3), with K and C rounded up to multiples of 16; read in every Run
	Grad       []float32 // blocked (K,H,W), the gradient to the output of the convolution
	Out        []float32 // blocked (C,H,W), the gradient to its input, to which this is added
}

// ReflectGrad is a step that adds the gradient to the mirrored border. For each of the four
// edges it multiplies the gradient along the edge, a (H,K) or (W,K) matrix, by the three
// taps that reach beyond it.
type ReflectGrad struct {
	s       ReflectGradSpec
	e       *Engine
	in, out Shape // of Grad and of Out
	k, c    int   // channels, whole blocks
}

// NewReflectGrad prepares the gradient s.
func (e *Engine) NewReflectGrad(s ReflectGradSpec) *ReflectGrad {
	r := &ReflectGrad{s: s, e: e, in: Shape{s.K, s.H, s.W}, out: Shape{s.C, s.H, s.W}}
	r.in.check("reflect gradient")
	r.out.check("reflect gradient")
	if s.H < 2 || s.W < 2 {
		panic(fmt.Sprintf("kernel: reflect gradient: %dx%d positions, want 2x2 or more", s.H, s.W))
	}
	r.k, r.c = r.in.Blocks()*Lanes, r.out.Blocks()*Lanes
	checkLen("reflect gradient", "Weights", len(s.Weights), r.k*r.c*9)
	checkLen("reflect gradient", "Grad", len(s.Grad), r.in.Len())
	checkLen("reflect gradient", "Out", len(s.Out), r.out.Len())
	e.Reserve(e.ReflectGradScratch(s))
	return r
}

// ReflectGradScratch returns the working memory of the gradient s, of which only the sizes
// count.
func (e *Engine) ReflectGradScratch(s ReflectGradSpec) Scratch {
	k := Shape{s.K, s.H, s.W}.Blocks() * Lanes
	return Scratch{Each: 9*tapLen(k) + (s.H+2)*k}
}

// tapLen is the distance, in floats, of the matrices of two taps: an odd number of cache
// lines.
func tapLen(k int) int { return (k + 1) * Lanes }

// Run adds to Out.
func (r *ReflectGrad) Run() {
	r.e.pool.Run((*reflectGradTask)(r))
}

// reflectGradTask has an item for each block of Out.
type reflectGradTask ReflectGrad

// Items is the number of blocks of Out.
func (t *reflectGradTask) Items() int { return t.out.Blocks() }

// Do adds the gradient to the four edges of a block of Out, one after the other, because they
// meet.
func (t *reflectGradTask) Do(worker, b int) {
	r := (*ReflectGrad)(t)
	h, w := r.s.H, r.s.W
	scratch := r.e.scratch[worker]
	taps, column := scratch[:9*tapLen(r.k)], scratch[9*tapLen(r.k):]
	r.pack(taps, b)
	tap := func(i int) []float32 { return taps[i*tapLen(r.k):] }
	for _, row := range [2]struct{ y, to, tap int }{{0, 1, 0}, {h - 1, h - 2, 6}} {
		x, stride := r.s.Grad[r.in.pos(0, row.y, -1)*Lanes:], r.in.Rows()*r.in.Pitch()
		for i := range 3 {
			r.add(w, x[(2-i)*Lanes:], stride, tap(row.tap+i), r.out.pos(b, row.to, 0), 1)
		}
		// The copies in the corners.
		r.add(1, x[Lanes:], stride, tap(row.tap), r.out.pos(b, row.to, 1), 1)
		r.add(1, x[w*Lanes:], stride, tap(row.tap+2), r.out.pos(b, row.to, w-2), 1)
	}
	for _, col := range [2]struct{ x, to, tap int }{{0, 1, 0}, {w - 1, w - 2, 2}} {
		r.copyColumn(column, col.x)
		for i := range 3 {
			r.add(h, column[(2-i)*Lanes:], h+2, tap(col.tap+3*i), r.out.pos(b, 0, col.to), r.out.Pitch())
		}
	}
}

// pack writes the filters to block b as a (K,16) matrix for each tap.
func (r *ReflectGrad) pack(taps []float32, b int) {
	for k := range r.k {
		w := (*[Lanes * 9]float32)(r.s.Weights[(k*r.c+b*Lanes)*9:])
		for t := range 9 {
			row := load(taps[t*tapLen(r.k)+k*Lanes:])
			for l := range row {
				row[l] = w[l*9+t]
			}
		}
	}
}

// copyColumn writes column x of each block of Grad to dst, from the border above it to that
// below it.
func (r *ReflectGrad) copyColumn(dst []float32, x int) {
	for kb := range r.in.Blocks() {
		for i := range r.s.H + 2 {
			*load(dst) = *load(r.s.Grad[r.in.pos(kb, i-1, x)*Lanes:])
			dst = dst[Lanes:]
		}
	}
}

// add multiplies n positions from x on, whose blocks are stride positions apart, by the taps
// w. It adds the products to Out from position out on, step positions apart.
func (r *ReflectGrad) add(n int, x []float32, stride int, w []float32, out, step int) {
	r.e.cpu.isa.gemm[0](n, r.k, x, stride*Lanes, w, r.s.Out[out*Lanes:], step*Lanes, Lanes, true)
}
