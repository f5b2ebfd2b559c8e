package nst

import (
	"slices"

	"nst/imgio"
	"nst/internal/colour"
)

// Whose colours the result has.
const (
	// ColourStyle takes the colours of the style, which come with its texture. If all
	// pictures of the style are grey, so is the result.
	ColourStyle Colour = "style"

	// ColourLuma paints light and dark only. Content and style are made grey, and the
	// luma of the style gets the mean and deviation of that of the content. The result
	// gets the colours of the content.
	ColourLuma Colour = "luma"

	// ColourMatch gives the style, before the run, the mean and covariance of the
	// content's colours: the strokes of the style in the colours of the content.
	ColourMatch Colour = "match"

	// ColourPost runs in the colours of the style and gives the result those of
	// the content afterwards (-original_colors of jcjohnson's neural-style).
	ColourPost Colour = "post"

	// ColourHistogram is ColourMatch for the whole distribution of the colours, not only
	// its mean and covariance.
	ColourHistogram Colour = "histogram"
)

// Colours lists whose colours the result can have.
func Colours() []Colour {
	return []Colour{ColourStyle, ColourLuma, ColourMatch, ColourPost, ColourHistogram}
}

// colourOf returns what a word stands for, which must be one of [Colours].
func colourOf(c Colour) colour.Mode {
	switch c {
	case ColourLuma:
		return colour.Luma{}
	case ColourMatch:
		return colour.Match{}
	case ColourPost:
		return colour.Post{}
	case ColourHistogram:
		return colour.Histogram{}
	}
	return colour.Plain{}
}

// Repaint paints content by a function that has no style picture to prepare, as one pass of
// a network has none, and returns the result in the colours of c. match and histogram give
// the painted picture the colours that they would give a style. paint must not change its
// argument. c must be one of [Colours].
func (c Colour) Repaint(content *imgio.Planar, paint func(*imgio.Planar) (*imgio.Planar, error)) (*imgio.Planar, error) {
	mode := colourOf(c)
	painted, err := paint(mode.Content(content))
	if err != nil {
		return nil, err
	}
	return mode.Finish(mode.Style(painted, content), content), nil
}

// colourless reports whether all pictures of a style have shades of grey only.
func (s *Style) colourless() bool {
	for _, p := range s.pictures {
		if !colour.Colourless(p.Picture) {
			return false
		}
	}
	return true
}

// greyed returns t for a run over grey pictures: they are differences to a grey.
func (t *Transfer) greyed() *Transfer {
	own, n := *t, *t.network
	n.centre = n.centre.grey()
	own.network = &n
	return &own
}

// coloured returns s with its pictures prepared by a mode, for a content that is as it came.
// If the mode changes no picture it returns s itself, with all that it has measured. Of the
// content only the colours of the region of a picture count, and of a picture those of the
// part that its mask selects.
func (s *Style) coloured(m colour.Mode, content *imgio.Planar) *Style {
	out := *s
	out.pictures, out.targets = make([]StylePicture, len(s.pictures)), newTargets()
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

// selected returns, as a picture of one row, the pixels of p at which the mask has at least
// half its largest value, and their positions. A colour mode does not depend on positions. A
// nil mask selects all.
func (m *Mask) selected(p *imgio.Planar) (row *imgio.Planar, at []int) {
	m = m.resize(p.W, p.H)
	half := slices.Max(m.Pix) / 2
	for i, v := range m.Pix {
		if v >= half {
			at = append(at, i)
		}
	}
	n := p.W * p.H
	row = imgio.NewPlanar(len(at), 1)
	for c := range 3 {
		for j, i := range at {
			row.Pix[c*len(at)+j] = p.Pix[c*n+i]
		}
	}
	return row, at
}

// colouredPart returns what a mode makes of a style picture for a content. What its mask
// selects is prepared by its own colours. The rest, which features at the edges of that part
// still see, is prepared by the colours of the whole picture.
func colouredPart(m colour.Mode, p StylePicture, content *imgio.Planar) *imgio.Planar {
	whole := m.Style(p.Picture, content)
	if p.Mask == nil || whole == p.Picture {
		return whole
	}
	row, at := p.Mask.selected(p.Picture)
	row = m.Style(row, content)
	out, n := whole.Clone(), whole.W*whole.H
	for c := range 3 {
		for j, i := range at {
			out.Pix[c*n+i] = row.Pix[c*len(at)+j]
		}
	}
	return out
}
