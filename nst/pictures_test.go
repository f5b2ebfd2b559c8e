package nst

import (
	"nst/imgio"
	"nst/internal/colour"
	"nst/internal/reftest"
)

// soft is a smooth picture with its colours well inside [0, 1], so that nothing is
// clamped when they are matched to another.
func soft(w, h int, seed uint64, mid, span [3]float32) *imgio.Planar {
	p := &imgio.Planar{W: w, H: h, Pix: reftest.Picture(w, h, seed)}
	for i, v := range p.Pix {
		ch := i / (w * h)
		p.Pix[i] = mid[ch] + span[ch]*(v-0.5)
	}
	return p
}

func warm(w, h int) *imgio.Planar {
	return soft(w, h, 3, [3]float32{0.6, 0.5, 0.4}, [3]float32{0.3, 0.2, 0.25})
}

func cold(w, h int) *imgio.Planar {
	return soft(w, h, 4, [3]float32{0.35, 0.5, 0.55}, [3]float32{0.2, 0.4, 0.3})
}

func flat(w, h int, r, g, b float32) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range w * h {
		p.Pix[i], p.Pix[w*h+i], p.Pix[2*w*h+i] = r, g, b
	}
	return p
}

// grey returns the luma of p in all three channels.
func grey(p *imgio.Planar) *imgio.Planar { return colour.Luma{}.Content(p) }

// planes returns the red, green and blue values of p.
func planes(p *imgio.Planar) (r, g, b []float32) {
	n := p.W * p.H
	return p.Pix[:n], p.Pix[n : 2*n], p.Pix[2*n:]
}

// spreadOf returns the mean and variance of some values.
func spreadOf(values []float32) (s struct{ mean, variance float64 }) {
	for _, v := range values {
		s.mean += float64(v) / float64(len(values))
	}
	for _, v := range values {
		s.variance += (float64(v) - s.mean) * (float64(v) - s.mean) / float64(len(values))
	}
	return s
}

// meanOf returns the mean colour of p.
func meanOf(p *imgio.Planar) (mean [3]float64) {
	r, g, b := planes(p)
	for i, plane := range [][]float32{r, g, b} {
		mean[i] = spreadOf(plane).mean
	}
	return mean
}
