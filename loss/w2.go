package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// MeanGram returns the mean of each channel of features (1, c, h, w) and their
// Gram matrix, the second moments, as (1+c, c): the means, then the matrix. Both may be
// averaged over several style pictures. guide is as in [Moments].
func MeanGram(name string, features, guide *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewMeanGram(guide != nil), guided(features, guide)...)
}

// W2 returns the squared 2-Wasserstein distance over c of two normal distributions,
// that of features (1, c, h, w) with the [MeanGram] μ, M and that of the target, the
// same of the style picture, (1+c, c):
//
//	mean((μ-μ')²) + tr(Σ' + Σ - 2 (Σ'^½ Σ Σ'^½)^½)/c,  Σ = M - μ μᵀ + 1e-4 I
//
// It is the style loss of crowsonkb/style-transfer-pytorch, with its roots: twelve
// steps of Newton and Schulz, which leave the roots of eigenvalues far below the
// largest too small, and a gradient by as many steps for Lyapunov's equation. guide
// is as in [Moments].
func W2(name string, features, guide, target *G.Node) (*G.Node, error) {
	m, err := MeanGram(name+"/moments", features, guide)
	if err != nil {
		return nil, err
	}
	return op.Apply(name, op.NewW2(), m, target)
}
