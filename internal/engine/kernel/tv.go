package kernel

// tv is the total variation of planes, in bands of rows.
type tv struct {
	x, dst  []float32
	c, h, w int
	sx, sy  float32
	add     bool
	isa     *isa
	row     [][]float32 // scratch of the workers
	sums    []float64   // dx and dy of each band, where wanted
}

const tvRows = 32

// Items is the number of bands of tvRows rows, over all planes.
func (t *tv) Items() int { return t.c * ((t.h + tvRows - 1) / tvRows) }

// Do computes the gradient, or the sums, of a band.
func (t *tv) Do(worker, item int) {
	bands := (t.h + tvRows - 1) / tvRows
	plane := t.x[item/bands*t.h*t.w:][:t.h*t.w]
	y0 := item % bands * tvRows
	y1 := min(y0+tvRows, t.h)
	if t.dst == nil {
		t.sums[2*item], t.sums[2*item+1] = tvSums(plane, t.h, t.w, y0, y1)
		return
	}
	dst := t.dst[item/bands*t.h*t.w:]
	for y := y0; y < y1; y++ {
		row := plane[y*t.w:][:t.w]
		up, down := row, row
		if y > 0 {
			up = plane[(y-1)*t.w:][:t.w]
		}
		if y+1 < t.h {
			down = plane[(y+1)*t.w:][:t.w]
		}
		t.gradRow(dst[y*t.w:][:t.w], row, up, down, t.row[worker])
	}
}

// gradRow computes the gradient of a row. A pixel without a neighbour is its own neighbour.
// tmp is as long as a row.
func (t *tv) gradRow(dst, row, up, down, tmp []float32) {
	sx, sy, n := 2*t.sx, 2*t.sy, len(row)
	sum := dst
	if t.add {
		sum = tmp[:n]
	}
	t.isa.tvGrad(sum, row, up, down, sx, sy)
	for _, i := range [...]int{0, n - 1} {
		v := row[i]
		sum[i] = sx*(v+v-row[max(i-1, 0)]-row[min(i+1, n-1)]) + sy*(v+v-up[i]-down[i])
	}
	if t.add {
		t.isa.axpy(1, sum, dst)
	}
}

// tvSums adds up the squared differences of the rows [y0,y1) to the right and down.
func tvSums(x []float32, h, w, y0, y1 int) (dx, dy float64) {
	for y := y0; y < y1; y++ {
		row := x[y*w:][:w]
		for i := 1; i < w; i++ {
			d := float64(row[i] - row[i-1])
			dx += d * d
		}
		if y+1 < h {
			for i, v := range x[(y+1)*w:][:w] {
				d := float64(v - row[i])
				dy += d * d
			}
		}
	}
	return dx, dy
}

// TV returns the sums of squared differences of neighbours in the planes x
// (c,h,w), in float64: along rows and along columns.
func (e *Engine) TV(x []float32, c, h, w int) (dx, dy float64) {
	e.runTV(tv{x: x, c: c, h: h, w: w})
	for i := range e.tv.Items() {
		dx += e.tv.sums[2*i]
		dy += e.tv.sums[2*i+1]
	}
	e.tv = tv{sums: e.tv.sums}
	return dx, dy
}

// TVGrad computes dst = the gradient to x of sx*dx + sy*dy, where dx and dy are the sums of
// [Engine.TV]. With add it adds the gradient to dst.
func (e *Engine) TVGrad(dst, x []float32, c, h, w int, sx, sy float32, add bool) {
	checkLen("tv", "dst", len(dst), c*h*w)
	e.runTV(tv{x: x, dst: dst, c: c, h: h, w: w, sx: sx, sy: sy, add: add})
	e.tv = tv{sums: e.tv.sums}
}

func (e *Engine) runTV(t tv) {
	Shape{t.c, t.h, t.w}.check("tv")
	checkLen("tv", "x", len(t.x), t.c*t.h*t.w)
	t.sums = e.tv.sums
	if n := 2 * t.Items(); len(t.sums) < n {
		t.sums = make([]float64, n)
	}
	e.reserve(t.w)
	t.isa, t.row = e.cpu.isa, e.scratch
	e.tv = t
	e.pool.Run(&e.tv)
}
