package nst

import (
	"errors"
	"fmt"

	"nst/imgio"
)

// ErrMaskCount is matched by every [MaskCountError].
var ErrMaskCount = errors.New("masks do not pair up")

// MaskCountError tells that the numbers of masks and styles do not pair up.
type MaskCountError struct {
	Content, Style int // masks
	Styles         int // pictures
}

func (e *MaskCountError) Error() string {
	return fmt.Sprintf("nst: %v: content masks %d, style masks %d, styles %d", ErrMaskCount, e.Content, e.Style, e.Styles)
}

// Is reports whether target is [ErrMaskCount].
func (e *MaskCountError) Is(target error) bool { return target == ErrMaskCount }

// region is a part of the content and the part of a style that it is painted with.
type region struct {
	content *Mask // nil is all of the content
	style   int   // which style, from 0
	from    *Mask // of that style; nil is all of it
}

// pairMasks returns the regions that lists of masks mean, either of which may be
// empty, for a number of styles. They pair up by order: region i of the content
// is painted with region i of style i, or with region i of the style if there is
// only one. So there must be as many style masks as content masks, or none, and as
// many styles, or one. Style masks alone, one for each style, say which part of
// each style counts, everywhere in the content. Without masks there are no
// regions. The error is a [MaskCountError].
func pairMasks(styles int, content, style []*Mask) ([]region, error) {
	n := max(len(content), len(style))
	fits := (len(content) == n || len(content) == 0) && (len(style) == n || len(style) == 0) &&
		(styles == n || styles == 1 && len(content) == n)
	if n > 0 && !fits {
		return nil, &MaskCountError{len(content), len(style), styles}
	}
	regions := make([]region, n)
	for i := range regions {
		if styles > 1 {
			regions[i].style = i
		}
		if len(content) > 0 {
			regions[i].content = content[i]
		}
		if len(style) > 0 {
			regions[i].from = style[i]
		}
	}
	return regions, nil
}

// protection keeps a part of the content as it is. With m the mask, x the
// optimiser's picture and c the content, the run sees
//
//	p = m c + (1 - m) x
//
// and by the chain rule the gradient to x is 1 - m times that to p: what the
// optimiser is given is a function and its own gradient, also where m is between
// 0 and 1. The picture p is what the run ends with, so that no seam is left.
type protection struct {
	mask    *Mask
	content *imgio.Planar
}

// newProtection protects what a mask selects of the content that a run sees. The
// error is a [MaskError] for a mask that leaves less than a pixel to paint.
func newProtection(m *Mask, content *imgio.Planar) (*protection, error) {
	fitted := m.Resize(content.W, content.H)
	if fitted.Invert().sum() < 1 {
		return nil, &MaskError{"protect mask", m.W, m.H, content.W, content.H, ErrMaskFull}
	}
	return &protection{fitted, content}, nil
}

// blend turns x into p in place, both (3, h, w). Where the mask is 1, p is the
// content to the last bit; where it is 0, x.
func (p *protection) blend(x []float32) {
	n := len(p.mask.Pix)
	for ch := range 3 {
		plane, content := x[ch*n:(ch+1)*n], p.content.Pix[ch*n:(ch+1)*n]
		for i, m := range p.mask.Pix {
			plane[i] = float32(m*content[i]) + float32((1-m)*plane[i])
		}
	}
}

// gradient turns the gradient to p into that to x, in place.
func (p *protection) gradient(g []float32) {
	n := len(p.mask.Pix)
	for ch := range 3 {
		plane := g[ch*n : (ch+1)*n]
		for i, m := range p.mask.Pix {
			plane[i] *= 1 - m
		}
	}
}

// restore puts the content back in place where the mask is 1, after a
// colourMode has finished r: what was protected then equals the given content,
// the one that came, exactly.
func (p *protection) restore(r, content *imgio.Planar) {
	if content.W != r.W || content.H != r.H {
		content = content.Resize(r.W, r.H)
	}
	n := len(p.mask.Pix)
	for i, m := range p.mask.Pix {
		if m == 1 {
			r.Pix[i], r.Pix[n+i], r.Pix[2*n+i] = content.Pix[i], content.Pix[n+i], content.Pix[2*n+i]
		}
	}
}
