package main

import (
	"math"
	"math/rand/v2"
)

// town is a row of gabled houses on a canal in the evening sun. Lengths are in
// metres; the quay is at y = 0 and the water 1.5 below.
func town(w, h int) *canvas {
	air, sc, cam := townView(w)
	air.paint(w*2, 1.0)
	return cam.render(sc, w, h)
}

// townView is the scene, for a picture w pixels wide, with a sky that is still
// to be painted.
func townView(w int) (*sky, *scene, camera) {
	air := &sky{
		sun: vec{-0.70, 0.40, -0.62}.unit(), zenith: vec{0.13, 0.27, 0.60}, horizon: vec{0.70, 0.70, 0.74},
		warm: vec{2.0, 1.62, 1.15}, cover: -0.06, seed: 12.1,
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	m := &mesh{}
	row(m, rnd)
	church(m, place(vec{9, 0, 52}, 0.2))
	quay(m, rnd)
	boats(m)
	sc := &scene{
		bvh: newBVH(m.tris), sky: air.at, lamp: air.light(vec{7.6, 6.1, 4.2}), depth: 4,
		haze: func(c, d vec, dist float64) vec { return c.mix(vec{0.62, 0.62, 0.68}, 1-math.Exp(-dist/700)) },
	}
	return air, sc, camera{eye: vec{-9, 2.6, -9}, target: vec{3.4, 5.1, 18}, fov: 1.02, exposure: 0.78, paths: paths(w)}
}

// row adds the houses, from left to right, no two alike.
func row(m *mesh, rnd *rand.Rand) {
	walls := []uint32{0xc9a24e, 0x8e3b2e, 0xe6dcc6, 0x5f8a8f, 0xc97a5a, 0xd9c27a, 0x9aa68a, 0xb5523a, 0xe9cfa8, 0x6f86a8, 0xd08c4a, 0x8a4a3c}
	roofs := []uint32{0x9c4630, 0x5b4a44, 0xb0583a, 0x7a4034}
	doors := []uint32{0x2f5a48, 0x7a2a24, 0x2c4468, 0x5a3a24}
	x := -27.0
	for i := range 14 {
		w := 5.2 + 2.2*rnd.Float64()
		x += w / 2
		f := place(vec{x, 0, 18 + 0.5*rnd.Float64()}, 0)
		b := house{
			w: w, d: 11, wall: 7.2 + 3.4*rnd.Float64(), plaster: plaster(light(walls[i%len(walls)])),
			tiles: tiles(light(roofs[i%4]), f), trim: matt(light(0xe8e2d4)), glass: pane(0.07),
			leafs: boards(light(doors[(i*3)%4]), 0.16), columns: 3, door: []float64{-0.62, 0.6, 0.62, -0.6}[i%4],
		}
		b.floors = int(b.wall / 2.7)
		b.roof = w * (0.62 + 0.2*rnd.Float64())
		switch i % 4 {
		case 2:
			b.beams = boards(light(0x4a3222), 0.4)
			b.plaster = plaster(light(0xe8dcc0))
		case 1:
			b.plaster = brick(light(walls[i%len(walls)]))
		case 3:
			b.shutters, b.columns = true, 2
		}
		b.build(m, f)
		if i%4 == 1 || i%7 == 4 {
			b.steps(m, f)
		}
		if i%3 == 0 {
			awning(m, f.in(vec{-0.2 * b.door, 2.5, 0}, 0), w*0.42, light(walls[(i+1)%len(walls)]))
		}
		x += w/2 + 0.02
	}
}

// steps hides the slopes of the gable behind a stepped one.
func (b house) steps(m *mesh, f frame) {
	const n = 6
	for i := range n {
		y := b.wall + b.roof*float64(i)/n
		x := b.w/2*(1-float64(i)/n) + 0.12
		m.box(f, vec{-x, y - 0.05, -0.18}, vec{x, y + b.roof/n + 0.25, 0.25}, b.plaster)
		for _, s := range []float64{-1, 1} {
			end := s * (x - b.w/2/n/2)
			m.box(f, vec{end - b.w/4/n - 0.1, y + b.roof/n + 0.25, -0.26}, vec{end + b.w/4/n + 0.1, y + b.roof/n + 0.37, 0.32}, b.trim)
		}
	}
	b.window(m, f.in(vec{0, b.wall + b.roof*0.2, -0.18}, 0), 0.9, 1.2)
}

// awning adds a striped cloth over a shop, with half its width given.
func awning(m *mesh, f frame, half float64, c vec) {
	stripes := func(s *surface) {
		s.albedo = light(0xeee6d6)
		if fract(f.local(s.p).x*1.6) < 0.5 {
			s.albedo = c
		}
		s.through = 0.25
	}
	p := func(x, y, z float64) vec { return f.point(vec{x, y, z}) }
	m.quad(p(-half, 0.5, 0), p(half, 0.5, 0), p(half, 0, -1.4), p(-half, 0, -1.4), stripes)
	m.quad(p(-half, 0, -1.4), p(half, 0, -1.4), p(half, -0.25, -1.4), p(-half, -0.25, -1.4), stripes)
}

// brick is a wall of bricks of about colour c.
func brick(c vec) material {
	return func(s *surface) {
		row := s.p.y / 0.16
		col := (s.p.x+s.p.z)/0.42 + 0.5*math.Mod(math.Floor(row), 2)
		id := chance(int(math.Floor(row)), int(math.Floor(col)), 0, 31)
		s.albedo = c.scale(0.75 + 0.5*id + 0.2*fbm3(s.p.scale(0.9), 3))
		if fract(row) < 0.14 || fract(col) < 0.06 {
			s.albedo = light(0xb0a696)
		}
	}
}

// church adds a tower with a pointed roof behind the houses.
func church(m *mesh, f frame) {
	stone, copper := brick(light(0xa8957a)), matt(light(0x5f8f7c))
	b := house{trim: matt(light(0xd8ccb4)), glass: matt(light(0x1c1814))}
	m.box(f, vec{-3, 0, 0}, vec{3, 22, 6}, stone)
	m.box(f, vec{-3.3, 21.6, -0.3}, vec{3.3, 22.3, 6.3}, b.trim)
	m.box(f, vec{-3.2, 15.6, -0.2}, vec{3.2, 16, 6.2}, b.trim)
	for _, x := range []float64{-1.3, 1.3} {
		b.window(m, f.in(vec{x, 17.2, 0}, 0), 1.3, 3.2)
		b.window(m, f.in(vec{-3, 17.2, 3 + x}, math.Pi/2), 1.3, 3.2)
	}
	ring := func(i int, r, y float64) vec {
		s, c := math.Sincos((float64(i) + 0.5) * math.Pi / 4)
		return f.point(vec{r * c, y, 3 + r*s})
	}
	for i := range 8 {
		m.quad(ring(i, 3.3, 22.3), ring(i+1, 3.3, 22.3), ring(i+1, 1.7, 26), ring(i, 1.7, 26), copper)
		m.quad(ring(i, 1.7, 26), ring(i+1, 1.7, 26), ring(i+1, 0.05, 36), ring(i, 0.05, 36), copper)
	}
}

// quay adds the paved edge of the canal with its trees, lamps and posts, and the
// water.
func quay(m *mesh, rnd *rand.Rand) {
	slabs := func(s *surface) {
		i, j := math.Floor(s.p.x/0.8), math.Floor(s.p.z/0.5)
		s.albedo = light(0x9a9080).scale(0.8 + 0.3*chance(int(i), int(j), 0, 2) + 0.3*fbm2(s.p.x, s.p.z, 3))
	}
	blocks := func(s *surface) {
		r := s.p.y / 0.5
		i := (s.p.x + 3*s.p.z + math.Mod(math.Floor(r), 2)*0.6) / 1.2
		wet := step(-1.0, -1.35, s.p.y+0.2*fbm2(s.p.x, 0, 2))
		c := light(0x8c8272).scale(0.75 + 0.4*chance(int(math.Floor(i)), int(math.Floor(r)), 0, 6) + 0.4*fbm3(s.p.scale(1.5), 4))
		if fract(r) < 0.07 || fract(i) < 0.04 {
			c = c.scale(0.5)
		}
		s.albedo = c.mix(light(0x39422a), 0.8*wet)
	}
	m.box(place(vec{}, 0), vec{-80, -4, 12.6}, vec{80, -0.18, 60}, blocks)
	m.box(place(vec{}, 0), vec{-80, -0.18, 12.3}, vec{80, 0, 60}, slabs)
	m.quad(vec{-200, -1.5, -60}, vec{200, -1.5, -60}, vec{200, -1.5, 13}, vec{-200, -1.5, 13}, water(vec{0.020, 0.050, 0.042}, 1.6))
	iron := matt(light(0x23282a))
	dark, lime := bark(light(0x54473a)), foliage(light(0x6f8a2e))
	for i, x := range []float64{-13.5, -3.2, 8.4, 21, 33} {
		m.broadleaf(vec{x, 0, 14.6}, 6.0+1.2*rnd.Float64(), 3000, rnd, dark, lime)
		lx := x + 4.6
		m.limb(vec{lx, 0, 13.2}, vec{lx, 3.4, 13.2}, 0.07, 0.045, iron)
		m.ball(vec{lx, 3.65, 13.2}, 0.22, 20, nil, func(s *surface) { s.albedo, s.coat, s.rough = light(0xf2e6c4), 0.05, 0.1 })
		m.limb(vec{lx, 3.85, 13.2}, vec{lx, 4.0, 13.2}, 0.2, 0.02, iron)
		for k := range 3 {
			bx := x + 1.4 + 2.2*float64(k) + 0.3*float64(i)
			m.limb(vec{bx, 0, 12.6}, vec{bx, 0.75, 12.6}, 0.1, 0.09, iron)
		}
	}
}

// boats adds rowing boats along the quay.
func boats(m *mesh) {
	plank := boards(light(0xa88a62), 0.2)
	for i, x := range []float64{-10.5, -5.2, 1.5, 4.9, 11.5, 19} {
		c := []uint32{0xb23a2c, 0xe4ddcc, 0x2c5f8c, 0x3f7a58, 0xd9a53a, 0x7a3040}[i]
		boat(m, place(vec{x, -1.45, 10.9 - 0.5*float64(i%2)}, 0.12*float64(i%3)-0.1), boards(light(c), 9), plank)
	}
}
