package kernel

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// This file has the plain definition of every operation on tensors in NCHW order (n = 1).
// The blocked kernels are tested against it and share no code with it. The functions are
// plain loops, and they allocate.

// RefConv3x3 computes dst (k,h,w) = wt (k,c,3,3) * x (c,h,w) + bias (k), a
// cross-correlation with stride 1 and zero padding 1, then max(0, .) if relu.
// A nil bias is zero.
func RefConv3x3(dst, x, wt, bias []float32, c, h, w, k int, relu bool) {
	refConv(dst, refPad(x, c, h, w, 1, false), wt, bias, c, h, w, k, relu)
}

// RefConv3x3Replicate is [RefConv3x3] with x continued beyond its border by the
// nearest pixel instead of zeros.
func RefConv3x3Replicate(dst, x, wt, bias []float32, c, h, w, k int, relu bool) {
	refConv(dst, refPad(x, c, h, w, 1, true), wt, bias, c, h, w, k, relu)
}

// RefConv3x3Grad computes dx (c,h,w), the gradient of [RefConv3x3] without ReLU
// to its input, from dy (k,h,w), the gradient to its output.
func RefConv3x3Grad(dx, dy, wt []float32, c, h, w, k int) {
	p := refGradPadded(dy, wt, c, h, w, k)
	refParallel(c, func(i int) {
		for y := range h {
			copy(dx[(i*h+y)*w:][:w], p[(i*(h+2)+y+1)*(w+2)+1:])
		}
	})
}

// RefConv3x3ReplicateGrad is the gradient of [RefConv3x3Replicate] without ReLU to its
// input. The gradient to the border is added to the nearest pixel.
func RefConv3x3ReplicateGrad(dx, dy, wt []float32, c, h, w, k int) {
	p := refGradPadded(dy, wt, c, h, w, k)
	clear(dx[:c*h*w])
	refParallel(c, func(i int) {
		for y := range h + 2 {
			for x := range w + 2 {
				dx[(i*h+min(max(y-1, 0), h-1))*w+min(max(x-1, 0), w-1)] += p[(i*(h+2)+y)*(w+2)+x]
			}
		}
	})
}

// refPad returns x (c,h,w) with a border of p: zeros or the nearest pixel.
func refPad(x []float32, c, h, w, p int, replicate bool) []float32 {
	hp, wp := h+2*p, w+2*p
	out := make([]float32, c*hp*wp)
	for i := range c {
		for y := range hp {
			row := out[(i*hp+y)*wp:][:wp]
			if !replicate {
				if y >= p && y < h+p {
					copy(row[p:], x[(i*h+y-p)*w:][:w])
				}
				continue
			}
			src := x[(i*h+min(max(y-p, 0), h-1))*w:][:w]
			for j := range row {
				row[j] = src[min(max(j-p, 0), w-1)]
			}
		}
	}
	return out
}

// refConv is the convolution of x (c,h+2,w+2), already padded.
func refConv(dst, x, wt, bias []float32, c, h, w, k int, relu bool) {
	refParallel(k, func(o int) {
		for y := range h {
			row := dst[(o*h+y)*w:][:w]
			b := float32(0)
			if bias != nil {
				b = bias[o]
			}
			for j := range row {
				row[j] = b
			}
			for i := range c {
				for dy := range 3 {
					in := x[(i*(h+2)+y+dy)*(w+2):][:w+2]
					f := wt[(o*c+i)*9+dy*3:][:3]
					f0, f1, f2 := f[0], f[1], f[2]
					for j := range row {
						row[j] += f0*in[j] + f1*in[j+1] + f2*in[j+2]
					}
				}
			}
			if relu {
				for j := range row {
					row[j] = max(0, row[j])
				}
			}
		}
	})
}

// refGradPadded returns the gradient to the padded input, (c,h+2,w+2): the
// convolution of dy, padded by two, with the filters rotated by 180 degrees and
// their channels exchanged.
func refGradPadded(dy, wt []float32, c, h, w, k int) []float32 {
	rot := make([]float32, c*k*9)
	for o := range k {
		for i := range c {
			for t := range 9 {
				rot[(i*k+o)*9+t] = wt[(o*c+i)*9+8-t]
			}
		}
	}
	out := make([]float32, c*(h+2)*(w+2))
	refConv(out, refPad(dy, k, h, w, 2, false), rot, nil, k, h+2, w+2, c, false)
	return out
}

// RefReLUGrad computes dx = dy where y > 0 and 0 elsewhere; y is the output of
// the ReLU. dx may be dy.
func RefReLUGrad(dx, y, dy []float32) {
	for i, v := range dy {
		if !(y[i] > 0) {
			v = 0
		}
		dx[i] = v
	}
}

// RefMaxPool computes dst (c,h/2,w/2), the maximum of each 2x2 window of x
// (c,h,w) with stride 2. An odd last row or column belongs to no window.
func RefMaxPool(dst, x []float32, c, h, w int) {
	refParallel(c, func(i int) {
		for y := range h / 2 {
			for j := range w / 2 {
				p := (i*h+2*y)*w + 2*j
				dst[(i*(h/2)+y)*(w/2)+j] = max(x[p], x[p+1], x[p+w], x[p+w+1])
			}
		}
	})
}

