package kernel

// gemmNGo multiplies n rows of the blocked matrix a by a panel b of nb blocks of
// columns, each row of which is contiguous: for r < n and j < nb*16
//
//	m[j/16*mStride + r*mRow + j%16] (+)= sum over i < k of
//		a[i/16*aStride + r*16 + i%16] * b[i*nb*16 + j]
//
// k is a multiple of 16. It adds to m if add is set.
func gemmNGo(nb, n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	for r := 0; r < n; r += 2 {
		r1 := min(r+1, n-1) // the last of an odd number is computed twice
		for j := 0; j < nb*16; j += 4 {
			// Two rows by four columns, in variables: arrays would live in memory.
			var s0, s1, s2, s3, t0, t1, t2, t3 float32
			for i := 0; i < k; i += 16 {
				x := (*vec)(a[i/16*aStride+r*16:])
				y := (*vec)(a[i/16*aStride+r1*16:])
				w := b[i*nb*16+j:]
				for q, f := range x {
					g := y[q]
					v := (*[4]float32)(w[q*nb*16:])
					s0 += f * v[0]
					s1 += f * v[1]
					s2 += f * v[2]
					s3 += f * v[3]
					t0 += g * v[0]
					t1 += g * v[1]
					t2 += g * v[2]
					t3 += g * v[3]
				}
			}
			at := j/16*mStride + j%16
			store4(m[at+r*mRow:], s0, s1, s2, s3, add)
			if r1 > r {
				store4(m[at+r1*mRow:], t0, t1, t2, t3, add)
			}
		}
	}
}

func store4(m []float32, s0, s1, s2, s3 float32, add bool) {
	d := (*[4]float32)(m)
	if add {
		s0, s1, s2, s3 = s0+d[0], s1+d[1], s2+d[2], s3+d[3]
	}
	d[0], d[1], d[2], d[3] = s0, s1, s2, s3
}

func gemm1Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNGo(1, n, k, a, aStride, b, m, mRow, mStride, add)
}

func gemm2Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNGo(2, n, k, a, aStride, b, m, mRow, mStride, add)
}

func gemm4Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNGo(4, n, k, a, aStride, b, m, mRow, mStride, add)
}

// gramGo adds to the 16 x 16 matrix g the products of two blocks over n
// positions: g[i][j] += sum over p < n of a[p][i] * b[p][j].
func gramGo(n int, a, b, g []float32) {
	for i := 0; i < 16; i += 2 {
		for j := 0; j < 16; j += 4 {
			var s0, s1, s2, s3, t0, t1, t2, t3 float32
			for p := 0; p < n*16; p += 16 {
				x := (*[2]float32)(a[p+i:])
				v := (*[4]float32)(b[p+j:])
				s0 += x[0] * v[0]
				s1 += x[0] * v[1]
				s2 += x[0] * v[2]
				s3 += x[0] * v[3]
				t0 += x[1] * v[0]
				t1 += x[1] * v[1]
				t2 += x[1] * v[2]
				t3 += x[1] * v[3]
			}
			store4(g[i*16+j:], s0, s1, s2, s3, true)
			store4(g[i*16+16+j:], t0, t1, t2, t3, true)
		}
	}
}
