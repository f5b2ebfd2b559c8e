package main

import "math"

// surface is the point of the scene that a ray has met, for a material to
// describe. Colours are linear light.
type surface struct {
	p, n    vec     // place, and normal towards the side that the ray came from
	dist    float64 // from the start of the ray
	albedo  vec
	coat    float64 // mirror reflectance seen straight on; 0 is a matt surface
	rough   float64 // blur of the mirror image, 0 to 1
	metal   bool    // the mirror image takes the colour of albedo, and nothing else is seen
	through float64 // part of the diffuse light that comes from behind, as in leaves
	glow    vec     // light given off
}

type material func(s *surface)

// matt is a plain diffuse material.
func matt(c vec) material { return func(s *surface) { s.albedo = c } }

// bump tilts the normal as if f were a height over space; e is the size of the
// smallest detail.
func (s *surface) bump(e float64, f func(p vec) float64) {
	h := f(s.p)
	g := vec{
		f(s.p.add(vec{e, 0, 0})) - h,
		f(s.p.add(vec{0, e, 0})) - h,
		f(s.p.add(vec{0, 0, e})) - h,
	}.scale(1 / e)
	s.n = s.n.sub(g.sub(s.n.scale(g.dot(s.n)))).unit()
}

// scene is all that a camera can see.
type scene struct {
	*bvh
	sky   func(d vec) vec                           // light from outside
	lamp  func(p vec, u, v float64) (to, power vec) // a point on the lamp, and its light at p face on
	haze  func(c, d vec, dist float64) vec          // the colour c seen along d through dist of air; may be nil
	depth int                                       // most bounces of a path
}

// sampler hands out the random numbers of one path. Each pair is stratified
// over all the paths of a pixel: sample i of k*k gets one cell of a k*k grid.
type sampler struct {
	pixel uint32
	i, k  int
	dim   int
}

func (s *sampler) pair() (u, v float64) {
	s.dim++
	h := hash(s.dim, int(s.pixel), 0, 11)
	n := s.k * s.k
	// An affine shuffle of the cells, other for every pixel and dimension.
	j := (s.i*(2*int(h>>8&1023)+1) + int(h&255)) % n
	u = (float64(j%s.k) + chance(s.dim, s.i, int(s.pixel), 1)) / float64(s.k)
	v = (float64(j/s.k) + chance(s.dim, s.i, int(s.pixel), 2)) / float64(s.k)
	return u, v
}

// trace follows one path of light backwards from o along d.
func (sc *scene) trace(o, d vec, rnd *sampler) vec {
	var sum vec
	weight := vec{1, 1, 1}
	mirror := true // no matt surface yet; after one, lamps count only through sc.lamp
	for bounce := 0; bounce < sc.depth; bounce++ {
		tri, dist, u, v := sc.hit(o, d, math.Inf(1), false)
		if tri < 0 {
			return sum.add(weight.mul(sc.sky(d)))
		}
		s := sc.tris[tri].surface(o, d, dist, u, v)
		seen, next, factor, glossy := sc.scatter(&s, d, rnd)
		if mirror {
			seen = seen.add(s.glow)
		}
		if sc.haze != nil {
			// The part of the light that the air lets pass is linear in it.
			dark := sc.haze(vec{}, d, dist)
			sum = sum.add(weight.mul(sc.haze(seen, d, dist)))
			factor = factor.mul(sc.haze(vec{1, 1, 1}, d, dist).sub(dark))
		} else {
			sum = sum.add(weight.mul(seen))
		}
		weight = weight.mul(factor)
		if weight.max() < 0.004 {
			break
		}
		o, d, mirror = s.p.add(next.scale(1e-4*(1+0.01*dist))), next, mirror && glossy
	}
	return sum
}

// surface asks the triangle's material about the point at (u, v).
func (t *triangle) surface(o, d vec, dist, u, v float64) surface {
	s := surface{p: o.add(d.scale(dist)), dist: dist}
	flat := t.e1.cross(t.e2)
	s.n = t.n0.scale(1 - u - v).add(t.n1.scale(u)).add(t.n2.scale(v)).unit()
	if s.n.dot(flat) < 0 {
		s.n = s.n.scale(-1)
	}
	if flat.dot(d) > 0 {
		s.n = s.n.scale(-1)
	}
	t.mat(&s)
	return s
}

// scatter returns the lamp's light that s throws back along d, and one way for
// the path to go on, with the share of light that comes from there.
func (sc *scene) scatter(s *surface, d vec, rnd *sampler) (direct, next, factor vec, glossy bool) {
	cos := clamp(-d.dot(s.n), 0, 1)
	f := 0.0
	if s.coat > 0 {
		f = s.coat + (1-s.coat)*math.Pow(1-cos, 5)*(1-s.rough) // Schlick 1994
	}
	u, v := rnd.pair()
	pick := 0.0
	if s.metal {
		pick = 1
	} else if f > 0 {
		pick = clamp(f, 0.1+0.4*s.rough, 0.9) // blurred reflections are the noisy ones
	}
	if choice, _ := rnd.pair(); choice < pick {
		h := lobe(s.n, s.rough*s.rough, u, v)
		next = d.sub(h.scale(2 * d.dot(h)))
		if k := next.dot(s.n); k < 0.01 {
			next = next.add(s.n.scale(0.02 - k)).unit()
		}
		if s.metal {
			return vec{}, next, s.albedo.mix(vec{1, 1, 1}, math.Pow(1-cos, 5)), true
		}
		return vec{}, next, vec{1, 1, 1}.scale(f / pick), true
	}
	share := (1 - f) / (1 - pick)
	a, b := rnd.pair()
	to, power := sc.lamp(s.p, a, b)
	far := to.len()
	to = to.scale(1 / far)
	front := to.dot(s.n)
	side := s.n
	if front < 0 && s.through > 0 {
		front, power, side = -front, power.scale(s.through), s.n.scale(-1)
	}
	if front > 0 {
		o := s.p.add(side.scale(1e-4 * (1 + 0.01*s.dist)))
		if tri, _, _, _ := sc.hit(o, to, far*0.999, true); tri < 0 {
			direct = power.mul(s.albedo).scale(front / math.Pi * share)
		}
	}
	n := s.n
	if s.through > 0 {
		if c, _ := rnd.pair(); c < s.through/2 {
			n = n.scale(-1)
		}
	}
	return direct, lobe(n, 1, u, v), s.albedo.scale(share), false
}

// lobe draws a direction about n: a cosine lobe for a of 1, and the facets of a
// rough mirror (Walter et al. 2007, GGX) below.
func lobe(n vec, a, u, v float64) vec {
	c2 := 1 - u
	if a < 1 {
		c2 = (1 - u) / (1 + (a*a-1)*u)
	}
	r := math.Sqrt(max(0, 1-c2))
	sn, cs := math.Sincos(2 * math.Pi * v)
	x, y := n.basis()
	return x.scale(r * cs).add(y.scale(r * sn)).add(n.scale(math.Sqrt(c2))).unit()
}
