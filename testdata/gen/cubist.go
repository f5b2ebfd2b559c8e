package main

import "math"

// facet is one plane of a broken-up view.
type facet struct {
	id    uint32
	edge  float64 // distance to its nearest border
	angle float64 // of that border
}

// cubist is a guitar, a bottle and a glass on a table, seen from several sides
// at once: the plane is cut by lines into facets, and each shifts, turns and
// shades what it shows.
func cubist(w, h int) *canvas {
	e := newEasel(w, h, 6)
	lines := e.cuts(30)
	e.fill(func(x, y float64) vec { p := point{x, y}; return shaded(p, lines) })
	for _, layer := range []struct{ gap, width, length float64 }{{0.012, 0.014, 0.026}, {0.010, 0.008, 0.020}} {
		e.scatter(layer.gap, func(p point) {
			f := facetAt(p, lines)
			a := f.angle + 0.5*math.Pi*float64(f.id&1) + 0.08*e.rnd.NormFloat64()
			path := []point{p.polar(a, -layer.length/2), p, p.polar(a, layer.length/2)}
			if facetAt(path[0], lines).id != f.id || facetAt(path[2], lines).id != f.id {
				return
			}
			c := turn(shaded(p, lines), 0.012*e.rnd.NormFloat64(), 1+0.2*e.rnd.NormFloat64(), 1+0.06*e.rnd.NormFloat64())
			e.stroke(path, brush{layer.width, 0.40, 0.06, 0.8, 0.5}, c)
		})
	}
	e.contours(lines)
	e.weave(0.10)
	return e.finish(0.26)
}

// cuts returns n lines, each a point and a direction, that lean towards a few
// main slants.
func (e *easel) cuts(n int) [][3]float64 {
	lines := make([][3]float64, n)
	for i := range lines {
		slant := []float64{0.35, 1.15, 1.95, 2.75}[i%4] + 0.16*e.rnd.NormFloat64()
		lines[i] = [3]float64{
			e.aspect() * (0.5 + 0.24*e.rnd.NormFloat64()), 0.5 + 0.25*e.rnd.NormFloat64(), slant,
		}
	}
	return lines
}

// facetAt finds the facet of p. A line ends where a third one crosses it, at
// random, so that facets come in all sizes.
func facetAt(p point, lines [][3]float64) facet {
	f := facet{id: 1, edge: 9}
	for i, l := range lines {
		sn, cs := math.Sincos(l[2])
		d := (p.x-l[0])*sn - (p.y-l[1])*cs
		if i > 5 && chance(int(f.id), i, 0, 12) < 0.58 {
			continue
		}
		side := uint32(2 * i)
		if d < 0 {
			side++
		}
		f.id = hash(int(f.id), int(side), 1, 13)
		if math.Abs(d) < f.edge {
			f.edge, f.angle = math.Abs(d), l[2]
		}
	}
	return f
}

// shaded is the view in the facet of p: moved, turned, and darker or lighter
// towards one border.
func shaded(p point, lines [][3]float64) vec {
	f := facetAt(p, lines)
	r := func(k int) float64 { return chance(int(f.id), k, 0, 14) }
	mid := point{0.375, 0.5}
	d := p.sub(mid)
	sn, cs := math.Sincos(0.35 * (r(0) - 0.5))
	q := mid.add(point{d.x*cs - d.y*sn, d.x*sn + d.y*cs}.scale(0.9 + 0.25*r(1)))
	q = q.add(point{r(2) - 0.5, r(3) - 0.5}.scale(0.07))
	c := table(q)
	dark := 0.62 * math.Exp(-f.edge/0.035)
	if r(4) < 0.5 {
		c = c.scale(1 - dark)
	} else {
		c = c.mix(rgb(0xf2e6c8), 0.9*dark)
	}
	tint := []vec{rgb(0x4f7a9a), rgb(0xc98a3c), rgb(0x8a7a58), rgb(0xd9c8a0), rgb(0x54616a), rgb(0xa0603c)}[int(r(5)*6)]
	return c.mix(tint, 0.36).scale(0.80 + 0.4*r(6))
}

