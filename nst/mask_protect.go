package nst

import "nst/imgio"

// forProtection returns a protect mask at the size of its picture, w by h pixels. The error
// is a [MaskError].
func (m *Mask) forProtection(w, h int) (*Mask, error) {
	fitted, err := m.Fit("protect mask", 0, w, h)
	if err != nil {
		return nil, err
	}
	if float64(w*h)-fitted.sum() < 1 {
		return nil, &MaskError{"protect mask", 0, m.W, m.H, w, h, ErrMaskFull}
	}
	return fitted, nil
}

// protection keeps a part of the content as it is; nil keeps nothing. With m the mask, x the
// optimiser's picture and c the content, the objective sees
//
//	p = m c + (1 - m) x
//
// By the chain rule the gradient to x is 1 - m times that to p. So the optimiser gets a
// function and its own gradient, also where m is between 0 and 1. The result is p, so that
// no seam is left.
type protection struct {
	mask    *Mask
	content *imgio.Planar
}

// newProtection returns the protection of what a mask selects of the content that a run
// sees. The protection of a nil mask is nil.
func newProtection(m *Mask, content *imgio.Planar) *protection {
	if m == nil {
		return nil
	}
	return &protection{m.resize(content.W, content.H), content}
}

// blend turns x into p in place, both (3, h, w). Where the mask is 1, p is exactly the
// content; where it is 0, p is x.
func (p *protection) blend(x []float32) {
	if p == nil {
		return
	}
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
	if p == nil {
		return
	}
	n := len(p.mask.Pix)
	for ch := range 3 {
		plane := g[ch*n : (ch+1)*n]
		for i, m := range p.mask.Pix {
			plane[i] *= 1 - m
		}
	}
}

// restore copies the content into r where the mask is 1, after a [colour.Mode] has finished r:
// the protected part is then exactly that of the given content. Mask and content are scaled
// to the size of r.
func (m *Mask) restore(r, content *imgio.Planar) {
	m, content = m.resize(r.W, r.H), content.Resize(r.W, r.H)
	n := len(m.Pix)
	for i, v := range m.Pix {
		if v == 1 {
			r.Pix[i], r.Pix[n+i], r.Pix[2*n+i] = content.Pix[i], content.Pix[n+i], content.Pix[2*n+i]
		}
	}
}
