package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Sigmoid makes a picture of the last features of a feed-forward network: inputs x
// (1, 3, h, w) and a bias for each channel (3), output 1/(1 + exp(-(x + bias))), in (0, 1).
type Sigmoid struct{ meta }

// SigmoidGrad is the gradient of [Sigmoid] to x. Its inputs are the gradient g to the
// output and the output y; its output is g y (1 - y).
type SigmoidGrad struct{ meta }

// ChannelSums is the sum of each channel, from (1, c, h, w) to (c): the gradient to a bias
// from that to the biased features.
type ChannelSums struct{ meta }

var (
	_ G.SDOp = (*Sigmoid)(nil)
	_ G.Op   = (*SigmoidGrad)(nil)
	_ G.Op   = (*ChannelSums)(nil)
)

// NewSigmoid returns a [Sigmoid].
func NewSigmoid() *Sigmoid { return &Sigmoid{meta{"sigmoid", []int{4, 1}, 4}} }

// InferShape returns the shape of x.
func (o *Sigmoid) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (s[0][1] != 3 || s[1][0] != 3) {
		err = fmt.Errorf("op: sigmoid: x %v and bias %v, want three channels", s[0], s[1])
	}
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

// DiffWRT says that x and the bias are differentiated.
func (o *Sigmoid) DiffWRT(int) []bool { return []bool{true, true} }

// SymDiff returns the gradients to x and to the bias.
func (o *Sigmoid) SymDiff(_ G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	dx, err := Apply(out.Name()+"/dx", &SigmoidGrad{meta{"sigmoidgrad", []int{4, 4}, 4}}, grad, out)
	if err != nil {
		return nil, err
	}
	db, err := Apply(out.Name()+"/db", &ChannelSums{meta{"channelsums", []int{4}, 1}}, dx)
	return G.Nodes{dx, db}, err
}

// Do computes the picture.
func (o *Sigmoid) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, c*h*w)
	kernel.RefSigmoid(y, Floats(in[0]), Floats(in[1]), c, h*w)
	return dense(y, 1, c, h, w), nil
}

// InferShape returns the shape of the gradient.
func (o *SigmoidGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient.
func (o *SigmoidGrad) Do(in ...G.Value) (G.Value, error) {
	dx := make([]float32, len(Floats(in[0])))
	kernel.RefSigmoidGrad(dx, Floats(in[0]), Floats(in[1]))
	return dense(dx, in[0].Shape()...), nil
}

// InferShape returns (c).
func (o *ChannelSums) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[0][1]}, nil
}

// Do adds up in float64.
func (o *ChannelSums) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	sums := make([]float32, c)
	kernel.RefChannelSums(sums, Floats(in[0]), c, h*w)
	return dense(sums, c), nil
}