// RefMaxPoolGrad computes dx (c,h,w), the gradient of [RefMaxPool] to x, from dy
// (c,h/2,w/2). Of equal values, the first in reading order gets the whole gradient.
func RefMaxPoolGrad(dx, x, dy []float32, c, h, w int) {
	clear(dx[:c*h*w])
	refParallel(c, func(i int) {
		for y := range h / 2 {
			for j := range w / 2 {
				p := (i*h+2*y)*w + 2*j
				best := p
				for _, q := range [...]int{p + 1, p + w, p + w + 1} {
					if x[q] > x[best] {
						best = q
					}
				}
				dx[best] = dy[(i*(h/2)+y)*(w/2)+j]
			}
		}
	})
}

// RefAvgPool computes dst (c,h/2,w/2), scale times the mean of each 2x2 window
// of x (c,h,w) with stride 2.
func RefAvgPool(dst, x []float32, c, h, w int, scale float32) {
	refParallel(c, func(i int) {
		for y := range h / 2 {
			for j := range w / 2 {
				p := (i*h+2*y)*w + 2*j
				dst[(i*(h/2)+y)*(w/2)+j] = 0.25 * scale * (x[p] + x[p+1] + x[p+w] + x[p+w+1])
			}
		}
	})
}

// RefAvgPoolGrad computes dx (c,h,w), the gradient of [RefAvgPool] to x, from
// dy (c,h/2,w/2).
func RefAvgPoolGrad(dx, dy []float32, c, h, w int, scale float32) {
	clear(dx[:c*h*w])
	refParallel(c, func(i int) {
		for y := range h / 2 * 2 {
			for j := range w / 2 * 2 {
				dx[(i*h+y)*w+j] = 0.25 * scale * dy[(i*(h/2)+y/2)*(w/2)+j/2]
			}
		}
	})
}

// RefL2Pool computes dst (c,h/2,w/2), scale times the root of the sum of the
// squares of each 2x2 window of x (c,h,w) with stride 2.
func RefL2Pool(dst, x []float32, c, h, w int, scale float32) {
	refParallel(c, func(i int) {
		for y := range h / 2 {
			for j := range w / 2 {
				p := (i*h+2*y)*w + 2*j
				dst[(i*(h/2)+y)*(w/2)+j] = scale * refNorm(x[p], x[p+1], x[p+w], x[p+w+1])
			}
		}
	})
}

func refNorm(a, b, c, d float32) float32 {
	x, y := math.Hypot(float64(a), float64(b)), math.Hypot(float64(c), float64(d))
	return float32(math.Hypot(x, y))
}

// RefL2PoolGrad computes dx (c,h,w), the gradient of [RefL2Pool] to x, from dy
// (c,h/2,w/2). A window of zeros has the gradient 0.
func RefL2PoolGrad(dx, x, dy []float32, c, h, w int, scale float32) {
	clear(dx[:c*h*w])
	refParallel(c, func(i int) {
		for y := range h / 2 {
			for j := range w / 2 {
				p := (i*h+2*y)*w + 2*j
				norm := refNorm(x[p], x[p+1], x[p+w], x[p+w+1])
				if norm == 0 {
					continue
				}
				for _, q := range [...]int{p, p + 1, p + w, p + w + 1} {
					dx[q] = scale * dy[(i*(h/2)+y)*(w/2)+j] * x[q] / norm
				}
			}
		}
	})
}

// RefGram computes dst (c,c) = scale * x x^T over the n positions of x (c,n).
// Sums are taken in float64.
func RefGram(dst, x []float32, c, n int, scale float32) {
	refParallel(c, func(i int) {
		for j := range i + 1 {
			s := 0.0
			a, b := x[i*n:][:n], x[j*n:][:n]
			for p := range a {
				s += float64(a[p]) * float64(b[p])
			}
			dst[i*c+j] = float32(s * float64(scale))
			dst[j*c+i] = dst[i*c+j]
		}
	})
}

// RefGramGrad computes dx (c,n) = d (c,c) x (c,n). With d = scale (g + g^T) it
// is the gradient of [RefGram] to x for the gradient g to its output.
func RefGramGrad(dx, x, d []float32, c, n int) { RefPointwise(dx, x, d, c, n) }

// RefPointwise computes y (c,n) = m (c,c) x (c,n).
func RefPointwise(y, x, m []float32, c, n int) {
	refParallel(c, func(i int) {
		row := y[i*n:][:n]
		clear(row)
		for j := range c {
			f := m[i*c+j]
			src := x[j*n:][:n]
			for p := range row {
				row[p] += f * src[p]
			}
		}
	})
}

// RefTV returns the sums of squared differences of neighbours in x (c,h,w):
// along rows and along columns.
func RefTV(x []float32, c, h, w int) (dx, dy float64) {
	for i := range c * h {
		for j := range w {
			v := float64(x[i*w+j])
			if j+1 < w {
				d := float64(x[i*w+j+1]) - v
				dx += d * d
			}
			if i%h+1 < h {
				d := float64(x[(i+1)*w+j]) - v
				dy += d * d
			}
		}
	}
	return dx, dy
}

// refParallel calls f for every i below n on all processors.
func refParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}
