package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ScaleBy is a scalar times a factor that is an input, unlike that of [Scale]. The factor is
// not differentiated. The gradient is a ScaleBy too.
type ScaleBy struct{ meta }

var _ G.SDOp = (*ScaleBy)(nil)

// NewScaleBy returns a [ScaleBy]: inputs x and the factor, both scalars.
func NewScaleBy() *ScaleBy { return &ScaleBy{meta{"scaleby", []int{0, 0}, 0}} }

// InferShape returns the shape of a scalar.
func (o *ScaleBy) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	_, err := o.shapes(in)
	return tensor.ScalarShape(), err
}

// DiffWRT says that x is differentiated, and the factor is not.
func (o *ScaleBy) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to x.
func (o *ScaleBy) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return onlyFirst(in, out, NewScaleBy(), G.Nodes{grad, in[1]})
}

// Do multiplies.
func (o *ScaleBy) Do(in ...G.Value) (G.Value, error) {
	return G.NewF32(scalar(in[0]) * scalar(in[1])), nil
}
