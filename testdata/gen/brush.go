package main

import (
	"math"
	"math/rand/v2"
)

// super is how many times finer than the picture a painting is made.
const super = 2

// point is a place in a painting. Painters work in units of the picture's
// height: y runs down from 0 to 1 and x from 0 to the aspect ratio.
type point struct{ x, y float64 }

func (p point) add(q point) point            { return point{p.x + q.x, p.y + q.y} }
func (p point) sub(q point) point            { return point{p.x - q.x, p.y - q.y} }
func (p point) scale(s float64) point        { return point{p.x * s, p.y * s} }
func (p point) len() float64                 { return math.Hypot(p.x, p.y) }
func (p point) mix(q point, t float64) point { return p.add(q.sub(p).scale(t)) }

// polar is the point at angle a and distance r from p.
func (p point) polar(a, r float64) point {
	s, c := math.Sincos(a)
	return point{p.x + r*c, p.y + r*s}
}

// easel is a painting in the making: colours, and how thick the paint lies.
type easel struct {
	*canvas
	thick []float64
	rnd   *rand.Rand
	unit  float64 // pixels in the picture's height
}

// newEasel returns a painting that will be a picture of w by h pixels.
func newEasel(w, h int, seed uint64) *easel {
	c := newCanvas(w*super, h*super)
	return &easel{c, make([]float64, c.w*c.h), rand.New(rand.NewPCG(seed, 99)), float64(c.h)}
}

// aspect is the width of the painting.
func (e *easel) aspect() float64 { return float64(e.w) / float64(e.h) }

// brush is how a stroke looks.
type brush struct {
	width float64 // in units of the height
	dry   float64 // 0 covers everything; towards 1 the bristles leave gaps
	vary  float64 // difference in brightness between bristles
	load  float64 // thickness of the paint
	alpha float64
}

// stroke draws the brush along path. Every bristle leaves its own trace, a
// little lighter or darker than the next, and lifts off at its own time.
func (e *easel) stroke(path []point, b brush, colour vec) {
	if len(path) < 2 {
		return
	}
	total := 0.0
	for i := range path[1:] {
		total += path[i+1].sub(path[i]).len()
	}
	bristles := max(2, int(b.width*e.unit/0.75))
	seed := e.rnd.Float64() * 1000
	shade := make([]vec, bristles)
	from, to := make([]float64, bristles), make([]float64, bristles)
	for j := range shade {
		u := 2*float64(j)/float64(bristles-1) - 1
		k := noise2(seed+float64(j)*0.31, 0.5)
		shade[j] = colour.scale(1 + b.vary*(1.3*k+0.25*e.rnd.NormFloat64()))
		round := b.width * (1 - math.Sqrt(max(0, 1-u*u))) / 2
		from[j] = round + b.width*0.25*e.rnd.Float64()
		to[j] = total - round - b.width*0.7*e.rnd.Float64()*(0.5+b.dry)
	}
	done := 0.0
	for i := range path[1:] {
		p, d := path[i], path[i+1].sub(path[i])
		l := d.len()
		if l == 0 {
			continue
		}
		side := point{-d.y / l, d.x / l}
		steps := max(1, int(l*e.unit/0.75))
		for s := range steps {
			f := float64(s) / float64(steps)
			t := done + l*f
			for j := range bristles {
				if t < from[j] || t > to[j] {
					continue
				}
				u := 2*float64(j)/float64(bristles-1) - 1
				if b.dry > 0 && noise2(seed+float64(j)*0.45, t*e.unit*0.035+seed) < 2.2*b.dry-1.5+0.9*b.dry*t/total {
					continue
				}
				q := p.add(d.scale(f)).add(side.scale(u * b.width / 2))
				x, y := int(q.x*e.unit), int(q.y*e.unit)
				e.over(x, y, shade[j], b.alpha)
				if x >= 0 && x < e.w && y >= 0 && y < e.h {
					// Paint is pushed out to the rims of the stroke.
					h := b.load * (0.6 + 0.5*u*u*u*u + 0.8*noise2(seed+float64(j)*0.5, t*e.unit*0.02))
					k := &e.thick[y*e.w+x]
					*k = *k*0.55 + h
				}
			}
		}
		done += l
	}
}

// along follows the direction field dir both ways from p for a length l in all.
func along(p point, l float64, dir func(p point) float64) []point {
	const n = 8
	var back, on []point
	for _, sign := range []float64{-1, 1} {
		q, way := p, on
		last := dir(q)
		for range n {
			a := dir(q)
			if math.Cos(a-last) < 0 {
				a += math.Pi // a line has no sense of direction
			}
			last = a
			q = q.polar(a, sign*l/2/n)
			way = append(way, q)
		}
		if sign < 0 {
			back = way
		} else {
			on = way
		}
	}
	path := make([]point, 0, 2*n+1)
	for i := range back {
		path = append(path, back[n-1-i])
	}
	return append(append(path, p), on...)
}

// scatter calls f for points about gap apart, in random order.
func (e *easel) scatter(gap float64, f func(p point)) {
	nx, ny := int(e.aspect()/gap)+3, int(1/gap)+3
	for _, i := range e.rnd.Perm(nx * ny) {
		f(point{
			(float64(i%nx) - 1 + e.rnd.Float64()) * gap,
			(float64(i/nx) - 1 + e.rnd.Float64()) * gap,
		})
	}
}

// finish lights the paint from the top left and returns the picture.
func (e *easel) finish(strength float64) *canvas {
	if strength > 0 {
		e.relief(blur(e.thick, e.w, e.h, 1), strength)
	}
	return e.shrink(super)
}

// weave darkens the threads of a canvas.
func (e *easel) weave(depth float64) {
	for i := range e.px {
		x, y := float64(i%e.w), float64(i/e.w)
		e.thick[i] += depth * (math.Sin(x*1.25+0.6*noise2(x*0.05, y*0.05)) + math.Sin(y*1.25))
	}
}
