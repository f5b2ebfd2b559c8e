package main

import (
	"image"
	"image/color"
	"math"
	"runtime"
	"sync"
)

// canvas is a picture of display (sRGB) values, row by row.
type canvas struct {
	w, h int
	px   []vec
}

func newCanvas(w, h int) *canvas { return &canvas{w, h, make([]vec, w*h)} }

// rows calls f for every row of a picture of height h, on all processors. f
// must depend on nothing but y, so that the result does not depend on them.
func rows(h int, f func(y int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for y := range next {
				f(y)
			}
		})
	}
	for y := range h {
		next <- y
	}
	close(next)
	wg.Wait()
}

// fill sets every pixel to f of its centre, in units of the height: y runs from
// 0 to 1 and x from 0 to w/h.
func (c *canvas) fill(f func(x, y float64) vec) {
	rows(c.h, func(y int) {
		for x := range c.w {
			c.px[y*c.w+x] = f((float64(x)+0.5)/float64(c.h), (float64(y)+0.5)/float64(c.h))
		}
	})
}

// at is the pixel (x, y), or the nearest one on the border.
func (c *canvas) at(x, y int) vec {
	return c.px[min(max(y, 0), c.h-1)*c.w+min(max(x, 0), c.w-1)]
}

// over lays colour over the pixel (x, y), if there is one.
func (c *canvas) over(x, y int, colour vec, alpha float64) {
	if x >= 0 && x < c.w && y >= 0 && y < c.h {
		p := &c.px[y*c.w+x]
		*p = p.mix(colour, alpha)
	}
}

// sample is the colour at pixel coordinates (x, y) by bilinear interpolation.
func (c *canvas) sample(x, y float64) vec {
	x, y = x-0.5, y-0.5
	xf, yf := math.Floor(x), math.Floor(y)
	i, j := int(xf), int(yf)
	top := c.at(i, j).mix(c.at(i+1, j), x-xf)
	bottom := c.at(i, j+1).mix(c.at(i+1, j+1), x-xf)
	return top.mix(bottom, y-yf)
}

// shrink returns the picture at 1/k of its size, each pixel the mean of k*k.
func (c *canvas) shrink(k int) *canvas {
	out := newCanvas(c.w/k, c.h/k)
	for y := range out.h {
		for x := range out.w {
			var sum vec
			for j := range k {
				for i := range k {
					sum = sum.add(c.px[(y*k+j)*c.w+x*k+i])
				}
			}
			out.px[y*out.w+x] = sum.scale(1 / float64(k*k))
		}
	}
	return out
}

// relief lights the picture as if its paint stood as high as height says, in
// pixels, with a lamp at the top left.
func (c *canvas) relief(height []float64, strength float64) {
	h := func(x, y int) float64 {
		return height[min(max(y, 0), c.h-1)*c.w+min(max(x, 0), c.w-1)]
	}
	rows(c.h, func(y int) {
		for x := range c.w {
			dx := h(x+1, y) - h(x-1, y)
			dy := h(x, y+1) - h(x, y-1)
			s := clamp(-(dx+dy)*strength, -0.45, 0.6)
			p := &c.px[y*c.w+x]
			if s < 0 {
				*p = p.scale(1 + s)
			} else {
				*p = p.mix(vec{1, 0.98, 0.94}, s*0.55)
			}
		}
	})
}

// blur returns f smoothed by passes of the kernel 1 2 1 along both axes.
func blur(f []float64, w, h, passes int) []float64 {
	a, b := append([]float64(nil), f...), make([]float64, len(f))
	for range passes {
		for i := range a {
			x := i % w
			b[i] = (a[i-min(x, 1)] + 2*a[i] + a[i+min(w-1-x, 1)]) / 4
		}
		for i := range b {
			y := i / w
			a[i] = (b[i-w*min(y, 1)] + 2*b[i] + b[i+w*min(h-1-y, 1)]) / 4
		}
	}
	return a
}

// image returns the picture with 8 bits a channel.
func (c *canvas) image() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, c.w, c.h))
	q := func(v float64) uint8 { return uint8(clamp(v, 0, 1)*255 + 0.5) }
	for y := range c.h {
		for x := range c.w {
			p := c.at(x, y)
			m.SetNRGBA(x, y, color.NRGBA{q(p.x), q(p.y), q(p.z), 255})
		}
	}
	return m
}
