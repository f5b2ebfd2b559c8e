package main

import "math"

// pointillism is a river bank on a summer afternoon in dots of pure colour: the
// eye mixes them, and every shadow holds some of the light's complement.
func pointillism(w, h int) *canvas {
	e := newEasel(w, h, 5)
	e.fill(func(x, y float64) vec { return riverside(point{x, y}).mix(rgb(0xe6dcc0), 0.35) })
	e.weave(0.25)
	for _, layer := range []struct{ gap, r, split float64 }{
		{0.0092, 0.0074, 0.4}, {0.0088, 0.0060, 0.8}, {0.0100, 0.0050, 1.1},
	} {
		e.scatter(layer.gap, func(p point) {
			// The dot takes its colour from a little to the side: edges are dotted too.
			c := riverside(p.polar(6.3*e.rnd.Float64(), 0.004*e.rnd.Float64()))
			e.dot(p, layer.r*(0.75+0.5*e.rnd.Float64()), e.divide(c, layer.split))
		})
	}
	return e.finish(0.30)
}

// divide picks one of the pure colours that c is made of.
func (e *easel) divide(c vec, split float64) vec {
	v := 0.12 * split * e.rnd.NormFloat64()
	switch k := e.rnd.Float64(); {
	case k < 0.13*split: // the complement, lightened
		return turn(c, 0.5+0.06*e.rnd.NormFloat64(), 0.75, 1.05+v).mix(c, 0.25)
	case k < 0.34*split: // towards the warm light
		return turn(c, 0.05, 1.3, 1.18+v).mix(rgb(0xf6b44a), 0.28)
	case k < 0.55*split: // towards the cool shade
		return turn(c, -0.06, 1.35, 0.92+v).mix(rgb(0x3a5fc0), 0.28)
	}
	return turn(c, 0.025*e.rnd.NormFloat64(), 1.35, 1.02+v)
}

// dot dabs a round of thick paint.
func (e *easel) dot(p point, r float64, c vec) {
	squash, angle := 0.78+0.22*e.rnd.Float64(), 3.1*e.rnd.Float64()
	sn, cs := math.Sincos(angle)
	e.disc(p, r, func(k int, _ float64) {
		d := point{(float64(k%e.w)+0.5)/e.unit - p.x, (float64(k/e.w)+0.5)/e.unit - p.y}
		u := math.Hypot(d.x*cs+d.y*sn, (d.y*cs-d.x*sn)/squash) / r
		a := step(1, 0.82, u)
		e.px[k] = e.px[k].mix(c, 0.95*a)
		e.thick[k] = lerp(e.thick[k], 1.3*math.Sqrt(max(0, 1-u*u)), a)
	})
}

// riverside is the picture behind the dots.
func riverside(p point) vec {
	if c, ok := strollers(p); ok {
		return c
	}
	if c, ok := lindens(p); ok {
		return c
	}
	bank := 0.70 - 0.22*step(0.15, 1.5, p.x)*0.9 - 0.10*step(1.0, 1.4, p.x) + 0.012*noise2(p.x*9, 3)
	if p.y > bank {
		return meadowLight(p, bank)
	}
	if p.y > 0.405 {
		return river(p)
	}
	return farBank(p)
}

// farBank is everything above the water: sky, trees, a village and sails.
func farBank(p point) vec {
	for _, s := range [][3]float64{{0.66, 0.43, 0.26}, {0.86, 0.415, 0.15}, {1.05, 0.41, 0.09}} {
		u, v := (p.x-s[0])/s[2], (s[1]-p.y)/s[2]
		switch {
		case v > 0.1 && v < 1 && u > 0.02 && u < 0.42*(1-v):
			return rgb(0xf8ecd0).mix(rgb(0xf0c890), u)
		case v > 0.15 && v < 0.9 && u < -0.02 && u > -0.28*(0.95-v):
			return rgb(0xe0d4d8)
		case v > 0 && v <= 0.09 && math.Abs(u) < 0.32:
			return rgb(0x8a3a34)
		}
	}
	wood := 0.335 - 0.025*noise2(p.x*7, 1) - 0.014*noise2(p.x*22, 5)
	if p.y > wood {
		for _, b := range [][2]float64{{0.92, 0.372}, {0.975, 0.378}, {1.12, 0.37}, {0.45, 0.375}, {0.50, 0.38}} {
			if math.Abs(p.x-b[0]) < 0.022 && p.y > b[1]-0.012*(1-math.Abs(p.x-b[0])/0.022)-0.002 {
				if p.y < b[1] {
					return rgb(0xd2603a)
				}
				return rgb(0xf4e2c0)
			}
		}
		return ramp(0.5+noise2(p.x*18, p.y*26)+3*(wood+0.03-p.y), rgb(0x2f5f6a), rgb(0x4f8458), rgb(0x8fae58), rgb(0xc9c468))
	}
	cloud := step(0.02, 0.28, fbm2(p.x*3.2+2, p.y*8, 4)+0.05)
	return ramp(p.y/0.34, rgb(0x5f9ad0), rgb(0x9cc4dc), rgb(0xf2dcb8)).mix(rgb(0xfdf2e0), 0.8*cloud)
}

