package main

import (
	"math"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// reading says how large the pictures of a run are wanted, at most: the longest side in pixels,
// or 0 if they are wanted as they are. Much larger ones are reduced while they are read.
type reading struct{ content, style int }

// and returns what pictures of r and of another reading are wanted for; first means that r is
// none yet.
func (r reading) and(other reading, first bool) reading {
	largest := func(a, b int) int {
		if !first && (a == 0 || b == 0) {
			return 0
		}
		return max(a, b)
	}
	return reading{largest(r.content, other.content), largest(r.style, other.style)}
}

// readingOf returns how large runs with the given options, one after the other, want pictures.
func readingOf(runs []nst.Options) (r reading) {
	for _, o := range runs {
		if o.Size == nst.OriginalSize {
			return reading{}
		}
		r.content = max(r.content, o.Size)
		r.style = max(r.style, int(math.Ceil(o.Objective.StyleScale*float64(o.Size))))
	}
	return r
}

// onePassReading is readingOf for a picture that is painted in one pass, at a size.
func onePassReading(size int) reading {
	return reading{max(size, 0), instant.PaintingSize} // the original size is below 0
}

// shrinking returns the limits for a picture that is wanted at a size at most.
func (t *console) shrinking(size int) []imgio.Limit {
	if size < 1 || t.e.wholePictures {
		return t.limits
	}
	return append(t.limits[:len(t.limits):len(t.limits)], imgio.Shrink(size))
}

// reading returns how large the jobs with some settings want pictures.
func (p *batchPlan) reading(setup int) reading {
	s := p.setups.all[setup].settings
	if p.o.many.apply {
		return onePassReading(s.pass.size)
	}
	return readingOf([]nst.Options{s.Options})
}

// readings is reading for all jobs together.
func (p *batchPlan) readings() (all reading) {
	for i := range p.setups.all {
		all = all.and(p.reading(i), i == 0)
	}
	return all
}
