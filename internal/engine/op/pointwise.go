package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Pointwise multiplies the features of each position by a matrix: it is a 1x1 convolution
// without bias. Its inputs are x (1, c, h, w) and m (c, c), its output is m x (1, c, h, w).
type Pointwise struct{ meta }

// PointwiseGrad is the gradient of [Pointwise] to x. Its inputs are the gradient g to the
// output (1, c, h, w) and m (c, c), its output is mᵀ g. m is fixed and has no gradient.
type PointwiseGrad struct{ meta }

// Congruence is the congruence m g mᵀ of a square matrix. Its inputs are g (c, c) and m
// (c, c), its output is (c, c). It turns the Gram matrix of features x into that of m x, at
// the cost of two products of matrices.
type Congruence struct{ meta }

// CongruenceGrad is the gradient of [Congruence] to g. Its inputs are the gradient d to
// the output (c, c) and m (c, c), its output is mᵀ d m.
type CongruenceGrad struct{ meta }

var (
	_ G.SDOp = (*Pointwise)(nil)
	_ G.Op   = (*PointwiseGrad)(nil)
	_ G.SDOp = (*Congruence)(nil)
	_ G.Op   = (*CongruenceGrad)(nil)
)

// NewPointwise returns a [Pointwise].
func NewPointwise() *Pointwise { return &Pointwise{meta{"pointwise", []int{4, 2}, 4}} }

// NewCongruence returns a [Congruence].
func NewCongruence() *Congruence { return &Congruence{meta{"congruence", []int{2, 2}, 2}} }

// PointwiseOf returns the inputs x and m of node n if it is a [Pointwise], and reports
// whether it is.
func PointwiseOf(n *G.Node) (x, m *G.Node, ok bool) {
	if _, ok = n.Op().(*Pointwise); !ok {
		return nil, nil, false
	}
	it := n.Graph().From(n.ID())
	var in G.Nodes
	for it.Next() {
		in = append(in, it.Node().(*G.Node))
	}
	return in[0], in[1], true
}

// square returns the shape of the first input. The second must be a square matrix with as
// many rows as the first input has channels.
func (m meta) square(in []G.DimSizer, axis int) (tensor.Shape, error) {
	s, err := m.shapes(in)
	if err != nil {
		return nil, err
	}
	if c := s[0][axis]; s[1][0] != c || s[1][1] != c || axis == 0 && s[0][1] != c {
		return nil, fmt.Errorf("op: %s: %v and matrix %v do not fit", m.id, s[0], s[1])
	}
	return s[0].Clone(), nil
}

// InferShape returns the shape of x.
func (o *Pointwise) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.square(in, 1) }

// DiffWRT says that x is differentiated, and the matrix is not.
func (o *Pointwise) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to x.
func (o *Pointwise) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return onlyFirst(in, out, &PointwiseGrad{meta{"pointwisegrad", []int{4, 2}, 4}}, G.Nodes{grad, in[1]})
}

// Do multiplies by the plain loop.
func (o *Pointwise) Do(in ...G.Value) (G.Value, error) { return pointwise(in, Floats(in[1])) }

// InferShape returns the shape of the gradient.
func (o *PointwiseGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.square(in, 1) }

// Do multiplies by the plain loop.
func (o *PointwiseGrad) Do(in ...G.Value) (G.Value, error) {
	return pointwise(in, transposed(Floats(in[1]), in[1].Shape()[0]))
}

func pointwise(in []G.Value, m []float32) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, c*h*w)
	kernel.RefPointwise(y, Floats(in[0]), m, c, h*w)
	return dense(y, 1, c, h, w), nil
}

// InferShape returns the shape of g.
func (o *Congruence) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.square(in, 0) }

// DiffWRT says that g is differentiated, and m is not.
func (o *Congruence) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to g.
func (o *Congruence) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return onlyFirst(in, out, &CongruenceGrad{meta{"congruencegrad", []int{2, 2}, 2}}, G.Nodes{grad, in[1]})
}

// Do multiplies by the plain loop.
func (o *Congruence) Do(in ...G.Value) (G.Value, error) {
	return congruence(in, Floats(in[1]))
}

// InferShape returns the shape of the gradient.
func (o *CongruenceGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.square(in, 0) }

// Do multiplies by the plain loop.
func (o *CongruenceGrad) Do(in ...G.Value) (G.Value, error) {
	return congruence(in, transposed(Floats(in[1]), in[1].Shape()[0]))
}

// congruence returns m g mᵀ, as (m (m g)ᵀ)ᵀ.
func congruence(in []G.Value, m []float32) (G.Value, error) {
	c := in[0].Shape()[0]
	half, out := make([]float32, c*c), make([]float32, c*c)
	kernel.RefPointwise(half, Floats(in[0]), m, c, c)
	kernel.RefPointwise(out, transposed(half, c), m, c, c)
	return dense(transposed(out, c), c, c), nil
}

func transposed(m []float32, c int) []float32 {
	out := make([]float32, len(m))
	for i, v := range m {
		out[i%c*c+i/c] = v
	}
	return out
}