// river mirrors the far bank in ripples.
func river(p point) vec {
	k := p.y - 0.405
	q := point{p.x + 0.05*k*noise2(p.x*8, p.y*70)*4, 0.405 - k*1.05 + 0.02*noise2(p.x*6, p.y*60)}
	c := farBank(point{q.x, min(q.y, 0.404)})
	return c.mix(rgb(0x4f86c4), 0.30).mix(rgb(0xf6e6b4), 0.5*step(0.25, 0.5, noise2(p.x*7, p.y*75)))
}

// meadowLight is grass in the sun, with the violet shade of the trees and flowers.
func meadowLight(p point, bank float64) vec {
	c := ramp((p.y-bank)*2.0+0.35*noise2(p.x*6, p.y*16), rgb(0xe6d860), rgb(0xb9cc4e), rgb(0x86b44a), rgb(0x5f9a4c))
	path := math.Abs(p.x - 0.98 + 0.9*(p.y-0.75) - 0.1*math.Sin(p.y*9))
	c = c.mix(rgb(0xf0cfa0), step(0.09, 0.06, path*(0.55/max(p.y-0.25, 0.1))))
	shade := math.Hypot((p.x-0.30)/0.46, (p.y-0.86)/0.085) + 0.35*noise2(p.x*9, p.y*22)
	c = c.mix(rgb(0x3f4f8f).mix(rgb(0x2f6a5c), 0.5+noise2(p.x*8, p.y*8)), 0.85*step(1.05, 0.85, shade))
	if chance(int(p.x*70), int(p.y*80), 0, 6) > 0.94 {
		c = []vec{rgb(0xe2453a), rgb(0xfff0d8), rgb(0xf29ac0)}[int(p.x*70)%3]
	}
	return c
}

// lindens are the big trees on the left.
func lindens(p point) (vec, bool) {
	for i, t := range [][4]float64{{0.17, 0.28, 0.235, 0.86}, {0.46, 0.23, 0.155, 0.80}, {1.28, 0.30, 0.12, 0.64}} {
		u, v := (p.x-t[0])/t[2], (p.y-t[1])/t[2]
		d := 1 - math.Hypot(u, v*0.92) + 0.30*fbm2(p.x*9+float64(i), p.y*9, 4)
		if d > 0 {
			light := 0.45 - 0.38*u - 0.42*v + 0.9*fbm2(p.x*11, p.y*11+5, 3)
			return ramp(light, rgb(0x1f3f5f), rgb(0x2a6058), rgb(0x4f8a48), rgb(0xa3b848), rgb(0xecd564)), true
		}
		if half := 0.085 * t[2] * (1 + 0.6*step(t[3]-0.04, t[3], p.y)); math.Abs(p.x-t[0]-0.02*math.Sin(p.y*8)) < half && p.y > t[1] && p.y < t[3] {
			return rgb(0x4a3550).mix(rgb(0xc98a5a), step(0.2, -0.8, (p.x-t[0])/half)), true
		}
	}
	return vec{}, false
}

// strollers are two people with a parasol.
func strollers(p point) (vec, bool) {
	for i, s := range [][3]float64{{0.83, 0.83, 0.20}, {0.92, 0.82, 0.205}, {0.70, 0.70, 0.10}} {
		u, v := (p.x-s[0])/s[2], (s[1]-p.y)/s[2] // v is 0 at the feet and 1 at the top
		skirt := []vec{rgb(0x7a3f8a), rgb(0x2a3560), rgb(0xe8e0e8)}[i]
		switch {
		case i != 1 && math.Hypot(u+0.08, (v-0.93)*1.5) < 0.34 && v > 0.93:
			return rgb(0xe2503a).mix(rgb(0xf6c08a), step(0, -0.3, u)), true
		case i != 1 && math.Abs(u+0.08) < 0.02 && v > 0.5 && v < 0.95:
			return rgb(0x3a2a2a), true
		case math.Hypot(u, v-0.82) < 0.075:
			return rgb(0x5a3a34), true
		case v > 0 && v < 0.75 && math.Abs(u) < 0.10+0.14*sq(1-v)*float64(1+(i+1)%2):
			return skirt.mix(rgb(0xf2b888), 0.7*step(-0.02, -0.12, u)), true
		case v > -0.08 && v < 0.02 && u > 0 && u < 0.9 && i < 2:
			return rgb(0x45508a), true
		}
	}
	return vec{}, false
}
