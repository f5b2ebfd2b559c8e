package main

import "math"

// eddy is a whirl in the night sky; a star is an eddy with a light in it.
type eddy struct {
	at   point
	r    float64 // reach
	spin float64
	star float64 // radius of the light, 0 for none
	halo vec
}

func eddies() []eddy {
	gold, pale, lime := rgb(0xf3b52e), rgb(0xf5e08a), rgb(0xd9dc8a)
	return []eddy{
		{point{0.30, 0.25}, 0.115, 1.0, 0.058, gold}, // the moon
		{point{0.72, 0.36}, 0.12, -0.9, 0, pale},
		{point{1.02, 0.20}, 0.10, 0.8, 0, pale},
		{point{0.06, 0.42}, 0.09, -0.8, 0, pale},
		{point{0.54, 0.10}, 0.045, 0.32, 0.017, pale},
		{point{0.82, 0.09}, 0.042, -0.30, 0.014, lime},
		{point{1.22, 0.10}, 0.050, 0.34, 0.020, gold},
		{point{1.20, 0.40}, 0.042, 0.28, 0.015, pale},
		{point{0.09, 0.11}, 0.045, -0.30, 0.016, lime},
		{point{0.50, 0.44}, 0.036, 0.25, 0.012, pale},
	}
}

// stream is a stream function: the wind blows along its level lines.
func stream(p point, all []eddy) float64 {
	v := 0.55*p.y + 0.05*fbm2(p.x*2.2, p.y*2.2, 2) + 0.03*math.Sin(p.x*7+p.y*3)
	for _, e := range all {
		d2 := sq(p.x-e.at.x) + sq(p.y-e.at.y)
		v += e.spin * e.r * 1.3 * math.Exp(-d2/(2*e.r*e.r))
	}
	return v
}

// flow is a night over a lake, in strokes of thick paint that follow the wind in
// the sky, the slopes of the hills and the ripples of the water.
func flow(w, h int) *canvas {
	e := newEasel(w, h, 1)
	all := eddies()
	dir := func(p point) float64 { return nightWay(p, all) }
	e.fill(func(x, y float64) vec { return nightColour(point{x, y}, all).scale(0.55) })
	for _, layer := range []struct{ gap, width, length, dry float64 }{
		{0.024, 0.030, 0.17, 0.1}, {0.017, 0.019, 0.12, 0.35}, {0.013, 0.0135, 0.085, 0.45}, {0.015, 0.009, 0.06, 0.5},
	} {
		e.scatter(layer.gap, func(p point) {
			c := nightColour(p, all)
			c = turn(c, 0.030*e.rnd.NormFloat64(), 1+0.15*e.rnd.NormFloat64(), 1+0.16*e.rnd.NormFloat64())
			l := layer.length
			if n := nearest(p, all); n < 2.2 {
				l *= 0.55 // short strokes around a light
			}
			if p.y > ridge(p.x) && p.y < shore(p.x) {
				l *= 0.55
			}
			e.stroke(along(p, l*(0.7+0.6*e.rnd.Float64()), dir), brush{layer.width, layer.dry, 0.16, 1, 0.95}, c)
		})
	}
	for _, s := range all { // the lights last, in dabs that go round
		for r := s.star; r > 0.003; r -= 0.007 {
			for a := 0.0; a < 2*math.Pi; a += 0.016 / r {
				p := s.at.polar(a+e.rnd.Float64(), r)
				c := rgb(0xfff6d0).mix(s.halo, r/s.star*0.8).scale(0.95 + 0.1*e.rnd.Float64())
				e.stroke(along(p, 0.03, dir), brush{0.010, 0.2, 0.1, 1.4, 1}, c)
			}
		}
	}
	e.weave(0.05)
	return e.finish(0.42)
}

// nearest is the distance to the closest light in radii of it.
func nearest(p point, all []eddy) float64 {
	best := 99.0
	for _, s := range all {
		if s.star > 0 {
			best = min(best, p.sub(s.at).len()/s.star)
		}
	}
	return best
}

