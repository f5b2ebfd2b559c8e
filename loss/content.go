package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Content returns the mean of (F - P)² over all elements, for features F and the target
// features P of the content picture, both (1, c, h, w). Equation 1 of Gatys et al. (2016)
// has half the sum instead of the mean.
func Content(name string, features, target *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewMeanSquare(4), features, target)
}
