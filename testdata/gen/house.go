package main

import "math"

// house is a gabled building. Its front, under the gable, faces -z; lengths are
// in metres.
type house struct {
	w, d, wall, roof   float64 // width, depth, height of the walls and of the roof above them
	plaster, tiles     material
	trim, glass, leafs material // window frames, panes, shutters
	floors, columns    int      // of windows in the front
	bays               int      // columns of windows in the sides
	door               float64  // place of the door across the front, -1 to 1; above 1 for none
	beams              material // timber framing; may be nil
	shutters           bool
}

// build adds the house with the middle of its front edge at f.
func (b house) build(m *mesh, f frame) {
	x := b.w / 2
	m.box(f, vec{-x, -2, 0}, vec{x, b.wall, b.d}, b.plaster)
	for _, z := range []float64{0, b.d} {
		m.tri(f.point(vec{-x, b.wall, z}), f.point(vec{x, b.wall, z}), f.point(vec{0, b.wall + b.roof, z}), b.plaster)
	}
	b.cover(m, f)
	m.box(f, vec{x * 0.35, b.wall + b.roof*0.3, b.d * 0.55}, vec{x*0.35 + 0.7, b.wall + b.roof*1.18, b.d*0.55 + 0.7}, b.plaster)
	m.box(f, vec{x*0.35 - 0.1, b.wall + b.roof*1.18, b.d*0.55 - 0.1}, vec{x*0.35 + 0.8, b.wall + b.roof*1.18 + 0.15, b.d*0.55 + 0.8}, b.trim)
	storey := b.wall / float64(b.floors)
	for i := range b.floors {
		for j := range b.columns {
			at := b.w * ((float64(j)+0.5)/float64(b.columns) - 0.5)
			if i == 0 && math.Abs(at-b.door*x) < 1.0 {
				continue
			}
			b.window(m, f.in(vec{at, storey * (float64(i) + 0.34), 0}, 0), storey*0.36, storey*0.50)
		}
		for j := range b.bays {
			at := b.d * (float64(j) + 0.5) / float64(b.bays)
			y := storey * (float64(i) + 0.34)
			b.window(m, f.in(vec{x, y, at}, -math.Pi/2), storey*0.36, storey*0.50)
			b.window(m, f.in(vec{-x, y, at}, math.Pi/2), storey*0.36, storey*0.50)
		}
	}
	b.window(m, f.in(vec{0, b.wall + b.roof*0.22, 0}, 0), storey*0.3, min(storey*0.45, b.roof*0.35))
	if b.door <= 1 {
		g := f.in(vec{b.door * x, 0, 0}, 0)
		m.box(g, vec{-0.62, 0, -0.08}, vec{0.62, 2.3, 0}, b.trim)
		m.box(g, vec{-0.48, 0, -0.12}, vec{0.48, 2.15, 0}, b.leafs)
		m.box(g, vec{-0.9, -0.5, -0.9}, vec{0.9, 0.08, 0}, b.trim)
	}
	if b.beams != nil {
		b.frame(m, f, storey)
	}
}

// cover adds the two slopes of the roof, with eaves.
func (b house) cover(m *mesh, f frame) {
	x, over := b.w/2, 0.35
	drop := over * b.roof / x
	for _, side := range []float64{-1, 1} {
		eave := func(z, dy float64) vec { return f.point(vec{side * (x + over), b.wall - drop + dy, z}) }
		ridge := func(z, dy float64) vec { return f.point(vec{0, b.wall + b.roof + dy, z}) }
		z0, z1, t := -over, b.d+over, 0.16
		m.quad(eave(z0, t), eave(z1, t), ridge(z1, t), ridge(z0, t), b.tiles)
		m.quad(eave(z0, 0), eave(z1, 0), ridge(z1, 0), ridge(z0, 0), b.trim)
		m.quad(eave(z0, 0), eave(z0, t), ridge(z0, t), ridge(z0, 0), b.trim)
		m.quad(eave(z1, 0), eave(z1, t), ridge(z1, t), ridge(z1, 0), b.trim)
		m.quad(eave(z0, 0), eave(z1, 0), eave(z1, t), eave(z0, t), b.trim)
	}
}

// window adds a window of width w and height h with its sill at g, on a wall
// that faces -z there.
func (b house) window(m *mesh, g frame, w, h float64) {
	x, e := w/2, 0.09
	m.box(g, vec{-x - e, -e, -0.07}, vec{x + e, h + e, 0}, b.trim)
	m.box(g, vec{-x, 0, -0.075}, vec{x, h, 0}, b.glass)
	m.box(g, vec{-0.03, 0, -0.1}, vec{0.03, h, 0}, b.trim)
	m.box(g, vec{-x, h*0.62 - 0.03, -0.1}, vec{x, h*0.62 + 0.03, 0}, b.trim)
	m.box(g, vec{-x - 0.18, -e - 0.08, -0.2}, vec{x + 0.18, -e, 0}, b.trim)
	if b.shutters {
		m.box(g, vec{-x - e - x*0.9, -e, -0.06}, vec{-x - e, h + e, 0}, b.leafs)
		m.box(g, vec{x + e, -e, -0.06}, vec{x + e + x*0.9, h + e, 0}, b.leafs)
	}
}

