package kernel

import "math"

// first*Go are conv1_1 on n pixels of a row. x has three planes, plane floats
// apart, of at least three rows, row floats apart: x[c*plane + dy*row + p + dx]. The
// panel w is [27][nb*16] in the order (c,dy,dx). For j < nb*16
//
//	y[j/16*yStride + p*16 + j%16] = max(lo, bias[j] + sum of w*x)
//
// and bit j%16 of mask[j/16*maskStride + p] is set if it is above 0.
func firstNGo(nb, n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int) {
	for p := range n {
		for j := 0; j < nb*16; j += 4 {
			v := (*[4]float32)(bias[j:])
			s0, s1, s2, s3 := v[0], v[1], v[2], v[3]
			for t := range 27 {
				f := x[t/9*plane+t/3%3*row+p+t%3]
				v := (*[4]float32)(w[t*nb*16+j:])
				s0 += f * v[0]
				s1 += f * v[1]
				s2 += f * v[2]
				s3 += f * v[3]
			}
			d := (*[4]float32)(y[j/16*yStride+p*16+j%16:])
			d[0], d[1], d[2], d[3] = max(lo, s0), max(lo, s1), max(lo, s2), max(lo, s3)
		}
		for j := range nb {
			mask[j*maskStride+p] = positive(load(y[j*yStride+p*16:]), 0)
		}
	}
}

func first1Go(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int) {
	firstNGo(1, n, x, row, plane, w, bias, lo, y, yStride, mask, maskStride)
}

func first2Go(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int) {
	firstNGo(2, n, x, row, plane, w, bias, lo, y, yStride, mask, maskStride)
}

func first4Go(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int) {
	firstNGo(4, n, x, row, plane, w, bias, lo, y, yStride, mask, maskStride)
}

// packGo turns n positions of a block, times their masks, into 16 rows of a panel:
// b[lane*bStride + p] = x[p*16 + lane]. n is a multiple of 16.
func packGo(n int, x []float32, mask []uint16, b []float32, bStride int) {
	var v vec
	for p := range n {
		masked(&v, load(x[p*16:]), mask[p], 1)
		for l := range v {
			b[l*bStride+p] = v[l]
		}
	}
}

// tapsGo adds up nine shifted rows: y[i] = sum over dy, dx < 3 of
// p[(3*dy+dx)*pStride + (2-dy)*pitch + 2-dx + i].
func tapsGo(n int, p []float32, pStride, pitch int, y []float32) {
	for i := range y[:n] {
		s := float32(0)
		for t := range 9 {
			s += p[t*pStride+(2-t/3)*pitch+2-t%3+i]
		}
		y[i] = s
	}
}

// poolMaxGo pools n windows side by side. They begin at position 0 of x and mask, whose rows
// are pitch positions apart. y gets scale times the maxima, which are at least lo. mask gets
// a bit for the first maximum of each window if it is above lo.
func poolMaxGo(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32) {
	for i := range n {
		a, b := x[2*i*16:], x[(2*i+pitch)*16:]
		poolMaxWindow(load(a), load(a[16:]), load(b), load(b[16:]), load(y[i*16:]), mask[2*i:], pitch, lo, scale)
	}
}

// poolAvgGo is poolMaxGo with the average. mask gets the bits of x > lo.
func poolAvgGo(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32) {
	for i := range n {
		a, b := x[2*i*16:], x[(2*i+pitch)*16:]
		d := load(y[i*16:])
		for l := range d {
			d[l] = ((a[l] + a[16+l]) + (b[l] + b[16+l])) * (0.25 * scale)
		}
		mask[2*i], mask[2*i+1] = positive(load(a), lo), positive(load(a[16:]), lo)
		mask[2*i+pitch], mask[2*i+pitch+1] = positive(load(b), lo), positive(load(b[16:]), lo)
	}
}

// unpoolGo spreads n pooled values of x over windows side by side: y (+)= scale*x where mask
// has a bit. Elsewhere y = 0, or is unchanged if it is added to.
func unpoolGo(n int, x []float32, mask []uint16, y []float32, pitch int, scale float32, add bool) {
	var v vec
	for i := range n {
		for q := range 4 {
			at := 2*i + q/2*pitch + q%2
			masked(&v, load(x[i*16:]), mask[at], scale)
			d := load(y[at*16:])
			for l := range d {
				if add {
					v[l] += d[l]
				}
				d[l] = v[l]
			}
		}
	}
}

