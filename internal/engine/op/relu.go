package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ReLU is max(0, x) of (1, c, h, w), for a convolution that is itself a tap. Otherwise the
// ReLU is part of [Conv].
type ReLU struct{ meta }

// ReLUGrad is the gradient of [ReLU]. Its inputs are the gradient to the output and the
// output.
type ReLUGrad struct{ meta }

var (
	_ G.SDOp = (*ReLU)(nil)
	_ G.Op   = (*ReLUGrad)(nil)
)

// NewReLU returns a ReLU.
func NewReLU() *ReLU { return &ReLU{meta{"relu", []int{4}, 4}} }

// InferShape returns the shape of the input.
func (o *ReLU) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// DiffWRT says that the input is differentiated.
func (o *ReLU) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the input.
func (o *ReLU) SymDiff(_ G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	dx, err := Apply(out.Name()+"/dx", &ReLUGrad{meta{"relugrad", []int{4, 4}, 4}}, grad, out)
	return G.Nodes{dx}, err
}

// Do computes max(0, x).
func (o *ReLU) Do(in ...G.Value) (G.Value, error) {
	x := Floats(in[0])
	return dense(maskPositive(x, x), in[0].Shape()...), nil
}

// InferShape returns the shape of the gradient.
func (o *ReLUGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do passes the gradient where the output is above zero.
func (o *ReLUGrad) Do(in ...G.Value) (G.Value, error) {
	return dense(maskPositive(Floats(in[0]), Floats(in[1])), in[0].Shape()...), nil
}

// first checks the inputs and returns the shape of the first, for operations whose output
// has the same shape.
func (m meta) first(in []G.DimSizer) (tensor.Shape, error) {
	s, err := m.shapes(in)
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}
