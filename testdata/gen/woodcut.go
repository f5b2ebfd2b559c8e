package main

import "math"

// cut is what the carver sees at a point: where an outline runs, how light it
// is, and which way the gouge goes.
type cut struct {
	region int
	tone   float64 // 0 stays black, 1 is carved away
	angle  float64
}

// woodcut is a pine on a rock above the sea, before a mountain and a rising sun:
// light lines gouged out of a black block and printed on warm paper.
func woodcut(w, h int) *canvas {
	e := newEasel(w, h, 3)
	ink := make([]float64, len(e.px)) // 1 is black
	taken := make([]float64, len(e.px))
	for i := range ink {
		ink[i] = 1
	}
	e.scatter(0.0042, func(p point) { e.gouge(p, ink, taken) })
	for i, k := range ink { // the flat sun, and chips left in wide clearings
		x, y := float64(i%e.w), float64(i/e.w)
		if c := pineScene(point{x / e.unit, y / e.unit}); c.tone >= 1 {
			chip := 0.0
			if c.region > 0 {
				chip = step(0.50, 0.62, noise2(x*0.04, y*0.22))
			}
			ink[i] = min(k, chip)
		}
	}
	e.print(ink)
	return e.finish(0)
}

// gouge carves one tapering line through p, as far as the region and the lines
// already there allow.
func (e *easel) gouge(p point, ink, taken []float64) {
	start := pineScene(p)
	if start.tone < 0.06 || start.tone >= 1 || !e.free(p, taken, 0.0) {
		return
	}
	const pitch = 0.0076 // between the middles of lines
	half := pitch / 2 * lerp(0.28, 0.95, start.tone)
	var path []point
	for _, sign := range []float64{-1, 1} {
		q, last := p, start.angle
		var way []point
		for l := 0.0; l < 0.10*(0.4+e.rnd.Float64()); l += 0.0012 {
			c := pineScene(q)
			if c.region != start.region || c.tone < 0.5*start.tone || !e.free(q, taken, 0) {
				break
			}
			a := c.angle
			if math.Cos(a-last) < 0 {
				a += math.Pi
			}
			last = a
			way = append(way, q)
			q = q.polar(a, sign*0.0012)
		}
		if sign < 0 {
			for i := len(way) - 1; i > 0; i-- {
				path = append(path, way[i])
			}
		} else {
			path = append(path, way...)
		}
	}
	if len(path) < 7 {
		return
	}
	for i, q := range path {
		t := float64(i) / float64(len(path)-1)
		taper := math.Min(1, math.Min(t*4, (1-t)*7))
		e.carve(q, half*taper*(1+0.25*noise2(q.x*90, q.y*90)), ink)
		e.claim(q, pitch*0.92, taken)
	}
}

// free tells whether no line passes at p.
func (e *easel) free(p point, taken []float64, limit float64) bool {
	x, y := int(p.x*e.unit), int(p.y*e.unit)
	return x >= 0 && y >= 0 && x < e.w && y < e.h && taken[y*e.w+x] <= limit
}

// carve takes away the ink within r of p.
func (e *easel) carve(p point, r float64, ink []float64) {
	e.disc(p, r+1/e.unit, func(k int, d float64) { ink[k] = min(ink[k], clamp((d-r)*e.unit+0.5, 0, 1)) })
}

// claim keeps other lines away from p.
func (e *easel) claim(p point, r float64, taken []float64) {
	e.disc(p, r, func(k int, _ float64) { taken[k] = 1 })
}

// disc calls f for the pixels within r of p, with their distance from it.
func (e *easel) disc(p point, r float64, f func(k int, d float64)) {
	for y := max(int((p.y-r)*e.unit), 0); y <= min(int((p.y+r)*e.unit), e.h-1); y++ {
		for x := max(int((p.x-r)*e.unit), 0); x <= min(int((p.x+r)*e.unit), e.w-1); x++ {
			d := math.Hypot((float64(x)+0.5)/e.unit-p.x, (float64(y)+0.5)/e.unit-p.y)
			if d <= r {
				f(y*e.w+x, d)
			}
		}
	}
}

