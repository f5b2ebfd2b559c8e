package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// conv64 is a 3x3 convolution with zero padding in float64.
func conv64(x, wt []float32, c, h, w, k int) []float64 {
	out := make([]float64, k*h*w)
	for o := range k {
		for i := range c {
			for t := range 9 {
				f := float64(wt[(o*c+i)*9+t])
				for y := max(0, 1-t/3); y < min(h, h+1-t/3); y++ {
					for j := max(0, 1-t%3); j < min(w, w+1-t%3); j++ {
						out[(o*h+y)*w+j] += f * float64(x[(i*h+y+t/3-1)*w+j+t%3-1])
					}
				}
			}
		}
	}
	return out
}

// TestAccuracy states the error of Winograd's convolution in float32 on the deepest
// layer's channels, relative to the root mean square of the outputs: 3.5e-6, and
// 3.5e-5 at worst.
func TestAccuracy(t *testing.T) {
	c, k, h, w := 512, 16, 9, 14
	if testing.Short() {
		c = 128
	}
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		x, wt := random(r, c*h*w), random(r, k*c*9)
		for i, v := range x {
			x[i] = 100 * max(0, v) // like features: not negative, of any size
		}
		in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
		spec := kernel.ConvSpec{C: c, K: k, H: h, W: w, U: kernel.NewFilter(e.CPU(), wt, k, c, false), In: pack(x, in), Out: dirty(out.Len())}
		e.NewConv(spec).Run()
		got := make([]float32, k*h*w)
		kernel.Unpack(got, spec.Out, out)
		var sum, sq, worst float64
		for i, v := range conv64(x, wt, c, h, w, k) {
			d := float64(got[i]) - v
			sum, sq, worst = sum+v*v, sq+d*d, max(worst, math.Abs(d))
		}
		rms := math.Sqrt(sum / float64(len(got)))
		sq = math.Sqrt(sq/float64(len(got))) / rms
		worst /= rms
		t.Logf("%s: error %.2g, at worst %.2g", e.CPU().Name(), sq, worst)
		if !(sq < 5e-6 && worst < 6e-5) {
			t.Errorf("error %.2g, at worst %.2g of the root mean square", sq, worst)
		}
	})
}
