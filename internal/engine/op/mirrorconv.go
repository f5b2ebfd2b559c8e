package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// MirrorConv is the 3x3 convolution of a feed-forward network: inputs x (1, c, h, w) and
// filters (k, c, 3, 3), output (1, k, h', w') with h' = h/Stride rows, rounded up. Unlike
// [Conv], it has reflection padding, no bias and trained filters. h and w are at least 2.
type MirrorConv struct {
	meta
	Stride int // 1 or 2
}

// MirrorConvGrad is the gradient of [MirrorConv] to x. Its inputs are the gradient to the
// output and the filters; its output is (1, c, H, W).
type MirrorConvGrad struct {
	meta
	Stride, H, W int
}

// MirrorConvWeights is the gradient of [MirrorConv] to the filters. Its inputs are the
// gradient to the output and x; its output is (k, c, 3, 3).
type MirrorConvWeights struct {
	meta
	Stride int
}

var (
	_ G.SDOp = (*MirrorConv)(nil)
	_ G.Op   = (*MirrorConvGrad)(nil)
	_ G.Op   = (*MirrorConvWeights)(nil)
)

// NewMirrorConv returns a [MirrorConv] with stride 1 or 2.
func NewMirrorConv(stride int) *MirrorConv {
	return &MirrorConv{meta{fmt.Sprintf("mirrorconv{stride:%d}", stride), []int{4, filters}, 4}, stride}
}

// InferShape returns (1, k, h', w').
func (o *MirrorConv) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[0])
	switch f := s[1]; {
	case f[1] != c || f[2] != 3 || f[3] != 3:
		return nil, fmt.Errorf("op: mirrorconv: x %v and filters %v do not fit", s[0], f)
	case o.Stride != 1 && o.Stride != 2:
		return nil, fmt.Errorf("op: mirrorconv: stride %d, want 1 or 2", o.Stride)
	case h < 2 || w < 2:
		return nil, fmt.Errorf("op: mirrorconv: %dx%d features have nothing to reflect, want 2x2", w, h)
	}
	return tensor.Shape{1, s[1][0], strided(h, o.Stride), strided(w, o.Stride)}, nil
}

// strided is the size n after a stride, rounded up.
func strided(n, stride int) int { return (n + stride - 1) / stride }

// DiffWRT says that x and the filters are differentiated.
func (o *MirrorConv) DiffWRT(int) []bool { return []bool{true, true} }

// SymDiff returns the gradients to x and to the filters.
func (o *MirrorConv) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	_, h, w := chw(in[0].Shape())
	toX := &MirrorConvGrad{meta{fmt.Sprintf("mirrorconvgrad{stride:%d h:%d w:%d}", o.Stride, h, w), []int{4, filters}, 4}, o.Stride, h, w}
	dx, err := Apply(out.Name()+"/dx", toX, grad, in[1])
	if err != nil {
		return nil, err
	}
	toFilters := &MirrorConvWeights{meta{fmt.Sprintf("mirrorconvweights{stride:%d}", o.Stride), []int{4, 4}, filters}, o.Stride}
	dw, err := Apply(out.Name()+"/dw", toFilters, grad, in[0])
	return G.Nodes{dx, dw}, err
}

// Do computes the convolution by the plain loop.
func (o *MirrorConv) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	k, oh, ow := in[1].Shape()[0], strided(h, o.Stride), strided(w, o.Stride)
	y := make([]float32, k*oh*ow)
	kernel.RefMirrorConv(y, Floats(in[0]), Floats(in[1]), c, h, w, k, o.Stride)
	return dense(y, 1, k, oh, ow), nil
}

// InferShape returns (1, c, H, W).
func (o *MirrorConvGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	k, h, w := chw(s[0])
	if s[1][0] != k || h != strided(o.H, o.Stride) || w != strided(o.W, o.Stride) {
		return nil, fmt.Errorf("op: %v: gradient %v and filters %v do not fit", o, s[0], s[1])
	}
	return tensor.Shape{1, s[1][1], o.H, o.W}, nil
}

// Do computes the gradient by the plain loop.
func (o *MirrorConvGrad) Do(in ...G.Value) (G.Value, error) {
	k, c := in[1].Shape()[0], in[1].Shape()[1]
	dx := make([]float32, c*o.H*o.W)
	kernel.RefMirrorConvGrad(dx, Floats(in[0]), Floats(in[1]), c, o.H, o.W, k, o.Stride)
	return dense(dx, 1, c, o.H, o.W), nil
}

// InferShape returns (k, c, 3, 3).
func (o *MirrorConvWeights) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	c, h, w := chw(s[1])
	if s[0][2] != strided(h, o.Stride) || s[0][3] != strided(w, o.Stride) {
		return nil, fmt.Errorf("op: %v: gradient %v and x %v do not fit", o, s[0], s[1])
	}
	return tensor.Shape{s[0][1], c, 3, 3}, nil
}

// Do computes the gradient by the plain loop.
func (o *MirrorConvWeights) Do(in ...G.Value) (G.Value, error) {
	k := in[0].Shape()[1]
	c, h, w := chw(in[1].Shape())
	dw := make([]float32, k*c*9)
	kernel.RefMirrorConvWeights(dw, Floats(in[0]), Floats(in[1]), c, h, w, k, o.Stride)
	return dense(dw, k, c, 3, 3), nil
}
