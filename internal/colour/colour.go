// Package colour decides whose colours a painted picture has: it prepares content and style
// for a run, and finishes the result. All pictures are RGB, sRGB-encoded, nominally in
// [0, 1].
package colour

import (
	"math"

	"nst/imgio"
)

// Mode is what is done about colours before, during and after a run. Its methods leave
// their arguments as they are, except Confine, and may return one of them. Pictures may
// have any size of 1x1 pixels or more. Values that a mode makes lie in [0, 1], because a
// style that no picture can have would ask the run for the impossible.
type Mode interface {
	// Content returns what the run sees of a content, or of a first picture.
	Content(p *imgio.Planar) *imgio.Planar

	// Style returns the picture to take the style from: s, prepared for a content that is
	// as it came.
	Style(s, content *imgio.Planar) *imgio.Planar

	// Confine removes from the gradient (3, h, w) of a picture of the run, in place, what
	// would lead it away from the pictures of this mode.
	Confine(gradient []float32)

	// Finish turns a picture of the run into the result. The content is as it came; it is
	// scaled if it has another size.
	Finish(result, content *imgio.Planar) *imgio.Planar
}

// Plain leaves every picture as it is. The other modes embed it for what they do not change.
type Plain struct{}

// Content returns p itself.
func (Plain) Content(p *imgio.Planar) *imgio.Planar { return p }

// Style returns s itself.
func (Plain) Style(s, _ *imgio.Planar) *imgio.Planar { return s }

// Confine does nothing.
func (Plain) Confine([]float32) {}

// Finish returns r itself.
func (Plain) Finish(r, _ *imgio.Planar) *imgio.Planar { return r }

// Post gives the result the colours of the content afterwards.
type Post struct{ Plain }

// Finish returns the luma of r with the chroma of the content.
func (Post) Finish(r, content *imgio.Planar) *imgio.Planar { return recolour(r, content) }

// Luma is the luminance transfer of Gatys et al. (2016), "Preserving color in neural
// artistic style transfer", section 3.2: a run sees grey pictures only.
type Luma struct{}

// Content returns the luma of p in all three channels.
func (Luma) Content(p *imgio.Planar) *imgio.Planar { return grey(p, 1, 0) }

// Style returns the grey picture L' = g (L - mean of L) + mean of the content's luma, with
// L the luma of s and g the ratio of the deviations.
func (Luma) Style(s, content *imgio.Planar) *imgio.Planar {
	from, to := lumaMoments(s), lumaMoments(content)
	gain := math.Sqrt((to.variance + ridge) / (from.variance + ridge))
	return grey(s, gain, to.mean-gain*from.mean)
}

// Confine projects the gradient onto the grey pictures. Without it a run would spend its
// steps on colours that Finish discards.
func (Luma) Confine(gradient []float32) {
	n := len(gradient) / 3
	r, g, b := gradient[:n], gradient[n:2*n], gradient[2*n:3*n]
	for i := range r {
		mean := (r[i] + g[i] + b[i]) / 3
		r[i], g[i], b[i] = mean, mean, mean
	}
}

// Finish returns the luma of r with the chroma of the content.
func (Luma) Finish(r, content *imgio.Planar) *imgio.Planar { return recolour(r, content) }

// LumaOf returns the Y of Rec. 601: 0.299 R + 0.587 G + 0.114 B, of sRGB-encoded values,
// full range, as in JPEG.
func LumaOf(r, g, b float32) float32 {
	return float32(0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b))
}

// planes returns the red, green and blue values of p, not copies.
func planes(p *imgio.Planar) (r, g, b []float32) {
	n := p.W * p.H
	return p.Pix[:n], p.Pix[n : 2*n], p.Pix[2*n : 3*n]
}

// grey returns a picture whose three channels are gain times the luma of p, plus offset,
// clamped to [0, 1].
func grey(p *imgio.Planar, gain, offset float64) *imgio.Planar {
	out := imgio.NewPlanar(p.W, p.H)
	r, g, b := planes(p)
	or, og, ob := planes(out)
	for i := range r {
		y := unit(float32(gain*float64(LumaOf(r[i], g[i], b[i])) + offset))
		or[i], og[i], ob[i] = y, y, y
	}
	return out
}

// recolour returns a picture with the luma of light and the chroma of colour: the Cb and Cr of
// Rec. 601. These are multiples of B - Y and R - Y, so they stay if the difference in luma is
// added to all three channels. Where that leaves [0, 1] the colour is made paler until it
// fits, which keeps luma and hue. Clamping each channel would change both.
func recolour(light, colour *imgio.Planar) *imgio.Planar {
	if colour.W != light.W || colour.H != light.H {
		colour = colour.Resize(light.W, light.H)
	}
	out := imgio.NewPlanar(light.W, light.H)
	lr, lg, lb := planes(light)
	cr, cg, cb := planes(colour)
	or, og, ob := planes(out)
	for i := range lr {
		y, was := unit(LumaOf(lr[i], lg[i], lb[i])), LumaOf(cr[i], cg[i], cb[i])
		dr, dg, db := cr[i]-was, cg[i]-was, cb[i]-was
		high, low := max(dr, dg, db), min(dr, dg, db)
		share := float32(1)
		if y+high > 1 {
			share = (1 - y) / high
		}
		if y+low < 0 {
			share = min(share, -y/low)
		}
		or[i], og[i], ob[i] = unit(y+share*dr), unit(y+share*dg), unit(y+share*db)
	}
	return out
}

// unit clamps x to [0, 1].
func unit(x float32) float32 { return min(max(x, 0), 1) }

// spread is the mean and variance of some values.
type spread struct{ mean, variance float64 }

func lumaMoments(p *imgio.Planar) spread {
	r, g, b := planes(p)
	y := make([]float32, len(r))
	for i := range y {
		y[i] = LumaOf(r[i], g[i], b[i])
	}
	return spreadOf(y)
}

func spreadOf(values []float32) (s spread) {
	for _, v := range values {
		s.mean += float64(v)
	}
	s.mean /= float64(len(values))
	for _, v := range values {
		d := float64(v) - s.mean
		s.variance += d * d
	}
	s.variance /= float64(len(values))
	return s
}
