package nst

import (
	"slices"

	"nst/imgio"
	"nst/internal/colour"
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

// coloured returns the style that a mode makes of s for a content as it came: s
// itself, with all that it has measured, if the mode leaves its pictures as they
// are. A region counts with its own colours, and so does the part of a picture that a
// mask selects.
func (s *Style) coloured(m colour.Mode, content *imgio.Planar) *Style {
	out := *s
	out.pictures, out.targets = make([]StylePicture, len(s.pictures)), map[setting][]target{}
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

// selected returns the pixels of p that a mask selects at least half as much as any
// other, in a row: enough for a mode of colours, which asks for no places. A nil mask
// selects all.
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

// colouredPart returns what a mode makes of a style picture for a content: of the
// part that counts by its own colours, of the rest, which the edges of that part
// see, by those of the whole.
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
