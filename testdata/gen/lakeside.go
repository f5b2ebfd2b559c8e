package main

import (
	"math"
	"math/rand/v2"
)

// lakeside is a mountain lake on an autumn day: a cottage and a boathouse on a
// wooded spit, forest on the far shore, peaks behind. Lengths are in metres; the
// camera looks along z and the water lies at y = 0.
func lakeside(w, h int) *canvas {
	air, sc, cam := lakesideView(w)
	air.paint(w*2, 0.62)
	return cam.render(sc, w, h)
}

// lakesideView is the scene, for a picture w pixels wide, with a sky that is still
// to be painted.
func lakesideView(w int) (*sky, *scene, camera) {
	air := &sky{
		sun: vec{-0.62, 0.50, -0.42}.unit(), zenith: vec{0.10, 0.24, 0.62}, horizon: vec{0.52, 0.66, 0.86},
		warm: vec{1.9, 1.68, 1.36}, cover: -0.10, seed: 4.3,
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	m := &mesh{}
	country(m, w)
	forest(m, rnd)
	cottage(m)
	nearTrees(m, rnd)
	meadow(m, rnd)
	m.quad(vec{-9000, 0, 1}, vec{9000, 0, 1}, vec{9000, 0, 9000}, vec{-9000, 0, 9000}, water(vec{0.010, 0.045, 0.055}, 1))

	sc := &scene{
		bvh: newBVH(m.tris), sky: air.at, lamp: air.light(vec{7.4, 6.5, 5.2}), depth: 4,
		haze: func(c, d vec, dist float64) vec {
			t := dist / 1000
			veil := vec{0.40, 0.53, 0.75}.add(vec{0.25, 0.2, 0.12}.scale(math.Pow(clamp(d.dot(air.sun), 0, 1), 3)))
			thin := vec{math.Exp(-0.060 * t), math.Exp(-0.078 * t), math.Exp(-0.115 * t)}
			return c.mul(thin).add(veil.mul(vec{1, 1, 1}.sub(thin)))
		},
	}
	return air, sc, camera{eye: vec{0, 5.6, 0}, target: vec{0, 9.2, 40}, fov: 0.90, exposure: 0.80, paths: paths(w)}
}

// ground is the height of the land; below 0 it is under water.
func ground(x, z float64) float64 {
	return max(nearShore(x, z), farShore(x, z))
}

// nearShore is the bank in front of the camera and the spit that runs out from
// the left.
func nearShore(x, z float64) float64 {
	wob := 3*fbm2(x*0.06, z*0.06, 3) + 1.2*fbm2(x*0.3+7, z*0.3, 2)
	bank := 15 - z + wob + 13*step(3, 12, x)
	spit := min(-7.5-x, 66-z, 30+z)*1.0 + 1.5*wob
	d := max(bank, min(spit, 20))
	if d > 0 {
		return 2.6*(1-math.Exp(-d*0.16)) + 0.12*fbm2(x*0.7, z*0.7, 3)*min(d, 2)
	}
	return 0.25 * d
}

// farShore is the other side: wooded hills that rise to peaks.
func farShore(x, z float64) float64 {
	a := x / z
	in := z - 640 - 330*fbm2(x*0.0016, 3.1, 3) - 240*a*a
	if in < 0 {
		return in * 0.05
	}
	foot := 0.20*in*step(1600, 0, in) + 150*step(0, 900, in)*(0.6+fbm2(x*0.0016+3, z*0.0016, 4))
	peaks := step(500, 3600, in) * (0.55 + 0.62*math.Exp(-sq((a+0.17)/0.17)) + 0.36*math.Exp(-sq((a-0.33)/0.2)))
	crest := ridged2(x*0.00036+5.2, z*0.00036+1.3, 8)
	return foot + 1250*peaks*math.Pow(crest, 1.5) + 5*fbm2(x*0.02, z*0.02, 3)
}

// country adds the land, as a fan of points that is even in the picture.
func country(m *mesh, w int) {
	m.grid(w, w*3/4, func(u, v float64) vec {
		z := 3 * math.Pow(9000/3, v)
		x := (2*u - 1) * 0.62 * (z + 6)
		return vec{x, ground(x, z), z}
	}, land)
}

// land is grass by the water, forest floor on the hills, then rock and snow.
func land(s *surface) {
	p, up := s.p, s.n.y
	k := fbm2(p.x*0.35, p.z*0.35, 4)
	if s.dist < 300 {
		grass := light(0x8f8f3a).mix(light(0x5d7030), step(-0.3, 0.3, k))
		s.albedo = grass.mix(light(0x8a7a5c), step(0.55, 0.1, p.y+0.5*k)) // gravel at the edge
		s.bump(0.05, func(q vec) float64 { return 0.12 * fbm2(q.x*3, q.z*3, 3) })
		return
	}
	f := fbm2(p.x*0.012, p.z*0.012, 4)
	wood := light(0x2c4420).mix(light(0x7a6a28), step(-0.1, 0.5, f))
	rock := light(0x746c66).mix(light(0x9a8c7e), 0.5+fbm3(vec{p.x, p.y * 5, p.z}.scale(0.006), 5))
	c := wood.mix(light(0x8a8048), step(420, 640, p.y+160*f))
	c = c.mix(rock, max(step(0.80, 0.66, up), step(640, 860, p.y+220*f)))
	snow := step(820, 1080, p.y+420*f) * step(0.50, 0.68, up+0.15*f)
	s.albedo = c.mix(vec{0.85, 0.88, 0.93}, snow)
	s.bump(3, func(q vec) float64 { return 16 * fbm3(q.scale(0.018), 4) })
}

// forest adds firs, and larches in yellow, on the far shore.
func forest(m *mesh, rnd *rand.Rand) {
	mats := []material{foliage(light(0x1f3a1c)), foliage(light(0x2c4a22)), foliage(light(0x3f5a26)), foliage(light(0xb58a2a)), foliage(light(0xa0602a))}
	for range 16000 {
		z := 640 + 1500*math.Pow(rnd.Float64(), 1.5)
		x := (2*rnd.Float64() - 1) * 0.6 * z
		y := farShore(x, z)
		if y < 1 || y > 420 || fbm2(x*0.006, z*0.006, 3)+0.22 < 0.5*rnd.Float64()-0.1 {
			continue
		}
		i := rnd.IntN(3)
		if fbm2(x*0.008+9, z*0.008, 2)+0.25*rnd.Float64() > 0.24 {
			i = 3 + rnd.IntN(2)
		}
		m.spire(vec{x, y - 1, z}, 16+14*rnd.Float64(), rnd, mats[i])
	}
}

// cottage adds the house on the spit, the boathouse, the landing stage and a boat.
func cottage(m *mesh) {
	white, glass := matt(light(0xe9e4d6)), pane(0)
	f := place(vec{-14.0, ground(-14, 45) - 0.1, 42}, 0.42)
	house{
		w: 7.4, d: 9.5, wall: 4.6, roof: 3.9, plaster: plaster(light(0xe7d9bd)), tiles: tiles(light(0xa8482e), f),
		trim: white, glass: glass, leafs: boards(light(0x2f6b5c), 0.15), floors: 2, columns: 3, bays: 3, shutters: true,
	}.build(m, f)
	g := place(vec{-9.4, 0.5, 58}, 0.5)
	red := boards(light(0x9c2f24), 0.3)
	house{
		w: 4.6, d: 6, wall: 2.6, roof: 2.2, plaster: red, tiles: tiles(light(0x5a5550), g),
		trim: white, glass: glass, leafs: white, floors: 1, columns: 1, bays: 2, door: 0.1,
	}.build(m, g)
	plank := boards(light(0x8f7d66), 0.22)
	s := place(vec{-6.2, 0, 35}, 0.25)
	m.box(s, vec{-3, 0.55, -0.8}, vec{9, 0.72, 0.8}, plank)
	for i := range 5 {
		x := float64(i)*2 + 0.9
		for _, z := range []float64{-0.8, 0.7} {
			m.box(s, vec{x, -1, z}, vec{x + 0.16, 1.25, z + 0.16}, plank)
		}
	}
	boat(m, place(vec{3.6, 0, 31.5}, 0.6), boards(light(0x2c5f8c), 9), plank)
}

// boat adds a rowing boat along x.
func boat(m *mesh, f frame, hull, wood material) {
	m.grid(24, 8, func(u, v float64) vec {
		t := 2*u - 1
		half := 0.75 * math.Sqrt(max(0, 1-math.Pow(math.Abs(t), 2.6)))
		a := (v - 0.5) * math.Pi
		rim := 0.55 + 0.3*t*t
		return f.point(vec{2.2 * t, lerp(rim, -0.25, math.Cos(a)), half * math.Sin(a)})
	}, hull)
	for _, x := range []float64{-0.9, 0.2, 1.1} {
		m.box(f, vec{x, 0.38, -0.62}, vec{x + 0.3, 0.44, 0.62}, wood)
	}
}

// nearTrees adds the trees that stand around the cottage and on the right.
func nearTrees(m *mesh, rnd *rand.Rand) {
	dark, grey := bark(light(0x4a3a2c)), bark(light(0xb9b2a4))
	green, deep := foliage(light(0x27451f)), foliage(light(0x1d3619))
	gold, rust, lime := foliage(light(0xe0a81e)), foliage(light(0xc2551c)), foliage(light(0x93a032))
	for _, t := range []struct {
		x, z, h float64
		conifer bool
		mat     material
	}{
		{-24, 55, 17, true, green},
		{-20.5, 60, 20, true, deep},
		{-28, 50, 19, true, deep},
		{-31, 62, 22, true, green},
		{-17, 63, 15, true, green},
		{-12.6, 65, 12, true, deep},
		{-21.5, 44, 12, false, gold},
		{-10, 50.5, 9, false, lime},
		{-26, 45, 10, false, rust},
		{-15.5, 30, 6.5, false, rust},
		{11.6, 24, 11, true, deep},
		{14.5, 28, 13, true, green},
		{10.2, 21, 7.5, false, gold},
	} {
		p := vec{t.x, max(ground(t.x, t.z), 0.1), t.z}
		if t.conifer {
			m.conifer(p, t.h, 190, rnd, dark, t.mat)
		} else {
			m.broadleaf(p, t.h, 3600, rnd, grey, t.mat)
		}
	}
}

// meadow adds grass, flowers and stones along the near bank and on the spit.
func meadow(m *mesh, rnd *rand.Rand) {
	blades := []material{foliage(light(0x7d8a34)), foliage(light(0xa89a44)), foliage(light(0x55702c)), foliage(light(0xc0a860))}
	for range 60000 {
		z := 5 + 55*math.Pow(rnd.Float64(), 2.2)
		x := (2*rnd.Float64() - 1) * 0.55 * (z + 4)
		y := ground(x, z)
		if y < 0.35 || fbm2(x*0.25+4, z*0.25, 2) < rnd.Float64()-0.75 {
			continue
		}
		p := vec{x, y - 0.05, z}
		h := 0.25 + 0.55*sq(rnd.Float64())
		lean := vec{rnd.NormFloat64() * 0.2, 1, rnd.NormFloat64() * 0.2}.scale(h)
		wide := vec{rnd.NormFloat64(), 0, rnd.NormFloat64() * 0.4}.unit().scale(0.012 + 0.0008*z)
		m.tri(p.sub(wide), p.add(wide), p.add(lean), blades[rnd.IntN(4)])
	}
	stone := func(s *surface) {
		s.albedo = light(0x8c857a).scale(1 + 0.5*fbm3(s.p.scale(3), 4)).scale(lerp(0.45, 1, step(0.0, 0.25, s.p.y)))
	}
	for range 150 {
		z := 8 + 40*rnd.Float64()
		x := (2*rnd.Float64() - 1) * 0.5 * z
		if y := ground(x, z); y > -0.35 && y < 0.5 {
			r, o := 0.15+0.5*math.Pow(rnd.Float64(), 3), rnd.Float64()*90
			m.ball(vec{x, y, z}, r, 18, func(d vec) float64 {
				return (1 - 0.35*d.y*d.y) * (1 + 0.5*fbm3(d.scale(1.3).add(vec{o, 0, 0}), 3))
			}, stone)
		}
	}
}

// water is a lake of colour c under a breeze that makes waves of height k.
func water(c vec, k float64) material {
	return func(s *surface) {
		s.albedo, s.coat = c, 0.02
		p := s.p
		gust := step(-0.35, 0.35, fbm2(p.x*0.006+2, p.z*0.02, 3))
		amp := k * (0.003 + 0.010*gust) / (1 + s.dist/120)
		slope := func(x, z float64) float64 { return fbm2(x*1.1, z*2.4, 3) + 0.8*noise2(x*0.3+5, z*0.7) }
		h := slope(p.x, p.z)
		s.n = vec{(h - slope(p.x+0.05, p.z)) / 0.05 * amp, 1, (h - slope(p.x, p.z+0.05)) / 0.05 * amp}.unit()
	}
}
