package vgg

import (
	"fmt"
	"maps"
)

// Views is the number of ways in which a square can be turned and mirrored.
const Views = 8

// Turned returns the network that sees a picture as w sees it turned and mirrored: its
// features of a picture x, at a place, are those that w has of the other picture at the
// place where that shows the same. Of the bits of view, 0 to 7, the third trades rows for
// columns, then the first mirrors left and right, the second top and bottom; Turned(0) is w.
// It is an error if there is no such view.
//
// What holds of one view does of the other where no pooling leaves out an odd row or column,
// since networks leave out the last. Biases and maps are those of w, not copies.
func (w *Weights) Turned(view int) (*Weights, error) {
	if view < 0 || view >= Views {
		return nil, fmt.Errorf("vgg: view %d, want 0 to %d", view, Views-1)
	}
	if view == 0 {
		return w, nil
	}
	out := *w
	out.Filters = maps.Clone(w.Filters)
	for name, f := range out.Filters {
		f.W = turnFilters(f.W, view)
		out.Filters[name] = f
	}
	return &out, nil
}

// turnFilters turns each of filters of 3 by 3.
func turnFilters(w []float32, view int) []float32 {
	var from [9]int
	for i := range from {
		y, x := i/3, i%3
		if view&4 != 0 {
			y, x = x, y
		}
		if view&2 != 0 {
			y = 2 - y
		}
		if view&1 != 0 {
			x = 2 - x
		}
		from[i] = 3*y + x
	}
	out := make([]float32, len(w))
	for at := 0; at < len(w); at += len(from) {
		for i, j := range from {
			out[at+i] = w[at+j]
		}
	}
	return out
}
