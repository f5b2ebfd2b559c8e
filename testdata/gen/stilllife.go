package main

import (
	"math"
	"math/rand/v2"
)

// stilllife is a table by a window: sunflowers in a vase, a bottle, a copper bowl
// of fruit, and more fruit on a checked cloth. Lengths are in decimetres; the
// camera looks along z and the table top lies at y = 0.
func stilllife(w, h int) *canvas {
	rnd := rand.New(rand.NewPCG(3, 4))
	m := &mesh{}
	lamp := room(m)
	m.grid(160, 200, drape, cloth)
	vase(m, vec{-1.75, 0.02, 0.9})
	bouquet(m, vec{-1.75, 2.75, 0.9}, rnd)
	bottle(m, vec{2.75, 0.02, 1.3})
	bowl(m, vec{1.0, 0.02, -0.15}, rnd)
	strewn(m, rnd)
	sc := &scene{
		bvh: newBVH(m.tris), lamp: lamp, depth: 5,
		sky: func(d vec) vec { return vec{0.20, 0.21, 0.25}.scale(0.6 + 0.5*d.y) },
	}
	eye, target := vec{0.35, 3.7, -11}, vec{0.05, 2.42, 0}
	cam := camera{
		eye: eye, target: target, fov: 0.80, lens: 0.07, focus: target.sub(eye).len() - 1,
		exposure: 1.15, paths: paths(w),
	}
	return cam.render(sc, w, h)
}

// room adds the wall behind the table and the window on the left, and returns
// the window as the lamp: daylight through two columns of panes.
func room(m *mesh) func(p vec, u, v float64) (to, power vec) {
	wall := func(s *surface) {
		k := fbm3(s.p.scale(0.7), 5)
		s.albedo = light(0x7d8a80).mix(light(0xa89a7c), 0.5+0.9*k).scale(1 + 0.15*fbm3(s.p.scale(6), 3))
	}
	m.quad(vec{-30, -20, 5}, vec{30, -20, 5}, vec{30, 30, 5}, vec{-30, 30, 5}, wall)
	m.quad(vec{14, -20, -30}, vec{14, -20, 5}, vec{14, 30, 5}, vec{14, 30, -30}, matt(light(0x9a7a58)))
	corner, du, dv := vec{-8, 2.2, -5}, vec{0, 0, 6}, vec{0, 6.5, 0}
	day := vec{1.0, 0.93, 0.80}.scale(15)
	bright := func(s *surface) { s.glow = day }
	for i := range 2 {
		for j := range 3 {
			a := corner.add(du.scale((float64(i) + 0.04) / 2)).add(dv.scale((float64(j) + 0.04) / 3))
			b, c := du.scale(0.46), dv.scale(0.307)
			m.quad(a, a.add(b), a.add(b).add(c), a.add(c), bright)
		}
	}
	area := du.cross(dv).len()
	return func(p vec, u, v float64) (vec, vec) {
		to := corner.add(du.scale(u)).add(dv.scale(v)).sub(p)
		r2 := to.dot(to)
		return to, day.scale(0.85 * area * math.Abs(to.x) / (r2 * math.Sqrt(r2)))
	}
}

// drape is the cloth: over the table from the back to the front edge, then down
// in folds.
func drape(u, v float64) vec {
	x := 18 * (u - 0.5)
	const edge = -3.3
	along := 4.6 - 11*v // the way over the table and down
	if along > edge {
		ripple := 0.05*fbm2(x*0.5, along*0.5, 3) + 0.05*math.Exp(-sq((x*0.3-along*0.9-2.2)/0.22))
		return vec{x, ripple - 0.03, along}
	}
	down := edge - along
	fold := step(0, 1.5, down) * (0.22*math.Sin(x*1.7+0.8*math.Sin(x*0.6)) + 0.25*fbm2(x*0.8, down*0.15, 2))
	r := 0.25
	a := min(down/r, math.Pi/2)
	y := -r*(1-math.Cos(a)) - max(0, down-r*math.Pi/2)
	return vec{x, y - 0.03 + 0.05*fbm2(x*0.5, edge*0.5, 3)*step(1, 0, down), edge - r*math.Sin(a) - fold}
}

// cloth is checked linen, woven.
func cloth(s *surface) {
	x, y := s.p.x, s.p.z
	if s.p.y < -0.2 {
		y = -3.3 + s.p.y
	}
	a, b := step(0.46, 0.5, math.Abs(fract(x*0.62)-0.5)*2), step(0.46, 0.5, math.Abs(fract(y*0.62)-0.5)*2)
	s.albedo = light(0xe9e2d2).mix(light(0x9c2b30), 0.5*(a+b)*0.92)
	s.albedo = s.albedo.scale(1 + 0.10*noise2(x*26, y*5) + 0.10*noise2(x*5, y*26))
}

