package main

import "math"

// tessera is one piece of a mosaic.
type tessera struct {
	at     point
	angle  float64
	region int
	sum    point // of the pixels that are nearest to it
	n      float64
}

// mosaic is a fish over waves before a sun, in cut stone and glass. The pieces
// are a centroidal Voronoi tiling under a square metric that turns with the
// outlines (Hausner 2001).
func mosaic(w, h int) *canvas {
	e := newEasel(w, h, 2)
	regions := make([]int, e.w*e.h)
	rows(e.h, func(y int) {
		for x := range e.w {
			regions[y*e.w+x], _ = fish(point{(float64(x) + 0.5) / e.unit, (float64(y) + 0.5) / e.unit})
		}
	})
	way := outlines(regions, e.w, e.h)
	const size = 0.0205
	var tiles []tessera
	e.scatter(size, func(p point) {
		x, y := int(p.x*e.unit), int(p.y*e.unit)
		if x >= 0 && x < e.w && y >= 0 && y < e.h {
			tiles = append(tiles, tessera{at: p})
		}
	})
	var near, second []float64
	var owner []int
	for range 14 {
		for i := range tiles {
			t := &tiles[i]
			k := min(int(t.at.y*e.unit), e.h-1)*e.w + min(int(t.at.x*e.unit), e.w-1)
			t.angle, t.region, t.sum, t.n = way(k), regions[k], point{}, 0
		}
		near, second, owner = e.settle(tiles, regions, size*1.9)
		for i, o := range owner {
			if o >= 0 {
				t := &tiles[o]
				t.sum = t.sum.add(point{(float64(i%e.w) + 0.5) / e.unit, (float64(i/e.w) + 0.5) / e.unit})
				t.n++
			}
		}
		for i := range tiles {
			if t := &tiles[i]; t.n > 0 {
				t.at = t.sum.scale(1 / t.n)
			}
		}
	}
	e.lay(tiles, near, second, owner, size)
	return e.finish(0)
}

// settle finds for every pixel the nearest piece of the same region, and the
// distances to it and to the runner-up.
func (e *easel) settle(tiles []tessera, regions []int, reach float64) (near, second []float64, owner []int) {
	near, second, owner = make([]float64, len(e.px)), make([]float64, len(e.px)), make([]int, len(e.px))
	for i := range near {
		near[i], second[i], owner[i] = 9, 9, -1
	}
	for i, t := range tiles {
		sn, cs := math.Sincos(t.angle)
		x0, x1 := int((t.at.x-reach)*e.unit), int((t.at.x+reach)*e.unit)
		y0, y1 := int((t.at.y-reach)*e.unit), int((t.at.y+reach)*e.unit)
		for y := max(y0, 0); y <= min(y1, e.h-1); y++ {
			for x := max(x0, 0); x <= min(x1, e.w-1); x++ {
				k := y*e.w + x
				dx, dy := (float64(x)+0.5)/e.unit-t.at.x, (float64(y)+0.5)/e.unit-t.at.y
				u, v := math.Abs(dx*cs+dy*sn), math.Abs(dy*cs-dx*sn)
				d := max(u, v) + 0.12*min(u, v)
				if regions[k] != t.region {
					d += 0.02
				}
				if d < near[k] {
					near[k], second[k], owner[k] = d, near[k], i
				} else if d < second[k] {
					second[k] = d
				}
			}
		}
	}
	return near, second, owner
}

// lay colours the pieces: each tilts its own way, catches the light on its upper
// left edge and stands in grey mortar.
func (e *easel) lay(tiles []tessera, near, second []float64, owner []int, size float64) {
	rows(e.h, func(y int) {
		for x := range e.w {
			k := y*e.w + x
			px, py := float64(x), float64(y)
			grout := rgb(0x6a6258).scale(0.75 + 0.5*noise2(px*0.4, py*0.4) + 0.3*noise2(px*0.05, py*0.05))
			o := owner[k]
			if o < 0 {
				e.px[k] = grout
				continue
			}
			t := tiles[o]
			_, c := fish(t.at)
			r := func(i int) float64 { return chance(o, i, 0, 77) }
			c = turn(c, 0.035*(r(1)-0.5), 0.8+0.4*r(2), 0.72+0.5*r(3))
			d := point{px/e.unit - t.at.x, py/e.unit - t.at.y}.scale(1 / size)
			tilt := (r(4)-0.5)*d.x + (r(5)-0.5)*d.y
			c = c.scale(1 + 0.35*tilt + 0.10*fbm2(px*0.11+r(6)*99, py*0.11, 3))
			in := (second[k] - near[k]) / size // 0 at the joint
			bevel := step(0.34, 0.12, in)
			face := -(d.x + d.y) / max(d.len(), 1e-6)
			c = c.scale(1 + 0.30*bevel*face)
			if r(7) > 0.94 {
				c = c.mix(vec{1, 1, 0.96}, 0.5*step(0.35, 0.1, point{d.x + 0.12, d.y + 0.15}.len()))
			}
			e.px[k] = grout.mix(c, step(0.05, 0.15, in+0.03*noise2(px*0.3, py*0.3)))
		}
	})
}

