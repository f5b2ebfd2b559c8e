package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Padding says what a convolution sees beyond the edge.
type Padding int

// The paddings. Networks are trained with zeros, which darken the edges of a picture. The
// nearest position does not.
const (
	Zero Padding = iota
	Replicate
)

// String is the name of the padding.
func (p Padding) String() string { return [...]string{"zero", "replicate"}[p] }

// Conv is the 3x3 convolution of VGG, stride 1, padded by 1: inputs x
// (1, c, h, w), filters (k, c, 3, 3) and biases (k), output (1, k, h, w).
type Conv struct {
	meta
	ReLU bool // apply max(0, y)
	Pad  Padding
}

// ConvGrad is the gradient of [Conv] to its first input. Its inputs are the gradient to
// the output (1, k, h, w), the output itself, whose sign the ReLU needs, and the filters;
// its output is (1, c, h, w). Filters are fixed and have no gradient.
type ConvGrad struct {
	meta
	ReLU bool
	Pad  Padding
}

var (
	_ G.SDOp = (*Conv)(nil)
	_ G.Op   = (*ConvGrad)(nil)
)

// NewConv returns a convolution, with or without a ReLU after it.
func NewConv(relu bool, pad Padding) *Conv {
	return &Conv{meta{fmt.Sprintf("conv{relu:%t pad:%v}", relu, pad), []int{4, filters, 1}, 4}, relu, pad}
}

func newConvGrad(relu bool, pad Padding) *ConvGrad {
	return &ConvGrad{meta{fmt.Sprintf("convgrad{relu:%t pad:%v}", relu, pad), []int{4, 4, filters}, 4}, relu, pad}
}

// InferShape returns (1, k, h, w).
func (o *Conv) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[0])
	k := s[1][0]
	if s[1][1] != c || s[1][2] != 3 || s[1][3] != 3 || s[2][0] != k {
		return nil, fmt.Errorf("op: conv: x %v, filters %v, biases %v do not fit", s[0], s[1], s[2])
	}
	return tensor.Shape{1, k, h, w}, nil
}

// DiffWRT says that x is differentiated, and filters and biases are not.
func (o *Conv) DiffWRT(int) []bool { return []bool{true, false, false} }

// SymDiff returns the gradient to x.
func (o *Conv) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	dx, err := Apply(out.Name()+"/dx", newConvGrad(o.ReLU, o.Pad), grad, out, in[1])
	return G.Nodes{dx, nil, nil}, err
}

// Do computes the convolution by the plain loop.
func (o *Conv) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	k := in[1].Shape()[0]
	y := make([]float32, k*h*w)
	conv := kernel.RefConv3x3
	if o.Pad == Replicate {
		conv = kernel.RefConv3x3Replicate
	}
	conv(y, Floats(in[0]), Floats(in[1]), Floats(in[2]), c, h, w, k, o.ReLU)
	return dense(y, 1, k, h, w), nil
}

// InferShape returns (1, c, h, w).
func (o *ConvGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	k, h, w := chw(s[0])
	if !s[0].Eq(s[1]) || s[2][0] != k {
		return nil, fmt.Errorf("op: convgrad: gradient %v, output %v, filters %v do not fit", s[0], s[1], s[2])
	}
	return tensor.Shape{1, s[2][1], h, w}, nil
}

// Do computes the gradient by the plain loop.
func (o *ConvGrad) Do(in ...G.Value) (G.Value, error) {
	k, h, w := chw(in[0].Shape())
	c := in[2].Shape()[1]
	dy := Floats(in[0])
	if o.ReLU {
		dy = maskPositive(dy, Floats(in[1]))
	}
	dx := make([]float32, c*h*w)
	grad := kernel.RefConv3x3Grad
	if o.Pad == Replicate {
		grad = kernel.RefConv3x3ReplicateGrad
	}
	grad(dx, dy, Floats(in[2]), c, h, w, k)
	return dense(dx, 1, c, h, w), nil
}

// maskPositive returns g where y is above zero and 0 elsewhere.
func maskPositive(g, y []float32) []float32 {
	out := make([]float32, len(g))
	kernel.RefReLUGrad(out, y, g)
	return out
}
