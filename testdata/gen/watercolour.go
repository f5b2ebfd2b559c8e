package main

import "math"

// wash is one layer of transparent colour.
type wash struct {
	at, reach point                 // middle and half size of the box that it stays in
	shape     func(p point) float64 // how far inside the wash p is; below 0 is outside
	pigment   func(p point) vec     // colour on white paper at density 1
	density   float64
	wet       float64 // width of the edge: 0.002 is dry paper, 0.05 wet paper
	ragged    float64 // how far the edge wanders
}

// watercolour is a meadow of poppies and cornflowers under a summer sky, in
// washes that bleed, settle in the grain of the paper and dry darker at the rim.
func watercolour(w, h int) *canvas {
	e := newEasel(w, h, 4)
	e.fill(func(x, y float64) vec {
		return rgb(0xfbf7ee).scale(1 - 0.05*step(-0.2, 0.7, paperGrain(point{x, y})))
	})
	e.background()
	for range 46 {
		e.grass(point{e.rnd.Float64() * e.aspect(), 0.99 - 0.22*e.rnd.Float64()}, 0.12+0.22*e.rnd.Float64())
	}
	for _, f := range [][3]float64{{0.36, 0.635, 0.050}, {1.13, 0.60, 0.045}, {0.82, 0.66, 0.050}, {0.10, 0.68, 0.060}, {0.62, 0.56, 0.034}, {1.27, 0.72, 0.06}} {
		e.poppy(point{f[0], f[1]}, f[2])
	}
	for range 26 {
		p, r := point{e.rnd.Float64() * e.aspect(), 0.60 + 0.33*e.rnd.Float64()}, 0.016+0.016*e.rnd.Float64()
		e.lift(p, 0.8*r)
		e.cornflower(p, r)
	}
	for _, f := range [][3]float64{{0.27, 0.44, 0.125}, {0.98, 0.40, 0.115}, {0.60, 0.80, 0.105}, {1.10, 0.83, 0.085}, {0.16, 0.86, 0.08}} {
		p := point{f[0], f[1]}
		e.stem(p, point{p.x + 0.04*e.rnd.NormFloat64(), 1.02})
		e.poppy(p, f[2])
	}
	e.splatter()
	return e.finish(0)
}

// paperGrain is the height of rough paper, about -1 to 1.
func paperGrain(p point) float64 {
	return 0.75*noise2(p.x*190, p.y*190) + 0.5*noise2(p.x*95+7, p.y*95)
}

// glaze paints a wash. Colours multiply, as glazes do: a pigment seen through
// twice the density lets through the square of its colour.
func (e *easel) glaze(k wash) {
	x0, x1 := max(int((k.at.x-k.reach.x)*e.unit), 0), min(int((k.at.x+k.reach.x)*e.unit), e.w-1)
	y0, y1 := max(int((k.at.y-k.reach.y)*e.unit), 0), min(int((k.at.y+k.reach.y)*e.unit), e.h-1)
	seed := e.rnd.Float64() * 200
	rows(y1-y0+1, func(j int) {
		y := y0 + j
		for x := x0; x <= x1; x++ {
			p := point{(float64(x) + 0.5) / e.unit, (float64(y) + 0.5) / e.unit}
			q := p.add(point{fbm2(p.x*9+seed, p.y*9, 4), fbm2(p.x*9, p.y*9+seed, 4)}.scale(k.ragged))
			d := k.shape(q) + 0.0016*noise2(p.x*130, p.y*130)
			a := step(-k.wet, k.wet, d)
			if a <= 0 {
				continue
			}
			pool := 0.72 + 0.85*fbm2(p.x*6+seed, p.y*6, 4) // where the water stood
			bloom := fbm2(p.x*4-seed, p.y*4+seed, 3)
			pool += 0.16*step(0.02, 0.1, bloom)*step(0.125, 0.10, bloom) - 0.24*step(0.1, 0.3, bloom)
			rim := 0.75 * math.Exp(-sq((d-0.0035)/0.0042)) * step(0.02, 0.004, k.wet)
			grain := 1 - 0.42*paperGrain(p)*(0.6+0.4*noise2(p.x*30, p.y*30))
			density := k.density * max(0, a*pool*grain+a*rim)
			c := k.pigment(q).each(func(v float64) float64 { return math.Pow(clamp(v, 0.02, 1), density) })
			i := y*e.w + x
			e.px[i] = e.px[i].mul(c)
		}
	})
}