// maskGo zeroes x[p*16+lane] where mask[p] has no bit.
func maskGo(x []float32, mask []uint16) {
	for p, bits := range mask {
		d := load(x[p*16:])
		masked(d, d, bits, 1)
	}
}

// signGo sets the bits of mask[p] where x[p*16+lane] > 0.
func signGo(x []float32, mask []uint16) {
	for p := range mask {
		mask[p] = positive(load(x[p*16:]), 0)
	}
}

// dotGo returns the sum of x*y in float64.
func dotGo(x, y []float32) float64 {
	var s [4]float64
	n := len(x) &^ 3
	for i := 0; i < n; i += 4 {
		a, b := x[i:][:4], y[i:][:4]
		s[0] += float64(a[0]) * float64(b[0])
		s[1] += float64(a[1]) * float64(b[1])
		s[2] += float64(a[2]) * float64(b[2])
		s[3] += float64(a[3]) * float64(b[3])
	}
	for i := n; i < len(x); i++ {
		s[i-n] += float64(x[i]) * float64(y[i])
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// diff2Go returns the sum of (x-y)^2 in float64.
func diff2Go(x, y []float32) float64 {
	s := 0.0
	for i, v := range x {
		d := float64(v - y[i])
		s += d * d
	}
	return s
}

// absSumGo returns the sum of |x| in float64.
func absSumGo(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(abs32(v))
	}
	return s
}

// absMaxGo returns the largest |x|, or NaN if there is one. Without the sign, numbers have the
// order of their bits, and NaN is above all.
func absMaxGo(x []float32) float32 {
	var m [4]uint32
	for ; len(x) >= len(m); x = x[len(m):] {
		v := (*[len(m)]float32)(x)
		for i := range m {
			m[i] = max(m[i], math.Float32bits(v[i])&^(1<<31))
		}
	}
	for _, v := range x {
		m[0] = max(m[0], math.Float32bits(v)&^(1<<31))
	}
	return math.Float32frombits(max(m[0], m[1], m[2], m[3]))
}

func abs32(x float32) float32 { return max(x, -x) }

// axpyGo computes y += a*x.
func axpyGo(a float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

// scaleGo computes x *= a.
func scaleGo(a float32, x []float32) {
	for i := range x {
		x[i] *= a
	}
}

// subGo computes dst = x - y.
func subGo(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// diffGradGo computes dst (+)= s*(x-y).
func diffGradGo(s float32, x, y, dst []float32, add bool) {
	x, y = x[:len(dst)], y[:len(dst)]
	if !add {
		for i := range dst {
			dst[i] = s * (x[i] - y[i])
		}
		return
	}
	for i := range dst {
		dst[i] += s * (x[i] - y[i])
	}
}

// clampGo limits x to [lo, hi].
func clampGo(x []float32, lo, hi float32) {
	for i, v := range x {
		x[i] = min(max(v, lo), hi)
	}
}

// adamGo is one step of Adam (Kingma and Ba 2015, algorithm 1), with c1 = 1-beta1,
// c2 = 1-beta2 and the corrections of the bias in step and corr:
//
//	m += c1*(g-m)      v += c2*(g*g-v)      x -= step * m/(sqrt(v)*corr + eps)
func adamGo(x, g, m, v []float32, c1, c2, step, corr, eps float32) {
	g, m, v = g[:len(x)], m[:len(x)], v[:len(x)]
	for i := range x {
		m[i] += c1 * (g[i] - m[i])
		v[i] += c2 * (g[i]*g[i] - v[i])
		x[i] -= step * (m[i] / (sqrt32(v[i])*corr + eps))
	}
}

// tvGradGo computes dst = sx*(2x - left - right) + sy*(2x - up - down) for the inner pixels
// x of a row. All slices have the length of the row. The first and the last element of dst
// are not written.
func tvGradGo(dst, row, up, down []float32, sx, sy float32) {
	for i := 1; i < len(row)-1; i++ {
		v := row[i]
		dst[i] = sx*(v+v-row[i-1]-row[i+1]) + sy*(v+v-up[i]-down[i])
	}
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
