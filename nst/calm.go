package nst

import (
	"math"

	"nst/imgio"
	"nst/internal/colour"
)

// The measure of how flat a photograph is. It is the same for every size of the result.
const (
	calmSize     = 256  // longest side at which the photograph is measured, pixels
	calmWindow   = 0.01 // deviation of the window, of the longest side
	calmContrast = 0.25 // variance, of the mean one, that is half flat
	calmDecade   = 50   // points of Objective.Calm for a tenth of the weight
)

// calmOf returns the weight in the style losses of each pixel of a photograph, in (0, 1], at
// calmSize or less: 10^(-calm f/50), where f in 0..1 says how flat the photograph is there.
// Without calm, and where the photograph is flat everywhere, it is nil, which is 1 everywhere.
//
// These weights multiply the squares of the guidance channels of Gatys et al. (2017, arXiv
// 1611.07865, equation 5), who draw such channels by hand.
func calmOf(photograph *imgio.Planar, calm float64) *Mask {
	if calm == 0 {
		return nil
	}
	m := flatness(photograph)
	if m == nil {
		return nil
	}
	for i, f := range m.Pix {
		m.Pix[i] = float32(math.Pow(10, -calm*float64(f)/calmDecade))
	}
	return m
}

// flatness returns how flat a photograph is, in 0..1, smoothly and at calmSize or less:
//
//	f = G * 1/(1 + v/(calmContrast v'))
//
// G is the window, v = G*L² - (G*L)² the variance of luma L in it, and v' the mean of v. So
// brightness and contrast of the whole photograph do not count. Where v' is 0 it is nil.
func flatness(photograph *imgio.Planar) *Mask {
	p := photograph
	if max(p.W, p.H) > calmSize {
		p = fit(p, calmSize)
	}
	n, w := p.W*p.H, windowOf(calmWindow*float64(max(p.W, p.H)))
	luma, square := make([]float32, n), make([]float32, n)
	for i := range luma {
		luma[i] = colour.LumaOf(p.Pix[i], p.Pix[n+i], p.Pix[2*n+i])
		square[i] = luma[i] * luma[i]
	}
	mean, variance := w.over(luma, p.W, p.H), w.over(square, p.W, p.H)
	total := 0.0
	for i, v := range variance {
		// What rounding leaves of a flat part is no contrast.
		variance[i] = max(v-mean[i]*mean[i]-1e-6, 0)
		total += float64(variance[i])
	}
	if total == 0 {
		return nil
	}
	half := float32(calmContrast * total / float64(n))
	for i, v := range variance {
		variance[i] = half / (half + v)
	}
	return &Mask{p.W, p.H, w.over(variance, p.W, p.H)}
}

// window is one half of a symmetric row of weights, from the middle outwards. All add up to 1.
type window []float64

// windowOf returns a Gaussian of that deviation, of at least one pixel, cut off at three
// times the deviation.
func windowOf(deviation float64) window {
	deviation = max(deviation, 1)
	w := make(window, 1+int(math.Ceil(3*deviation)))
	sum := 0.0
	for i := range w {
		w[i] = math.Exp(-float64(i*i) / (2 * deviation * deviation))
		sum += w[i]
		if i > 0 {
			sum += w[i]
		}
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// over returns the weighted mean of plane x (h, w) around each position, continued by its
// nearest value beyond the edges.
func (k window) over(x []float32, w, h int) []float32 { return k.columns(k.columns(x, w, h), h, w) }

// columns returns the weighted mean along rows of x (h, w), transposed to (w, h).
func (k window) columns(x []float32, w, h int) []float32 {
	out := make([]float32, len(x))
	for y := range h {
		row := x[y*w:][:w]
		for i := range row {
			sum := k[0] * float64(row[i])
			for d := 1; d < len(k); d++ {
				sum += k[d] * (float64(row[max(i-d, 0)]) + float64(row[min(i+d, w-1)]))
			}
			out[i*h+y] = float32(sum)
		}
	}
	return out
}

// temper multiplies the weight of each of w by h positions, the square of its guide, by that of
// the mask of [calmOf]. It returns the new guide and the mean of the factor over the old
// weights: what is left of the weight of the loss, so that positions of weight 1 keep theirs.
// A guide of nil is 1 everywhere; a nil mask changes nothing.
func (m *Mask) temper(guide []float32, w, h int) (t []float32, left float64) {
	if m == nil {
		return guide, 1
	}
	t = m.resize(w, h).Pix
	before, after := 0.0, 0.0
	for i, v := range t {
		g := 1.0
		if guide != nil {
			g = float64(guide[i])
		}
		before += g * g
		after += g * g * float64(v)
		t[i] = float32(g * math.Sqrt(float64(v)))
	}
	return t, after / before
}
