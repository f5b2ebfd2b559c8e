package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Gram is the Gram matrix of features, (1, c, h, w) to (c, c):
//
//	G[i][j] = sum over positions p of F[i][p] F[j][p] / (h w)
//
// Equation 3 of Gatys et al. (2016), divided by the number of positions, so that
// it does not grow with the picture.
//
// With Guided, a second input t (h, w) gives position p the weight t[p]² over the sum of
// all t², instead of 1/(h w). This is the guided Gram matrix of Gatys et al. (2017, arXiv
// 1611.07865, equation 5). It does not depend on the area of the region. A guide of zeros
// gives zeros.
type Gram struct {
	meta
	Guided bool
}

// GramGrad is the gradient of [Gram]. Its inputs are the gradient D (c, c), the features F
// and the guide, if there is one. Its output is (D + Dᵀ) F, each position times its
// weight, in the shape of the features.
type GramGrad struct {
	meta
	Guided bool
}

var (
	_ G.SDOp = (*Gram)(nil)
	_ G.Op   = (*GramGrad)(nil)
)

// NewGram returns a [Gram], with or without a guide.
func NewGram(guided bool) *Gram {
	return &Gram{meta{fmt.Sprintf("gram{guided:%t}", guided), guidedInputs(guided, 4), 2}, guided}
}

// InferShape returns (c, c).
func (o *Gram) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.features(in, 0, o.Guided)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{s[1], s[1]}, nil
}

// DiffWRT says that the features are differentiated, and the guide is not.
func (o *Gram) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to the features.
func (o *Gram) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &GramGrad{meta{fmt.Sprintf("gramgrad{guided:%t}", o.Guided), guidedInputs(o.Guided, 2, 4), 4}, o.Guided}
	return onlyFirst(in, out, g, append(G.Nodes{grad}, in...))
}

// Do computes the Gram matrix.
func (o *Gram) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	g := make([]float32, c*c)
	gramOf(g, Floats(in[0]), in[1:], c, h, w)
	return dense(g, c, c), nil
}

// InferShape returns the shape of the features.
func (o *GramGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return o.features(in, 1, o.Guided)
}

// Do computes the gradient.
func (o *GramGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[1].Shape())
	dx := make([]float32, c*h*w)
	gramGradOf(dx, Floats(in[0]), Floats(in[1]), in[2:], c, h, w)
	return dense(dx, 1, c, h, w), nil
}

// gramOf sets g to the Gram matrix of features f (c, h, w), perhaps guided.
func gramOf(g, f []float32, guide []G.Value, c, h, w int) {
	if len(guide) == 0 {
		kernel.RefGram(g, f, c, h*w, 1/float32(h*w))
		return
	}
	kernel.RefGram(g, weigh(f, positionWeights(guide, h, w), math.Sqrt), c, h*w, 1)
}

// gramGradOf sets dx to the gradient of gramOf for the gradient d (c, c).
func gramGradOf(dx, d, f []float32, guide []G.Value, c, h, w int) {
	sym := make([]float32, c*c)
	Symmetrise(sym, d, 1)
	weights := positionWeights(guide, h, w)
	kernel.RefGramGrad(dx, f, sym, c, h*w)
	copy(dx, weigh(dx, weights, func(w float64) float64 { return w }))
}

// weigh returns f times a function of the weight of each position.
func weigh(f []float32, weights []float64, of func(float64) float64) []float32 {
	out := make([]float32, len(f))
	for i, v := range f {
		out[i] = float32(float64(v) * of(weights[i%len(weights)]))
	}
	return out
}

// Symmetrise sets dst to scale (g + gᵀ), for square matrices. It works in tiles, because
// reading whole columns would fetch a cache line for each number.
func Symmetrise(dst, g []float32, scale float32) {
	const tile = 16
	c := int(math.Sqrt(float64(len(g))))
	for top := 0; top < c; top += tile {
		for left := top; left < c; left += tile {
			for i := top; i < min(top+tile, c); i++ {
				for j := max(i, left); j < min(left+tile, c); j++ {
					v := scale * (g[i*c+j] + g[j*c+i])
					dst[i*c+j], dst[j*c+i] = v, v
				}
			}
		}
	}
}