// print presses the block on paper: the ink is thinner along the grain of the
// wood, and the paper has fibres.
func (e *easel) print(ink []float64) {
	rows(e.h, func(y int) {
		for x := range e.w {
			px, py := float64(x), float64(y)
			paper := rgb(0xefe5cd).scale(1 + 0.05*fbm2(px*0.02, py*0.02, 3) + 0.05*noise2(px*0.5, py*0.06) + 0.03*noise2(px*0.9, py*0.9))
			grain := step(0.32, 0.62, fbm2(px*0.35, py*0.012, 3)+0.25*fbm2(px*0.03, py*0.03, 2))
			black := rgb(0x15130f).mix(rgb(0x3a352c), grain)
			speck := step(0.55, 0.75, noise2(px*0.55+30, py*0.55)) * step(0, 0.35, fbm2(px*0.02+9, py*0.02, 2))
			k := ink[y*e.w+x] * (1 - 0.7*speck)
			e.px[y*e.w+x] = paper.mix(black, k)
		}
	})
}

// line is how black an outline is at signed distance d from it.
func line(d, width float64) float64 { return step(width, 1.4*width, math.Abs(d)) }

// pineScene is the design, on a sheet 0.75 wide and 1 high.
func pineScene(p point) cut {
	if b := min(p.x, p.y, 0.75-p.x, 1-p.y); b < 0.028 {
		return cut{0, step(0.020, 0.019, b), 0}
	}
	if c, ok := pine(p); ok {
		return c
	}
	if top := 0.80 + 0.13*step(0.12, 0.62, p.x) + 0.03*noise2(p.x*11, 1) + 0.012*noise2(p.x*40, 2); p.y > top {
		_, gap, id := cell(p.x*9+0.5*p.y, p.y*13, 5)
		d, _, _ := cell(p.x*9+0.5*p.y, p.y*13, 5)
		tone := (0.18 + 0.62*id*step(0.25, 0, p.y-top)) * line(gap-d, 0.06) * line(p.y-top, 0.004)
		return cut{200 + int(id*50), tone, 0.5 + 2.2*id + 0.3*noise2(p.x*8, p.y*8)}
	}
	sun := point{0.50, 0.30}
	if p.y > 0.615 {
		return sea(p, sun)
	}
	if c, ok := mountain(p); ok {
		return c
	}
	r, a := p.sub(sun).len(), math.Atan2(p.y-sun.y, p.x-sun.x)
	if r < 0.095 {
		return cut{1, 1, 0}
	}
	cloud := fbm2(p.x*2.6+4, p.y*11, 3) + 0.10*step(0.3, 0.5, p.y)
	if cloud > 0.12 && r > 0.13 && p.y > 0.12 {
		return cut{3, 0.92 * line(cloud-0.12, 0.03), 0.35 * noise2(p.x*5, p.y*14)}
	}
	ray := 0.5 + 0.5*math.Sin(a*26+0.6*math.Sin(a*7))
	tone := lerp(0.95, 0.12, step(0.08, 0.5, r)) * lerp(0.5, 1.1, ray)
	tone = max(tone, 0.9*step(0.40, 0.60, p.y))
	return cut{2, clamp(tone, 0, 0.95) * line(r-0.102, 0.006), a}
}

// mountain is a volcano, lit from the sun on its right.
func mountain(p point) (cut, bool) {
	u := p.x - 0.24
	top := 0.335 + 0.24*math.Pow(math.Abs(u)/0.3, 0.75) + 0.012*noise2(p.x*16, 4)
	if u*u < 0.0006 {
		top = 0.372 + 0.006*noise2(p.x*60, 2)
	}
	if p.y < top {
		return cut{}, false
	}
	rib := noise2(p.x*13+u*(p.y-0.3)*20, p.y*2.5)
	lit := u + 0.10*rib
	snow := p.y - 0.455 + 0.075*noise2(p.x*24, 7) + 0.03*noise2(p.x*60, 3)
	c := cut{region: 10, angle: math.Atan2(1, 1.5*u+0.5*rib)}
	switch {
	case snow < 0 && lit > -0.02:
		c.region, c.tone = 11, 1
	case snow < 0:
		c.region, c.tone = 12, 0.42
	case lit > 0:
		c.region, c.tone = 13, 0.34
	default:
		c.tone = 0.09
	}
	if l := line(p.y-top, 0.006) * line(snow, 0.004); c.tone < 1 || l < 0.5 {
		c.tone *= min(l, 0.99)
	}
	return c, true
}