// contours draws broken black lines where facets meet.
func (e *easel) contours(lines [][3]float64) {
	for _, l := range lines {
		o := point{l[0], l[1]}
		sn, cs := math.Sincos(l[2] + math.Pi/2)
		var path []point
		flush := func() {
			if len(path) > 6 {
				e.stroke(path, brush{0.0042, 0.35, 0.1, 0.6, 0.85}, rgb(0x1d1a1a))
			}
			path = nil
		}
		for t := -1.2; t < 1.2; t += 0.006 {
			p := o.polar(l[2], t)
			off := point{cs, sn}.scale(0.003)
			if facetAt(p.add(off), lines).id == facetAt(p.sub(off), lines).id || fbm2(t*5, l[0]*40, 2) > 0.12 {
				flush()
				continue
			}
			path = append(path, p)
		}
		flush()
	}
}

// table is the still life before it is broken up, 0.75 wide and 1 high.
func table(p point) vec {
	if c, ok := guitar(p); ok {
		return c
	}
	if x, y := p.x-0.60, p.y; y > 0.16 && y < 0.74 { // bottle
		half := lerp(0.028, 0.085, step(0.33, 0.43, y))
		if math.Abs(x) < half {
			if y > 0.52 && y < 0.64 {
				return rgb(0xe6d6a4)
			}
			return rgb(0x23473e).mix(rgb(0x7fae98), step(0.3, 0.9, -x/half))
		}
	}
	if x := p.x - 0.15; p.y > 0.55 && p.y < 0.80 { // glass
		half := 0.075 - 0.08*(p.y-0.55)
		if p.y > 0.70 {
			half = 0.012 + 0.06*step(0.77, 0.80, p.y)
		}
		if math.Abs(x) < half {
			return rgb(0xc6d2d0).mix(rgb(0x8a2a30), step(0.60, 0.605, p.y)*step(0.70, 0.69, p.y))
		}
	}
	if p.y > 0.70+0.05*(p.x-0.4) {
		if p.x > 0.42 && p.x < 0.70 && p.y < 0.90 && p.y > 0.76 { // newspaper
			if fract(p.y*46) < 0.42 && noise2(p.x*130, math.Floor(p.y*46)) > -0.25 {
				return rgb(0x4a4640)
			}
			return rgb(0xe9e0c8)
		}
		return rgb(0x7a4a2a).mix(rgb(0x54301c), 0.5+0.8*noise2(p.x*3, p.y*45))
	}
	if fract(p.x*7) < 0.12 {
		return rgb(0x5f6d64)
	}
	return rgb(0x8f9a86).mix(rgb(0xb0a078), p.y)
}

// guitar leans from the lower left to the upper right.
func guitar(p point) (vec, bool) {
	const tilt = -0.42
	sn, cs := math.Sincos(tilt)
	d := p.sub(point{0.33, 0.58})
	u, v := d.x*cs+d.y*sn, d.y*cs-d.x*sn // v runs down the strings
	half := max(0.168*math.Sqrt(max(0, 1-sq((v-0.14)/0.165))), 0.128*math.Sqrt(max(0, 1-sq((v+0.08)/0.135))), 0.095*step(0.24, 0.1, math.Abs(v-0.02)))
	strings := math.Abs(fract(u*70)-0.5) < 0.09 && math.Abs(u) < 0.028
	switch {
	case v > -0.56 && v < 0.20 && strings:
		return rgb(0xf2ecd8), true
	case math.Hypot(u, v-0.03) < 0.05:
		return rgb(0x1c1310), true
	case math.Hypot(u, v-0.03) < 0.063:
		return rgb(0xd9c08a), true
	case math.Abs(u) < 0.031 && v > -0.50 && v < 0.03:
		if fract(v*19) < 0.1 {
			return rgb(0xc9b070), true
		}
		return rgb(0x35221a), true
	case math.Abs(u) < 0.045 && v > -0.58 && v <= -0.50:
		return rgb(0x4a2c1c), true
	case math.Abs(u) < 0.06 && math.Abs(v-0.20) < 0.012:
		return rgb(0x2a1a12), true
	case math.Abs(u) < half:
		if half-math.Abs(u) < 0.011 {
			return rgb(0x5a2c16), true
		}
		return rgb(0xd08a3c).mix(rgb(0xa85a24), step(-0.1, 0.16, u+0.05*noise2(u*60, v*4))), true
	}
	return vec{}, false
}
