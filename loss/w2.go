package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// MeanGram returns the mean of each channel of features (1, c, h, w) and their Gram matrix,
// as (1+c, c): the means, then the matrix. Both can be averaged over several style pictures.
// guide is as in [Moments].
func MeanGram(name string, features, guide *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewMeanGram(guide != nil), guided(features, guide)...)
}

// W2 returns the squared 2-Wasserstein distance of two normal distributions, divided by c.
// One has the [MeanGram] μ, M of features (1, c, h, w), the other μ', M' in target (1+c, c),
// that of the style picture:
//
//	mean((μ-μ')²) + tr(Σ' + Σ - 2 (Σ'^½ Σ Σ'^½)^½)/c,  Σ = M - μ μᵀ + 1e-4 I
//
// It is the style loss of crowsonkb/style-transfer-pytorch, roots included. A root is twelve
// steps of Newton and Schulz, so the roots of eigenvalues far below the largest come out too
// small. The gradient takes twelve steps for Lyapunov's equation. guide is as in [Moments].
func W2(name string, features, guide, target *G.Node) (*G.Node, error) {
	m, err := MeanGram(name+"/moments", features, guide)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewW2(), m, target)
}
