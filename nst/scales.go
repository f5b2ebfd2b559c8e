package nst

import (
	"errors"
	"math"

	"nst/imgio"
)

// scale is one size at which a picture is painted.
type scale struct {
	size       int // longest side; the name of the scale
	w, h       int // of the content, pixels
	iterations int // planned
}

// pixels is what the time of an iteration is in proportion to.
func (s scale) pixels() float64 { return float64(s.w * s.h) }

// scaled returns the size of the scale that is i steps below size.
func scaled(size, i int) int {
	return int(math.Round(float64(size) / math.Pow(2, float64(i)/2)))
}

// countScales returns the number of scales from size down to least, of which
// there is always one.
func countScales(size, least int) int {
	n := 1
	for scaled(size, n) >= least {
		n++
	}
	return n
}

// plan returns the scales of a run that ends at size, the smallest first.
func (t *Transfer) plan(content *imgio.Planar, s *Style, size int) ([]scale, error) {
	n := t.options.Schedule.Scales
	if n == 0 {
		n = countScales(size, t.options.Schedule.MinScale)
	}
	var plan []scale
	for i := n - 1; i >= 0; i-- {
		at := scale{size: scaled(size, i), iterations: t.options.fine(i == 0)}
		at.w, at.h = imgio.FitLongest(content.W, content.H, at.size)
		// A scale that is left out takes nothing from the picture but time; the last
		// one has to be, and so do those that were asked for.
		if err := t.visible(at, s); err != nil && (i == 0 || t.options.Schedule.Scales > 0) {
			return nil, t.advise(err, content, s, i)
		} else if err == nil {
			plan = append(plan, at)
		}
	}
	plan[0].iterations = t.options.Schedule.Iterations
	return plan, nil
}

// fine is the number of evaluations at a scale that is not the first. What is between
// first and last is soon as good as it need be: at one cost a third there and more at
// the last leave a lower loss than half at each (docs/quality.md).
func (o *Options) fine(last bool) int {
	switch {
	case o.Schedule.FineIterations > 0:
		return o.Schedule.FineIterations
	case last:
		return o.Schedule.Iterations
	}
	return (o.Schedule.Iterations + 2) / 3
}

// visible returns a TooSmallError if the network sees nothing of the content or of a
// style at a scale, or a MaskError if it sees nothing of what a mask selects.
func (t *Transfer) visible(at scale, s *Style) error {
	style := layerNames(t.options.Objective.StyleLayers)
	if err := t.checkSize("content", at.w, at.h, append(layerNames(t.options.Objective.ContentLayers), style...)); err != nil {
		return err
	}
	for i, p := range s.pictures {
		w, h := p.Picture.W, p.Picture.H
		if size := t.styleSize(at.size); max(w, h) > size {
			w, h = imgio.FitLongest(w, h, size)
		}
		if err := t.checkSize("style", w, h, style); err != nil {
			return err
		}
		if err := t.selects(p.Mask, "style mask", i+1, w, h); err != nil {
			return err
		}
	}
	for i, r := range s.regions {
		if err := t.selects(r.mask, "content mask", i+1, at.w, at.h); err != nil {
			return err
		}
	}
	return nil
}

// advise returns err, of the scale that is i steps below the size of a run, with the
// least size that would do if it is a TooSmallError. A style is not enlarged, so
// that there may be none.
func (t *Transfer) advise(err error, content *imgio.Planar, s *Style, i int) error {
	small := new(TooSmallError)
	if !errors.As(err, &small) {
		return err
	}
	for size := t.size(content) + 1; size <= MaxSize; size++ {
		at := scale{size: scaled(size, i)}
		at.w, at.h = imgio.FitLongest(content.W, content.H, at.size)
		if !errors.As(t.visible(at, s), new(*TooSmallError)) {
			small.Size = size
			break
		}
	}
	return err
}

// enlarge returns a picture at the next scale, where it is the start: cubic, which
// overshoots at edges, and so within 0..1 again.
func enlarge(p *imgio.Planar, w, h int) *imgio.Planar {
	p = p.Resize(w, h)
	for i, v := range p.Pix {
		p.Pix[i] = min(max(v, 0), 1)
	}
	return p
}
