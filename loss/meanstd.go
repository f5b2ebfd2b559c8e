package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// Moments returns the mean and the standard deviation of each channel of features
// (1, c, h, w), as (2, c): the means, then the deviations. Position p has the weight
// guide[p]², where guide is (h, w); nil gives all positions the same weight.
func Moments(name string, features, guide *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewMoments(guide != nil), guided(features, guide)...)
}

// guided returns the inputs of a statistic of features: features and, if not nil, guide.
func guided(features, guide *G.Node) []*G.Node {
	return guidedBy(guide, features)
}

// StyleMeanStd returns the mean over channels of (μ - μ')² + (σ - σ')². μ and σ are the
// [Moments] of features (1, c, h, w); target, (2, c), has μ' and σ', those of the style
// picture. guide is as in [Moments].
//
// Galerne et al. (2023, arXiv 2212.13459) add this term to the Gram loss, which alone does
// not determine how features are spread about their mean. Li et al. (2017, arXiv 1701.01036)
// use it alone.
//
// A channel with σ = 0 has no gradient through σ.
func StyleMeanStd(name string, features, guide, target *G.Node) (*G.Node, error) {
	m, err := Moments(name+"/moments", features, guide)
	if err != nil {
		return nil, err
	}
	half, err := op.Apply(name+"/half", op.NewMeanSquare(2), m, target)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewWeightedSum([]float32{2}), half)
}
