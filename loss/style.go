package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Gram returns the Gram matrix F Fᵀ/(h w), (c, c), of features (1, c, h, w): equation 3 of
// Gatys et al. (2016), divided by the number of positions.
func Gram(name string, features *G.Node) (*G.Node, error) {
	return GuidedGram(name, features, nil)
}

// GuidedGram returns the Gram matrix of a region: equation 5 of Gatys et al. (2017,
// arXiv 1611.07865). Position p has the weight guide[p]², divided by the sum of all weights,
// so that the matrix does not depend on the area of the region. guide is (h, w); nil is the
// whole picture, and zeros give zeros.
//
// If features are a matrix R times other features F at each position, and there are more
// than twice as many positions as channels, the result is computed as R (F Fᵀ) Rᵀ, which
// saves the product at every position.
func GuidedGram(name string, features, guide *G.Node) (*G.Node, error) {
	s := features.Shape()
	if f, r, ok := op.PointwiseOf(features); ok && s[2]*s[3] > 2*s[1] {
		gram, err := op.Apply(name+"/unmapped", op.NewGram(guide != nil), guided(f, guide)...)
		if err != nil {
			return nil, err
		}
		return op.Apply(name, op.NewCongruence(), gram, r)
	}
	return op.Apply(name, op.NewGram(guide != nil), guided(features, guide)...)
}

// Style returns the mean of (G - A)² over its c² elements, for the Gram matrix G of features
// (1, c, h, w) and the target A (c, c), that of the style picture. E in equation 4 of Gatys
// et al. (2016) is a quarter of it, apart from the division in [Gram].
func Style(name string, features, target *G.Node) (*G.Node, error) {
	return GuidedStyle(name, features, nil, target)
}

// GuidedStyle is [Style] for a region, with its [GuidedGram]. Several regions need a term
// each. The gradient of a term reaches its region and its surroundings.
func GuidedStyle(name string, features, guide, target *G.Node) (*G.Node, error) {
	gram, err := GuidedGram(name+"/gram", features, guide)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewMeanSquare(2), gram, target)
}
