package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// NormalizeGrad returns features (1, c, h, w) unchanged. It divides their gradient by its
// L1 norm plus 1e-8 and multiplies it by Strength. Between features and a loss, it makes
// the gradient equally large whatever the size of the loss: the rule of
// jcjohnson/neural-style.
//
// The result is not the gradient of any function. An optimiser that compares losses, such
// as one with a line search, must not be used with it.
type NormalizeGrad struct {
	meta
	Strength float32
}

// NormalizedGrad is the gradient of [NormalizeGrad]. Its input is the gradient g to the
// output of that; its own output is Strength g / (|g|₁ + 1e-8).
type NormalizedGrad struct {
	meta
	Strength float32
}

var (
	_ G.SDOp = (*NormalizeGrad)(nil)
	_ G.Op   = (*NormalizedGrad)(nil)
)

// NewNormalizeGrad returns a [NormalizeGrad].
func NewNormalizeGrad(strength float32) *NormalizeGrad {
	return &NormalizeGrad{meta{fmt.Sprintf("normalizegrad{%v}", strength), []int{4}, 4}, strength}
}

// InferShape returns the shape of the features.
func (o *NormalizeGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// DiffWRT says that the features are differentiated.
func (o *NormalizeGrad) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the normalised gradient.
func (o *NormalizeGrad) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &NormalizedGrad{meta{fmt.Sprintf("normalizedgrad{%v}", o.Strength), []int{4}, 4}, o.Strength}
	return onlyFirst(in, out, g, G.Nodes{grad})
}

// Do copies the features.
func (o *NormalizeGrad) Do(in ...G.Value) (G.Value, error) {
	return dense(append([]float32{}, Floats(in[0])...), in[0].Shape()...), nil
}

// InferShape returns the shape of the gradient.
func (o *NormalizedGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do divides.
func (o *NormalizedGrad) Do(in ...G.Value) (G.Value, error) {
	g := append([]float32{}, Floats(in[0])...)
	sum := 0.0
	for _, v := range g {
		sum += math.Abs(float64(v))
	}
	scale(g, o.Factor(sum))
	return dense(g, in[0].Shape()...), nil
}

// Factor returns what a gradient with the given L1 norm is multiplied by.
func (o *NormalizedGrad) Factor(norm float64) float32 {
	return float32(float64(o.Strength) / (norm + 1e-8))
}
