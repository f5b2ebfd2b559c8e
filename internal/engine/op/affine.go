package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Affine prepares a picture for a network: output channel i of (1, 3, h, w) is
// Mul[i]*x + Add[i], where x is input channel i, or 2-i if Reverse is set (RGB
// to BGR). Its gradient is an Affine too.
type Affine struct {
	meta
	Mul, Add [3]float32
	Reverse  bool
}

var _ G.SDOp = (*Affine)(nil)

// NewAffine returns an [Affine].
func NewAffine(mul, add [3]float32, reverse bool) *Affine {
	id := fmt.Sprintf("affine{mul:%v add:%v reverse:%t}", mul, add, reverse)
	return &Affine{meta{id, []int{4}, 4}, mul, add, reverse}
}

// InferShape returns the shape of x, which must have three channels.
func (o *Affine) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.first(in)
	if err == nil && s[1] != 3 {
		err = fmt.Errorf("op: affine: input %v, want three channels", s)
	}
	return s, err
}

// DiffWRT says that the input is differentiated.
func (o *Affine) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to x: the channels in their first order, times Mul.
func (o *Affine) SymDiff(_ G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	mul := o.Mul
	if o.Reverse {
		mul[0], mul[2] = mul[2], mul[0]
	}
	dx, err := Apply(out.Name()+"/dx", NewAffine(mul, [3]float32{}, o.Reverse), grad)
	return G.Nodes{dx}, err
}

// Do computes the output.
func (o *Affine) Do(in ...G.Value) (G.Value, error) {
	y := make([]float32, len(Floats(in[0])))
	o.Run(y, Floats(in[0]), false, 0, len(y)/3)
	return dense(y, in[0].Shape()...), nil
}

// Run computes the output at positions begin to end into dst, planar like x, or adds it
// to dst.
func (o *Affine) Run(dst, x []float32, add bool, begin, end int) {
	plane := len(x) / 3
	for i := range 3 {
		from := i
		if o.Reverse {
			from = 2 - i
		}
		src, to := x[from*plane:][begin:end], dst[i*plane:][begin:end]
		a, b := o.Mul[i], o.Add[i]
		if add {
			for j, v := range src {
				to[j] += float32(a*v) + b
			}
			continue
		}
		for j, v := range src {
			to[j] = float32(a*v) + b
		}
	}
}
