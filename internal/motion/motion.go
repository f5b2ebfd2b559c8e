// Package motion finds how a picture has moved since the one before, and moves pictures along.
//
// Call [NewPyramid] for each frame of a film, then [Estimate] for two of them, in both
// directions. [Consistent] says where the two agree, and [Warp] moves what was painted for one
// frame to where it is in the other.
//
// The method is dense inverse search (Kroeger et al. 2016, "Fast Optical Flow using Dense
// Inverse Search", arXiv 1603.03590): patches are matched from coarse to fine by inverse
// compositional steps, and their displacements are averaged for each pixel. The variational
// refinement of the paper is left out. Results do not depend on the number of threads.
package motion

import (
	"sync"

	"nst/imgio"
)

// Flow is a displacement for each pixel of a picture of W by H pixels: what is at (x, y) is at
// (x+U, y+V) in the other picture.
type Flow struct {
	W, H int
	U, V []float32 // in pixels, [y*W+x]
}

// Pyramid is the luma of a picture at half its size, and at half of that again and again.
type Pyramid struct {
	levels []plane // from fine to coarse
}

// Size returns the size of the flow between pyramids: half that of the picture.
func (p *Pyramid) Size() (w, h int) { return p.levels[0].w, p.levels[0].h }

// pad is the border of a plane, whose pixels are those of the edge.
const pad = 16

// plane is luma in levels of 0 to 255, with a border.
type plane struct {
	w, h, stride int
	pix          []float32
}

func newPlane(w, h int) plane {
	return plane{w, h, w + 2*pad, make([]float32, (w+2*pad)*(h+2*pad))}
}

// row returns the pixels of row y from column x on. Both may lie in the border.
func (p *plane) row(x, y int) []float32 { return p.pix[(y+pad)*p.stride+x+pad:] }

// extend fills the border.
func (p *plane) extend() {
	for y := range p.h {
		row := p.pix[(y+pad)*p.stride:][:p.stride]
		for x := range pad {
			row[x], row[p.stride-1-x] = row[pad], row[pad+p.w-1]
		}
	}
	first, last := p.pix[pad*p.stride:][:p.stride], p.pix[(pad+p.h-1)*p.stride:][:p.stride]
	for y := range pad {
		copy(p.pix[y*p.stride:][:p.stride], first)
		copy(p.pix[(pad+p.h+y)*p.stride:][:p.stride], last)
	}
}

// leastSide is the least side of a level, in pixels.
const leastSide = 14

// NewPyramid returns the pyramid of a picture of at least 2 by 2 pixels.
func NewPyramid(m *imgio.Planar) *Pyramid {
	half := newPlane((m.W+1)/2, (m.H+1)/2)
	n := m.W * m.H
	r, g, b := m.Pix[:n], m.Pix[n:2*n], m.Pix[2*n:3*n]
	luma := func(i int) float32 {
		return 255 * (float32(0.299*r[i]) + float32(0.587*g[i]) + float32(0.114*b[i]))
	}
	for y := range half.h {
		row := half.row(0, y)
		above, below := 2*y*m.W, min(2*y+1, m.H-1)*m.W
		for x := range half.w {
			left, right := 2*x, min(2*x+1, m.W-1)
			row[x] = (luma(above+left) + luma(above+right) + luma(below+left) + luma(below+right)) / 4
		}
	}
	half.extend()
	p := &Pyramid{[]plane{half}}
	for last := half; min(last.w, last.h) >= 2*leastSide; {
		last = last.half()
		p.levels = append(p.levels, last)
	}
	return p
}

// half returns the plane at half its size.
func (p *plane) half() plane {
	out := newPlane((p.w+1)/2, (p.h+1)/2)
	for y := range out.h {
		to, a, b := out.row(0, y), p.row(0, 2*y), p.row(0, 2*y+1)
		for x := range out.w {
			to[x] = (a[2*x] + a[2*x+1] + b[2*x] + b[2*x+1]) / 4
		}
	}
	out.extend()
	return out
}

// parallel calls do for 0 to n-1 on a number of goroutines.
func parallel(threads, n int, do func(i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() {
			for i := t; i < n; i += threads {
				do(i)
			}
		})
	}
	wait.Wait()
}

// inRows calls do for the rows of a picture, w by h, on a number of goroutines. Each has a number
// of rows to compute with.
func inRows(threads, w, h, rows int, do func(y int, rows [][]float32)) {
	threads = max(1, min(threads, h))
	parallel(threads, threads, func(t int) {
		own := make([][]float32, rows)
		for i := range own {
			own[i] = make([]float32, w)
		}
		for y := t; y < h; y += threads {
			do(y, own)
		}
	})
}
