package nst

import (
	"errors"
	"fmt"
	"slices"
)

// ErrMaskCount means that the number of content masks is neither 0 nor that of the style
// pictures.
var ErrMaskCount = errors.New("one content mask is wanted for each style picture")

// leastPositions is how many positions of a layer a mask must select, fractions included, to
// count there. Deep in the network the features of a thinner region are mostly those of its
// surroundings, and no mean is defined over nothing.
const leastPositions = 0.25

// region is a part of the content that is painted in the style of one picture.
type region struct {
	mask *Mask   // at the size of the result; nil is everywhere
	area float64 // the fraction of the picture that it selects
}

// regionsOf fits content masks to a result of w by h pixels. Without masks there are no
// regions; otherwise there must be one mask for each picture of s. A nil mask is everywhere.
func regionsOf(masks []*Mask, s *Style, w, h int) ([]region, error) {
	if len(masks) == 0 {
		return nil, nil
	}
	if len(masks) != len(s.pictures) {
		return nil, fmt.Errorf("nst: %w: there are %d for %d", ErrMaskCount, len(masks), len(s.pictures))
	}
	regions := make([]region, len(masks))
	for i, m := range masks {
		regions[i].area = 1
		if m == nil {
			continue
		}
		fitted, err := m.Fit("content mask", i+1, w, h)
		if err != nil {
			return nil, err
		}
		regions[i] = region{fitted, fitted.sum() / float64(w*h)}
	}
	return regions, nil
}

// Rest returns the mask, w by h pixels, of what other masks leave: 1 minus their sum, and 0
// where the sum is above 1. The masks may have any size; they are resampled. It panics if one
// is nil or has not one value for each pixel.
func Rest(w, h int, masks ...*Mask) *Mask {
	out := &Mask{w, h, make([]float32, w*h)}
	for i := range out.Pix {
		out.Pix[i] = 1
	}
	for _, m := range masks {
		for i, v := range m.resize(w, h).Pix {
			out.Pix[i] = max(out.Pix[i]-v, 0)
		}
	}
	return out
}

// guide returns the guidance channel T (h, w) of a mask, for a layer of w by h positions: the
// mean of the mask over the area of each (Gatys et al. 2017, arXiv 1611.07865, section 4.2).
// It needs no scaling, because the statistics of package loss divide by the sum of T². ok is
// false if the mask selects less than leastPositions. The guide of no mask, and of one that
// is the same everywhere, is nil.
func (m *Mask) guide(w, h int) (t []float32, ok bool) {
	if m == nil {
		return nil, true
	}
	m = m.resize(w, h)
	if m.sum() < leastPositions {
		return nil, false
	}
	if slices.Min(m.Pix) == slices.Max(m.Pix) {
		return nil, true
	}
	return m.Pix, true
}

// over returns s with picture i painted in region i; nil is no regions. It shares what s has
// measured.
func (s *Style) over(regions []region) *Style {
	out := *s
	out.regions = regions
	return &out
}

// wanted returns the targets of a loss from those measured of each style picture, at a scale.
// Without regions mix decides, and mean makes one target of several. With regions each picture is a target of its own, whose share
// is the area of its region times the weight of its picture divided by the mean weight: then
// the style pulls as hard at a position as it would in a picture of a single style.
func (s *Style) wanted(measured []target, mix StyleMix, mean func([]target) target) []target {
	if s.regions == nil {
		if mix == MixMean {
			return []target{mean(measured)}
		}
		return measured
	}
	out := slices.Clone(measured)
	for i := range out {
		out[i].share *= float64(len(out)) * s.regions[i].area
		out[i].where, out[i].region = s.regions[i].mask, i+1
	}
	return out
}
