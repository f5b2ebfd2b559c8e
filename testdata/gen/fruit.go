package main

import (
	"math"
	"math/rand/v2"
)

func orange(m *mesh, o vec, r float64) {
	m.ball(o, r, 64, func(d vec) float64 { return 1 - 0.05*sq(d.y) + 0.015*noise3(d.scale(2)) }, func(s *surface) {
		s.albedo = light(0xe8811a).mix(light(0xf0a030), 0.5+fbm3(s.p.scale(2.5), 3))
		s.coat, s.rough = 0.045, 0.36
		s.bump(0.01, func(p vec) float64 { return 0.006 * noise3(p.scale(22)) })
	})
}

// apple adds an apple with its stalk along the y axis of f, red over its ground
// colour.
func apple(m *mesh, f frame, r float64, red, ground vec) {
	m.turned(f, 64, 64, func(t float64) (float64, float64) {
		sn, cs := math.Sincos(math.Pi * t)
		y := 0.92*cs - 0.42*math.Exp(-sq(t/0.09)) + 0.22*math.Exp(-sq((1-t)/0.08))
		return r * sn * (1 + 0.10*cs), r * y
	}, func(s *surface) {
		p := f.local(s.p)
		az := math.Atan2(p.z, p.x)
		streak := fbm3(vec{math.Cos(az) * 5, p.y / r * 0.7, math.Sin(az) * 5}, 4)
		blush := step(-0.5, 0.6, fbm3(p.scale(1.1/r), 2)+streak+0.35*p.x/r+0.15)
		s.albedo = ground.mix(red, blush).mix(light(0x8a7a3a), 0.8*step(0.30, 0.12, math.Hypot(p.x, p.z)/r)*step(0, 0.3, p.y))
		if d, _, _ := cell(az*9, p.y/r*9, 4); d < 0.1 {
			s.albedo = s.albedo.mix(ground, 0.6)
		}
		s.coat, s.rough = 0.05, 0.16
	})
	m.limb(f.point(vec{0, 0.45 * r, 0}), f.point(vec{0.12 * r, 1.05 * r, 0.05 * r}), 0.05*r, 0.035*r, matt(light(0x4a3420)))
}

func lemon(m *mesh, f frame, r float64) {
	m.turned(f, 64, 64, func(t float64) (float64, float64) {
		sn, cs := math.Sincos(math.Pi * t)
		return r * sn * (1 - 0.25*math.Pow(math.Abs(cs), 6)), r * (1.25*cs + 0.22*math.Copysign(math.Pow(math.Abs(cs), 30), cs))
	}, func(s *surface) {
		s.albedo = light(0xe9c81f).mix(light(0xd8c440), 0.5+fbm3(s.p.scale(3), 3))
		s.coat, s.rough = 0.045, 0.34
		s.bump(0.01, func(p vec) float64 { return 0.006 * noise3(p.scale(14)) })
	})
}

func pear(m *mesh, f frame, r float64) {
	m.turned(f, 64, 64, through([2]float64{0, -0.9 * r}, [2]float64{0.35 * r, -0.98 * r}, [2]float64{0.95 * r, -0.5 * r}, [2]float64{0.98 * r, 0.05 * r},
		[2]float64{0.68 * r, 0.65 * r}, [2]float64{0.44 * r, 1.15 * r}, [2]float64{0.34 * r, 1.5 * r}, [2]float64{0, 1.62 * r}),
		func(s *surface) {
			p := f.local(s.p)
			s.albedo = light(0xb5b03a).mix(light(0xc98a3a), step(-0.3, 0.7, fbm3(p.scale(2), 3)+p.x/r*0.7))
			if d, _, id := cell((p.x+p.z)*16, p.y*16, 8); d < 0.22*id {
				s.albedo = s.albedo.scale(0.55)
			}
			s.coat, s.rough = 0.04, 0.35
		})
	m.limb(f.point(vec{0, 1.5 * r, 0}), f.point(vec{0.2 * r, 2.0 * r, 0}), 0.06*r, 0.05*r, matt(light(0x4a3420)))
}

func grape(m *mesh, o vec, r float64) {
	m.ball(o, r, 28, nil, func(s *surface) {
		bloom := step(-0.2, 0.5, noise3(s.p.scale(4)))
		s.albedo = light(0x3a1438).mix(light(0x6d5f86), 0.55*bloom)
		s.coat, s.rough = 0.045, 0.12+0.25*bloom
	})
}

