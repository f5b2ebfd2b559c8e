package kernel

// The gradient of Winograd's F(4x4, 3x3) to its filters. The convolution of a tile is
// Y = A^T [(G g G^T) . (B^T d B)] A, so with the gradient dY the gradient to g is
//
//	dg = G^T [(A dY A^T) . (B^T d B)] G
//
// It is the same as F(3x3, 4x4), which computes 3x3 outputs with a filter of 4x4. The sum
// over the tiles comes before G. See generic_wino.go for the points and B.

// gradLine is A in one dimension.
func gradLine(y0, y1, y2, y3 *vec, o *[6]vec) {
	for l := range 16 {
		a, b, c, d := y0[l], y1[l], y2[l], y3[l]
		s, t := a+squareP*c, pointP*(b+squareP*d)
		u, v := a+squareQ*c, pointQ*(b+squareQ*d)
		o[0][l] = a
		o[1][l] = s + t
		o[2][l] = s - t
		o[3][l] = u + v
		o[4][l] = u - v
		o[5][l] = d
	}
}

// winoGradGo transforms the gradient to n tiles side by side. Tile t begins at position 4t
// of y, whose rows are pitch positions apart. Frequency f of A y A^T is written to
// d[f*dStride + t*16].
func winoGradGo(n int, y []float32, pitch int, d []float32, dStride int) {
	var r [4][6]vec
	var o [6]vec
	for t := range n {
		for i := range r {
			row := y[(i*pitch+4*t)*16:]
			gradLine(load(row), load(row[16:]), load(row[32:]), load(row[48:]), &r[i])
		}
		for x := range 6 {
			gradLine(&r[0][x], &r[1][x], &r[2][x], &r[3][x], &o)
			for i := range o {
				copy(d[(6*i+x)*dStride+t*16:], o[i][:])
			}
		}
	}
}

// gradLine2 is A in one dimension for a gradient (a, 0, b, 0). The points p and -p have the
// same value, as have q and -q. That at infinity is 0.
func gradLine2(a, b *vec, o *[3]vec) {
	for l := range 16 {
		o[0][l] = a[l]
		o[1][l] = a[l] + squareP*b[l]
		o[2][l] = a[l] + squareQ*b[l]
	}
}

// winoGrad2Go is winoGradGo for a convolution with stride 2, whose gradient has a position
// for every second row and column of a tile. Tile t begins at position 2t of y. Only the
// points 0, p and q are written: the value for the i-th of them down and the j-th across
// is at d[(3i+j)*dStride + t*16].
func winoGrad2Go(n int, y []float32, pitch int, d []float32, dStride int) {
	var r [2][3]vec
	var o [3]vec
	for t := range n {
		for i := range r {
			row := y[(i*pitch+2*t)*16:]
			gradLine2(load(row), load(row[16:]), &r[i])
		}
		for x := range 3 {
			gradLine2(&r[0][x], &r[1][x], &o)
			for i := range o {
				copy(d[(3*i+x)*dStride+t*16:], o[i][:])
			}
		}
	}
}

// weightLine is G^T in one dimension.
func weightLine(m *[6]*vec, a, b, c *vec) {
	for l := range 16 {
		s, d := normP*(m[1][l]+m[2][l]), normP*pointP*(m[1][l]-m[2][l])
		t, e := normQ*(m[3][l]+m[4][l]), normQ*pointQ*(m[3][l]-m[4][l])
		a[l] = m[0][l]*(1/(squareP*squareQ)) + (s + t)
		b[l] = d + e
		c[l] = m[5][l] + (squareP*s + squareQ*t)
	}
}

// winoWeightsGo computes n times 16 filters g = G^T m G. Frequency f of the i-th 16 is at
// m[f*mStride + i*16], and its tap t is written to g[(9i+t)*16].
func winoWeightsGo(n int, m []float32, mStride int, g []float32) {
	var r [6][3]vec
	var in [6]*vec
	for i := range n {
		for y := range r {
			for x := range in {
				in[x] = load(m[(6*y+x)*mStride+i*16:])
			}
			weightLine(&in, &r[y][0], &r[y][1], &r[y][2])
		}
		o := g[9*i*16:]
		for x := range 3 {
			for y := range in {
				in[y] = &r[y][x]
			}
			weightLine(&in, load(o[x*16:]), load(o[(3+x)*16:]), load(o[(6+x)*16:]))
		}
	}
}
