package vgg

import (
	"fmt"
	"math"
)

// lastUsed is the deepest convolution that style transfer uses by default.
const lastUsed = "conv5_1"

// PartialError means that a file ends before the deepest convolution that style transfer
// uses: it may be one of several parts.
type PartialError struct {
	Network, Last string // the last convolution in the file
}

// Error names the last convolution and the network.
func (e *PartialError) Error() string {
	return fmt.Sprintf("weights of %s end with %s, before %s", e.Network, e.Last, lastUsed)
}

func (w *Weights) partial() error {
	e := &PartialError{Network: w.Network.Name}
	for _, l := range w.Network.Convs() {
		if _, ok := w.Filters[l.Name]; ok {
			e.Last = l.Name
		}
	}
	return e
}

// Trained networks stay far below these. The weights of VGG-19 are below 3, its biases below
// 15; with normalisations folded in, a hundred times that.
const (
	largestWeight = 1e4
	largestBias   = 1e5
)

// plausible returns an error if a layer has weights that no training leaves: all the same,
// or enormous, as a flipped bit makes them.
func (w *Weights) plausible() error {
	for _, l := range w.Network.Convs() {
		f, ok := w.Filters[l.Name]
		if !ok {
			break
		}
		lowest, highest := f.W[0], f.W[0]
		for i, x := range f.W {
			if math.Abs(float64(x)) > largestWeight {
				return fmt.Errorf("%s: weight %d is %g: these are no weights of a trained network, or the file is damaged", l.Name, i, x)
			}
			lowest, highest = min(lowest, x), max(highest, x)
		}
		if lowest == highest {
			return fmt.Errorf("%s: all weights are %g: these are no weights of a trained network", l.Name, lowest)
		}
		for i, x := range f.B {
			if math.Abs(float64(x)) > largestBias {
				return fmt.Errorf("%s: bias %d is %g: these are no weights of a trained network, or the file is damaged", l.Name, i, x)
			}
		}
	}
	return nil
}
