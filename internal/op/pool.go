package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/kernel"
)

// Pooling says how four features become one.
type Pooling int

// The two poolings of the paper: the maximum, of VGG itself, and the average,
// which Gatys et al. (2016, section 2) found to give smoother pictures.
const (
	Max Pooling = iota
	Avg
)

func (p Pooling) String() string { return [...]string{"max", "avg"}[p] }

// Pool is 2x2 pooling with stride 2: (1, c, h, w) to (1, c, h/2, w/2), the last
// row or column of an odd size left out.
type Pool struct {
	meta
	Pooling Pooling
}

// PoolGrad is the gradient of [Pool]: inputs x and the gradient of the output;
// output of the shape of x. Of equal maxima the first in reading order gets all.
type PoolGrad struct {
	meta
	Pooling Pooling
}

var (
	_ G.SDOp = (*Pool)(nil)
	_ G.Op   = (*PoolGrad)(nil)
)

// NewPool returns 2x2 pooling.
func NewPool(p Pooling) *Pool { return &Pool{meta{"pool{" + p.String() + "}", []int{4}, 4}, p} }

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

// DiffWRT tells that the input is differentiated.
func (o *Pool) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the input.
func (o *Pool) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &PoolGrad{meta{"poolgrad{" + o.Pooling.String() + "}", []int{4, 4}, 4}, o.Pooling}
	dx, err := Apply(out.Name()+"/dx", g, in[0], grad)
	return G.Nodes{dx}, err
}

// Do pools.
func (o *Pool) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	y := make([]float32, c*(h/2)*(w/2))
	if o.Pooling == Max {
		kernel.RefMaxPool(y, Floats(in[0]), c, h, w)
	} else {
		kernel.RefAvgPool(y, Floats(in[0]), c, h, w, 1)
	}
	return dense(y, 1, c, h/2, w/2), nil
}

// InferShape returns the shape of x.
func (o *PoolGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do spreads the gradient.
func (o *PoolGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	dx := make([]float32, c*h*w)
	if o.Pooling == Max {
		kernel.RefMaxPoolGrad(dx, Floats(in[0]), Floats(in[1]), c, h, w)
	} else {
		kernel.RefAvgPoolGrad(dx, Floats(in[1]), c, h, w, 1)
	}
	return dense(dx, 1, c, h, w), nil
}
