package kernel

import "math"

// RefNearest is the definition of [Nearest]: out (h,w) for x (c,h,w), a guide (h,w) or nil and
// a target (1+rows,c), in float64.
func RefNearest(out, x, guide, target []float32, c, h, w int) {
	n := h * w
	mean, total := make([]float64, c), GuideTotal(guide, h, w)
	for k := range c {
		for p, v := range x[k*n:][:n] {
			mean[k] += float64(v) * refWeight(guide, p)
		}
		if total > 0 {
			mean[k] /= total
		}
	}
	refParallel(n, func(p int) {
		most := math.Inf(-1)
		for row := range len(target)/c - 1 {
			dot := 0.0
			for k, f := range target[(1+row)*c:][:c] {
				dot += float64(f) * (float64(x[k*n+p]) - mean[k])
			}
			if dot > most {
				most, out[p] = dot, float32(row)
			}
		}
	})
}

// RefCosine is the definition of [Cosine] in float64. Unless grad is nil, it gets the gradient
// to x, both (c,h,w).
func RefCosine(grad, x, guide, target, matches []float32, c, h, w int) float64 {
	n, total, sum := h*w, GuideTotal(guide, h, w), 0.0
	if grad != nil {
		clear(grad)
	}
	if total == 0 {
		return 0
	}
	for p := range n {
		row := target[(1+int(matches[p]))*c:][:c]
		dot, square := 0.0, 0.0
		for k, f := range row {
			d := float64(x[k*n+p]) - float64(target[k])
			dot += d * float64(f)
			square += d * d
		}
		weight := refWeight(guide, p) / total
		if square == 0 {
			sum += weight
			continue
		}
		norm := math.Sqrt(square)
		sum += weight * (1 - dot/norm)
		if grad == nil {
			continue
		}
		for k, f := range row {
			d := float64(x[k*n+p]) - float64(target[k])
			grad[k*n+p] = float32(weight * (dot/square*d - float64(f)) / norm)
		}
	}
	return sum
}

// refWeight is the weight of position p.
func refWeight(guide []float32, p int) float64 {
	if guide == nil {
		return 1
	}
	return float64(guide[p]) * float64(guide[p])
}
