package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Orient turns and mirrors square pictures: inputs x (1, c, n, n) and the orientation, a
// scalar from 0 to 7, output (1, c, n, n). Bit 0 mirrors left and right, bit 1 top and
// bottom, and bit 2 then exchanges rows and columns. The orientation is an input so that one
// graph serves all eight.
type Orient struct{ meta }

// OrientGrad is the gradient of [Orient] to x. Its inputs are the gradient to the output and
// the orientation.
type OrientGrad struct{ meta }

var (
	_ G.SDOp = (*Orient)(nil)
	_ G.Op   = (*OrientGrad)(nil)
)

// NewOrient returns an [Orient].
func NewOrient() *Orient { return &Orient{meta{"orient", []int{4, 0}, 4}} }

// squares checks that the pictures are square and returns their shape.
func (m meta) squares(in []G.DimSizer) (tensor.Shape, error) {
	s, err := m.first(in)
	if err == nil && s[2] != s[3] {
		err = fmt.Errorf("op: %s: input %v is not square", m.id, s)
	}
	return s, err
}

// InferShape returns the shape of x, which must be square.
func (o *Orient) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.squares(in) }

// DiffWRT says that x is differentiated.
func (o *Orient) DiffWRT(n int) []bool { return first(n) }

// SymDiff returns the gradient to x.
func (o *Orient) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return onlyFirst(in, out, &OrientGrad{meta{"orientgrad", []int{4, 0}, 4}}, G.Nodes{grad, in[1]})
}

// Do turns and mirrors.
func (o *Orient) Do(in ...G.Value) (G.Value, error) {
	y := make([]float32, len(Floats(in[0])))
	c, n, _ := chw(in[0].Shape())
	OrientPicture(y, Floats(in[0]), c, n, n, int(scalar(in[1])))
	return dense(y, in[0].Shape()...), nil
}

// InferShape returns the shape of the gradient.
func (o *OrientGrad) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return o.squares(in) }

// Do turns and mirrors back.
func (o *OrientGrad) Do(in ...G.Value) (G.Value, error) {
	dx := make([]float32, len(Floats(in[0])))
	c, n, _ := chw(in[0].Shape())
	OrientBack(dx, Floats(in[0]), c, n, n, int(scalar(in[1])), false)
	return dense(dx, in[0].Shape()...), nil
}

// OrientPicture writes x (c, h, w) in an orientation to y, which is (c, w, h) from
// orientation 4 on.
func OrientPicture(y, x []float32, c, h, w, orientation int) {
	rows, columns := orientedSize(h, w, orientation)
	for i := range c {
		from, to := x[i*h*w:][:h*w], y[i*h*w:][:h*w]
		for r := range rows {
			start, step := oriented(r, h, w, orientation)
			for q := range columns {
				to[r*columns+q] = from[start+q*step]
			}
		}
	}
}

// OrientBack is the inverse of [OrientPicture]: it writes x to y (c, h, w), or adds it to y.
func OrientBack(y, x []float32, c, h, w, orientation int, add bool) {
	rows, columns := orientedSize(h, w, orientation)
	for i := range c {
		from, to := x[i*h*w:][:h*w], y[i*h*w:][:h*w]
		for r := range rows {
			start, step := oriented(r, h, w, orientation)
			for q, v := range from[r*columns:][:columns] {
				if at := start + q*step; add {
					to[at] += v
				} else {
					to[at] = v
				}
			}
		}
	}
}

// orientedSize is the size of a picture of h by w in an orientation.
func orientedSize(h, w, orientation int) (rows, columns int) {
	if orientation&4 != 0 {
		return w, h
	}
	return h, w
}

// oriented returns where row r of an oriented picture begins in the picture of h by w, and
// the distance of its elements there.
func oriented(r, h, w, orientation int) (start, step int) {
	across, down := 1, w
	if orientation&1 != 0 {
		start, across = start+w-1, -1
	}
	if orientation&2 != 0 {
		start, down = start+(h-1)*w, -w
	}
	if orientation&4 != 0 {
		across, down = down, across
	}
	return start + r*down, across
}
