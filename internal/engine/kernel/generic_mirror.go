package kernel

// winoInAffineGo is winoInGo for max(lo, a (x - m) + b) in place of x. k has the lanes of m,
// of a and of b.
func winoInAffineGo(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int) {
	var d patchOf
	for t := range n {
		for i := range 36 {
			affineGo(1, x[(i/6*pitch+4*t+i%6)*16:], k, lo, d.p[i][:])
		}
		d.transform(v[t*16:], vStride)
	}
}

// A convolution of repeated positions needs 25 products for 4x4 outputs. In one dimension
// the filter w0, w1, w2 makes of p, q, q, r, r, s the outputs
//
//	y0 = w0 p + (w1 + w2) q = m0 + m1 - m2 + m3     m0 = (p - r) w0
//	y1 = (w0 + w1) q + w2 r = m1 - m2 - m3          m1 = (q + r) (w0 + w1 + w2)/2
//	y2 = w0 q + (w1 + w2) r = m1 + m2 - m3          m2 = (r - q) w1/2
//	y3 = (w0 + w1) r + w2 s = m1 + m2 + m3 + m4     m3 = (r - q) (w0 - w2)/2,  m4 = (s - q) w2
//
// In two dimensions rows are transformed, then columns. Two products share r - q, so 16
// transformed positions make the 25 products.

// repeatPositions is the transformed position of each product of one dimension.
var repeatPositions = [5]int{0, 1, 2, 2, 3}

// repeatFilterGo transforms 16 filters g [9][16] to u[f*uStride], the factors of product f.
func repeatFilterGo(g, u []float32, uStride int) {
	var r [3][5]vec
	for y := range r {
		repeatFactors(&r[y], load(g[3*y*16:]), load(g[(3*y+1)*16:]), load(g[(3*y+2)*16:]))
	}
	var column [5]vec
	for x := range 5 {
		repeatFactors(&column, &r[0][x], &r[1][x], &r[2][x])
		for y := range column {
			*load(u[(5*y+x)*uStride:]) = column[y]
		}
	}
}

func repeatFactors(f *[5]vec, w0, w1, w2 *vec) {
	for l := range 16 {
		a, b, c := w0[l], w1[l], w2[l]
		f[0][l], f[1][l], f[2][l], f[3][l], f[4][l] = a, (a+b+c)/2, b/2, (a-c)/2, c
	}
}

// repeatInGo transforms the 4x4 positions of each of n tiles side by side, after
// max(lo, a (x - m) + b). k has the lanes of m, of a and of b. Tile t begins at position 2t
// of x. That is one position to the left of that of the first of its 4x4 outputs, and one
// above. Its transformed position i is written to v[i*vStride + t*16].
func repeatInGo(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int) {
	var d [16]vec
	line := func(p, q, r, s *vec) {
		for l := range 16 {
			a, b, c, e := p[l], q[l], r[l], s[l]
			p[l], q[l], r[l], s[l] = a-c, b+c, c-b, e-b
		}
	}
	for t := range n {
		for i := range d {
			affineGo(1, x[(i/4*pitch+2*t+i%4)*16:], k, lo, d[i][:])
		}
		for i := range 4 {
			line(&d[4*i], &d[4*i+1], &d[4*i+2], &d[4*i+3])
		}
		for i := range 4 {
			line(&d[i], &d[4+i], &d[8+i], &d[12+i])
		}
		for i := range d {
			*load(v[i*vStride+t*16:]) = d[i]
		}
	}
}

// repeatOutGo transforms the 25 products of n tiles side by side to 4x4 outputs. Product f of
// tile t is at m[f*mStride + t*16]. The tile begins at position 4t of y.
func repeatOutGo(n int, m []float32, mStride int, y []float32, pitch int) {
	var r [5][4]vec
	line := func(m0, m1, m2, m3, m4, y0, y1, y2, y3 *vec) {
		for l := range 16 {
			a, b := m1[l]+m3[l], m1[l]-m3[l]
			y0[l], y1[l], y2[l], y3[l] = m0[l]+(a-m2[l]), b-m2[l], b+m2[l], a+m2[l]+m4[l]
		}
	}
	for t := range n {
		at := func(f int) *vec { return load(m[f*mStride+t*16:]) }
		to := func(i, x int) *vec { return load(y[(i*pitch+4*t+x)*16:]) }
		for i := range r {
			line(at(5*i), at(5*i+1), at(5*i+2), at(5*i+3), at(5*i+4), &r[i][0], &r[i][1], &r[i][2], &r[i][3])
		}
		for x := range 4 {
			line(&r[0][x], &r[1][x], &r[2][x], &r[3][x], &r[4][x], to(0, x), to(1, x), to(2, x), to(3, x))
		}
	}
}

// winoOutEvenGo is winoOutGo of which only the even positions of the even rows are kept,
// and without a bias. The tile begins at position 2t of y. The frequencies of the last row
// and column are not read.
func winoOutEvenGo(n int, m []float32, mStride int, y []float32, pitch int) {
	var r [5][2]vec
	var in [5]*vec
	for t := range n {
		for i := range r {
			for x := range in {
				in[x] = load(m[(6*i+x)*mStride+t*16:])
			}
			evenLine(&in, &r[i][0], &r[i][1])
		}
		for x := range 2 {
			for i := range in {
				in[i] = &r[i][x]
			}
			evenLine(&in, load(y[(2*t+x)*16:]), load(y[(pitch+2*t+x)*16:]))
		}
	}
}

// evenLine is the even half of outLine.
func evenLine(m *[5]*vec, y0, y2 *vec) {
	for l := range 16 {
		s, t := m[1][l]+m[2][l], m[3][l]+m[4][l]
		y0[l] = m[0][l] + s + t
		y2[l] = squareP*s + squareQ*t
	}
}

// affineSumGo computes y = z + a (x - m) + b for n positions. k has the lanes of m, of a and
// of b.
func affineSumGo(n int, x, k, z, y []float32) {
	m, a, b := load(k), load(k[16:]), load(k[32:])
	for p := range n {
		s, t, d := load(x[p*16:]), load(z[p*16:]), load(y[p*16:])
		for l := range d {
			d[l] = t[l] + (a[l]*(s[l]-m[l]) + b[l])
		}
	}
}
