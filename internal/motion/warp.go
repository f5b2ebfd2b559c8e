package motion

import "nst/imgio"

// Consistent returns how much each displacement of a flow can be trusted, 0 to 1. back is from
// the frame to the one before, ahead the other way. A displacement counts where ahead leads
// back to the pixel (Sundaram et al. 2010; Ruder et al. 2016, equation 6), where motion has no
// boundary (their equation 7), and where the two frames have about the same luma. What is newly
// seen gets 0.
func Consistent(back, ahead *Flow, frame, before *Pyramid) []float32 {
	w, h := back.W, back.H
	out := make([]float32, w*h)
	now, then := &frame.levels[0], &before.levels[0]
	for y := range h {
		pix := now.row(0, y)
		for x := range w {
			at := y*w + x
			u, v := back.U[at], back.V[at]
			tx, ty := float32(x)+u, float32(y)+v
			if tx < 0 || ty < 0 || tx > float32(w-1) || ty > float32(h-1) {
				continue
			}
			au, av := ahead.sample(tx, ty)
			du, dv := u+au, v+av
			if du*du+dv*dv > 0.01*(u*u+v*v+au*au+av*av)+0.5 || back.boundary(x, y) {
				continue
			}
			px, py, k := corner(then, tx, ty)
			a, b := then.row(px, py), then.row(px, py+1)
			d := float32(k[0]*a[0]) + float32(k[1]*a[1]) + float32(k[2]*b[0]) + float32(k[3]*b[1]) - pix[x]
			out[at] = trust(max(d, -d))
		}
	}
	return out
}

// trust falls from 1 to 0 as luma differs by sameLuma to otherLuma levels.
func trust(difference float32) float32 {
	const sameLuma, otherLuma = 8, 32
	return max(0, min(1, (otherLuma-difference)/(otherLuma-sameLuma)))
}

// boundary reports whether neighbours of a pixel move in other ways.
func (f *Flow) boundary(x, y int) bool {
	at := y*f.W + x
	right, below := at+min(1, f.W-1-x), at+min(1, f.H-1-y)*f.W
	sum := float32(0)
	for _, p := range [2][]float32{f.U, f.V} {
		dx, dy := p[right]-p[at], p[below]-p[at]
		sum += dx*dx + dy*dy
	}
	u, v := f.U[at], f.V[at]
	return sum > 0.01*(u*u+v*v)+0.1
}

// sample returns the displacement between pixels.
func (f *Flow) sample(x, y float32) (u, v float32) {
	x0, y0, fx, fy := between(x, y, f.W, f.H)
	at, right, below := y0*f.W+x0, min(1, f.W-1-x0), min(1, f.H-1-y0)*f.W
	mix := func(p []float32) float32 {
		top := p[at] + (p[at+right]-p[at])*fx
		bottom := p[at+below] + (p[at+below+right]-p[at+below])*fx
		return top + (bottom-top)*fy
	}
	return mix(f.U), mix(f.V)
}

// double fills a row of a plane with the values of one of half its size, w by h, between whose
// pixels it interpolates.
func double(out, half []float32, w, h, y int) {
	_, y0, _, fy := between(0, (float32(y)-0.5)/2, w, h)
	a := half[y0*w:][:w]
	b := half[min(y0+1, h-1)*w:][:w]
	at := func(left, right int, fx float32) float32 {
		top := a[left] + (a[right]-a[left])*fx
		bottom := b[left] + (b[right]-b[left])*fx
		return top + (bottom-top)*fy
	}
	out[0] = at(0, 0, 0)
	for x := 1; x < len(out); x++ {
		left := (x - 1) / 2
		out[x] = at(left, min(left+1, w-1), 0.75-float32(x&1)/2)
	}
}

// between returns the pixel left of and above (x, y), within w by h, and the rest.
func between(x, y float32, w, h int) (x0, y0 int, fx, fy float32) {
	x, y = max(0, min(x, float32(w-1))), max(0, min(y, float32(h-1)))
	x0, y0 = int(x), int(y)
	return x0, y0, x - float32(x0), y - float32(y0)
}

