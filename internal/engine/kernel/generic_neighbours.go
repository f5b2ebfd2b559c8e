package kernel

import "math"

// nearestGo keeps the largest of many products at each of n positions. x has 16 candidates of
// each position, those of a block: v = x[p*16+l] + bias[l]. Where v is above best[p*16+l], it
// takes its place, and arg[p*16+l] becomes block. So the first of equal ones stays. NaN is
// above nothing.
func nearestGo(n int, x, bias []float32, block float32, best, arg []float32) {
	b := load(bias)
	for p := range n {
		v, most, at := load(x[p*16:]), load(best[p*16:]), load(arg[p*16:])
		for l := range v {
			if s := v[l] + b[l]; s > most[l] {
				most[l], at[l] = s, block
			}
		}
	}
}

// cosinesGo adds up, for n positions, what a cosine is made of. The vector d of position p has
// the lanes x[b*xStride + p*16 + l] - mean[b*16 + l], and that of its neighbour is row at[p]
// of rows, which has blocks*16 floats. sums[p*32 + l] gets the sum over b of their product,
// and sums[p*32 + 16 + l] that of d².
func cosinesGo(n, blocks int, x []float32, xStride int, mean, rows, at, sums []float32) {
	for p := range n {
		row := rows[int(at[p])*blocks*16:][:blocks*16]
		var dot, square vec
		for b := range blocks {
			v, m, r := load(x[b*xStride+p*16:]), load(mean[b*16:]), load(row[b*16:])
			for l := range v {
				d := v[l] - m[l]
				dot[l] += d * r[l]
				square[l] += d * d
			}
		}
		*load(sums[p*32:]), *load(sums[p*32+16:]) = dot, square
	}
}

// cosineGradGo computes y = k[2p] r + k[2p+1] d, or adds it to y, for n positions. d and the
// row r of the neighbour are those of cosinesGo, and y lies as x.
func cosineGradGo(n, blocks int, x []float32, xStride int, mean, rows, at, k, y []float32, add bool) {
	for p := range n {
		row := rows[int(at[p])*blocks*16:][:blocks*16]
		f, g := k[2*p], k[2*p+1]
		for b := range blocks {
			v, m, r, d := load(x[b*xStride+p*16:]), load(mean[b*16:]), load(row[b*16:]), load(y[b*xStride+p*16:])
			for l := range v {
				s := f*r[l] + g*(v[l]-m[l])
				if add {
					s += d[l]
				}
				d[l] = s
			}
		}
	}
}

// least is below every product of features.
const least = -math.MaxFloat32
