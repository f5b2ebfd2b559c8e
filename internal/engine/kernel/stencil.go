package kernel

import "math"

// Difference is one kind of difference between neighbours in a picture: the pixel at
// (y+DY, x+DX) minus that at (y, x). DY is 0 or 1, and DX is -1, 0 or 1.
type Difference struct {
	DX, DY    int
	Weight    float64
	Absolute  bool // |d| in place of d²
	Inner     bool // only of pixels that have a neighbour to the right and one below
	Replicate bool // in the picture with a border of one pixel, its nearest
}

// span returns the first pixels (y,x) of the pairs: y0 <= y < y1, x0 <= x < x1.
func (d Difference) span(h, w int) (y0, y1, x0, x1 int) {
	switch {
	case d.Replicate:
		return -1, h + 1 - d.DY, -1 + max(-d.DX, 0), w + 1 - max(d.DX, 0)
	case d.Inner:
		return 0, h - 1, 0, w - 1
	}
	return 0, h - d.DY, max(-d.DX, 0), w - max(d.DX, 0)
}

// StencilSpec describes the weighted sum of differences in planes (C,H,W).
type StencilSpec struct {
	C, H, W     int
	Differences []Difference
	In          []float32 // (C,H,W)
	Out         []float32 // (C,H,W): gets the gradient; nil for the sum alone
	Accumulate  bool      // Out += instead of Out =
}

// Stencil is a step that computes a weighted sum of differences, or its gradient.
type Stencil struct {
	s     StencilSpec
	e     *Engine
	scale float64
	sums  []float64 // of the planes
}

// NewStencil prepares s.
func (e *Engine) NewStencil(s StencilSpec) *Stencil {
	Shape{s.C, s.H, s.W}.check("stencil")
	checkLen("stencil", "In", len(s.In), s.C*s.H*s.W)
	if s.Out != nil {
		checkLen("stencil", "Out", len(s.Out), s.C*s.H*s.W)
	}
	return &Stencil{s: s, e: e, sums: make([]float64, s.C)}
}

// Sum returns the weighted sum, added up in float64.
func (t *Stencil) Sum() float64 {
	t.e.pool.Run((*stencilSum)(t))
	sum := 0.0
	for _, v := range t.sums {
		sum += v
	}
	return sum
}

// Gradient computes Out = scale times the gradient of the sum to In. The absolute value of a
// difference of 0 has the gradient 0.
func (t *Stencil) Gradient(scale float64) {
	t.scale = scale
	t.e.pool.Run((*stencilGrad)(t))
}

// stencilSum has an item for each plane.
type stencilSum Stencil

// Items is the number of planes.
func (t *stencilSum) Items() int { return t.s.C }

// Do adds up all differences of a plane.
func (t *stencilSum) Do(_, item int) {
	sum := 0.0
	for _, d := range t.s.Differences {
		part := 0.0
		(*Stencil)(t).rows(item, d, func(a, b row) {
			if d.Absolute {
				for i, v := range b.x {
					part += float64(abs32(v - a.x[i]))
				}
				return
			}
			for i, v := range b.x {
				f := float64(v - a.x[i])
				part += f * f
			}
		})
		sum += d.Weight * part
	}
	t.sums[item] = sum
}

// stencilGrad has an item for each plane.
type stencilGrad Stencil

// Items is the number of planes.
func (t *stencilGrad) Items() int { return t.s.C }

// Do computes a plane of Out.
func (t *stencilGrad) Do(_, item int) {
	if !t.s.Accumulate {
		clear(t.s.Out[item*t.s.H*t.s.W:][:t.s.H*t.s.W])
	}
	for _, d := range t.s.Differences {
		scale := float32(t.scale * d.Weight)
		(*Stencil)(t).rows(item, d, func(a, b row) {
			for i, v := range b.x {
				g := 2 * (v - a.x[i])
				if d.Absolute && g != 0 {
					g = float32(math.Copysign(1, float64(g)))
				}
				b.g[i] += scale * g
				a.g[i] -= scale * g
			}
		})
	}
}

// row is a run of pixels in a row, and their gradient if it is wanted.
type row struct{ x, g []float32 }

// rows calls f with the pairs of d in a plane: a has the first pixel of each pair, b the
// second. Pairs at the edge come one by one.
func (t *Stencil) rows(plane int, d Difference, f func(a, b row)) {
	h, w := t.s.H, t.s.W
	at := func(y, x, n int) row {
		i := (plane*h+min(max(y, 0), h-1))*w + min(max(x, 0), w-1)
		r := row{x: t.s.In[i:][:n]}
		if t.s.Out != nil {
			r.g = t.s.Out[i:][:n]
		}
		return r
	}
	y0, y1, x0, x1 := d.span(h, w)
	// Between these, no pixel of a pair is beyond an edge.
	in0, in1 := max(x0, -d.DX, 0), min(x1, w-d.DX, w)
	for y := y0; y < y1; y++ {
		for x := x0; x < in0; x++ {
			f(at(y, x, 1), at(y+d.DY, x+d.DX, 1))
		}
		if in0 < in1 {
			f(at(y, in0, in1-in0), at(y+d.DY, in0+d.DX, in1-in0))
		}
		for x := max(in0, in1); x < x1; x++ {
			f(at(y, x, 1), at(y+d.DY, x+d.DX, 1))
		}
	}
}