// bouquet adds sunflowers and leaves that stand in a vase with its mouth at o.
func bouquet(m *mesh, o vec, rnd *rand.Rand) {
	green := foliage(light(0x4f7a2c))
	for _, q := range []struct{ at, face vec }{
		{vec{-1.15, 1.05, -0.5}, vec{-0.4, 0.15, -1}},
		{vec{0.05, 1.75, -0.35}, vec{0.1, 0.45, -1}},
		{vec{1.2, 0.95, -0.45}, vec{0.5, 0.1, -1}},
		{vec{-0.9, 2.2, 0.2}, vec{-0.7, 0.7, -0.7}},
		{vec{1.05, 2.05, 0.2}, vec{0.6, 0.6, -0.9}},
		{vec{0.1, 0.55, -0.75}, vec{0, -0.1, -1}},
	} {
		p, n := o.add(q.at), q.face.unit()
		m.limb(o.sub(vec{0, 0.6, 0}), o.add(q.at.scale(0.5)).add(vec{0, 0.2, 0.15}), 0.07, 0.06, green)
		m.limb(o.add(q.at.scale(0.5)).add(vec{0, 0.2, 0.15}), p, 0.06, 0.06, green)
		sunflower(m, lean(p, n), 0.92+0.15*rnd.Float64(), rnd)
	}
	for i := range 14 {
		a := float64(i)*2.4 + rnd.Float64()
		s, c := math.Sincos(a)
		if s < -0.5 {
			continue // it would hide the flowers
		}
		up := 0.2 + 0.7*rnd.Float64()
		petal(m, lean(o.add(vec{0.2 * c, 0.05 + 0.8*rnd.Float64(), 0.2 * s}), vec{c, up, s}), 1.5, 0.42, 0.8, rnd, green)
	}
}

// petal adds a leaf of length l from f along its y axis, bent over by droop.
func petal(m *mesh, f frame, l, wide, droop float64, rnd *rand.Rand, mat material) {
	twist := 0.5 * rnd.NormFloat64()
	m.grid(4, 8, func(u, v float64) vec {
		x := (2*u - 1) * wide * math.Pow(math.Sin(math.Pi*math.Pow(lerp(0.02, 0.995, v), 0.75)), 0.9)
		z := 0.35*x*x/wide + twist*x*v
		return f.point(vec{x, l * v * (1 - 0.25*droop*v), z}).sub(vec{0, droop * l * 0.5 * v * v, 0})
	}, mat)
}

// sunflower adds a flower of radius r that faces along the y axis of f.
func sunflower(m *mesh, f frame, r float64, rnd *rand.Rand) {
	yellow := func(s *surface) {
		d := f.local(s.p).len() / r
		s.albedo = light(0xd9820e).mix(light(0xf5c21f), step(0.35, 0.9, d)).scale(1 + 0.25*noise3(s.p.scale(7)))
		s.through = 0.35
	}
	for i := range 44 {
		sn, cs := math.Sincos(float64(i)*2.4 + 0.1*rnd.NormFloat64())
		up := 0.12 + 0.25*float64(i%2) + 0.12*rnd.NormFloat64()
		g := lean(f.point(vec{0.38 * r * cs, 0, 0.38 * r * sn}), f.turn(vec{cs, up, sn}))
		// Keep the petal's back to the back of the flower.
		g.x = g.y.cross(f.y).unit()
		g.z = g.x.cross(g.y)
		petal(m, g, r*(0.62+0.1*rnd.Float64()), 0.13*r, 0.12, rnd, yellow)
	}
	m.turned(f, 48, 16, func(t float64) (float64, float64) {
		return 0.46 * r * math.Sin(t*math.Pi/2), r * (0.03 + 0.12*math.Cos(t*math.Pi/2) - 0.07*math.Exp(-sq(t/0.35)))
	}, func(s *surface) {
		p := f.local(s.p)
		d := math.Hypot(p.x, p.z) / r
		s.albedo = light(0x2c1a0e).mix(light(0x7a4a14), step(0.15, 0.44, d)*(0.5+0.5*noise3(s.p.scale(14))))
		s.bump(0.01, func(q vec) float64 { return 0.03 * noise3(q.scale(15)) })
	})
}
