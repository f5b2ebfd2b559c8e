package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Upsample repeats each position 2x2 times, from (1, c, h, w) to (1, c, 2h, 2w). A
// convolution after it makes no checkerboards (Odena et al. 2016).
type Upsample struct{ meta }

// UpsampleGrad is the gradient of [Upsample]: the sum over each 2x2 positions.
type UpsampleGrad struct{ meta }

var (
	_ G.SDOp = (*Upsample)(nil)
	_ G.Op   = (*UpsampleGrad)(nil)
)

// NewUpsample returns an [Upsample].
func NewUpsample() *Upsample { return &Upsample{meta{"upsample", []int{4}, 4}} }

// InferShape returns (1, c, 2h, 2w).
func (o *Upsample) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[0])
	return tensor.Shape{1, c, 2 * h, 2 * w}, nil
}

// DiffWRT says that the input is differentiated.
func (o *Upsample) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the input.
func (o *Upsample) SymDiff(_ G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	dx, err := Apply(out.Name()+"/dx", &UpsampleGrad{meta{"upsamplegrad", []int{4}, 4}}, grad)
	return G.Nodes{dx}, err
}

// Do repeats.
func (o *Upsample) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, 4*c*h*w)
	kernel.RefUpsample(y, Floats(in[0]), c, h, w)
	return dense(y, 1, c, 2*h, 2*w), nil
}

// InferShape returns (1, c, h/2, w/2).
func (o *UpsampleGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[0])
	if h%2 != 0 || w%2 != 0 {
		return nil, fmt.Errorf("op: upsamplegrad: gradient %v of an odd size", s[0])
	}
	return tensor.Shape{1, c, h / 2, w / 2}, nil
}

// Do adds up.
func (o *UpsampleGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	dx := make([]float32, c*h*w/4)
	kernel.RefUpsampleGrad(dx, Floats(in[0]), c, h/2, w/2)
	return dense(dx, 1, c, h/2, w/2), nil
}
