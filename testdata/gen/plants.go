package main

import (
	"math"
	"math/rand/v2"
)

// foliage is a material for leaves of about colour c; every leaf is a little
// different.
func foliage(c vec) material {
	return func(s *surface) {
		k := noise3(s.p.scale(2.3))
		s.albedo = c.scale(1+0.45*k).mix(vec{c.y, c.y * 0.9, c.z}, 0.25+0.25*k)
		s.through = 0.4
	}
}

// leaf adds a four-sided leaf of length r at p that faces about n.
func (m *mesh) leaf(p, n vec, r float64, rnd *rand.Rand, mat material) {
	n = n.add(vec{rnd.Float64() - 0.5, rnd.Float64() - 0.5, rnd.Float64() - 0.5}.scale(1.6)).unit()
	x, y := n.basis()
	s, c := math.Sincos(2 * math.Pi * rnd.Float64())
	a := x.scale(c).add(y.scale(s)).scale(r / 2)
	b := x.scale(-s).add(y.scale(c)).scale(r * 0.3)
	m.quad(p.sub(a), p.add(b), p.add(a), p.sub(b), mat)
}

// limb adds a branch from a to b.
func (m *mesh) limb(a, b vec, ra, rb float64, mat material) {
	x, y := b.sub(a).unit().basis()
	m.grid(7, 1, func(u, v float64) vec {
		s, c := math.Sincos(2 * math.Pi * u)
		r := lerp(ra, rb, v)
		return a.mix(b, v).add(x.scale(c * r)).add(y.scale(s * r))
	}, mat)
}

func bark(c vec) material {
	return func(s *surface) {
		s.albedo = c.scale(1 + 0.5*fbm3(vec{s.p.x * 6, s.p.y * 1.5, s.p.z * 6}, 3))
	}
}

// broadleaf adds a tree of height h at p: a trunk that forks, and a crown of
// leaves in clumps.
func (m *mesh) broadleaf(p vec, h float64, leaves int, rnd *rand.Rand, wood, mat material) {
	top := p.add(vec{rnd.NormFloat64() * 0.03 * h, 0.45 * h, rnd.NormFloat64() * 0.03 * h})
	m.limb(p.sub(vec{0, 0.3, 0}), top, 0.028*h, 0.018*h, wood)
	const clumps = 16
	for i := range clumps {
		// Clumps on a spiral over an upright ellipsoid.
		t := (float64(i) + 0.5) / clumps
		az := 2.4*float64(i) + rnd.Float64()
		r := 0.26 * h * math.Sqrt(math.Sin(math.Pi*lerp(0.15, 1, t))) * (0.7 + 0.5*rnd.Float64())
		s, c := math.Sincos(az)
		mid := p.add(vec{r * c, h * lerp(0.34, 0.9, t), r * s})
		m.limb(top.sub(vec{0, 0.1 * h * rnd.Float64(), 0}), mid, 0.010*h, 0.004*h, wood)
		size := h * (0.10 + 0.06*rnd.Float64())
		for range leaves / clumps {
			d := vec{rnd.NormFloat64(), rnd.NormFloat64() * 0.75, rnd.NormFloat64()}
			d = d.scale(math.Pow(rnd.Float64(), 0.25) / d.len())
			m.leaf(mid.add(d.scale(size)), d.add(vec{0, 0.6, 0}), h*0.035, rnd, mat)
		}
	}
}

// conifer adds a spruce of height h at p, its boughs drooping in whorls.
func (m *mesh) conifer(p vec, h float64, boughs int, rnd *rand.Rand, wood, mat material) {
	m.limb(p.sub(vec{0, 0.3, 0}), p.add(vec{0, h, 0}), 0.022*h, 0.002*h, wood)
	for i := range boughs {
		t := math.Sqrt((float64(i) + rnd.Float64()) / float64(boughs)) // 0 at the tip
		reach := h * (0.015 + 0.21*math.Pow(t, 0.9)) * (0.75 + 0.4*rnd.Float64())
		s, c := math.Sincos(2.4*float64(i) + 0.6*rnd.Float64())
		base := p.add(vec{0, h * (1 - 0.9*t), 0})
		for k := range 7 {
			f := (float64(k) + 0.6) / 7
			q := base.add(vec{c * reach * f, -reach * 0.55 * f * f, s * reach * f})
			q = q.add(vec{rnd.NormFloat64(), rnd.NormFloat64() * 0.5, rnd.NormFloat64()}.scale(0.012 * h))
			m.leaf(q, vec{c * 0.4, 1, s * 0.4}, h*0.065*(1.15-0.5*f), rnd, mat)
		}
	}
}

// spire adds a far conifer as a ragged cone.
func (m *mesh) spire(p vec, h float64, rnd *rand.Rand, mat material) {
	for tier := range 3 {
		y0, y1 := h*(0.1+0.27*float64(tier)), h*(0.55+0.225*float64(tier))
		r := h * (0.19 - 0.05*float64(tier))
		a := rnd.Float64() * 2
		var ring [6]vec
		for i := range ring {
			s, c := math.Sincos(a + float64(i)*math.Pi/3)
			k := r * (0.75 + 0.5*rnd.Float64())
			ring[i] = p.add(vec{k * c, y0, k * s})
		}
		for i := range ring {
			m.tri(ring[i], ring[(i+1)%6], p.add(vec{0, y1, 0}), mat)
		}
	}
}
