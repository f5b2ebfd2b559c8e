package motion

import "slices"

// The constants of dense inverse search.
const (
	patch    = 8  // side of a patch in pixels
	spacing  = 4  // between patches
	steps    = 12 // of the search for a patch, at most
	tiny     = 0.01
	leastDet = 1e-3 // of the Hessian of a patch, over its area: flatter patches do not move
)

// grid is the displacements of the patches of a level.
type grid struct {
	nx, ny int
	u, v   []float32
}

// places returns how many patches fit along a side of n pixels, the last at the end.
func places(n int) int {
	if n <= patch {
		return 1
	}
	return (n-patch+spacing-1)/spacing + 1
}

// place returns where a patch begins.
func place(i, n int) int { return max(0, min(i*spacing, n-patch)) }

// Estimate finds where the pixels of a picture are in another of the same size. Threads is the
// number of goroutines.
func Estimate(from, to *Pyramid, threads int) *Flow {
	var flow *Flow
	for i := len(from.levels) - 1; i >= 0; i-- {
		s := &search{from: &from.levels[i], to: &to.levels[i], coarse: flow}
		if flow != nil {
			m := flow.median()
			s.usual = [2]float32{2 * m[0], 2 * m[1]}
		}
		s.patches.nx, s.patches.ny = places(s.from.w), places(s.from.h)
		n := s.patches.nx * s.patches.ny
		s.patches.u, s.patches.v = make([]float32, n), make([]float32, n)
		parallel(threads, s.patches.ny, s.row)
		flow = &Flow{s.from.w, s.from.h, make([]float32, s.from.w*s.from.h), make([]float32, s.from.w*s.from.h)}
		s.flow = flow
		parallel(threads, flow.H, s.average)
	}
	return flow
}

// search is the search in one level.
type search struct {
	from, to *plane
	coarse   *Flow      // of the next coarser level, or nil
	usual    [2]float32 // twice its median
	patches  grid
	flow     *Flow // the result
}

// row searches for a row of patches.
func (s *search) row(j int) {
	var p template
	for i := range s.patches.nx {
		x, y := place(i, s.from.w), place(j, s.from.h)
		p.take(s.from, x, y)
		u, v := s.start(&p, x, y)
		at := j*s.patches.nx + i
		s.patches.u[at], s.patches.v[at] = p.find(s.to, x, y, u, v)
	}
}

// start returns the displacement that the search for a patch begins with: of that at the
// coarser level, the most usual one there and none, the one that matches best. The last two
// save patches at the edges, where the coarser level had nothing to compare.
func (s *search) start(p *template, x, y int) (u, v float32) {
	if s.coarse == nil {
		return 0, 0
	}
	cx, cy := min((x+patch/2)/2, s.coarse.W-1), min((y+patch/2)/2, s.coarse.H-1)
	at := cy*s.coarse.W + cx
	u, v = 2*s.coarse.U[at], 2*s.coarse.V[at]
	_, _, least := p.compare(s.to, float32(x)+u, float32(y)+v)
	for _, other := range [2][2]float32{s.usual, {}} {
		if other[0] == u && other[1] == v {
			continue
		}
		if _, _, cost := p.compare(s.to, float32(x)+other[0], float32(y)+other[1]); cost < least {
			least, u, v = cost, other[0], other[1]
		}
	}
	return u, v
}

// Usual returns the displacement that most pixels have about, in pixels of the picture, which has
// twice the size of the flow: the median along each axis. One that is nearly whole is taken for
// whole, so that small errors do not add up over the frames of a pan.
func (f *Flow) Usual() (x, y float32) {
	m := f.median()
	return snap(2 * m[0]), snap(2 * m[1])
}

// median returns about the median displacement along each axis, that of some thousand pixels.
func (f *Flow) median() [2]float32 {
	var out [2]float32
	const enough = 4096
	step := (len(f.U) + enough - 1) / enough
	sorted := make([]float32, 0, enough)
	for i, p := range [2][]float32{f.U, f.V} {
		sorted = sorted[:0]
		for j := 0; j < len(p); j += step {
			sorted = append(sorted, p[j])
		}
		slices.Sort(sorted)
		out[i] = sorted[len(sorted)/2]
	}
	return out
}

// template is a patch with what the steps of its search need.
type template struct {
	pix, dx, dy   [patch * patch]float32 // without their means
	ixx, ixy, iyy float32                // inverse of the Hessian
	flat          bool
}

