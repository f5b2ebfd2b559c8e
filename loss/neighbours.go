package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Sample returns the features (1, c, h, w) at some positions (s), each y w + x, as (s, c).
func Sample(name string, features, positions *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewSample(), features, positions)
}

// Nearest returns, for each position of features (1, c, h, w), which feature of a style is
// nearest to it, as numbers from 0, (h, w). target (1+s, c) has the mean μ of the style's
// features, which is not used, and s features of the style less μ, of norm 1. The nearest has
// the largest cosine to the position's features less their own mean: the centred cosine of
// Kolkin et al. (2022, arXiv 2203.13215). With a guide (h, w) that mean is of a region.
func Nearest(name string, features, guide, target *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewNearest(guide != nil), guidedBy(guide, features, target)...)
}

// Neighbours returns the mean over all positions of 1 - cos(f - μ, s): f are the features
// (1, c, h, w) of a position and s is the feature of the style that matches (h, w) has for it,
// as [Nearest] gives them. μ and s come from target as in [Nearest]. Position p has the weight
// guide[p]², where guide is (h, w); nil gives all positions the same weight.
//
// It is the distance of Kolkin et al. (2022) layer by layer. They subtract nothing from f; here
// both sides lose the mean of the style, so that the colours of the style are the target too.
// The matches are fixed: no gradient flows through their choice.
func Neighbours(name string, features, guide, target, matches *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewCosine(guide != nil), guidedBy(guide, features, target, matches)...)
}

// guidedBy returns inputs and, if it is not nil, the guide after them.
func guidedBy(guide *G.Node, inputs ...*G.Node) []*G.Node {
	if guide == nil {
		return inputs
	}
	return append(inputs, guide)
}
