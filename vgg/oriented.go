package vgg

import (
	"fmt"
	"maps"
)

// Orientations is the number of ways to turn and mirror a square.
const Orientations = 8

// Oriented returns w with every filter turned and mirrored. Its features of a picture are
// those that w has of the turned and mirrored picture, turned back. That is exact if no
// pooling drops an odd row or column.
//
// orientation is 0 to 7, anything else is an error. Bit 2 transposes; then bit 0 mirrors
// left to right and bit 1 top to bottom. Oriented(0) is w itself. Biases and projections are
// shared with w.
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

// orientFilters turns and mirrors every 3x3 filter in w.
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
