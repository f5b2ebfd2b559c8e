package nst

import (
	"errors"
	"fmt"
	"math"

	"nst/imgio"
	"nst/internal/colour"
)

// Mask is a soft selection of the pixels of a picture: 1 is in, 0 is out.
type Mask struct {
	W, H int       // pixels
	Pix  []float32 // (H, W), in [0, 1]
}

// NewMask returns the luma of a picture as a mask: white is 1, black is 0, and an 8-bit grey
// of g is g/255 (Rec. 601, of encoded values). It panics if p is nil or has not three values
// for each pixel.
func NewMask(p *imgio.Planar) *Mask {
	m := &Mask{p.W, p.H, make([]float32, p.W*p.H)}
	n := len(m.Pix)
	for i := range m.Pix {
		m.Pix[i] = min(max(colour.LumaOf(p.Pix[i], p.Pix[n+i], p.Pix[2*n+i]), 0), 1)
	}
	return m
}

// The reasons why a mask cannot be used. A [MaskError] wraps one of them.
var (
	// ErrMaskValues means that a mask has no pixels, or not one value for each.
	ErrMaskValues = errors.New("has not one value for each pixel")
	// ErrMaskShape means that the ratio of width to height differs from that of the
	// picture by more than 2 % and by more than one pixel of rounding.
	ErrMaskShape = errors.New("has not the shape of its picture")
	// ErrMaskEmpty means that a mask adds up to less than one pixel.
	ErrMaskEmpty = errors.New("selects nothing")
	// ErrMaskFull means that a protect mask leaves less than one pixel to paint.
	ErrMaskFull = errors.New("leaves nothing to paint")
	// ErrMaskSmall means that a mask selects less than a quarter of a position at every
	// style layer.
	ErrMaskSmall = errors.New("selects too little for any style layer to see")
)

// MaskError is a mask that cannot be used.
type MaskError struct {
	What                        string // protect mask, content mask or style mask
	Index                       int    // of a content or style mask, from 1
	Width, Height               int    // of the mask, pixels
	PictureWidth, PictureHeight int    // of its picture, pixels, as scaled
	Err                         error  // ErrMaskValues, ErrMaskShape, ErrMaskEmpty, ErrMaskFull or ErrMaskSmall
}

// Error names the mask and says what is wrong with it.
func (e *MaskError) Error() string {
	name := e.What
	if e.Index > 0 {
		name = fmt.Sprintf("%s %d", e.What, e.Index)
	}
	return fmt.Sprintf("nst: %s %s", name, e.Reason())
}

// Reason returns what is wrong without saying which mask it is.
func (e *MaskError) Reason() string {
	switch e.Err {
	case ErrMaskShape:
		return fmt.Sprintf("%v: it is %dx%d pixels, the picture %dx%d", e.Err, e.Width, e.Height, e.PictureWidth, e.PictureHeight)
	case ErrMaskSmall:
		return fmt.Sprintf("%v at %dx%d pixels", e.Err, e.PictureWidth, e.PictureHeight)
	}
	return e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *MaskError) Unwrap() error { return e.Err }

// Fit returns the mask at the size of its picture, w by h pixels. The error is a [MaskError]
// with that name and index.
func (m *Mask) Fit(what string, index, w, h int) (*Mask, error) {
	fail := func(err error) (*Mask, error) {
		return nil, &MaskError{what, index, m.W, m.H, w, h, err}
	}
	if m.W < 1 || m.H < 1 || len(m.Pix) != m.W*m.H {
		return fail(ErrMaskValues)
	}
	fw, fh := imgio.FitLongest(m.W, m.H, max(w, h))
	near := func(a, b int) bool { return math.Abs(float64(a-b)) <= max(1, 0.02*float64(b)) }
	if !near(fw, w) || !near(fh, h) {
		return fail(ErrMaskShape)
	}
	m = m.resize(w, h)
	if m.sum() < 1 {
		return fail(ErrMaskEmpty)
	}
	return m, nil
}

// sum is the number of pixels that the mask selects, fractions included.
func (m *Mask) sum() (n float64) {
	for _, v := range m.Pix {
		n += float64(v)
	}
	return n
}

// resize returns the mask resampled to w by h pixels, as [imgio.ResizePlane] does.
func (m *Mask) resize(w, h int) *Mask {
	return &Mask{w, h, imgio.ResizePlane(m.Pix, m.W, m.H, w, h)}
}
