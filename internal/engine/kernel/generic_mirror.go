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

// winoInRepeatGo is winoInAffineGo for a tensor of which each position is repeated 2x2
// times. Patch t begins at position 2t of x. That is one position to the left of that of
// the first of its 4x4 pixels, and one above.
func winoInRepeatGo(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int) {
	var d patchOf
	for t := range n {
		for i := range 36 {
			affineGo(1, x[((i/6+1)/2*pitch+2*t+(i%6+1)/2)*16:], k, lo, d.p[i][:])
		}
		d.transform(v[t*16:], vStride)
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
