package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// Pooling says how four features become one.
type Pooling int

// The poolings. VGG has the maximum. Gatys et al. (2016, section 2) found that the average
// gives smoother pictures. L2 is the root of the sum of the squares.
const (
	Max Pooling = iota
	Avg
	L2
)

// String is the name of the pooling.
func (p Pooling) String() string { return [...]string{"max", "avg", "l2"}[p] }

// Rescale is the factor that keeps the activations of VGG about as large with pooling p as
// with the maximum, which it was trained with. The factors are those of
// crowsonkb/style-transfer-pytorch.
func (p Pooling) Rescale() float32 { return [...]float32{1, 2, 0.78}[p] }

// Pool is 2x2 pooling with stride 2, from (1, c, h, w) to (1, c, h/2, w/2), times Scale.
// The last row or column of an odd size is dropped.
type Pool struct {
	meta
	Pooling Pooling
	Scale   float32
}

// PoolGrad is the gradient of [Pool]. Its inputs are x and the gradient to the output; its
// output has the shape of x. Of equal maxima, the first in reading order gets the whole
// gradient. With L2, four zeros have the gradient 0.
type PoolGrad struct {
	meta
	Pooling Pooling
	Scale   float32
}

var (
	_ G.SDOp = (*Pool)(nil)
	_ G.Op   = (*PoolGrad)(nil)
)

// NewPool returns a [Pool].
func NewPool(p Pooling, scale float32) *Pool {
	return &Pool{meta{fmt.Sprintf("pool{%v %v}", p, scale), []int{4}, 4}, p, scale}
}

// InferShape returns (1, c, h/2, w/2).
func (o *Pool) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[0])
	if h < 2 || w < 2 {
		return nil, fmt.Errorf("op: pool: nothing left of %dx%d features", w, h)
	}
	return tensor.Shape{1, c, h / 2, w / 2}, nil
}

// DiffWRT says that the input is differentiated.
func (o *Pool) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the input.
func (o *Pool) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &PoolGrad{meta{fmt.Sprintf("poolgrad{%v %v}", o.Pooling, o.Scale), []int{4, 4}, 4}, o.Pooling, o.Scale}
	dx, err := Apply(out.Name()+"/dx", g, in[0], grad)
	return G.Nodes{dx}, err
}

// Do pools.
func (o *Pool) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, c*(h/2)*(w/2))
	switch o.Pooling {
	case Max:
		kernel.RefMaxPool(y, Floats(in[0]), c, h, w)
		scale(y, o.Scale)
	case Avg:
		kernel.RefAvgPool(y, Floats(in[0]), c, h, w, o.Scale)
	case L2:
		kernel.RefL2Pool(y, Floats(in[0]), c, h, w, o.Scale)
	}
	return dense(y, 1, c, h/2, w/2), nil
}

// InferShape returns the shape of x.
func (o *PoolGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient.
func (o *PoolGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	dx := make([]float32, c*h*w)
	switch o.Pooling {
	case Max:
		kernel.RefMaxPoolGrad(dx, Floats(in[0]), Floats(in[1]), c, h, w)
		scale(dx, o.Scale)
	case Avg:
		kernel.RefAvgPoolGrad(dx, Floats(in[1]), c, h, w, o.Scale)
	case L2:
		kernel.RefL2PoolGrad(dx, Floats(in[0]), Floats(in[1]), c, h, w, o.Scale)
	}
	return dense(dx, 1, c, h, w), nil
}

// scale multiplies x by f.
func scale(x []float32, f float32) {
	for i := range x {
		x[i] *= f
	}
}
