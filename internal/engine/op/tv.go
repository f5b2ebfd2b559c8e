package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/kernel"
)

// TVForm says which differences between neighbours a total variation takes and how it
// combines them. dx is the difference to the neighbour on the right, dy to the one below.
// Only pixels that have that neighbour count.
type TVForm int

// The forms of total variation.
const (
	Quadratic    TVForm = iota // mean of dx² + mean of dy²
	Absolute                   // mean of |dx| + mean of |dy|
	QuadraticSum               // half the sum of dx² + dy², of pixels that have both neighbours
	AbsoluteSum                // sum of |dx| + sum of |dy|
	NinePoint                  // 2 (mean dx²/3 + mean dy²/3 + the means of both diagonals' squares/12), replicated at the edge
)

// String is the name of the form.
func (f TVForm) String() string {
	return [...]string{"quadratic", "absolute", "quadratic-sum", "absolute-sum", "nine-point"}[f]
}

// TV is the total variation of a picture (1, 3, h, w) whose values are multiplied by Range.
// In the absolute forms, a difference of 0 has the gradient 0.
type TV struct {
	meta
	Form  TVForm
	Range float32
}

// TVGrad is the gradient of [TV]. Its inputs are the picture and the gradient to the
// scalar.
type TVGrad struct {
	meta
	Form  TVForm
	Range float32
}

var (
	_ G.SDOp = (*TV)(nil)
	_ G.Op   = (*TVGrad)(nil)
)

// NewTV returns the total variation of pixels in 0..1 measured in units of
// 1/rng.
func NewTV(form TVForm, rng float32) *TV {
	return &TV{meta{fmt.Sprintf("tv{%v %v}", form, rng), []int{4}, 0}, form, rng}
}

// InferShape returns the shape of a scalar.
func (o *TV) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (s[0][2] < 2 || s[0][3] < 2) {
		err = fmt.Errorf("op: tv: %v has no neighbours", s[0])
	}
	return tensor.ScalarShape(), err
}

// DiffWRT says that the picture is differentiated.
func (o *TV) DiffWRT(int) []bool { return []bool{true} }

// SymDiff returns the gradient to the picture.
func (o *TV) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	g := &TVGrad{meta{fmt.Sprintf("tvgrad{%v %v}", o.Form, o.Range), []int{4, 0}, 4}, o.Form, o.Range}
	dx, err := Apply(out.Name()+"/dx", g, in[0], grad)
	return G.Nodes{dx}, err
}

// Stencil returns the differences of form f on planes (c, h, w) of numbers whose
// unit is 1/rng.
func (f TVForm) Stencil(c, h, w int, rng float32) []kernel.Difference {
	r := float64(rng)
	across, down, all := float64(c*h*(w-1)), float64(c*(h-1)*w), float64(c*h*w)
	// With its border, a picture of h x w pixels has (h+1) x (w+1) diagonal neighbours.
	diagonal := 2.0 / 12 / float64(c*(h+1)*(w+1))
	switch f {
	case Quadratic:
		return []kernel.Difference{{DX: 1, Weight: r * r / across}, {DY: 1, Weight: r * r / down}}
	case Absolute:
		return []kernel.Difference{{DX: 1, Weight: r / across, Absolute: true}, {DY: 1, Weight: r / down, Absolute: true}}
	case QuadraticSum:
		return []kernel.Difference{{DX: 1, Weight: r * r / 2, Inner: true}, {DY: 1, Weight: r * r / 2, Inner: true}}
	case AbsoluteSum:
		return []kernel.Difference{{DX: 1, Weight: r, Absolute: true}, {DY: 1, Weight: r, Absolute: true}}
	case NinePoint:
		return []kernel.Difference{
			{DX: 1, Weight: r * r * 2 / 3 / all},
			{DY: 1, Weight: r * r * 2 / 3 / all},
			{DX: 1, DY: 1, Weight: r * r * diagonal, Replicate: true},
			{DX: -1, DY: 1, Weight: r * r * diagonal, Replicate: true},
		}
	}
	panic(fmt.Sprintf("op: tv: unknown form %d", int(f)))
}

// Do computes the total variation.
func (o *TV) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	x := Floats(in[0])
	sum := 0.0
	for _, d := range o.Form.Stencil(c, h, w, o.Range) {
		eachPair(c, h, w, d, func(i, j int) {
			v := float64(x[j] - x[i])
			if !d.Absolute {
				v *= v
			}
			sum += d.Weight * math.Abs(v)
		})
	}
	return G.NewF32(float32(sum)), nil
}

// InferShape returns the shape of the picture.
func (o *TVGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.first(in) }

// Do computes the gradient.
func (o *TVGrad) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	x, g := Floats(in[0]), float64(scalar(in[1]))
	out := make([]float64, c*h*w)
	for _, d := range o.Form.Stencil(c, h, w, o.Range) {
		eachPair(c, h, w, d, func(i, j int) {
			v := 2 * float64(x[j]-x[i])
			if d.Absolute && v != 0 {
				v = math.Copysign(1, v)
			}
			out[j] += g * d.Weight * v
			out[i] -= g * d.Weight * v
		})
	}
	y := make([]float32, len(out))
	for i, v := range out {
		y[i] = float32(v)
	}
	return dense(y, in[0].Shape()...), nil
}

// eachPair calls f with the indices of each pair of pixels that d compares.
func eachPair(c, h, w int, d kernel.Difference, f func(i, j int)) {
	at := func(ch, y, x int) int { return (ch*h+min(max(y, 0), h-1))*w + min(max(x, 0), w-1) }
	for ch := range c {
		switch {
		case d.Replicate: // every position of the padded picture that has the neighbour
			for y := -1; y <= h-d.DY; y++ {
				for x := -1 + max(-d.DX, 0); x <= w-max(d.DX, 0); x++ {
					f(at(ch, y, x), at(ch, y+d.DY, x+d.DX))
				}
			}
		case d.Inner:
			for y := range h - 1 {
				for x := range w - 1 {
					f(at(ch, y, x), at(ch, y+d.DY, x+d.DX))
				}
			}
		default:
			for y := range h - d.DY {
				for x := range w - d.DX {
					f(at(ch, y, x), at(ch, y+d.DY, x+d.DX))
				}
			}
		}
	}
}
