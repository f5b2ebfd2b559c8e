package nst

import (
	"errors"
	"fmt"
	"slices"
)

// ErrMaskCount means that there are content masks, but not one for each style
// picture.
var ErrMaskCount = errors.New("one content mask is wanted for each style picture")

// leastPlaces is how many places of a layer a mask has to select, in parts where
// it is soft, to count there. In what is left of a thin region deep in the network
// the features are those of its surroundings; and of nothing there is no mean.
const leastPlaces = 0.25

// region is a part of the content that is painted in the style of one picture.
type region struct {
	mask *Mask   // at the size of the result; nil is everywhere
	area float64 // the share of the picture that it selects
}

// regionsOf fits content masks to a result of w by h pixels. No masks make no
// regions; else there must be one for each picture of s, nil being everywhere.
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
		fitted, err := m.fit("content mask", i+1, w, h)
		if err != nil {
			return nil, err
		}
		regions[i] = region{fitted, fitted.sum() / float64(w*h)}
	}
	return regions, nil
}

// Rest returns the mask, w by h pixels, of what masks leave: 1 less their sum, and
// 0 where that is more than 1. The masks are resampled to it.
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

// guide returns the guidance channel T of a mask for a layer of w by h places,
// (h, w): the mean of the mask over the area of each place (Gatys et al. 2017,
// arXiv 1611.07865, section 4.2). The statistics of package loss divide by the sum
// of T², so that it needs no scaling. ok is false where the mask selects less than
// leastPlaces. No mask, or one that selects all alike, needs no guide: nil.
func (m *Mask) guide(w, h int) (t []float32, ok bool) {
	if m == nil {
		return nil, true
	}
	m = m.resize(w, h)
	if m.sum() < leastPlaces {
		return nil, false
	}
	if slices.Min(m.Pix) == slices.Max(m.Pix) {
		return nil, true
	}
	return m.Pix, true
}

// over returns the style as it is wanted in regions, if there are any: that of
// picture i in region i. What has been measured is shared.
func (s *Style) over(regions []region) *Style {
	out := *s
	out.regions = regions
	return &out
}

// wanted returns what a picture is to match, of what the pictures of a style have
// at a scale. In regions each is a target of its own, which counts by the area of
// its region and the weight of its picture over the mean weight: then a place is
// drawn as hard as one of a picture in a single style. Without regions StyleMix
// decides.
func (s *Style) wanted(measured []target, mix StyleMix) []target {
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
