package kernel

import "math"

// RefPyramid returns P src as [Engine.Pyramid] does, by the matrix of R along each
// axis.
func RefPyramid(src []float32, c, h, w, levels int, weight float64) []float32 {
	out := make([]float32, len(src))
	x := make([]float64, h*w)
	for i := range c {
		for j := range x {
			x[j] = float64(src[i*h*w+j])
		}
		for j, v := range refPyramid(x, h, w, levels, weight) {
			out[i*h*w+j] = float32(v)
		}
	}
	return out
}

func refPyramid(x []float64, h, w, levels int, weight float64) []float64 {
	if levels == 0 {
		return x
	}
	h2, w2 := (h+1)/2, (w+1)/2
	half := make([]float64, h2*w2)
	each := func(f func(fine, coarse int, r float64)) {
		for y2 := range h2 {
			for y := range h {
				for x2 := range w2 {
					for x := range w {
						if r := refHalving(y2, y) * refHalving(x2, x); r != 0 {
							f(y*w+x, y2*w2+x2, r)
						}
					}
				}
			}
		}
	}
	each(func(fine, coarse int, r float64) { half[coarse] += r * x[fine] })
	half = refPyramid(half, h2, w2, levels-1, weight)
	out := append([]float64(nil), x...)
	each(func(fine, coarse int, r float64) { out[fine] += weight * r * half[coarse] })
	return out
}

// refHalving is the element (i, j) of R along an axis: the weight of sample j of the fine
// level in sample i of the coarse one.
func refHalving(i, j int) float64 {
	switch math.Abs(float64(j) - 2*float64(i) - 0.5) {
	case 0.5:
		return math.Sqrt2 * 3 / 8
	case 1.5:
		return math.Sqrt2 / 8
	}
	return 0
}
