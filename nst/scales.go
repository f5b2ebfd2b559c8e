package nst

import (
	"math"

	"nst/imgio"
)

// scale is one size at which a picture is painted.
type scale struct {
	size       int // longest side; the name of the scale
	w, h       int // of the content, pixels
	iterations int // planned
}

// pixels is the size in pixels; the time of an iteration is proportional to it.
func (s scale) pixels() float64 { return float64(s.w * s.h) }

// scaled returns the size of the scale i steps below size: 1/sqrt(2) each.
func scaled(size, i int) int {
	return int(math.Round(float64(size) / math.Pow(2, float64(i)/2)))
}

// countScales returns the number of scales from size down to least, at least one.
func countScales(size, least int) int {
	n := 1
	for scaled(size, n) >= least {
		n++
	}
	return n
}

// count is the number of scales of a run that ends at size, of which some may be left out.
func (s *Schedule) count(size int) int {
	if s.Scales > 0 {
		return s.Scales
	}
	return countScales(size, s.MinScale)
}

// scales returns the scales of a run that ends at size, the smallest first.
func (n *network) scales(by *Schedule, content *imgio.Planar, s *Style, size int) ([]scale, error) {
	count := by.count(size)
	w, h := content.Whole()
	var plan []scale
	for i := count - 1; i >= 0; i-- {
		at := scale{size: scaled(size, i), iterations: by.fine(i == 0)}
		at.w, at.h = imgio.FitLongest(w, h, at.size)
		// A picture is none the worse for a scale that is left out. The last one must be
		// possible, and so must those that were asked for.
		if err := n.visible(at, s); err != nil && (i == 0 || by.Scales > 0) {
			return nil, n.advise(err, content, s, size, i)
		} else if err == nil {
			plan = append(plan, at)
		}
	}
	plan[0].iterations = by.Iterations
	return plan, nil
}

// fine is the number of evaluations at a scale that is not the first. The scales between the
// first and the last need few: at equal cost, a third there and all at the last leave a lower
// loss than half at each (docs/quality.md).
func (s *Schedule) fine(last bool) int {
	switch {
	case s.FineIterations > 0:
		return s.FineIterations
	case last:
		return s.Iterations
	}
	return (s.Iterations + 2) / 3
}
