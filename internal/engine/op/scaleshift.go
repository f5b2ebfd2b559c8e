package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ScaleShift scales and shifts each channel: inputs x (1, c, h, w) and affine (2, c), the
// scales, then the shifts; output scale x + shift. It is what is left of an [InstanceNorm]
// once the mean and the variance are known, when a network paints a picture in parts. It has
// no gradient.
type ScaleShift struct {
	meta
	ReLU bool // apply max(0, y)
}

var _ G.Op = (*ScaleShift)(nil)

// NewScaleShift returns a [ScaleShift], with or without a ReLU after it.
func NewScaleShift(relu bool) *ScaleShift {
	return &ScaleShift{meta{fmt.Sprintf("scaleshift{relu:%t}", relu), []int{4, 2}, 4}, relu}
}

// InferShape returns the shape of x.
func (o *ScaleShift) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err == nil && (s[1][0] != 2 || s[1][1] != s[0][1]) {
		err = fmt.Errorf("op: scaleshift: x %v and affine %v do not fit", s[0], s[1])
	}
	if err != nil {
		return nil, err
	}
	return s[0].Clone(), nil
}

// Do scales and shifts.
func (o *ScaleShift) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	x, affine := Floats(in[0]), Floats(in[1])
	y := make([]float32, len(x))
	for i, v := range x {
		ch := i / (h * w)
		y[i] = float32(affine[ch]*v) + affine[c+ch]
		if o.ReLU {
			y[i] = max(0, y[i])
		}
	}
	return dense(y, 1, c, h, w), nil
}
