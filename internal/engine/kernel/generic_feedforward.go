package kernel

import "math"

// momentsGo adds the positions of x, 16 lanes each, and their squares to sums, which is
// [2][16].
func momentsGo(x []float32, sums []float64) {
	for l := 0; l < 16; l += 2 {
		// In variables: arrays would live in memory.
		s0, s1, q0, q1 := sums[l], sums[l+1], sums[16+l], sums[17+l]
		for i := l; i+1 < len(x); i += 16 {
			a, b := float64(x[i]), float64(x[i+1])
			s0 += a
			s1 += b
			q0 += float64(a * a)
			q1 += float64(b * b)
		}
		sums[l], sums[l+1], sums[16+l], sums[17+l] = s0, s1, q0, q1
	}
}

// productsGo adds g x of n positions, 16 lanes each, to sums[:16], and g to sums[16:32].
func productsGo(n int, g, x []float32, sums []float64) {
	for p := range n {
		addProducts(load(g[p*16:]), load(x[p*16:]), sums)
	}
}

// productsMaskGo is productsGo with zeros in place of g where mask has no bit.
func productsMaskGo(n int, g, x []float32, mask []uint16, sums []float64) {
	var v vec
	for p := range n {
		masked(&v, load(g[p*16:]), mask[p], 1)
		addProducts(&v, load(x[p*16:]), sums)
	}
}

func addProducts(g, x *vec, sums []float64) {
	dot, sum := (*[16]float64)(sums), (*[16]float64)(sums[16:])
	for l, v := range g {
		dot[l] += float64(v) * float64(x[l])
		sum[l] += float64(v)
	}
}

// affineGo computes y = max(lo, a (x - m) + b) for n positions. k has the lanes of m, of a
// and of b.
func affineGo(n int, x, k []float32, lo float32, y []float32) {
	m, a, b := load(k), load(k[16:]), load(k[32:])
	for p := range n {
		s, d := load(x[p*16:]), load(y[p*16:])
		for l := range d {
			d[l] = max(lo, a[l]*(s[l]-m[l])+b[l])
		}
	}
}

// affineReLUGo is affineGo with lo = 0. mask gets the bits of y > 0.
func affineReLUGo(n int, x, k, y []float32, mask []uint16) {
	affineGo(n, x, k, 0, y)
	for p := range n {
		mask[p] = positive(load(y[p*16:]), 0)
	}
}

// normGradGo computes y (+)= a (g - b - c (x - m)) for n positions. k has the lanes of m, of
// a, of b and of c.
func normGradGo(n int, g, x, k, y []float32, add bool) {
	for p := range n {
		normGradAt(load(g[p*16:]), load(x[p*16:]), (*[64]float32)(k), load(y[p*16:]), add)
	}
}

// normGradMaskGo is normGradGo with zeros in place of g where mask has no bit.
func normGradMaskGo(n int, g, x, k []float32, mask []uint16, y []float32, add bool) {
	var v vec
	for p := range n {
		masked(&v, load(g[p*16:]), mask[p], 1)
		normGradAt(&v, load(x[p*16:]), (*[64]float32)(k), load(y[p*16:]), add)
	}
}

func normGradAt(g, x *vec, k *[64]float32, y *vec, add bool) {
	for l := range y {
		v := k[16+l] * (g[l] - k[32+l] - k[48+l]*(x[l]-k[l]))
		if add {
			v += y[l]
		}
		y[l] = v
	}
}

// upsampleGo repeats each of n positions 2x2 times. The rows of y are pitch positions apart.
func upsampleGo(n int, x, y []float32, pitch int) {
	for p := range n {
		v := load(x[p*16:])
		a, b := y[2*p*16:][:32], y[(2*p+pitch)*16:][:32]
		*load(a), *load(a[16:]), *load(b), *load(b[16:]) = *v, *v, *v, *v
	}
}

// quadsGo adds up n windows of 2x2 positions: y (+)= their sums. The rows of x are pitch
// positions apart.
func quadsGo(n int, x []float32, pitch int, y []float32, add bool) {
	for p := range n {
		a, b, d := x[2*p*16:][:32], x[(2*p+pitch)*16:][:32], load(y[p*16:])
		for l := range d {
			v := (a[l] + a[16+l]) + (b[l] + b[16+l])
			if add {
				v += d[l]
			}
			d[l] = v
		}
	}
}

// sigmoidGo computes x = 1/(1 + exp(-x)). The exponent is limited, as in the routines in
// assembly: exp stays finite and normal.
func sigmoidGo(x []float32) {
	for i, v := range x {
		v = min(max(v, -sigmoidLimit), sigmoidLimit)
		x[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

const sigmoidLimit = 87