// frame adds timbers to the front: posts, rails at every floor, and braces.
func (b house) frame(m *mesh, f frame, storey float64) {
	x := b.w / 2
	bar := func(p, q vec, t float64) {
		along := q.sub(p).unit()
		side := vec{-along.y, along.x, 0}.scale(t)
		out := vec{0, 0, -0.05}
		m.quad(f.point(p.sub(side).add(out)), f.point(p.add(side).add(out)), f.point(q.add(side).add(out)), f.point(q.sub(side).add(out)), b.beams)
	}
	for i := range b.floors + 1 {
		y := storey * float64(i)
		if i > 0 {
			bar(vec{-x, y, 0}, vec{x, y, 0}, 0.14)
		}
		if i == 0 || i == b.floors {
			continue
		}
		for j := range b.columns + 1 {
			at := b.w * (float64(j)/float64(b.columns) - 0.5) * 0.985
			bar(vec{at, y, 0}, vec{at, y + storey, 0}, 0.1)
		}
		bar(vec{-x, y + storey*0.98, 0}, vec{-x + b.w/float64(b.columns)*0.35, y, 0}, 0.08)
		bar(vec{x, y + storey*0.98, 0}, vec{x - b.w/float64(b.columns)*0.35, y, 0}, 0.08)
	}
	bar(vec{-x, b.wall, 0}, vec{0, b.wall + b.roof, 0}, 0.16)
	bar(vec{x, b.wall, 0}, vec{0, b.wall + b.roof, 0}, 0.16)
	bar(vec{-x * 0.5, b.wall + b.roof*0.5, 0}, vec{x * 0.5, b.wall + b.roof*0.5, 0}, 0.1)
	bar(vec{0, b.wall + b.roof*0.62, 0}, vec{0, b.wall + b.roof, 0}, 0.1)
}

// plaster is a painted wall: stained by rain, and duller near the ground.
func plaster(c vec) material {
	return func(s *surface) {
		k := fbm3(vec{s.p.x * 1.3, s.p.y * 0.35, s.p.z * 1.3}, 4)
		fine := noise3(s.p.scale(9))
		s.albedo = c.scale(1 + 0.22*k + 0.06*fine - 0.2*step(1.2, 0, s.p.y+0.8*k))
	}
}

// tiles is a roof of about colour c whose courses run across frame f.
func tiles(c vec, f frame) material {
	return func(s *surface) {
		p := f.local(s.p)
		row := p.y / 0.30
		col := p.z/0.34 + 0.5*math.Mod(math.Floor(row), 2)
		id := chance(int(math.Floor(row)), int(math.Floor(col)), 0, 21)
		sharp := step(0.09, 0.02, s.dist/1500) // too fine to be seen from afar
		edge := step(0.0, 0.35, fract(row)) * (0.75 + 0.25*math.Sin(math.Pi*fract(col)))
		s.albedo = c.scale((0.72 + 0.45*id) * lerp(1, 0.55+0.5*edge, sharp))
		s.albedo = s.albedo.mix(light(0x5c5a44), 0.35*step(0.05, 0.4, fbm3(s.p.scale(0.8), 3)))
	}
}

// boards is painted wood in planks about w wide.
func boards(c vec, w float64) material {
	return func(s *surface) {
		id := math.Floor((s.p.x + 0.73*s.p.z) / w)
		s.albedo = c.scale(0.85 + 0.3*chance(int(id), 3, 0, 5) + 0.15*fbm3(vec{s.p.x * 3, s.p.y * 12, s.p.z * 3}, 3))
	}
}

// pane is window glass before a dim room, some with a curtain or a light.
func pane(warm float64) material {
	return func(s *surface) {
		id := chance(int(math.Floor(s.p.x/1.1)), int(math.Floor(s.p.y/1.4)), int(math.Floor(s.p.z/1.1)), 9)
		s.albedo = vec{0.012, 0.015, 0.018}.add(vec{0.11, 0.10, 0.09}.scale(step(0.7, 0.95, id)))
		if id < warm {
			s.glow = vec{1.6, 0.9, 0.35}
		}
		s.coat = 0.09
		s.bump(0.05, func(p vec) float64 { return 0.006 * noise3(p.scale(1.7)) })
	}
}