// take cuts a patch out of a plane and computes its gradients.
func (p *template) take(from *plane, x, y int) {
	var sum, sx, sy float32
	for j := range patch {
		above, row, below := from.row(x-1, y+j-1)[:patch+2], from.row(x-1, y+j)[:patch+2], from.row(x-1, y+j+1)[:patch+2]
		pix, dx, dy := p.pix[j*patch:][:patch], p.dx[j*patch:][:patch], p.dy[j*patch:][:patch]
		for i := range patch {
			pix[i], dx[i], dy[i] = row[i+1], (row[i+2]-row[i])/2, (below[i+1]-above[i+1])/2
			sum, sx, sy = sum+pix[i], sx+dx[i], sy+dy[i]
		}
	}
	const n = patch * patch
	sum, sx, sy = sum/n, sx/n, sy/n
	var xx, xy, yy float32
	for i := range p.pix {
		p.pix[i] -= sum
		p.dx[i] -= sx
		p.dy[i] -= sy
		xx += float32(p.dx[i] * p.dx[i])
		xy += float32(p.dx[i] * p.dy[i])
		yy += float32(p.dy[i] * p.dy[i])
	}
	det := float32(xx*yy) - float32(xy*xy)
	if p.flat = !(det > leastDet*n*n); p.flat {
		return
	}
	p.ixx, p.ixy, p.iyy = yy/det, -xy/det, xx/det
}

// find searches for the patch of (x, y) in another plane, from the displacement u, v on. A
// patch that runs away, or gets no better, keeps the displacement.
func (p *template) find(to *plane, x, y int, u, v float32) (float32, float32) {
	bu, bv := u, v
	if p.flat {
		return bu, bv
	}
	best := float32(0)
	for step := range steps + 1 {
		gx, gy, cost := p.compare(to, float32(x)+u, float32(y)+v)
		if step > 0 && cost >= best {
			break
		}
		best, bu, bv = cost, u, v
		du := float32(p.ixx*gx) + float32(p.ixy*gy)
		dv := float32(p.ixy*gx) + float32(p.iyy*gy)
		u, v = u-du, v-dv
		if float32(du*du)+float32(dv*dv) < tiny*tiny {
			break
		}
		if ru, rv := u-bu, v-bv; float32(ru*ru)+float32(rv*rv) > patch*patch {
			break
		}
	}
	return bu, bv
}

// compare returns the gradient of half the squared difference between the patch and the part
// of another plane at (x, y), both without their means, and the squared difference itself.
func (p *template) compare(to *plane, x, y float32) (gx, gy, cost float32) {
	px, py, w := corner(to, x, y)
	var part [patch * patch]float32
	var sum float32
	for j := range patch {
		a, b, out := to.row(px, py+j)[:patch+1], to.row(px, py+j+1)[:patch+1], part[j*patch:][:patch]
		for i := range out {
			out[i] = float32(w[0]*a[i]) + float32(w[1]*a[i+1]) + float32(w[2]*b[i]) + float32(w[3]*b[i+1])
			sum += out[i]
		}
	}
	sum /= patch * patch
	for i, v := range part {
		d := v - sum - p.pix[i]
		gx += float32(d * p.dx[i])
		gy += float32(d * p.dy[i])
		cost += float32(d * d)
	}
	return gx, gy, cost
}

// corner returns the pixel left of and above (x, y), which is moved into the plane with its
// border, and the weights of it and of the three others around (x, y).
func corner(to *plane, x, y float32) (px, py int, w [4]float32) {
	x = max(-pad+1, min(x, float32(to.w+pad-patch-2)))
	y = max(-pad+1, min(y, float32(to.h+pad-patch-2)))
	px, py = floor(x), floor(y)
	fx, fy := x-float32(px), y-float32(py)
	return px, py, [4]float32{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy}
}

func floor(x float32) int {
	i := int(x)
	if float32(i) > x {
		i--
	}
	return i
}

// average computes a row of the flow: the mean of the displacements of the patches over each
// pixel, weighted by how well they match there (equation 3 of the paper).
func (s *search) average(y int) {
	g := &s.patches
	pix, u, v := s.from.row(0, y), s.flow.U[y*s.from.w:][:s.from.w], s.flow.V[y*s.from.w:][:s.from.w]
	sum := make([]float32, s.from.w) // of the weights
	j0, j1 := over(y, s.from.h, g.ny)
	for j := j0; j <= j1; j++ {
		for i := range g.nx {
			pu, pv := g.u[j*g.nx+i], g.v[j*g.nx+i]
			x := place(i, s.from.w)
			n := min(patch, s.from.w-x)
			px, py, w := corner(s.to, float32(x)+pu, float32(y)+pv)
			a, b := s.to.row(px, py)[:n+1], s.to.row(px, py+1)[:n+1]
			for k, p := range pix[x : x+n] {
				d := float32(w[0]*a[k]) + float32(w[1]*a[k+1]) + float32(w[2]*b[k]) + float32(w[3]*b[k+1]) - p
				weight := 1 / max(1, d, -d)
				u[x+k] += weight * pu
				v[x+k] += weight * pv
				sum[x+k] += weight
			}
		}
	}
	for x, w := range sum {
		u[x], v[x] = u[x]/w, v[x]/w
	}
}

// over returns the first and the last of n patches over a pixel of a side.
func over(x, side, n int) (first, last int) {
	first, last = max(0, (x-patch)/spacing+1), min(n-1, x/spacing)
	if x < patch {
		first = 0
	}
	if x >= side-patch { // the last patch is at the end
		last = n - 1
	}
	for first < last && place(first, side)+patch <= x {
		first++
	}
	return min(first, last), last
}