// Warp moves pictures of one size along a flow of half their size: each pixel of a result is
// where the flow says that it was. Colours between pixels are those of a cubic (Keys 1981,
// a = -1/2), within 0 to 1. Outside, the edge goes on.
func Warp(back *Flow, threads int, pictures ...*imgio.Planar) []*imgio.Planar {
	w, h := pictures[0].W, pictures[0].H
	out := make([]*imgio.Planar, len(pictures))
	for i := range out {
		out[i] = imgio.NewPlanar(w, h)
	}
	inRows(threads, w, h, 2, func(y int, rows [][]float32) {
		us, vs := rows[0], rows[1]
		double(us, back.U, back.W, back.H, y)
		double(vs, back.V, back.W, back.H, y)
		for x := range w {
			p := pointAt(snap(float32(x)+2*us[x]), snap(float32(y)+2*vs[x]), w, h)
			for i, m := range pictures {
				p.cubic(out[i].Pix[y*w+x:], m)
			}
		}
	})
	return out
}

// snap returns the whole number that is nearest to x, if it is near: to interpolate would blur
// more than it moves.
func snap(x float32) float32 {
	const near = 0.12
	if whole := float32(floor(x + 0.5)); x-whole < near && whole-x < near {
		return whole
	}
	return x
}

// point is a place in a picture, with the weights of the pixels around it.
type point struct {
	x, y   int // the pixel left of and above it
	whole  bool
	wx, wy [4]float32
}

func pointAt(x, y float32, w, h int) (p point) {
	var fx, fy float32
	p.x, p.y, fx, fy = between(x, y, w, h)
	if p.whole = fx == 0 && fy == 0; !p.whole {
		p.wx, p.wy = keys(fx), keys(fy)
	}
	return p
}

// cubic writes the colour of m at the point to the first value of each plane of out.
func (p *point) cubic(out []float32, m *imgio.Planar) {
	n := m.W * m.H
	if p.whole {
		at := p.y*m.W + p.x
		out[0], out[n], out[2*n] = m.Pix[at], m.Pix[n+at], m.Pix[2*n+at]
		return
	}
	inside := p.x >= 1 && p.x+2 < m.W && p.y >= 1 && p.y+2 < m.H
	for c := range 3 {
		plane := m.Pix[c*n:][:n]
		if inside {
			out[c*n] = p.sum(plane[(p.y-1)*m.W+p.x-1:], m.W)
			continue
		}
		sum := float32(0)
		for j, k := range p.wy {
			row := plane[max(0, min(p.y-1+j, m.H-1))*m.W:][:m.W]
			for i, l := range p.wx {
				sum += k * l * row[max(0, min(p.x-1+i, m.W-1))]
			}
		}
		out[c*n] = max(0, min(sum, 1))
	}
}

// sum returns the weighted sum of 4 by 4 pixels, which begin with the first of pix.
func (p *point) sum(pix []float32, stride int) float32 {
	a, b := (*[4]float32)(pix), (*[4]float32)(pix[stride:])
	c, d := (*[4]float32)(pix[2*stride:]), (*[4]float32)(pix[3*stride:])
	w0, w1, w2, w3 := p.wx[0], p.wx[1], p.wx[2], p.wx[3]
	s := p.wy[0] * (w0*a[0] + w1*a[1] + w2*a[2] + w3*a[3])
	s += p.wy[1] * (w0*b[0] + w1*b[1] + w2*b[2] + w3*b[3])
	s += p.wy[2] * (w0*c[0] + w1*c[1] + w2*c[2] + w3*c[3])
	s += p.wy[3] * (w0*d[0] + w1*d[1] + w2*d[2] + w3*d[3])
	return max(0, min(s, 1))
}

// keys returns the weights of four pixels for a place t after the second.
func keys(t float32) [4]float32 {
	t2, t3 := t*t, t*t*t
	return [4]float32{(-t3 + 2*t2 - t) / 2, (3*t3 - 5*t2 + 2) / 2, (-3*t3 + 4*t2 + t) / 2, (t3 - t2) / 2}
}