// everywhere is a wash over the whole sheet.
func (e *easel) everywhere(shape func(p point) float64, pigment func(p point) vec, density, wet, ragged float64) {
	mid := point{e.aspect() / 2, 0.5}
	e.glaze(wash{mid, mid, shape, pigment, density, wet, ragged})
}

// background lays sky, hills and meadow, wet in wet.
func (e *easel) background() {
	e.everywhere(func(p point) float64 { return 0.30 - p.y + 0.28*fbm2(p.x*2.2, p.y*3.4, 4) },
		func(p point) vec {
			return ramp(p.y*2.6+0.3*noise2(p.x*3, p.y*3), rgb(0x3f7cc0), rgb(0x6fa6d6), rgb(0xb4cfe4))
		}, 1.0, 0.07, 0.10)
	e.everywhere(func(p point) float64 { return 0.09 - math.Abs(p.y-0.42) },
		func(p point) vec { return rgb(0xf6c98a).mix(rgb(0xe9a0a0), 0.5+noise2(p.x*3, 1)) }, 0.55, 0.08, 0.05)
	hill := func(base, amp, f float64) func(p point) float64 {
		return func(p point) float64 {
			return min(p.y-base-amp*math.Sin(p.x*f+base*30)-0.04*noise2(p.x*5, base), 0.60-p.y)
		}
	}
	e.everywhere(hill(0.40, 0.035, 3.1), func(p point) vec { return rgb(0x7c8fc0).mix(rgb(0x9aa0b8), p.x/1.3) }, 0.75, 0.004, 0.02)
	e.everywhere(hill(0.455, 0.03, 4.2), func(p point) vec { return rgb(0x5b8f8f).mix(rgb(0x8fae6a), 0.5+noise2(p.x*4, 2)) }, 0.8, 0.003, 0.03)
	e.everywhere(func(p point) float64 { return p.y - 0.52 - 0.02*math.Sin(p.x*6) },
		func(p point) vec {
			return ramp((p.y-0.5)*1.9+0.8*fbm2(p.x*4, p.y*4, 3), rgb(0xdccb55), rgb(0xa9bd4c), rgb(0x6f9c44), rgb(0x2f7a5c))
		}, 0.9, 0.03, 0.06)
	e.everywhere(func(p point) float64 { return p.y - 0.72 + 0.3*fbm2(p.x*5, p.y*3, 4) },
		func(p point) vec { return rgb(0x2f6f4a).mix(rgb(0x27566f), 0.5+1.2*noise2(p.x*3, p.y*3)) }, 0.75, 0.05, 0.10)
}

// grass is one tapering blade from root.
func (e *easel) grass(root point, l float64) {
	bend := 0.35 * e.rnd.NormFloat64() * l
	tip := point{root.x + bend, root.y - l}
	c := rgb(0x3f7a3a).mix(rgb(0x9aa83a), e.rnd.Float64()).mix(rgb(0x22556a), 0.5*e.rnd.Float64())
	e.ribbon(root, point{root.x, root.y - 0.6*l}, tip, 0.0055*(0.5+e.rnd.Float64()), c, 0.9)
}

func (e *easel) stem(p, root point) {
	e.ribbon(root, p.mix(root, 0.5).add(point{0.03 * e.rnd.NormFloat64(), 0}), p, 0.0075, rgb(0x4a7a35), 1.2)
}

// ribbon is a bent stroke from a to c that grows thin towards c.
func (e *easel) ribbon(a, b, c point, half float64, colour vec, density float64) {
	var at [33]point
	for i := range at {
		t := float64(i) / float64(len(at)-1)
		at[i] = a.mix(b, t).mix(b.mix(c, t), t)
	}
	mid := a.mix(c, 0.5)
	reach := point{math.Abs(a.x-c.x)/2 + math.Abs(b.x-mid.x) + 0.03, math.Abs(a.y-c.y)/2 + 0.03}
	e.glaze(wash{mid, reach, func(p point) float64 {
		best := -1.0
		for i, q := range at[:len(at)-1] {
			d := at[i+1].sub(q)
			f := clamp(((p.x-q.x)*d.x+(p.y-q.y)*d.y)/(d.x*d.x+d.y*d.y), 0, 1)
			t := (float64(i) + f) / float64(len(at)-1)
			best = max(best, half*(1.1-t)-p.sub(q.mix(at[i+1], f)).len())
		}
		return best
	}, func(point) vec { return colour }, density, 0.0018, 0.006})
}

