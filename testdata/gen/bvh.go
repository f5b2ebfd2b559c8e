package main

import "math"

// bvh is a tree of boxes over triangles, split where the surface area heuristic
// says that rays will meet the fewest triangles.
type bvh struct {
	tris  []triangle
	nodes []node
}

// node is an inner node, whose second child is at right, or a leaf of count
// triangles from first. The first child of an inner node follows it.
type node struct {
	lo, hi       vec
	first, count int32
	right        int32
	axis         int8
}

type bounds struct{ lo, hi vec }

func empty() bounds {
	inf := math.Inf(1)
	return bounds{vec{inf, inf, inf}, vec{-inf, -inf, -inf}}
}

func (b *bounds) grow(lo, hi vec) {
	b.lo = vec{min(b.lo.x, lo.x), min(b.lo.y, lo.y), min(b.lo.z, lo.z)}
	b.hi = vec{max(b.hi.x, hi.x), max(b.hi.y, hi.y), max(b.hi.z, hi.z)}
}

func (b *bounds) area() float64 {
	d := b.hi.sub(b.lo)
	return d.x*d.y + d.y*d.z + d.z*d.x
}

func (a vec) axis(i int8) float64 {
	switch i {
	case 0:
		return a.x
	case 1:
		return a.y
	}
	return a.z
}

// item is a triangle while the tree is built.
type item struct {
	b   bounds
	mid vec
	tri int32
}

func newBVH(tris []triangle) *bvh {
	items := make([]item, len(tris))
	for i, t := range tris {
		b := empty()
		b.grow(t.v, t.v)
		p, q := t.v.add(t.e1), t.v.add(t.e2)
		b.grow(p, p)
		b.grow(q, q)
		items[i] = item{b, b.lo.add(b.hi).scale(0.5), int32(i)}
	}
	t := &bvh{nodes: make([]node, 0, len(tris))}
	t.build(items, 0)
	t.tris = make([]triangle, len(tris))
	for i, it := range items {
		t.tris[i] = tris[it.tri]
	}
	return t
}

// build appends the tree over items, the first of which will be triangle first.
func (t *bvh) build(items []item, first int) {
	box, mids := empty(), empty()
	for i := range items {
		box.grow(items[i].b.lo, items[i].b.hi)
		mids.grow(items[i].mid, items[i].mid)
	}
	at := len(t.nodes)
	t.nodes = append(t.nodes, node{lo: box.lo, hi: box.hi, first: int32(first), count: int32(len(items))})
	if len(items) <= 2 {
		return
	}
	axis, cut := split(items, mids)
	k := 0
	for i := range items {
		if items[i].mid.axis(axis) < cut {
			items[i], items[k] = items[k], items[i]
			k++
		}
	}
	if k == 0 || k == len(items) {
		if len(items) <= 8 {
			return
		}
		k = len(items) / 2
	}
	t.build(items[:k], first)
	right := len(t.nodes)
	t.build(items[k:], first+k)
	n := &t.nodes[at]
	n.count, n.right, n.axis = 0, int32(right), axis
}

// split chooses the cheapest of 15 cuts of the longest axis of mids.
func split(items []item, mids bounds) (axis int8, cut float64) {
	d := mids.hi.sub(mids.lo)
	if d.y > d.x && d.y >= d.z {
		axis = 1
	} else if d.z > d.x {
		axis = 2
	}
	const bins = 16
	lo, width := mids.lo.axis(axis), d.axis(axis)
	if width == 0 {
		return axis, lo
	}
	var box [bins]bounds
	var count [bins]int
	for b := range bins {
		box[b] = empty()
	}
	for i := range items {
		b := min(int(bins*(items[i].mid.axis(axis)-lo)/width), bins-1)
		box[b].grow(items[i].b.lo, items[i].b.hi)
		count[b]++
	}
	var cost [bins]float64
	left, right, nl, nr := empty(), empty(), 0, 0
	for b := range bins - 1 {
		left.grow(box[b].lo, box[b].hi)
		if nl += count[b]; nl > 0 {
			cost[b+1] += left.area() * float64(nl)
		}
		e := bins - 1 - b
		right.grow(box[e].lo, box[e].hi)
		if nr += count[e]; nr > 0 {
			cost[e] += right.area() * float64(nr)
		}
	}
	best := 1
	for b := 2; b < bins; b++ {
		if cost[b] < cost[best] {
			best = b
		}
	}
	return axis, lo + width*float64(best)/bins
}

// hit returns the first triangle on the ray from o along d closer than far, its
// distance, and where in the triangle; or -1. With shadow set, any triangle does.
func (t *bvh) hit(o, d vec, far float64, shadow bool) (tri int, dist, u, v float64) {
	tri, dist = -1, far
	inv := vec{1 / d.x, 1 / d.y, 1 / d.z}
	var stack [64]int32
	n := 1
	for n > 0 {
		n--
		at := stack[n]
		nd := &t.nodes[at]
		x0, x1 := (nd.lo.x-o.x)*inv.x, (nd.hi.x-o.x)*inv.x
		y0, y1 := (nd.lo.y-o.y)*inv.y, (nd.hi.y-o.y)*inv.y
		z0, z1 := (nd.lo.z-o.z)*inv.z, (nd.hi.z-o.z)*inv.z
		in := max(min(x0, x1), min(y0, y1), min(z0, z1), 0)
		if out := min(max(x0, x1), max(y0, y1), max(z0, z1), dist); in > out*(1+1e-12) {
			continue
		}
		if nd.count == 0 {
			if d.axis(nd.axis) >= 0 {
				stack[n], stack[n+1] = nd.right, at+1
			} else {
				stack[n], stack[n+1] = at+1, nd.right
			}
			n += 2
			continue
		}
		for i := nd.first; i < nd.first+nd.count; i++ {
			if s, a, b, ok := t.tris[i].meet(o, d, dist); ok {
				tri, dist, u, v = int(i), s, a, b
				if shadow {
					return tri, dist, u, v
				}
			}
		}
	}
	return tri, dist, u, v
}

// meet intersects the ray with the triangle (Möller and Trumbore 1997).
func (t *triangle) meet(o, d vec, far float64) (s, u, v float64, ok bool) {
	p := d.cross(t.e2)
	det := t.e1.dot(p)
	if math.Abs(det) < 1e-14 {
		return 0, 0, 0, false
	}
	det = 1 / det
	r := o.sub(t.v)
	if u = r.dot(p) * det; u < 0 || u > 1 {
		return 0, 0, 0, false
	}
	q := r.cross(t.e1)
	if v = d.dot(q) * det; v < 0 || u+v > 1 {
		return 0, 0, 0, false
	}
	s = t.e2.dot(q) * det
	return s, u, v, s > 1e-5 && s < far
}
