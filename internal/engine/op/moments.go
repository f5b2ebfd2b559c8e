package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Moments is the mean and the standard deviation of each channel of features,
// (1, c, h, w) to (2, c): first the means, then the deviations. The variance is divided by
// the number of positions. With Guided, a second input t (h, w) gives position p the
// weight t[p]² over the sum of all t². A guide of zeros gives zeros.
type Moments struct {
	meta
	Guided bool
}

// MomentsGrad is the gradient of [Moments]. Its inputs are the gradient (2, c), the
// features, their moments (2, c) and the guide, if there is one. Its output has the shape
// of the features. A channel with the deviation 0 has no gradient through the deviation,
// because the root has no derivative there.
type MomentsGrad struct {
	meta
	Guided bool
}

var (
	_ G.SDOp = (*Moments)(nil)
	_ G.Op   = (*MomentsGrad)(nil)
)

// NewMoments returns [Moments], with or without a guide.
func NewMoments(guided bool) *Moments {
	return &Moments{meta{fmt.Sprintf("moments{guided:%t}", guided), guidedInputs(guided, 4), 2}, guided}
}

// guidedInputs is meta.in for inputs of dims dimensions, and a guide if guided.
func guidedInputs(guided bool, dims ...int) []int {
	if guided {
		return append(dims, 2)
	}
	return dims
}

// features checks the shapes of all inputs and returns a copy of that of the features,
// which are input number at. With guided, the last input must be a guide of their size.
func (m meta) features(in []G.DimSizer, at int, guided bool) (tensor.Shape, error) {
	s, err := m.shapes(in)
	if err != nil {
		return nil, err
	}
	_, h, w := chw(s[at])
	if g := s[len(s)-1]; guided && (g[0] != h || g[1] != w) {
		return nil, fmt.Errorf("op: %s: guide %v for features %v", m.id, g, s[at])
	}
	return s[at].Clone(), nil
}

// InferShape returns (2, c).
func (o *Moments) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.features(in, 0, o.Guided)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{2, s[1]}, nil
}

// DiffWRT says that the features are differentiated, and the guide is not.
func (o *Moments) DiffWRT(n int) []bool { return first(n) }

// first is what DiffWRT returns if only the first of n inputs is differentiated.
func first(n int) []bool {
	d := make([]bool, n)
	d[0] = true
	return d
}

// SymDiff returns the gradient to the features.
func (o *Moments) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &MomentsGrad{meta{fmt.Sprintf("momentsgrad{guided:%t}", o.Guided), guidedInputs(o.Guided, 2, 4, 2), 4}, o.Guided}
	return onlyFirst(in, out, g, append(G.Nodes{grad, in[0], out}, in[1:]...))
}

// onlyFirst applies the gradient operation g to inputs and returns the result as the
// derivative to the first of in.
func onlyFirst(in G.Nodes, out *G.Node, g G.Op, inputs G.Nodes) (G.Nodes, error) {
	all := make(G.Nodes, len(in))
	var err error
	all[0], err = Apply(out.Name()+"/dx", g, inputs...)
	return all, err
}

// Do computes the moments in float64.
func (o *Moments) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	f, weights := Floats(in[0]), positionWeights(in[1:], h, w)
	out := make([]float32, 2*c)
	for i := range c {
		var mean, square float64
		for p, v := range f[i*h*w:][:h*w] {
			mean += weights[p] * float64(v)
			square += weights[p] * float64(v) * float64(v)
		}
		out[i], out[c+i] = float32(mean), float32(math.Sqrt(max(0, square-mean*mean)))
	}
	return dense(out, 2, c), nil
}

// positionWeights returns the weight of each position: t² over their sum for a
// guide t, else 1/(h w).
func positionWeights(guide []G.Value, h, w int) []float64 {
	var t []float32
	if len(guide) > 0 {
		t = Floats(guide[0])
	}
	total := kernel.GuideTotal(t, h, w)
	out := make([]float64, h*w)
	for p := range out {
		switch {
		case t == nil:
			out[p] = 1 / total
		case total > 0:
			out[p] = float64(t[p]) * float64(t[p]) / total
		}
	}
	return out
}

// InferShape returns the shape of the features.
func (o *MomentsGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return o.features(in, 1, o.Guided)
}

// Do computes the gradient.
func (o *MomentsGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[1].Shape())
	f, weights := Floats(in[1]), positionWeights(in[3:], h, w)
	a, b := make([]float32, c), make([]float32, c)
	o.Factors(a, b, Floats(in[0]), Floats(in[2]), 1)
	out := make([]float32, c*h*w)
	for i := range out {
		ch, p := i/(h*w), i%(h*w)
		out[i] = float32(weights[p]) * (a[ch]*f[i] + b[ch])
	}
	return dense(out, 1, c, h, w), nil
}

// Factors sets a and b (c) so that the gradient at a position with feature f and weight w
// is w (a f + b), times scale. g is the gradient to the moments m, both (2, c).
func (o *MomentsGrad) Factors(a, b, g, m []float32, scale float32) {
	c := len(a)
	for i := range c {
		a[i], b[i] = 0, scale*g[i]
		if std := m[c+i]; std > 0 {
			a[i] = scale * g[c+i] / std
			b[i] -= a[i] * m[i]
		}
	}
}