// sea is rows of waves that grow towards the viewer, with the sun's path on them.
func sea(p point, sun point) cut {
	depth := (p.y - 0.615) / 0.385
	v := math.Pow(depth, 0.55) * 13
	phase := v + 0.45*math.Sin(p.x*(16-7*depth)+v*1.7) + 0.5*noise2(p.x*6, v)
	row := math.Floor(phase)
	f := phase - row
	slope := 0.45 * math.Cos(p.x*(16-7*depth)+v*1.7) * (16 - 7*depth) / 13 * 0.06 * (1 + 8*depth)
	glitter := math.Exp(-sq((p.x - sun.x + 0.03*noise2(p.x*9, v*2)) / (0.05 + 0.10*depth)))
	tone := lerp(0.05, 0.34, sq(1-f)) + 0.9*glitter*step(0.75, 0.25, f)
	if f < 0.16 {
		tone = 0.99 * step(-0.5, -0.1, noise2(p.x*14, row*3)) // foam
	}
	return cut{100 + int(row)*2, clamp(tone, 0, 0.97) * line(p.y-0.618, 0.003), -slope}
}

// pine is the tree: pads of needles over a bent trunk.
func pine(p point) (cut, bool) {
	for i, c := range [][4]float64{ // centre, half width, half height
		{0.150, 0.185, 0.125, 0.052},
		{0.285, 0.120, 0.105, 0.045},
		{0.330, 0.250, 0.095, 0.036},
		{0.075, 0.300, 0.070, 0.034},
		{0.115, 0.085, 0.090, 0.040},
		{0.345, 0.395, 0.080, 0.030},
	} {
		u, v := (p.x-c[0])/c[2], (p.y-c[1])/c[3]
		d := 1 - math.Hypot(u, v*(1+0.6*step(0, 0.6, v))) + 0.16*noise2(p.x*34+float64(i)*5, p.y*34)
		if d > 0 {
			tuft := noise2(p.x*30+float64(i), p.y*40)
			tone := lerp(0.62, 0.02, step(-0.75, 0.25, v+0.3*u+0.4*tuft)) * step(0.12, 0.26, d)
			return cut{20 + i, tone, math.Atan2(v-1.3, u*1.6) + 0.35*tuft}, true
		}
	}
	limbs := [][6]float64{ // a bent line through three points
		{0.10, 0.90, 0.26, 0.56, 0.165, 0.17},
		{0.205, 0.56, 0.28, 0.46, 0.35, 0.41},
		{0.19, 0.42, 0.25, 0.33, 0.34, 0.27},
		{0.185, 0.40, 0.12, 0.37, 0.075, 0.32},
		{0.17, 0.27, 0.22, 0.19, 0.29, 0.14},
	}
	for i, q := range limbs {
		a, b, c := point{q[0], q[1]}, point{q[2], q[3]}, point{q[4], q[5]}
		thick := 0.034
		if i > 0 {
			thick = 0.011
		}
		for k := range 40 {
			t := float64(k) / 39
			at := a.mix(b, t).mix(b.mix(c, t), t)
			r := thick * (1 - 0.72*t) * (1 + 0.15*noise2(t*20, float64(i)))
			if off := p.sub(at); off.len() < r {
				d := b.mix(c, t).sub(a.mix(b, t))
				side := off.x / r
				return cut{30 + i, lerp(0, 0.75, step(-0.35, 0.75, side)) * step(1, 0.82, off.len()/r), math.Atan2(d.y, d.x) + 0.5*noise2(p.x*60, p.y*30)}, true
			}
		}
	}
	return cut{}, false
}