// outlines returns the direction of the nearest border between regions for every
// pixel.
func outlines(regions []int, w, h int) func(k int) float64 {
	dist := make([]float64, w*h)
	for i := range dist {
		x := i % w
		if (x+1 < w && regions[i+1] != regions[i]) || (i+w < w*h && regions[i+w] != regions[i]) {
			continue
		}
		dist[i] = 1e6
	}
	relax := func(i, j int, d float64) { dist[i] = min(dist[i], dist[j]+d) }
	for range 2 { // two sweeps of a chamfer transform in either direction
		for i := w + 1; i < w*h; i++ {
			relax(i, i-1, 1)
			relax(i, i-w, 1)
			relax(i, i-w-1, math.Sqrt2)
			relax(i, i-w+1, math.Sqrt2)
		}
		for i := w*h - w - 2; i >= 0; i-- {
			relax(i, i+1, 1)
			relax(i, i+w, 1)
			relax(i, i+w+1, math.Sqrt2)
			relax(i, i+w-1, math.Sqrt2)
		}
	}
	dist = blur(dist, w, h, 6)
	return func(k int) float64 {
		x, y := min(max(k%w, 2), w-3), min(max(k/w, 2), h-3)
		k = y*w + x
		return math.Atan2(dist[k+2*w]-dist[k-2*w], dist[k+2]-dist[k-2]) + math.Pi/2
	}
}

// fish is the design: the region and the colour at p.
func fish(p point) (region int, c vec) {
	if b := min(p.x, p.y, 1-p.x, 1-p.y); b < 0.075 {
		return border(p, b)
	}
	u, v := p.x-0.50, p.y-0.47
	if region, c, ok := body(u, v); ok {
		return region, c
	}
	wave := p.y - 0.70 - 0.035*math.Sin(p.x*17) - 0.015*math.Sin(p.x*31+1)
	if wave > 0 {
		band := int(wave / 0.043)
		return 40 + band, []vec{rgb(0xe8f0e4), rgb(0x7fc0c4), rgb(0x2f8fae), rgb(0x1f5f9a), rgb(0x2f8fae), rgb(0x173f7a), rgb(0x1f5f9a)}[min(band, 6)]
	}
	r, a := math.Hypot(p.x-0.53, p.y-0.45), math.Atan2(p.y-0.45, p.x-0.53)
	switch ray := 0.33 + 0.035*math.Abs(math.Mod(a*8/math.Pi+16, 2)-1); {
	case r < 0.235:
		return 20, rgb(0xe9b53a)
	case r < 0.262:
		return 21, rgb(0xb5371f)
	case r < ray-0.035:
		return 22, rgb(0xf0cf6a)
	case r < ray:
		return 23, rgb(0xd9772a)
	case r < ray+0.028:
		return 24, rgb(0xf4ead0)
	}
	ring := int((r - 0.33) / 0.075)
	return 30 + ring, []vec{rgb(0x24457f), rgb(0x2f5f9a), rgb(0x1f3a70), rgb(0x3a6fa6), rgb(0x1f3a70)}[min(max(ring, 0), 4)]
}

// body is the fish itself, around the origin, looking left.
func body(u, v float64) (int, vec, bool) {
	v += 0.04 * math.Sin(u*5) // it swims
	half := 0.165 * math.Sqrt(max(0, 1-sq((u+0.06)/0.25))) * (1 - 0.55*(u+0.06))
	tail := u > 0.13 && math.Abs(v) < 0.02+0.72*(u-0.13) && u < 0.33-0.35*(0.14-math.Abs(v))
	fin := u > -0.16 && u < 0.14 && math.Abs(v) > half-0.01 && math.Abs(v) < 0.165+0.07*math.Sin((u+0.16)*9) && math.Abs(v) > 0.06
	switch {
	case math.Hypot(u+0.225, v+0.03) < 0.017:
		return 1, rgb(0x111018), true
	case math.Hypot(u+0.225, v+0.03) < 0.036:
		return 2, rgb(0xf8f0dc), true
	case math.Abs(v) < half && u < -0.145-0.35*v*v*9:
		return 3, ramp(0.5+v*4, rgb(0xf08a3a), rgb(0xd9452a)), true
	case math.Abs(v) < half && u < -0.115-0.35*v*v*9:
		return 4, rgb(0xf6e3b0), true
	case math.Abs(v) < half:
		i := int((u + 0.4) / 0.045)
		return 5 + i, []vec{rgb(0x1f8f8a), rgb(0xd94f2a), rgb(0xf2b23a), rgb(0x17616f)}[i%4].mix(rgb(0xf0e0b0), step(0.02, 0.14, v)*0.55), true
	case tail:
		return 16 + int(fract(v*9)*2), []vec{rgb(0xc2351f), rgb(0xe88a2a)}[int(fract(v*9)*2)], true
	case fin:
		return 18, rgb(0x8a2a5a).mix(rgb(0xd9577a), fract(u*14)), true
	}
	return 0, vec{}, false
}

// border is a frame of triangles, b away from the edge.
func border(p point, b float64) (int, vec) {
	t := p.x
	if min(p.x, 1-p.x) < min(p.y, 1-p.y) {
		t = p.y
	}
	saw := math.Abs(fract(t*12)-0.5) * 2
	switch {
	case b < 0.012 || b > 0.063:
		return 60, rgb(0xefe6cf)
	case (b-0.012)/0.051 < saw:
		return 61, rgb(0x9a2a22)
	}
	return 62, rgb(0x1c3a5e)
}