// ridge and shore are where hills and lake begin; crown is how deep a point lies
// in the trees on the right.
func ridge(x float64) float64 { return 0.60 - 0.07*math.Sin(x*3.1+0.9) + 0.03*noise2(x*6, 2) }
func shore(x float64) float64 { return 0.755 + 0.012*math.Sin(x*5) }

func crown(p point) float64 {
	best := -1.0
	for _, t := range [][3]float64{{1.16, 0.62, 0.115}, {1.29, 0.55, 0.13}, {1.05, 0.70, 0.065}, {0.12, 0.70, 0.06}, {0.03, 0.67, 0.07}} {
		best = max(best, 1-math.Hypot((p.x-t[0])*1.15, p.y-t[1])/t[2])
	}
	return best + 0.12*noise2(p.x*14, p.y*14)
}

func nightWay(p point, all []eddy) float64 {
	switch {
	case crown(p) > 0:
		return math.Atan2(p.y-0.9, p.x-1.2) + 2.2*noise2(p.x*9, p.y*9)
	case p.y > shore(p.x):
		return 0.25 * math.Sin(p.x*9+p.y*40)
	case p.y > ridge(p.x):
		k := (p.y - ridge(p.x)) / 0.15
		return math.Atan((ridge(p.x+0.01)-ridge(p.x-0.01))/0.02)*(1-k) + 0.5*noise2(p.x*5, p.y*9)
	}
	const d = 0.002
	gx := stream(point{p.x + d, p.y}, all) - stream(point{p.x - d, p.y}, all)
	gy := stream(point{p.x, p.y + d}, all) - stream(point{p.x, p.y - d}, all)
	return math.Atan2(-gx, gy)
}

func nightColour(p point, all []eddy) vec {
	if crown(p) > 0 {
		k := crown(p)
		return ramp(0.5+0.9*noise2(p.x*12, p.y*12)-0.8*(p.x-1.1)*0.3+0.2*k, rgb(0x0d2430), rgb(0x123f3a), rgb(0x2a6a44), rgb(0x7a9a3e), rgb(0xc9b24a))
	}
	if p.y > shore(p.x) {
		up := point{p.x + 0.012*math.Sin(p.y*90), 2*shore(p.x) - p.y - 0.03}
		c := skyColour(point{up.x, 0.60 - (p.y-0.75)*1.9}, all).scale(0.72).mix(rgb(0x0f3a66), 0.45)
		for _, s := range all {
			if s.star > 0 {
				d := (p.x - s.at.x + 0.01*math.Sin(p.y*70)) / (s.star * (0.5 + 0.5*math.Sin(p.y*160+s.at.x*50)))
				c = c.mix(s.halo, 0.85*math.Exp(-d*d)*step(1.02, 0.78, p.y))
			}
		}
		return c
	}
	if r := ridge(p.x); p.y > r {
		k := (p.y - r) / (shore(p.x) - r)
		c := ramp(k+0.35*noise2(p.x*6, p.y*14), rgb(0x1b2f63), rgb(0x27527a), rgb(0x3f7a5c), rgb(0x8fa046), rgb(0xd2b04c))
		if k > 0.55 && k < 0.95 && chance(int(p.x*55), int(p.y*70), 0, 4) > 0.93 {
			return rgb(0xffc23c) // lit windows
		}
		return c
	}
	return skyColour(p, all)
}

// skyColour takes its bands from the stream function, so they follow the wind.
func skyColour(p point, all []eddy) vec {
	v := stream(p, all)
	band := 0.5 + 0.5*math.Sin(v*62) + 0.45*noise2(v*40, p.x*1.2)
	c := ramp(band, rgb(0x10215c), rgb(0x1b3f93), rgb(0x2a62b8), rgb(0x4f93c9), rgb(0xa9cfd2))
	c = c.mix(rgb(0x7fb59a), 0.35*step(0.42, 0.60, p.y))
	for _, s := range all {
		if s.star == 0 {
			continue
		}
		d := p.sub(s.at).len() / s.star
		ring := 0.75 + 0.25*math.Sin(d*7)
		c = c.mix(s.halo, clamp(1.5*math.Exp(-sq(d/1.9))*ring, 0, 1))
	}
	return c
}
