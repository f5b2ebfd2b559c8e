package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// SteadyNorm is an [InstanceNorm] with moments that change slowly from one frame of a film to
// the next:
//
//	m = keep past + (1 - keep) own
//	y = scale (x - mean(m))/sqrt(deviation(m)² + 1e-5) + shift
//
// Its inputs are x (1, c, h, w), affine (2, c), own (2, c), which are the [Moments] of x, past
// (2, c), those m of the frame before, and the scalar keep in [0, 1]. The output has the shape
// of x. With keep 0 it is an InstanceNorm. It has no gradient.
type SteadyNorm struct {
	meta
	ReLU bool // apply max(0, y)
}

var _ G.Op = (*SteadyNorm)(nil)

// NewSteadyNorm returns a [SteadyNorm], with or without a ReLU after it.
func NewSteadyNorm(relu bool) *SteadyNorm {
	return &SteadyNorm{meta{fmt.Sprintf("steadynorm{relu:%t}", relu), []int{4, 2, 2, 2, 0}, 4}, relu}
}

// InferShape returns the shape of x.
func (o *SteadyNorm) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	s, err := o.shapes(in)
	if err != nil {
		return nil, err
	}
	for _, m := range s[1:4] {
		if m[0] != 2 || m[1] != s[0][1] {
			return nil, fmt.Errorf("op: steadynorm: x %v and %v do not fit", s[0], m)
		}
	}
	return s[0].Clone(), nil
}

// Do normalises.
func (o *SteadyNorm) Do(in ...G.Value) (G.Value, error) {
	c, h, w := chw(in[0].Shape())
	x, affine := Floats(in[0]), Floats(in[1])
	stats := make([]float32, 2*c)
	o.Stats(stats, Floats(in[2]), Floats(in[3]), Floats(in[4])[0])
	y := make([]float32, len(x))
	for i, v := range x {
		ch := i / (h * w)
		y[i] = float32((v-stats[ch])*(affine[ch]*stats[c+ch])) + affine[c+ch]
		if o.ReLU {
			y[i] = max(0, y[i])
		}
	}
	return dense(y, 1, c, h, w), nil
}

// Stats writes the mean and 1/sqrt(variance + 1e-5) of each channel that x is normalised with
// to stats (2, c).
func (o *SteadyNorm) Stats(stats, own, past []float32, keep float32) {
	c := len(stats) / 2
	for i := range c {
		stats[i] = Steady(own[i], past[i], keep)
		d := float64(Steady(own[c+i], past[c+i], keep))
		stats[c+i] = float32(1 / math.Sqrt(d*d+NormEps))
	}
}

// Steady returns keep past + (1 - keep) own.
func Steady(own, past, keep float32) float32 {
	return float32(keep*past) + float32((1-keep)*own)
}
