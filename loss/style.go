package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Gram returns the Gram matrix F Fᵀ/(h w), (c, c), of features (1, c, h, w):
// equation 3 of Gatys et al. (2016) over the number of positions.
func Gram(name string, features *G.Node) (*G.Node, error) {
	return GuidedGram(name, features, nil)
}

// GuidedGram is the Gram matrix of a region: guide t, (h, w), gives position p the
// weight t[p]² over the sum of all, so that the matrix does not depend on the area
// of the region; nil stands for the whole. It is equation 5 of Gatys et al. (2017,
// arXiv 1611.07865). A guide of zeros gives zeros.
//
// Where the features are a matrix R times other features F at each position, it is
// computed as R (F Fᵀ) Rᵀ, which spares the product at every position, if there are more
// than twice as many as channels.
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

// Style returns the mean over the c² elements of (G - A)², for the Gram matrix G
// of features (1, c, h, w) and the target A (c, c) of the style picture. The E of
// equation 4 of Gatys et al. (2016) is a quarter of it, but for the division by
// the number of positions in [Gram].
func Style(name string, features, target *G.Node) (*G.Node, error) {
	return GuidedStyle(name, features, nil, target)
}

// GuidedStyle is [Style] of a region, by its [GuidedGram]. For several regions add
// up several terms; the gradient of each reaches its region and what lies near it.
func GuidedStyle(name string, features, guide, target *G.Node) (*G.Node, error) {
	gram, err := GuidedGram(name+"/gram", features, guide)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewMeanSquare(2), gram, target)
}
