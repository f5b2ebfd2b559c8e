package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// InstanceNorm normalises each channel of one picture to mean 0 and variance 1 over its
// positions, then scales and shifts it (Ulyanov et al. 2016):
//
//	y = scale (x - mean)/sqrt(variance + 1e-5) + shift
//
// Its inputs are x (1, c, h, w) and affine (2, c): the scales, then the shifts. The output
// has the shape of x. Each style of a network has affine parameters of its own (Dumoulin et
// al. 2017).
type InstanceNorm struct {
	meta
	ReLU bool // apply max(0, y)
}

// InstanceNormSums is the gradient of [InstanceNorm] to affine. Its inputs are the gradient
// to the output, the output, whose sign the ReLU needs, and x; its output is (2, c).
type InstanceNormSums struct {
	meta
	ReLU bool
}

// InstanceNormGrad is the gradient of [InstanceNorm] to x. Its inputs are the gradient to
// the output, the output, x, affine and the result of [InstanceNormSums], which it needs
// too; its output has the shape of x.
type InstanceNormGrad struct {
	meta
	ReLU bool
}

var (
	_ G.SDOp = (*InstanceNorm)(nil)
	_ G.Op   = (*InstanceNormSums)(nil)
	_ G.Op   = (*InstanceNormGrad)(nil)
)

// NormEps is what an [InstanceNorm] adds to the variance.
const NormEps = kernel.NormEps

// NewInstanceNorm returns an [InstanceNorm], with or without a ReLU after it.
func NewInstanceNorm(relu bool) *InstanceNorm {
	return &InstanceNorm{meta{fmt.Sprintf("instancenorm{relu:%t}", relu), []int{4, 2}, 4}, relu}
}

// InferShape returns the shape of x.
func (o *InstanceNorm) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (s[1][0] != 2 || s[1][1] != s[0][1]) {
		err = fmt.Errorf("op: instancenorm: x %v and affine %v do not fit", s[0], s[1])
	}
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

// DiffWRT says that x and affine are differentiated.
func (o *InstanceNorm) DiffWRT(int) []bool { return []bool{true, true} }

// SymDiff returns the gradients to x and to affine.
func (o *InstanceNorm) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	sums := &InstanceNormSums{meta{fmt.Sprintf("instancenormsums{relu:%t}", o.ReLU), []int{4, 4, 4}, 2}, o.ReLU}
	da, err := Apply(out.Name()+"/da", sums, grad, out, in[0])
	if err != nil {
		return nil, err
	}
	toX := &InstanceNormGrad{meta{fmt.Sprintf("instancenormgrad{relu:%t}", o.ReLU), []int{4, 4, 4, 2, 2}, 4}, o.ReLU}
	dx, err := Apply(out.Name()+"/dx", toX, grad, out, in[0], in[1], da)
	return G.Nodes{dx, da}, err
}

// Do normalises.
func (o *InstanceNorm) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, c*h*w)
	kernel.RefInstanceNorm(y, Floats(in[0]), Floats(in[1]), c, h*w, o.ReLU)
	return dense(y, 1, c, h, w), nil
}

// InferShape returns (2, c).
func (o *InstanceNormSums) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	return tensor.Shape{2, s[2][1]}, nil
}

// Do computes the gradient.
func (o *InstanceNormSums) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[2].Shape())
	_, da := normGrad(o.ReLU, in[0], in[1], in[2], make([]float32, 2*c), c, h*w)
	return dense(da, 2, c), nil
}

// InferShape returns the shape of x.
func (o *InstanceNormGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient. It computes the sums anew.
func (o *InstanceNormGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[2].Shape())
	dx, _ := normGrad(o.ReLU, in[0], in[1], in[2], Floats(in[3]), c, h*w)
	return dense(dx, 1, c, h, w), nil
}

func normGrad(relu bool, grad, y, x G.Value, affine []float32, c, n int) (dx, da []float32) {
	dy := Floats(grad)
	if relu {
		dy = maskPositive(dy, Floats(y))
	}
	dx, da = make([]float32, c*n), make([]float32, 2*c)
	kernel.RefInstanceNormGrad(dx, da, dy, Floats(x), affine, c, n)
	return dx, da
}
