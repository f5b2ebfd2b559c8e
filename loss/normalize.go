package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// NormalizeGrad returns features (1, c, h, w) as they are, but the gradient of a
// loss of what it returns is divided by its L1 norm, plus 1e-8, and multiplied by
// strength: every layer then pulls as hard as its strength says. It is the rule of
// jcjohnson/neural-style, where strength is the weight of the loss. Weights of the loss itself,
// in [Sum], no longer matter, but for their sign; what the optimiser follows is not
// the gradient of the objective, so that it must not look for lower values of it.
func NormalizeGrad(name string, features *G.Node, strength float64) (*G.Node, error) {
	return op.Apply(name, op.NewNormalizeGrad(float32(strength)), features)
}
