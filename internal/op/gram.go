package op

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/kernel"
)

// Gram is the Gram matrix of features, (1, c, h, w) to (c, c):
//
//	G[i][j] = sum over positions p of F[i][p] F[j][p] / (h w)
//
// Equation 3 of Gatys et al. (2016), divided by the number of positions, so that
// it does not grow with the picture.
type Gram struct{ meta }

// GramGrad is the gradient of [Gram]: inputs the gradient D (c, c) and the
// features; output (D + Dᵀ) F / (h w), of the shape of the features.
type GramGrad struct{ meta }

var (
	_ G.SDOp = (*Gram)(nil)
	_ G.Op   = (*GramGrad)(nil)
)

// NewGram returns a [Gram].
func NewGram() *Gram { return &Gram{meta{"gram", []int{4}, 2}} }

// InferShape returns (c, c).
func (o *Gram) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[0][1], s[0][1]}, nil
}

// DiffWRT tells that the features are differentiated.
func (o *Gram) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the features.
func (o *Gram) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	dx, err := Apply(out.Name()+"/dx", &GramGrad{meta{"gramgrad", []int{2, 4}, 4}}, grad, in[0])
	return G.Nodes{dx}, err
}

// Do computes the Gram matrix.
func (o *Gram) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	g := make([]float32, c*c)
	kernel.RefGram(g, Floats(in[0]), c, h*w, 1/float32(h*w))
	return dense(g, c, c), nil
}

// InferShape returns the shape of the features.
func (o *GramGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	return s[1].Clone(), nil
}

// Do computes the gradient.
func (o *GramGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[1].Shape())
	dx := make([]float32, c*h*w)
	d := make([]float32, c*c)
	Symmetrise(d, Floats(in[0]), 1/float32(h*w))
	kernel.RefGramGrad(dx, Floats(in[1]), d, c, h*w)
	return dense(dx, 1, c, h, w), nil
}

// Symmetrise sets dst to scale (g + gᵀ), for square matrices.
func Symmetrise(dst, g []float32, scale float32) {
	c := int(math.Sqrt(float64(len(g))))
	for i := range c {
		for j := range c {
			dst[i*c+j] = scale * (g[i*c+j] + g[j*c+i])
		}
	}
}
