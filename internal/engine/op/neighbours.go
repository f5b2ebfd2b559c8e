package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Sample is the features at some positions: inputs (1, c, h, w) and the positions (s), each y w
// + x as a whole number, output (s, c). It is not differentiated.
type Sample struct{ meta }

// Nearest says, for each position of features, which of some others is the nearest: inputs
// (1, c, h, w), a target (1+s, c) and, with Guided, a guide (h, w), output (h, w), whole
// numbers below s. The target has a row that does not matter here, and then features f of norm
// 1. The nearest has the largest f·(x - m), where m is the mean of the features over all
// positions, with the guide's squares as weights; of equals it is the first. It is not
// differentiated.
type Nearest struct {
	meta
	Guided bool
}

// Cosine is the mean over all positions of 1 - d·f/|d|, where d is x less the first row of a
// target (1+s, c), and f is the row of that position's match, from 0, among the rows after it.
// The inputs are features (1, c, h, w), the target, the matches (h, w) as [Nearest] gives them
// and, with Guided, a guide t (h, w) that gives position p the weight t[p]². Only the features
// are differentiated. Where d is 0, the term is 1, without a gradient.
type Cosine struct {
	meta
	Guided bool
}

// CosineGrad is the gradient of [Cosine] to the features. Its inputs are the gradient, a scalar,
// and those of [Cosine].
type CosineGrad struct {
	meta
	Guided bool
}

var (
	_ G.Op   = (*Sample)(nil)
	_ G.Op   = (*Nearest)(nil)
	_ G.SDOp = (*Cosine)(nil)
	_ G.Op   = (*CosineGrad)(nil)
)

// NewSample returns a [Sample].
func NewSample() *Sample { return &Sample{meta{"sample", []int{4, 1}, 2}} }

// NewNearest returns a [Nearest], with or without a guide.
func NewNearest(guided bool) *Nearest {
	return &Nearest{meta{fmt.Sprintf("nearest{guided:%t}", guided), guidedInputs(guided, 4, 2), 2}, guided}
}

// NewCosine returns a [Cosine], with or without a guide.
func NewCosine(guided bool) *Cosine {
	return &Cosine{meta{fmt.Sprintf("cosine{guided:%t}", guided), guidedInputs(guided, 4, 2, 2), 0}, guided}
}

// InferShape returns (s, c).
func (o *Sample) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[1][0], s[0][1]}, nil
}

// Do copies the features.
func (o *Sample) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	x, at := Floats(in[0]), Floats(in[1])
	out := make([]float32, len(at)*c)
	for i, p := range at {
		for k := range c {
			out[i*c+k] = x[k*h*w+int(p)]
		}
	}
	return dense(out, len(at), c), nil
}

// among checks features at input number at and the target after them, and returns (h, w).
func (m meta) among(in []G.DimSizer, at int, guided bool) (tensor.Shape, error) {
	s, err := m.features(in, at, guided)
	if err != nil {
		return nil, err
	}
	target, err := G.DimSizersToShapes(in[at+1 : at+2])
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", m.id, err)
	}
	if target[0][0] < 2 || target[0][1] != s[1] {
		return nil, fmt.Errorf("op: %s: target %v for features %v", m.id, target[0], s)
	}
	return s, nil
}

// InferShape returns (h, w).
func (o *Nearest) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.among(in, 0, o.Guided)
	if err != nil {
		return nil, err
	}
	return s[2:], nil
}

// guideOf is the guide of an operation that has it as input number at, or nil.
func guideOf(in []G.Value, at int) []float32 {
	if at >= len(in) {
		return nil
	}
	return Floats(in[at])
}

// Do finds the nearest features in float64.
func (o *Nearest) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	out := make([]float32, h*w)
	kernel.RefNearest(out, Floats(in[0]), guideOf(in, 2), Floats(in[1]), c, h, w)
	return dense(out, h, w), nil
}

// matched checks the inputs of a cosine, whose features are input number at, and returns their
// shape.
func (m meta) matched(in []G.DimSizer, at int, guided bool) (tensor.Shape, error) {
	s, err := m.among(in, at, guided)
	if err != nil {
		return nil, err
	}
	matches, err := G.DimSizersToShapes(in[at+2 : at+3])
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", m.id, err)
	}
	if !matches[0].Eq(s[2:]) {
		return nil, fmt.Errorf("op: %s: matches %v for features %v", m.id, matches[0], s)
	}
	return s, nil
}

// InferShape returns the shape of a scalar.
func (o *Cosine) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	_, err := o.matched(in, 0, o.Guided)
	return tensor.ScalarShape(), err
}

// DiffWRT says that only the features are differentiated.
func (o *Cosine) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to the features.
func (o *Cosine) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &CosineGrad{meta{fmt.Sprintf("cosinegrad{guided:%t}", o.Guided), guidedInputs(o.Guided, 0, 4, 2, 2), 4}, o.Guided}
	return onlyFirst(in, out, g, append(G.Nodes{grad}, in...))
}

// Do computes the distance in float64.
func (o *Cosine) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	v := kernel.RefCosine(nil, Floats(in[0]), guideOf(in, 3), Floats(in[1]), Floats(in[2]), c, h, w)
	return G.NewF32(float32(v)), nil
}

// InferShape returns the shape of the features.
func (o *CosineGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return o.matched(in, 1, o.Guided)
}

// Do computes the gradient in float64.
func (o *CosineGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[1].Shape())
	out := make([]float32, c*h*w)
	kernel.RefCosine(out, Floats(in[1]), guideOf(in, 4), Floats(in[2]), Floats(in[3]), c, h, w)
	scale(out, scalar(in[0]))
	return dense(out, 1, c, h, w), nil
}
