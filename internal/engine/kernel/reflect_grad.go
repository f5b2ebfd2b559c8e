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
	e.reserve(9*r.tapLen() + (max(s.H, s.W)+2)*r.k)
	return r
}

// tapLen is the distance, in floats, of the matrices of two taps: an odd number of cache
// lines.
func (r *ReflectGrad) tapLen() int { return (r.k + 1) * Lanes }

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
	taps, line := scratch[:9*r.tapLen()], scratch[9*r.tapLen():]
	r.pack(taps, b)
	tap := func(i int) []float32 { return taps[i*r.tapLen():] }
	// edge adds the gradient to the n copies beyond an edge, which the gradient g along it
	// reached through the taps t0, t1 and t2. Out gets it step positions apart.
	edge := func(n, g, step, out, t0, t1, t2 int) {
		r.copyLine(line, n, g, step)
		for i, t := range [3]int{t0, t1, t2} {
			r.add(n, line[(2-i)*Lanes:], n+2, tap(t), out, step)
		}
	}
	for _, row := range [2]struct{ y, to, tap int }{{0, 1, 0}, {h - 1, h - 2, 6}} {
		edge(w, r.in.pos(0, row.y, 0), 1, r.out.pos(b, row.to, 0), row.tap, row.tap+1, row.tap+2)
		// The copies in the corners.
		r.add(1, line[Lanes:], w+2, tap(row.tap), r.out.pos(b, row.to, 1), 1)
		r.add(1, line[w*Lanes:], w+2, tap(row.tap+2), r.out.pos(b, row.to, w-2), 1)
	}
	edge(h, r.in.pos(0, 0, 0), r.in.Pitch(), r.out.pos(b, 0, 1), 0, 3, 6)
	edge(h, r.in.pos(0, 0, w-1), r.in.Pitch(), r.out.pos(b, 0, w-2), 2, 5, 8)
}

// pack writes the filters to block b as a (K,16) matrix for each tap.
func (r *ReflectGrad) pack(taps []float32, b int) {
	for k := range r.k {
		w := r.s.Weights[(k*r.c+b*Lanes)*9:][:Lanes*9]
		for t := range 9 {
			row := load(taps[t*r.tapLen()+k*Lanes:])
			for l := range row {
				row[l] = w[l*9+t]
			}
		}
	}
}

// copyLine writes n positions of each block of Grad, and the border before and after them, to
// line. The first is at g, and they are step positions apart.
func (r *ReflectGrad) copyLine(line []float32, n, g, step int) {
	blockLen := r.in.Rows() * r.in.Pitch()
	for kb := range r.in.Blocks() {
		for i := range n + 2 {
			copy(line[(kb*(n+2)+i)*Lanes:][:Lanes], r.s.Grad[(kb*blockLen+g+(i-1)*step)*Lanes:])
		}
	}
}

// add multiplies n positions of the line from x on, which has length positions a block, by
// the taps w. It adds the products to Out from position out on, step positions apart.
func (r *ReflectGrad) add(n int, x []float32, length int, w []float32, out, step int) {
	r.e.cpu.isa.gemm[0](n, r.k, x, length*Lanes, w, r.s.Out[out*Lanes:], step*Lanes, Lanes, true)
}
