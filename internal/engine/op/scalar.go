package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// MeanSquare is the mean of (a - b)² over all elements of two tensors of one shape. b is a
// target and is not differentiated.
type MeanSquare struct{ meta }

// MeanSquareGrad is the gradient of [MeanSquare] to a. Its inputs are a, b and the gradient
// g to the scalar; its output is 2 g (a - b) / n.
type MeanSquareGrad struct{ meta }

// WeightedSum is the sum of scalars, each times its weight.
type WeightedSum struct {
	meta
	Weights []float32
}

// Scale is a scalar times a constant.
type Scale struct {
	meta
	By float32
}

var (
	_ G.SDOp = (*MeanSquare)(nil)
	_ G.Op   = (*MeanSquareGrad)(nil)
	_ G.SDOp = (*WeightedSum)(nil)
	_ G.Op   = (*Scale)(nil)
)

// NewMeanSquare returns a [MeanSquare] over tensors with dims dimensions.
func NewMeanSquare(dims int) *MeanSquare {
	return &MeanSquare{meta{fmt.Sprintf("meansquare{%d}", dims), []int{dims, dims}, 0}}
}

// NewWeightedSum returns a [WeightedSum] over as many scalars as weights.
func NewWeightedSum(weights []float32) *WeightedSum {
	id := fmt.Sprintf("weightedsum%v", weights)
	return &WeightedSum{meta{id, make([]int, len(weights)), 0}, weights}
}

// InferShape returns the shape of a scalar.
func (o *MeanSquare) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	if !s[0].Eq(s[1]) {
		return nil, fmt.Errorf("op: meansquare: %v against %v", s[0], s[1])
	}
	return tensor.ScalarShape(), nil
}

// DiffWRT says that a is differentiated and the target is not.
func (o *MeanSquare) DiffWRT(int) []bool { return []bool{true, false} }

// SymDiff returns the gradient to a.
func (o *MeanSquare) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	d := o.in[0]
	g := &MeanSquareGrad{meta{fmt.Sprintf("meansquaregrad{%d}", d), []int{d, d, 0}, d}}
	da, err := Apply(out.Name()+"/dx", g, in[0], in[1], grad)
	return G.Nodes{da, nil}, err
}

// Do computes the mean, adding up in float64.
func (o *MeanSquare) Do(in ...G.Value) (G.Value, error) {
	a, b := Floats(in[0]), Floats(in[1])
	var sum float64
	for i := range a {
		d := float64(a[i] - b[i])
		sum += d * d
	}
	return G.NewF32(float32(sum / float64(len(a)))), nil
}

// InferShape returns the shape of a.
func (o *MeanSquareGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient.
func (o *MeanSquareGrad) Do(in ...G.Value) (G.Value, error) {
	a, b := Floats(in[0]), Floats(in[1])
	s := 2 * scalar(in[2]) / float32(len(a))
	out := make([]float32, len(a))
	for i := range a {
		out[i] = s * (a[i] - b[i])
	}
	return dense(out, in[0].Shape()...), nil
}

// InferShape returns the shape of a scalar.
func (o *WeightedSum) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	_, err := o.shapes(in)
	return tensor.ScalarShape(), err
}

// DiffWRT says that every term is differentiated.
func (o *WeightedSum) DiffWRT(n int) []bool {
	all := make([]bool, n)
	for i := range all {
		all[i] = true
	}
	return all
}

// SymDiff returns the gradient to each term: its weight.
func (o *WeightedSum) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	out := make(G.Nodes, len(in))
	for i, w := range o.Weights {
		s := &Scale{meta{fmt.Sprintf("scale{%v}", w), []int{0}, 0}, w}
		var err error
		if out[i], err = Apply(in[i].Name()+"/weight", s, grad); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Do adds up.
func (o *WeightedSum) Do(in ...G.Value) (G.Value, error) {
	var sum float64
	for i, w := range o.Weights {
		sum += float64(w) * float64(scalar(in[i]))
	}
	return G.NewF32(float32(sum)), nil
}

// InferShape returns the shape of a scalar.
func (o *Scale) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	_, err := o.shapes(in)
	return tensor.ScalarShape(), err
}

// Do multiplies.
func (o *Scale) Do(in ...G.Value) (G.Value, error) { return G.NewF32(o.By * scalar(in[0])), nil }