// vase adds a glazed vase with painted bands.
func vase(m *mesh, o vec) {
	white, blue := light(0xe8e8df), light(0x1c3f8f)
	f := place(o, 0)
	m.turned(f, 96, 120, through([2]float64{0, 0}, [2]float64{0.62, 0}, [2]float64{0.70, 0.12}, [2]float64{0.98, 0.75},
		[2]float64{1.12, 1.35}, [2]float64{0.92, 2.05}, [2]float64{0.55, 2.55}, [2]float64{0.50, 2.8}, [2]float64{0.66, 3.05},
		[2]float64{0.60, 3.03}, [2]float64{0.42, 2.75}, [2]float64{0.40, 2.2}),
		func(s *surface) {
			p := f.local(s.p)
			az := math.Atan2(p.z, p.x) / (2 * math.Pi)
			y := p.y + 0.012*noise2(az*40, p.y*4)
			ink := 0.0
			for _, at := range []float64{0.25, 0.36, 0.82, 1.78, 1.9, 2.62} {
				ink = max(ink, step(0.045, 0.03, math.Abs(y-at)))
			}
			petal := math.Abs(math.Sin(az * 9 * math.Pi))
			ink = max(ink, step(0.03, 0.0, math.Abs(y-0.92)-0.0)*0.6)
			if y > 0.88 && y < 1.72 {
				bud := math.Hypot((fract(az*9)-0.5)*0.72, y-1.3)
				ink = max(ink, step(0.03, 0.0, math.Abs(bud-0.26)-0.02), step(0.13, 0.10, bud), 0.7*step(0.06, 0.02, math.Abs(y-1.3-0.36*petal)))
			}
			if y > 1.95 && y < 2.5 {
				ink = max(ink, 0.8*step(0.06, 0.0, math.Abs(fract(az*24+y*1.5)-0.5)-0.12))
			}
			s.albedo = white.mix(blue.scale(1+0.4*noise3(s.p.scale(6))), ink)
			s.coat, s.rough = 0.05, 0.07
		})
}

// bottle adds a bottle of dark glass with a label and a cork.
func bottle(m *mesh, o vec) {
	f := place(o, 0)
	m.turned(f, 80, 100, through([2]float64{0, 0}, [2]float64{0.6, 0}, [2]float64{0.72, 0.1}, [2]float64{0.74, 0.8}, [2]float64{0.74, 1.6},
		[2]float64{0.74, 2.5}, [2]float64{0.60, 3.05}, [2]float64{0.30, 3.45}, [2]float64{0.25, 3.9}, [2]float64{0.25, 4.35}, [2]float64{0.30, 4.42}, [2]float64{0.29, 4.55}, [2]float64{0.2, 4.57}),
		func(s *surface) {
			p := f.local(s.p)
			az := math.Atan2(p.z, p.x) + math.Pi/2
			if math.Abs(az) < 1.05 && p.y > 0.75 && p.y < 2.05 {
				edge := max(step(0.97, 1.0, math.Abs(az)), step(0.60, 0.63, math.Abs(p.y-1.4)))
				band := step(0.05, 0.03, math.Abs(p.y-1.75)) + step(0.2, 0.18, math.Hypot(az*0.74, p.y-1.35))
				s.albedo = light(0xe2d3ae).mix(light(0x6d1f1c), clamp(band, 0, 1)).mix(light(0x8b6a2c), edge)
				return
			}
			// Light that has gone through the wine shows where the glass is seen edge on.
			s.albedo = vec{0.010, 0.035, 0.012}
			s.coat, s.rough = 0.08, 0.03
		})
	m.turned(place(o.add(vec{0, 4.5, 0}), 0), 32, 8, through([2]float64{0.19, 0}, [2]float64{0.19, 0.3}, [2]float64{0, 0.3}), matt(light(0xb08a5a)))
}

// bowl adds a copper bowl with oranges, apples and grapes.
func bowl(m *mesh, o vec, rnd *rand.Rand) {
	m.turned(place(o, 0), 96, 60, through([2]float64{0, 0.05}, [2]float64{0.62, 0}, [2]float64{0.66, 0.14}, [2]float64{1.15, 0.45},
		[2]float64{1.52, 1.05}, [2]float64{1.60, 1.12}, [2]float64{1.54, 1.13}, [2]float64{1.44, 1.02}, [2]float64{1.05, 0.52}, [2]float64{0, 0.25}),
		func(s *surface) {
			s.metal, s.rough = true, 0.24
			s.albedo = light(0xd98a5e)
			s.bump(0.02, func(p vec) float64 { d, _, _ := cell(p.x*5, p.z*5+p.y*5, 3); return 0.012 * d * d })
		})
	for _, q := range []vec{{-0.62, 1.12, -0.35}, {0.3, 1.1, -0.62}, {0.05, 1.75, 0.12}} {
		orange(m, o.add(q), 0.56)
	}
	apple(m, lean(o.add(vec{0.85, 1.15, 0.25}), vec{0.5, 1, -0.5}), 0.55, light(0xa81e1c), light(0xd9a441))
	apple(m, lean(o.add(vec{-0.6, 1.2, 0.6}), vec{-0.4, 1, -0.2}), 0.55, light(0x8aa03a), light(0xc9b04a))
	for i := range 38 {
		t := float64(i) / 38
		q := vec{lerp(0.5, 1.85, t), 1.62 - 1.15*t*t, lerp(-0.55, -1.35, t)}
		q = q.add(vec{rnd.NormFloat64(), rnd.NormFloat64() * 0.8, rnd.NormFloat64()}.scale(0.19 * (1 - 0.5*t)))
		grape(m, o.add(q), 0.16+0.03*rnd.Float64())
	}
}

// strewn adds the fruit on the cloth.
func strewn(m *mesh, rnd *rand.Rand) {
	lemon(m, lean(vec{-0.75, 0.5, -1.75}, vec{1, 0.1, -0.5}), 0.47)
	lemon(m, lean(vec{-1.9, 0.5, -1.2}, vec{-0.5, 0.15, -0.9}), 0.47)
	pear(m, lean(vec{-3.15, 0.62, -0.55}, vec{-0.25, 1, 0.1}), 0.62)
	pear(m, lean(vec{3.35, 0.58, -0.7}, vec{-1, 0.25, -0.35}), 0.6)
	apple(m, lean(vec{-3.6, 0.52, 0.9}, vec{0.2, 1, -0.3}), 0.58, light(0xb4231f), light(0xe0b050))
	for range 9 {
		grape(m, vec{2.2 + 0.55*rnd.NormFloat64(), 0.15, -2.0 + 0.3*rnd.NormFloat64()}, 0.16)
	}
}
