package vgg

import (
	"fmt"
	"maps"
)

// Orientations is the number of ways in which a square can be turned and mirrored.
const Orientations = 8

// Turned returns the network that sees a picture as w sees it turned and mirrored: its
// features of a picture x, at a place, are those that w has of the other picture at the
// place where that shows the same. Of the bits of orientation, 0 to 7, the third trades rows for
// columns, then the first mirrors left and right, the second top and bottom; Turned(0) is w.
// It is an error if there is no such orientation.
//
// What holds of one orientation does of the other where no pooling leaves out an odd row or column,
// since networks leave out the last. Biases and projections are those of w, not copies.
func (w *Weights) Oriented(orientation int) (*Weights, error) {
	if orientation < 0 || orientation >= Orientations {
		return nil, fmt.Errorf("vgg: orientation %d, want 0 to %d", orientation, Orientations-1)
	}
	if orientation == 0 {
		return w, nil
	}
	out := *w
	out.Filters = maps.Clone(w.Filters)
	for name, f := range out.Filters {
		f.W = orientFilters(f.W, orientation)
		out.Filters[name] = f
	}
	return &out, nil
}

// orientFilters turns each of filters of 3 by 3.
func orientFilters(w []float32, orientation int) []float32 {
	var from [9]int
	for i := range from {
		y, x := i/3, i%3
		if orientation&4 != 0 {
			y, x = x, y
		}
		if orientation&2 != 0 {
			y = 2 - y
		}
		if orientation&1 != 0 {
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
