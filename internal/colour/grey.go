package colour

import (
	"slices"

	"nst/imgio"
)

// Grey is for styles without colours: a run sees grey pictures only, and the result is grey.
// A network that is not exact, in particular a distilled one, takes grey pictures for slightly
// coloured ones, and would paint patches of colour.
type Grey struct{ Luma }

// Style returns the luma of s in all three channels: s itself if that is what it has.
func (Grey) Style(s, _ *imgio.Planar) *imgio.Planar {
	r, g, b := planes(s)
	if slices.Equal(r, g) && slices.Equal(g, b) {
		return s
	}
	return grey(s, 1, 0)
}

// Finish returns r itself.
func (Grey) Finish(r, _ *imgio.Planar) *imgio.Planar { return r }

// The most that the channels of a colourless picture differ, on average and anywhere, in
// parts of their range: what JPEG and scanners leave.
const (
	meanTint = 1.5 / 255
	mostTint = 16. / 255
)

// Colourless reports whether a picture has shades of grey only. A single shade, as black, does
// not count: it says nothing about how to paint.
func Colourless(p *imgio.Planar) bool {
	r, g, b := planes(p)
	if slices.Min(g) == slices.Max(g) {
		return false
	}
	var sum, most float64
	for i := range r {
		tint := float64(max(r[i], g[i], b[i]) - min(r[i], g[i], b[i]))
		sum, most = sum+tint, max(most, tint)
	}
	return sum <= meanTint*float64(len(r)) && most <= mostTint
}
