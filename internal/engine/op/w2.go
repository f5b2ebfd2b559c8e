package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// MeanGram is the mean of each channel of features and their second moment,
// (1, c, h, w) to (1+c, c): first the means, then the Gram matrix as of [Gram].
// Unlike means and covariances, both may be averaged over several pictures. With
// Guided a second input is a guide, as for [Gram].
type MeanGram struct {
	meta
	Guided bool
}

// MeanGramGrad is the gradient of [MeanGram]. Its inputs are the gradient (1+c, c), the
// features and the guide, if there is one. Its output has the shape of the features.
type MeanGramGrad struct {
	meta
	Guided bool
}

// W2 is the squared 2-Wasserstein distance of two normal distributions, divided by the
// number of channels. Its inputs are the means and second moments (1+c, c) of [MeanGram];
// the second is a target and is not differentiated:
//
//	mean((μ-μ')²) + tr(Σ' + Σ - 2 (Σ'^½ Σ Σ'^½)^½)/c,  Σ = M - μ μᵀ + 1e-4 I
//
// The roots are computed by twelve steps of Newton and Schulz, as in
// crowsonkb/style-transfer-pytorch. They are exact for eigenvalues above about 1e-4 of the
// largest, and too small for those below. A covariance that is only rounding noise has no
// root; a number as large as the noise is then added to its diagonal.
type W2 struct{ meta }

// W2Grad is the gradient of [W2]. Its inputs are the statistic, the target, the distance
// and the gradient to it; its output is (1+c, c). The derivative of the root solves
// Lyapunov's equation, also in twelve steps.
type W2Grad struct{ meta }

var (
	_ G.SDOp = (*MeanGram)(nil)
	_ G.Op   = (*MeanGramGrad)(nil)
	_ G.SDOp = (*W2)(nil)
	_ G.Op   = (*W2Grad)(nil)
)

// NewMeanGram returns a [MeanGram], with or without a guide.
func NewMeanGram(guided bool) *MeanGram {
	return &MeanGram{meta{fmt.Sprintf("meangram{guided:%t}", guided), guidedInputs(guided, 4), 2}, guided}
}

// NewW2 returns a [W2].
func NewW2() *W2 { return &W2{meta{"w2", []int{2, 2}, 0}} }

// InferShape returns (1+c, c).
func (o *MeanGram) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.features(in, 0, o.Guided)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{1 + s[1], s[1]}, nil
}

// DiffWRT says that the features are differentiated, and the guide is not.
func (o *MeanGram) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to the features.
func (o *MeanGram) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &MeanGramGrad{meta{fmt.Sprintf("meangramgrad{guided:%t}", o.Guided), guidedInputs(o.Guided, 2, 4), 4}, o.Guided}
	return onlyFirst(in, out, g, append(G.Nodes{grad}, in...))
}

// Do computes means and second moments.
func (o *MeanGram) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	f, weights := Floats(in[0]), positionWeights(in[1:], h, w)
	out := make([]float32, (1+c)*c)
	for i := range c {
		mean := 0.0
		for p, v := range f[i*h*w:][:h*w] {
			mean += weights[p] * float64(v)
		}
		out[i] = float32(mean)
	}
	gramOf(out[c:], f, in[1:], c, h, w)
	return dense(out, 1+c, c), nil
}

// InferShape returns the shape of the features.
func (o *MeanGramGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return o.features(in, 1, o.Guided)
}

// Do computes the gradient.
func (o *MeanGramGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[1].Shape())
	g, weights := Floats(in[0]), positionWeights(in[2:], h, w)
	dx := make([]float32, c*h*w)
	gramGradOf(dx, g[c:], Floats(in[1]), in[2:], c, h, w)
	for i := range dx {
		dx[i] += float32(weights[i%(h*w)]) * g[i/(h*w)]
	}
	return dense(dx, 1, c, h, w), nil
}

// InferShape returns the shape of a scalar.
func (o *W2) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (!s[0].Eq(s[1]) || s[0][0] != 1+s[0][1]) {
		err = fmt.Errorf("op: w2: %v against %v, want means and second moments", s[0], s[1])
	}
	return tensor.ScalarShape(), err
}

// DiffWRT says that the target is not differentiated.
func (o *W2) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to the statistic.
func (o *W2) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return onlyFirst(in, out, &W2Grad{meta{"w2grad", []int{2, 2, 0, 0}, 2}}, G.Nodes{in[0], in[1], out, grad})
}

// Do computes the distance in float64.
func (o *W2) Do(in ...G.Value) (G.Value, error) {
	v := kernel.RefW2(nil, Floats(in[0]), Floats(in[1]), in[0].Shape()[1])
	return G.NewF32(float32(v)), nil
}

// InferShape returns the shape of the statistic.
func (o *W2Grad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient in float64.
func (o *W2Grad) Do(in ...G.Value) (G.Value, error) {
	x := Floats(in[0])
	out := make([]float32, len(x))
	kernel.RefW2(out, x, Floats(in[1]), in[0].Shape()[1])
	scale(out, scalar(in[3]))
	return dense(out, in[0].Shape()...), nil
}
