package nst

import (
	"math"

	"nst/imgio"
)

// The words that say whose colours the result has.
const (
	// ColourStyle leaves everything as it is: the colours of the style come with
	// its texture.
	ColourStyle Colour = "style"

	// ColourLuma paints with light and dark only: content and style are made
	// grey, the style's grey with the mean and deviation of the content's, and
	// the result gets the colours of the content.
	ColourLuma Colour = "luma"

	// ColourMatch gives the style, before the run, the mean and covariance of the
	// content's colours: strokes of the style in colours of the content.
	ColourMatch Colour = "match"

	// ColourPost runs in the colours of the style and gives the result those of
	// the content afterwards (-original_colors of jcjohnson's neural-style).
	ColourPost Colour = "post"

	// ColourHistogram is ColourMatch with the whole distribution of the colours
	// in place of its first two moments.
	ColourHistogram Colour = "histogram"
)

// Colours lists the words that say whose colours the result has.
func Colours() []Colour {
	return []Colour{ColourStyle, ColourLuma, ColourMatch, ColourPost, ColourHistogram}
}

// colourMode is what is done about colours before, during and after a run. Its
// methods leave their arguments as they are, but for confine, and may return one
// of them. Pictures may have any size; values that they make lie in [0, 1], since
// a style that no picture can have would ask the run for the impossible.
type colourMode interface {
	// content returns what the run sees of a content, or of a first picture.
	content(p *imgio.Planar) *imgio.Planar

	// style returns the picture to take the style from, given the content as it
	// came.
	style(s, content *imgio.Planar) *imgio.Planar

	// confine takes out of the gradient (3, h, w) of a picture of the run what
	// would lead it away from the pictures of this mode.
	confine(gradient []float32)

	// finish turns a picture of the run into the result, given the content as it
	// came, which is scaled if it is of another size.
	finish(result, content *imgio.Planar) *imgio.Planar
}

// colourOf returns the mode of a name, which must be one of [Colours].
func colourOf(name Colour) colourMode {
	switch name {
	case ColourLuma:
		return lumaOnly{}
	case ColourMatch:
		return covarianceMatched{}
	case ColourPost:
		return recoloured{}
	case ColourHistogram:
		return histogramMatched{}
	}
	return asPainted{}
}

// coloured returns the style that a mode makes of s for a content as it came: s
// itself, with all that it has measured, if the mode leaves its pictures as they
// are. A region counts with its own colours, and so does the part of a picture that a
// mask selects.
func (s *Style) coloured(m colourMode, content *imgio.Planar) *Style {
	out := *s
	out.pictures, out.targets = make([]StylePicture, len(s.pictures)), map[look][]target{}
	same := true
	for i, p := range s.pictures {
		part := content
		if s.regions != nil && s.regions[i].mask != nil {
			part, _ = s.regions[i].mask.selected(content)
		}
		p.Picture = colouredPart(m, p, part)
		same = same && p.Picture == s.pictures[i].Picture
		out.pictures[i] = p
	}
	if same {
		return s
	}
	return &out
}

// asPainted is [ColourStyle], and what the other modes do not change.
type asPainted struct{}

func (asPainted) content(p *imgio.Planar) *imgio.Planar   { return p }
func (asPainted) style(s, _ *imgio.Planar) *imgio.Planar  { return s }
func (asPainted) confine([]float32)                       {}
func (asPainted) finish(r, _ *imgio.Planar) *imgio.Planar { return r }

// recoloured is [ColourPost].
type recoloured struct{ asPainted }

func (recoloured) finish(r, content *imgio.Planar) *imgio.Planar { return recolour(r, content) }

// lumaOnly is [ColourLuma], the luminance transfer of Gatys et al. (2016),
// "Preserving color in neural artistic style transfer", section 3.2.
type lumaOnly struct{}

func (lumaOnly) content(p *imgio.Planar) *imgio.Planar { return grey(p, 1, 0) }

// style makes L' = g (L - mean of L) + mean of the content's, with g the ratio of
// the deviations.
func (lumaOnly) style(s, content *imgio.Planar) *imgio.Planar {
	from, to := lumaMoments(s), lumaMoments(content)
	gain := math.Sqrt((to.variance + ridge) / (from.variance + ridge))
	return grey(s, gain, to.mean-gain*from.mean)
}

// confine projects the gradient onto the grey pictures: without it the run would
// spend its steps on colours that finish throws away.
func (lumaOnly) confine(gradient []float32) {
	n := len(gradient) / 3
	r, g, b := gradient[:n], gradient[n:2*n], gradient[2*n:3*n]
	for i := range r {
		mean := (r[i] + g[i] + b[i]) / 3
		r[i], g[i], b[i] = mean, mean, mean
	}
}

func (lumaOnly) finish(r, content *imgio.Planar) *imgio.Planar { return recolour(r, content) }

// luma is the Y of Rec. 601: 0.299 R + 0.587 G + 0.114 B, of sRGB-encoded values,
// full range, as in JPEG.
func luma(r, g, b float32) float32 {
	return float32(0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b))
}

// planes returns the red, green and blue values of p.
func planes(p *imgio.Planar) (r, g, b []float32) {
	n := p.W * p.H
	return p.Pix[:n], p.Pix[n : 2*n], p.Pix[2*n : 3*n]
}

// grey returns the picture whose red, green and blue are all gain times the luma
// of p plus offset, clamped to [0, 1].
func grey(p *imgio.Planar, gain, offset float64) *imgio.Planar {
	out := imgio.NewPlanar(p.W, p.H)
	r, g, b := planes(p)
	or, og, ob := planes(out)
	for i := range r {
		y := unit(float32(gain*float64(luma(r[i], g[i], b[i])) + offset))
		or[i], og[i], ob[i] = y, y, y
	}
	return out
}

// recolour returns the picture with the luma of light and the chroma of colour,
// the Cb and Cr of Rec. 601. These are multiples of B - Y and R - Y, so to keep
// them is to add the difference in luma to all three channels alike. Where that
// leaves [0, 1], the colour is made paler until it fits: luma and hue stay, which
// a clamp of each channel would change.
func recolour(light, colour *imgio.Planar) *imgio.Planar {
	if colour.W != light.W || colour.H != light.H {
		colour = colour.Resize(light.W, light.H)
	}
	out := imgio.NewPlanar(light.W, light.H)
	lr, lg, lb := planes(light)
	cr, cg, cb := planes(colour)
	or, og, ob := planes(out)
	for i := range lr {
		y, was := unit(luma(lr[i], lg[i], lb[i])), luma(cr[i], cg[i], cb[i])
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
		y[i] = luma(r[i], g[i], b[i])
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
