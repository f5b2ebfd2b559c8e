package nst

import (
	"errors"
	"fmt"

	"nst/imgio"
	"nst/vgg"
)

// ErrClosed is what the methods of a [Transfer] return after Close.
var ErrClosed = errors.New("nst: the Transfer is closed")

// PictureError is a picture that is missing, or whose size and values do not agree.
type PictureError struct {
	What          string // content, style 1, scored picture, first picture
	Missing       bool   // the picture is nil
	Width, Height int    // pixels
	Values        int    // len(Pix), which must be 3 times Width times Height
}

// Error names the picture and says what is wrong with it.
func (e *PictureError) Error() string {
	if e.Missing {
		return fmt.Sprintf("nst: %s is missing", e.What)
	}
	return fmt.Sprintf("nst: %s of %dx%d pixels has %d values, want 3 for each of 1 or more pixels", e.What, e.Width, e.Height, e.Values)
}

// checkPicture returns a [PictureError] if p cannot be used.
func checkPicture(what string, p *imgio.Planar) error {
	switch {
	case p == nil:
		return &PictureError{What: what, Missing: true}
	case p.W < 1 || p.H < 1 || len(p.Pix) != 3*p.W*p.H:
		return &PictureError{What: what, Width: p.W, Height: p.H, Values: len(p.Pix)}
	}
	return nil
}

// ErrStyle is what a [StyleError] wraps.
var ErrStyle = errors.New("the style cannot be used with this Transfer")

// StyleError tells that a [Style] is missing, or that a [Transfer] with another network or
// with other options made it: what it has measured is not what the loss would compare.
type StyleError struct {
	Reason string
}

// Error says what does not agree.
func (e *StyleError) Error() string { return fmt.Sprintf("nst: %v: %s", ErrStyle, e.Reason) }

// Unwrap returns [ErrStyle].
func (e *StyleError) Unwrap() error { return ErrStyle }

// origin is what the measurements of a style depend on. A style may be used by every
// Transfer of the same origin.
type origin struct {
	weights *vgg.Weights // as given to New
	size    int          // Options.Size, which style pictures are scaled down to
	scale   float64
	layers  string
	loss    StyleLoss
	network features
}

// features are the options that change what the network computes.
type features struct {
	pooling       Pooling
	rescale       bool
	preprocessing Preprocessing
	padding       Padding
}

// originOf returns the origin of the styles that options and weights make.
func originOf(w *vgg.Weights, o *Options) origin {
	by := &o.Objective
	return origin{
		weights: w,
		size:    o.Size,
		scale:   by.StyleScale,
		layers:  fmt.Sprint(layerNames(by.StyleLayersOf(w.Network))),
		loss:    by.StyleLoss,
		network: features{by.Pooling, by.Rescale, by.Preprocessing, by.Padding},
	}
}

// checkStyle returns a [StyleError] unless t can use s.
func (t *Transfer) checkStyle(s *Style) error {
	differs := func(what string) error { return &StyleError{"it was made with another " + what} }
	switch {
	case s == nil:
		return &StyleError{"it is missing"}
	case s.origin.weights == nil:
		return &StyleError{"Transfer.Style did not make it"}
	case s.origin.weights != t.origin.weights:
		return differs("network")
	case s.origin.size != t.origin.size:
		return differs("Size")
	case s.origin.scale != t.origin.scale:
		return differs("Objective.StyleScale")
	case s.origin.layers != t.origin.layers:
		return differs("Objective.StyleLayers")
	case s.origin.loss != t.origin.loss:
		return differs("Objective.StyleLoss")
	case s.origin.network != t.origin.network:
		return differs("Objective.Pooling, Rescale, Preprocessing or Padding")
	}
	return nil
}

// checkJob returns an error if j lacks something, or has something that t cannot use.
func (t *Transfer) checkJob(j *Job) error {
	if t.closed {
		return ErrClosed
	}
	if err := checkPicture("content", j.Content); err != nil {
		return err
	}
	if t.options.Schedule.Init == InitImage {
		if err := checkPicture("first picture, which Schedule.Init image asks for,", j.Start); err != nil {
			return err
		}
	}
	return t.checkStyle(j.Style)
}