// poppy is four petals, laid one after the other while the last is damp, with a
// dark heart that bleeds.
func (e *easel) poppy(at point, r float64) {
	turnBy := e.rnd.Float64() * 6
	e.lift(at, r)
	reds := []vec{rgb(0xe8402a), rgb(0xd9262e), rgb(0xf0692f), rgb(0xe2455a)}
	for i := range 5 {
		mid := at.polar(turnBy+float64(i)*2.5, 0.46*r)
		mid.y = at.y + 0.75*(mid.y-at.y)
		c, d := reds[e.rnd.IntN(4)], reds[e.rnd.IntN(4)]
		lx, ly := r*(0.66+0.2*e.rnd.Float64()), r*(0.52+0.2*e.rnd.Float64())
		e.glaze(wash{mid, point{2 * r, 2 * r}, func(p point) float64 {
			return (1 - math.Hypot((p.x-mid.x)/lx, (p.y-mid.y)/ly)) * ly
		}, func(p point) vec {
			return c.mix(d, step(-0.3, 0.3, noise2(p.x*14, p.y*14))).mix(rgb(0xffb070), 0.5*step(0.2, 1.1, (mid.y-p.y)/r))
		}, 0.62, 0.0025, 0.35 * r})
	}
	e.glaze(wash{
		at,
		point{r, r},
		func(p point) float64 { return 0.24*r - p.sub(at).len() },
		func(point) vec { return rgb(0x2a1a3c) }, 1.5, 0.11 * r, 0.5 * r,
	})
	for range 12 {
		p := at.polar(6.3*e.rnd.Float64(), r*(0.25+0.15*e.rnd.Float64()))
		e.glaze(wash{p, point{0.02, 0.02}, func(q point) float64 { return 0.028*r + 0.001 - q.sub(p).len() }, func(point) vec { return rgb(0x1f1830) }, 1.3, 0.0012, 0.002})
	}
}

// lift takes up the washes below a flower of radius r with a damp brush, so that
// its colours stay clear.
func (e *easel) lift(at point, r float64) {
	e.disc(at, 1.5*r, func(k int, d float64) {
		p := point{float64(k%e.w) / e.unit, float64(k/e.w) / e.unit}
		a := step(1.12, 0.92, d/r*(1+0.15*math.Abs((p.y-at.y)/r))+0.35*fbm2(p.x*12, p.y*12, 3))
		e.px[k] = e.px[k].mix(rgb(0xf9f2e4), 0.86*a)
	})
}

func (e *easel) cornflower(at point, r float64) {
	c := rgb(0x3f56c0).mix(rgb(0x7a4fb8), e.rnd.Float64())
	phase := e.rnd.Float64() * 6
	e.glaze(wash{at, point{3 * r, 3 * r}, func(p point) float64 {
		d := p.sub(at)
		return r*(0.75+0.35*math.Cos(7*math.Atan2(d.y, d.x)+phase)) - d.len()
	}, func(point) vec { return c }, 1.0, 0.0025, 0.5 * r})
}

// splatter flicks drops off a full brush.
func (e *easel) splatter() {
	inks := []vec{rgb(0xd9302e), rgb(0x3f6fb8), rgb(0x3f7a4a), rgb(0xe8a03a)}
	for range 90 {
		p := point{e.rnd.Float64() * e.aspect(), 0.25 + 0.75*e.rnd.Float64()}
		r, c := 0.0012+0.006*math.Pow(e.rnd.Float64(), 4), inks[e.rnd.IntN(4)]
		e.glaze(wash{p, point{0.02, 0.02}, func(q point) float64 { return r - q.sub(p).len() }, func(point) vec { return c }, 0.9, 0.0014, 0.003})
	}
}
