package kernel

// The taps of the filter that halves a plane, without its factor √2. In two dimensions the
// factor is 2, and it is applied at the end.
const (
	pyramidNear = 3.0 / 8
	pyramidFar  = 1.0 / 8
)

// pyramid reduces a level of planes to the next, or expands it, in bands of rows of the
// level that is written.
type pyramid struct {
	down       bool      // from full to half, else half is expanded and added to full
	full, half []float32 // (c,h,w) and (c,(h+1)/2,(w+1)/2)
	base       []float32 // (c,h,w): what full becomes with the expansion; may be full
	c, h, w    int
	scale      float32
	zeros      []float32   // a row beyond the edge
	row        [][]float32 // scratch of the workers
	space      []float32   // of the levels
}

const pyramidRows = 16

// halved is the side of a plane at the next, coarser level.
func halved(n int) int { return (n + 1) / 2 }

// rows is the number of rows that are written in a plane.
func (t *pyramid) rows() int {
	if t.down {
		return halved(t.h)
	}
	return t.h
}

// Items is the number of bands of rows that are written, over all planes.
func (t *pyramid) Items() int { return t.c * ((t.rows() + pyramidRows - 1) / pyramidRows) }

// Do computes a band of rows of a plane.
func (t *pyramid) Do(worker, item int) {
	rows := t.rows()
	bands := (rows + pyramidRows - 1) / pyramidRows
	plane, y0 := item/bands, item%bands*pyramidRows
	for y := y0; y < min(y0+pyramidRows, rows); y++ {
		if t.down {
			t.reduce(plane, y, t.row[worker])
		} else {
			t.expand(plane, y, t.row[worker])
		}
	}
}

// line returns a row of a plane of x (c,h,w), or zeros for a row beyond the edge.
func (t *pyramid) line(x []float32, plane, y, h, w int) []float32 {
	if y < 0 || y >= h {
		return t.zeros[:w]
	}
	return x[(plane*h+y)*w:][:w]
}

// reduce computes row y of half. Pixel m is computed from the pixels 2m-1 to 2m+2 of full,
// in both directions. sum gets a border of zeros.
func (t *pyramid) reduce(plane, y int, sum []float32) {
	a, b := t.line(t.full, plane, 2*y-1, t.h, t.w), t.line(t.full, plane, 2*y, t.h, t.w)
	c, d := t.line(t.full, plane, 2*y+1, t.h, t.w), t.line(t.full, plane, 2*y+2, t.h, t.w)
	sum = sum[:t.w+3]
	sum[0], sum[t.w+1], sum[t.w+2] = 0, 0, 0
	mid := sum[1:][:t.w]
	a, b, c, d = a[:len(mid)], b[:len(mid)], c[:len(mid)], d[:len(mid)]
	for i := range mid {
		mid[i] = pyramidFar*(a[i]+d[i]) + pyramidNear*(b[i]+c[i])
	}
	to := t.line(t.half, plane, y, halved(t.h), halved(t.w))
	for m := range to {
		s := sum[2*m:][:4]
		to[m] = 2 * (pyramidFar*(s[0]+s[3]) + pyramidNear*(s[1]+s[2]))
	}
}

// expand computes row y of full from base and half, by the transpose of reduce. Pixels 2m
// and 2m+1 get most from pixel m, and the rest from the pixel before or after it.
func (t *pyramid) expand(plane, y int, sum []float32) {
	h2, w2 := halved(t.h), halved(t.w)
	near := t.line(t.half, plane, y/2, h2, w2)
	far := t.line(t.half, plane, y/2-1+y%2*2, h2, w2)
	sum = sum[:w2+2]
	sum[0], sum[w2+1] = 0, 0
	mid := sum[1:][:w2]
	near, far = near[:len(mid)], far[:len(mid)]
	for i := range mid {
		mid[i] = pyramidNear*near[i] + pyramidFar*far[i]
	}
	from, to := t.line(t.base, plane, y, t.h, t.w), t.line(t.full, plane, y, t.h, t.w)
	scale := 2 * t.scale
	for m := range t.w / 2 {
		s, u, v := sum[m:][:3], from[2*m:][:2], to[2*m:][:2]
		v[0] = u[0] + scale*(pyramidNear*s[1]+pyramidFar*s[0])
		v[1] = u[1] + scale*(pyramidNear*s[1]+pyramidFar*s[2])
	}
	if t.w%2 == 1 {
		s := sum[t.w/2:][:2]
		to[t.w-1] = from[t.w-1] + scale*(pyramidNear*s[1]+pyramidFar*s[0])
	}
}

// Pyramid computes dst = P src for planes (c,h,w). dst and src must not overlap. With 0
// levels P is the identity I. With more it is I + weight Rᵀ P' R, where P' has one level
// less. R halves a plane in both directions, rounding up, with the filter √2 [1 3 3 1]/8 in
// each; beyond the edges are zeros. Rᵀ is its transpose and expands again. P is symmetric,
// and positive definite for a weight of 0 or more. Away from the edges it multiplies a
// constant by 1 + weight + ... + weight^levels and hardly changes fine detail.
func (e *Engine) Pyramid(dst, src []float32, c, h, w, levels int, weight float32) {
	Shape{c, h, w}.check("pyramid")
	checkLen("pyramid", "src", len(src), c*h*w)
	checkLen("pyramid", "dst", len(dst), c*h*w)
	if levels == 0 {
		copy(dst, src)
		return
	}
	t := &e.pyr
	if n := PyramidLen(c, h, w, levels); len(t.space) < n {
		t.space = make([]float32, n)
	}
	if len(t.zeros) < w {
		t.zeros = make([]float32, w)
	}
	e.reserve(w + 3)
	t.row, t.c, t.scale = e.scratch, c, weight
	e.climb(dst, src, t.space, h, w, levels)
	e.pyr = pyramid{space: t.space, zeros: t.zeros}
}

// PyramidLen is the number of floats of all levels of a pyramid below the first.
func PyramidLen(c, h, w, levels int) int {
	n := 0
	for range levels {
		h, w = halved(h), halved(w)
		n += c * h * w
	}
	return n
}

// climb reduces to the next level, computes the levels below in place, and expands again.
// The levels lie one after the other in space.
func (e *Engine) climb(dst, src, space []float32, h, w, levels int) {
	t := &e.pyr
	n := t.c * halved(h) * halved(w)
	half := space[:n]
	t.down, t.full, t.half, t.h, t.w = true, src, half, h, w
	e.pool.Run(t)
	if levels > 1 {
		e.climb(half, half, space[n:], halved(h), halved(w), levels-1)
	}
	t.down, t.base, t.full, t.half, t.h, t.w = false, src, dst, half, h, w
	e.pool.Run(t)
}
