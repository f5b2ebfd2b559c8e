package nst

import "nst/imgio"

// forProtection returns the mask at the size of a picture, w by h pixels, of which
// it is to protect a part. The error is a [MaskError], also for a mask that leaves
// less than a pixel to paint.
func (m *Mask) forProtection(w, h int) (*Mask, error) {
	fitted, err := m.fit("protect mask", 0, w, h)
	if err != nil {
		return nil, err
	}
	if float64(w*h)-fitted.sum() < 1 {
		return nil, &MaskError{"protect mask", 0, m.W, m.H, w, h, ErrMaskFull}
	}
	return fitted, nil
}

// protection keeps a part of the content as it is; nil keeps nothing. With m the
// mask, x the optimiser's picture and c the content, the run sees
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

// newProtection protects what a mask selects of the content that a run sees; a nil
// mask selects nothing.
func newProtection(m *Mask, content *imgio.Planar) *protection {
	if m == nil {
		return nil
	}
	return &protection{m.resize(content.W, content.H), content}
}

// blend turns x into p in place, both (3, h, w). Where the mask is 1, p is the
// content to the last bit; where it is 0, x.
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

// restore puts the content back in place where the mask is 1, after a
// colour.Mode has finished r: what was protected then equals the given content,
// the one that came, exactly. Mask and content are scaled to r.
func (m *Mask) restore(r, content *imgio.Planar) {
	m, content = m.resize(r.W, r.H), content.Resize(r.W, r.H)
	n := len(m.Pix)
	for i, v := range m.Pix {
		if v == 1 {
			r.Pix[i], r.Pix[n+i], r.Pix[2*n+i] = content.Pix[i], content.Pix[n+i], content.Pix[2*n+i]
		}
	}
}
