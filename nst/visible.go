package nst

import (
	"errors"
	"fmt"
	"math"

	"nst/imgio"
)

// TooSmallError tells that a picture is too small for the network: a layer has no
// position left.
type TooSmallError struct {
	What          string // content, style
	Width, Height int    // pixels, as scaled
	Layer         string
	Size          int // the smallest Options.Size that is large enough; 0 if none is known
}

// Error gives the size of the picture, in pixels, and names the layer.
func (e *TooSmallError) Error() string {
	return fmt.Sprintf("nst: %s picture of %dx%d pixels leaves no features at %s", e.What, e.Width, e.Height, e.Layer)
}

// checkSize returns a [TooSmallError] if a picture of w by h pixels leaves nothing at one of
// the layers.
func (n *network) checkSize(what string, w, h int, layers []string) error {
	for _, name := range layers {
		if _, stride := n.layer(name); w/stride < 1 || h/stride < 1 {
			return &TooSmallError{What: what, Width: w, Height: h, Layer: name}
		}
	}
	return nil
}

// visible returns a [TooSmallError] if the network sees nothing of the content or of a
// style at a scale, or a [MaskError] if it sees nothing of what a mask selects.
func (n *network) visible(at scale, s *Style) error {
	style := layerNames(n.options.StyleLayers)
	if err := n.checkSize("content", at.w, at.h, n.layers()); err != nil {
		return err
	}
	for i, p := range s.pictures {
		w, h := n.styleFit(p.Picture.W, p.Picture.H, at.size)
		if err := n.checkSize("style", w, h, style); err != nil {
			return err
		}
		if err := n.selects(p.Mask, "style mask", i+1, w, h); err != nil {
			return err
		}
	}
	for i, r := range s.regions {
		if err := n.selects(r.mask, "content mask", i+1, at.w, at.h); err != nil {
			return err
		}
	}
	return nil
}

// selects returns a [MaskError] of [ErrMaskSmall] if no style layer sees anything of what a
// mask selects in a picture of w by h pixels.
func (n *network) selects(m *Mask, what string, index, w, h int) error {
	counted := false
	for _, l := range n.options.StyleLayers {
		if l.Weight == 0 {
			continue
		}
		counted = true
		if _, ok := m.guide(n.styleSize(l.Layer, w, h)); ok {
			return nil
		}
	}
	if !counted {
		return nil
	}
	return &MaskError{what, index, m.W, m.H, w, h, ErrMaskSmall}
}

// styleFit returns the size at which the style is measured of a picture of w by h pixels, at
// a scale of that size. A style is never enlarged.
func (n *network) styleFit(w, h, size int) (int, int) {
	longest := max(1, int(math.Round(n.options.StyleScale*float64(size))))
	if max(w, h) <= longest {
		return w, h
	}
	return imgio.FitLongest(w, h, longest)
}

// shrunk returns a style picture at the size at which it is measured.
func (n *network) shrunk(p *imgio.Planar, size int) *imgio.Planar {
	w, h := p.Whole()
	w, h = n.styleFit(w, h, size)
	if w == p.W && h == p.H {
		return p
	}
	return p.Resize(w, h)
}

// advise returns err, of the scale that is steps below the size of a run. If it is a
// [TooSmallError] it gets the smallest larger size that would do, if there is one.
func (n *network) advise(err error, content *imgio.Planar, s *Style, size, steps int) error {
	small := new(TooSmallError)
	if !errors.As(err, &small) {
		return err
	}
	w, h := content.Whole()
	for size++; size <= MaxSize; size++ {
		at := scale{size: scaled(size, steps)}
		at.w, at.h = imgio.FitLongest(w, h, at.size)
		if !errors.As(n.visible(at, s), new(*TooSmallError)) {
			small.Size = size
			break
		}
	}
	return err
}
