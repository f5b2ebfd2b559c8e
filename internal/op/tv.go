package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/kernel"
)

// TV is the quadratic total variation of a picture (1, 3, h, w): the mean of the
// squared differences between neighbours in a row plus the same mean in a
// column, where a difference is Range times that of the numbers given.
type TV struct {
	meta
	Range float32
}

// TVGrad is the gradient of [TV]: inputs the picture and the gradient of the
// scalar.
type TVGrad struct {
	meta
	Range float32
}

var (
	_ G.SDOp = (*TV)(nil)
	_ G.Op   = (*TVGrad)(nil)
)

// NewTV returns the total variation of pixels in 0..1 measured in units of
// 1/rng.
func NewTV(rng float32) *TV { return &TV{meta{fmt.Sprintf("tv{%v}", rng), []int{4}, 0}, rng} }

// InferShape returns the shape of a scalar.
func (o *TV) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (s[0][2] < 2 || s[0][3] < 2) {
		err = fmt.Errorf("op: tv: %v has no neighbours", s[0])
	}
	return tensor.ScalarShape(), err
}

// DiffWRT tells that the picture is differentiated.
func (o *TV) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the picture.
func (o *TV) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &TVGrad{meta{fmt.Sprintf("tvgrad{%v}", o.Range), []int{4, 0}, 4}, o.Range}
	dx, err := Apply(out.Name()+"/dx", g, in[0], grad)
	return G.Nodes{dx}, err
}

// Do computes the total variation.
func (o *TV) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	dx, dy := kernel.RefTV(Floats(in[0]), c, h, w)
	return G.NewF32(o.Value(dx, dy, c, h, w)), nil
}

// Value returns the total variation for the sums of squared differences in the
// rows and in the columns of a picture (c, h, w).
func (o *TV) Value(dx, dy float64, c, h, w int) float32 {
	r := float64(o.Range)
	return float32(r * r * (dx/float64(c*h*(w-1)) + dy/float64(c*(h-1)*w)))
}

// InferShape returns the shape of the picture.
func (o *TVGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient.
func (o *TVGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	sx, sy := o.Weights(c, h, w, scalar(in[1]))
	out := make([]float32, c*h*w)
	tvGrad(out, Floats(in[0]), c, h, w, sx, sy)
	return dense(out, in[0].Shape()...), nil
}

// Weights returns the factors of the squared differences in a row and in a
// column, for a gradient g of the scalar.
func (o *TVGrad) Weights(c, h, w int, g float32) (sx, sy float32) {
	r := float64(g) * float64(o.Range) * float64(o.Range)
	return float32(r / float64(c*h*(w-1))), float32(r / float64(c*(h-1)*w))
}

// tvGrad adds to dst the gradient of sx Σdx² + sy Σdy² to x (c, h, w).
func tvGrad(dst, x []float32, c, h, w int, sx, sy float32) {
	for i := range c * h {
		for j := range w {
			at := i*w + j
			if j+1 < w {
				d := 2 * sx * (x[at+1] - x[at])
				dst[at+1] += d
				dst[at] -= d
			}
			if i%h+1 < h {
				d := 2 * sy * (x[at+w] - x[at])
				dst[at+w] += d
				dst[at] -= d
			}
		}
	}
}
