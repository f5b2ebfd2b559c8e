package kernel

import "math"

// The plain definitions of the operations of a feed-forward network, whose filters are
// trained. Its convolutions have no bias. They see the picture mirrored beyond its edge,
// without the edge itself: position -1 is position 1. Sizes are at least 2x2.

// strided is the size after a stride: half of n, rounded up, for 2.
func strided(n, stride int) int { return (n + stride - 1) / stride }

// mirror returns the position in [0, n) that a position in [-1, n] stands for.
func mirror(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*n - 2 - i
	}
	return i
}

// refMirrored calls f for each product of a mirrored 3x3 convolution from x (c,h,w) to y
// (k,h',w') with filters (k,c,3,3), by the indices of its three factors, in a fixed order.
func refMirrored(c, h, w, k, stride int, f func(y, x, wt int)) {
	oh, ow := strided(h, stride), strided(w, stride)
	for at := range k * oh * ow {
		o, oy, ox := at/(oh*ow), at/ow%oh, at%ow
		for i := range c {
			for t := range 9 {
				y, x := mirror(oy*stride+t/3-1, h), mirror(ox*stride+t%3-1, w)
				f(at, (i*h+y)*w+x, (o*c+i)*9+t)
			}
		}
	}
}

// RefMirrorConv computes y (k,h',w') = wt (k,c,3,3) * x (c,h,w), a cross-correlation with
// the given stride, 1 or 2, and reflection padding 1. The output has h' = h/stride rows,
// rounded up.
func RefMirrorConv(y, x, wt []float32, c, h, w, k, stride int) {
	clear(y[:k*strided(h, stride)*strided(w, stride)])
	refMirrored(c, h, w, k, stride, func(a, b, f int) { y[a] += wt[f] * x[b] })
}

// RefMirrorConvGrad computes dx (c,h,w), the gradient of [RefMirrorConv] to its input,
// from dy (k,h',w'), the gradient to its output.
func RefMirrorConvGrad(dx, dy, wt []float32, c, h, w, k, stride int) {
	clear(dx[:c*h*w])
	refMirrored(c, h, w, k, stride, func(a, b, f int) { dx[b] += wt[f] * dy[a] })
}

// RefMirrorConvWeights computes dw (k,c,3,3), the gradient of [RefMirrorConv] to its
// filters. It adds up in float64.
func RefMirrorConvWeights(dw, dy, x []float32, c, h, w, k, stride int) {
	sum := make([]float64, k*c*9)
	refMirrored(c, h, w, k, stride, func(a, b, f int) { sum[f] += float64(dy[a]) * float64(x[b]) })
	for i, s := range sum {
		dw[i] = float32(s)
	}
}

// NormEps is added to the variance in an instance normalisation, as in PyTorch.
const NormEps = 1e-5

// RefInstanceNorm normalises each channel of x (c,n) over its n positions to mean 0 and
// variance 1, and then scales and shifts it (Ulyanov et al. 2016):
//
//	y = scale (x - mean)/sqrt(variance + NormEps) + shift
//
// affine (2,c) has the scales, then the shifts. With relu, y is max(0, .).
func RefInstanceNorm(y, x, affine []float32, c, n int, relu bool) {
	for i := range c {
		mean, inv := refNormStats(x[i*n:][:n])
		for p, v := range x[i*n:][:n] {
			out := float32(float64(affine[i])*(float64(v)-mean)*inv) + affine[c+i]
			if relu {
				out = max(0, out)
			}
			y[i*n+p] = out
		}
	}
}

// RefInstanceNormGrad computes dx (c,n) and daffine (2,c), the gradients of
// [RefInstanceNorm] without ReLU, from dy (c,n). With z = (x - mean) inv, where inv is
// 1/sqrt(variance + NormEps):
//
//	dscale = sum dy z      dshift = sum dy
//	dx = scale inv (dy - dshift/n - z dscale/n)
func RefInstanceNormGrad(dx, daffine, dy, x, affine []float32, c, n int) {
	for i := range c {
		mean, inv := refNormStats(x[i*n:][:n])
		var dscale, dshift float64
		for p, v := range x[i*n:][:n] {
			g := float64(dy[i*n+p])
			dscale += g * (float64(v) - mean) * inv
			dshift += g
		}
		for p, v := range x[i*n:][:n] {
			z := (float64(v) - mean) * inv
			dx[i*n+p] = float32(float64(affine[i]) * inv * (float64(dy[i*n+p]) - (dshift+z*dscale)/float64(n)))
		}
		daffine[i], daffine[c+i] = float32(dscale), float32(dshift)
	}
}

// refNormStats returns the mean of x and 1/sqrt(variance + NormEps).
func refNormStats(x []float32) (mean, inv float64) {
	var square float64
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, 1 / math.Sqrt(square/float64(len(x))+NormEps)
}

// RefUpsample repeats each position of x (c,h,w) 2x2 times: y is (c,2h,2w).
func RefUpsample(y, x []float32, c, h, w int) {
	for i := range c * h * w * 4 {
		ch, r, q := i/(4*h*w), i/(2*w)%(2*h), i%(2*w)
		y[i] = x[(ch*h+r/2)*w+q/2]
	}
}

// RefUpsampleGrad computes dx (c,h,w), the gradient of [RefUpsample]: the sum of dy
// (c,2h,2w) over each 2x2 positions.
func RefUpsampleGrad(dx, dy []float32, c, h, w int) {
	for i := range c * h * w {
		r, q := i/w, i%w
		a, b := dy[2*r*2*w+2*q:], dy[(2*r+1)*2*w+2*q:]
		dx[i] = (a[0] + a[1]) + (b[0] + b[1])
	}
}

// RefSigmoid computes y = 1/(1 + exp(-(x + bias))) for x (c,n) and bias (c).
func RefSigmoid(y, x, bias []float32, c, n int) {
	for i := range c * n {
		y[i] = float32(1 / (1 + math.Exp(-float64(x[i]+bias[i/n]))))
	}
}

// RefSigmoidGrad computes dx = dy y (1 - y), the gradient of [RefSigmoid] to x, of any
// length.
func RefSigmoidGrad(dx, dy, y []float32) {
	for i, v := range y {
		dx[i] = dy[i] * v * (1 - v)
	}
}

// RefChannelSums computes the sum of each channel of x (c,n) in float64.
func RefChannelSums(sums, x []float32, c, n int) {
	for i := range c {
		var s float64
		for _, v := range x[i*n:][:n] {
			s += float64(v)
		}
		sums[i] = float32(s)
	}
}
