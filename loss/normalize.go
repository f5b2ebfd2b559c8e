package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// NormalizeGrad returns features (1, c, h, w) unchanged, but rescales the gradient that
// flows back through them: it is divided by its L1 norm plus 1e-8 and multiplied by
// strength. Every layer then pulls as hard as its strength says. This is the rule of
// jcjohnson/neural-style, where strength is the weight of the loss.
//
// Weights in [Sum] then matter only by their sign. The optimiser no longer follows the
// gradient of the objective, so it must not compare values of the objective.
func NormalizeGrad(name string, features *G.Node, strength float64) (*G.Node, error) {
	return op.Apply(name, op.NewNormalizeGrad(float32(strength)), features)
}
