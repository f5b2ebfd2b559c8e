package main

import "math"

// triangle is one corner and two edges, with the smooth normals at its corners.
type triangle struct {
	v, e1, e2  vec
	n0, n1, n2 vec
	mat        material
}

// frame is a place in the scene: an origin and three axes at right angles.
type frame struct{ o, x, y, z vec }

// place is an upright frame at o, turned about its y axis.
func place(o vec, angle float64) frame {
	s, c := math.Sincos(angle)
	return frame{o, vec{c, 0, -s}, vec{0, 1, 0}, vec{s, 0, c}}
}

// lean is a frame at o whose y axis points along up.
func lean(o, up vec) frame {
	up = up.unit()
	x, z := up.basis()
	return frame{o, x, up, z}
}

func (f frame) turn(d vec) vec  { return f.x.scale(d.x).add(f.y.scale(d.y)).add(f.z.scale(d.z)) }
func (f frame) point(p vec) vec { return f.o.add(f.turn(p)) }

// local is the inverse of point.
func (f frame) local(p vec) vec {
	p = p.sub(f.o)
	return vec{p.dot(f.x), p.dot(f.y), p.dot(f.z)}
}

// in returns the frame at o and angle of f in coordinates of the scene.
func (f frame) in(o vec, angle float64) frame {
	g := place(o, angle)
	return frame{f.point(o), f.turn(g.x), f.turn(g.y), f.turn(g.z)}
}

// mesh collects the triangles of a scene.
type mesh struct{ tris []triangle }

// smooth adds a triangle with the given normals at its corners.
func (m *mesh) smooth(a, b, c, na, nb, nc vec, mat material) {
	m.tris = append(m.tris, triangle{a, b.sub(a), c.sub(a), na, nb, nc, mat})
}

// tri adds a flat triangle.
func (m *mesh) tri(a, b, c vec, mat material) {
	n := b.sub(a).cross(c.sub(a)).unit()
	m.smooth(a, b, c, n, n, n, mat)
}

// quad adds a flat four-sided face; its corners run around it.
func (m *mesh) quad(a, b, c, d vec, mat material) {
	m.tri(a, b, c, mat)
	m.tri(a, c, d, mat)
}

// box adds the block between two corners, in coordinates of f.
func (m *mesh) box(f frame, lo, hi vec, mat material) {
	p := func(i int) vec {
		v := lo
		if i&1 != 0 {
			v.x = hi.x
		}
		if i&2 != 0 {
			v.y = hi.y
		}
		if i&4 != 0 {
			v.z = hi.z
		}
		return f.point(v)
	}
	for _, q := range [][4]int{{0, 1, 3, 2}, {4, 5, 7, 6}, {0, 2, 6, 4}, {1, 3, 7, 5}, {0, 1, 5, 4}, {2, 3, 7, 6}} {
		m.quad(p(q[0]), p(q[1]), p(q[2]), p(q[3]), mat)
	}
}

// grid adds a smooth surface through nu*nv points of p(u, v), with u and v from
// 0 to 1.
func (m *mesh) grid(nu, nv int, p func(u, v float64) vec, mat material) {
	pts := make([]vec, (nu+1)*(nv+1))
	rows(nv+1, func(j int) {
		for i := range nu + 1 {
			pts[j*(nu+1)+i] = p(float64(i)/float64(nu), float64(j)/float64(nv))
		}
	})
	at := func(i, j int) vec { return pts[j*(nu+1)+i] }
	nrm := make([]vec, len(pts))
	for j := range nv + 1 {
		for i := range nu + 1 {
			i0, i1, j0, j1 := max(i-1, 0), min(i+1, nu), max(j-1, 0), min(j+1, nv)
			nrm[j*(nu+1)+i] = at(i1, j).sub(at(i0, j)).cross(at(i, j1).sub(at(i, j0))).unit()
		}
	}
	for j := range nv {
		for i := range nu {
			k := j*(nu+1) + i
			a, b, c, d := k, k+1, k+nu+2, k+nu+1
			m.smooth(pts[a], pts[b], pts[c], nrm[a], nrm[b], nrm[c], mat)
			m.smooth(pts[a], pts[c], pts[d], nrm[a], nrm[c], nrm[d], mat)
		}
	}
}

// through is a smooth curve through points (Catmull and Rom 1974), at t from 0
// to 1.
func through(points ...[2]float64) func(t float64) (a, b float64) {
	n := len(points) - 1
	return func(t float64) (float64, float64) {
		i := min(int(t*float64(n)), n-1)
		f := t*float64(n) - float64(i)
		var out [2]float64
		for k := range out {
			p0, p1, p2, p3 := points[max(i-1, 0)][k], points[i][k], points[i+1][k], points[min(i+2, n)][k]
			out[k] = p1 + f*(p2-p0+f*(2*p0-5*p1+4*p2-p3+f*(3*(p1-p2)+p3-p0)))/2
		}
		return out[0], out[1]
	}
}

// turned adds a surface of revolution about the y axis of f: profile gives the
// radius and height at t from 0 to 1.
func (m *mesh) turned(f frame, sides, steps int, profile func(t float64) (r, y float64), mat material) {
	m.grid(sides, steps, func(u, v float64) vec {
		r, y := profile(v)
		s, c := math.Sincos(2 * math.Pi * u)
		return f.point(vec{r * c, y, r * s})
	}, mat)
}

// ball adds a sphere of radius r about c, pushed out along its normals to r
// times bump of the direction. A nil bump is 1.
func (m *mesh) ball(c vec, r float64, sides int, bump func(d vec) float64, mat material) {
	m.grid(sides, max(sides/2, 4), func(u, v float64) vec {
		su, cu := math.Sincos(2 * math.Pi * u)
		sv, cv := math.Sincos(math.Pi * lerp(0.001, 0.999, v))
		d := vec{sv * cu, cv, sv * su}
		k := r
		if bump != nil {
			k *= bump(d)
		}
		return c.add(d.scale(k))
	}, mat)
}
