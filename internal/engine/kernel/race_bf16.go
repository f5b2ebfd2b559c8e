//go:build race

package kernel

// annotateBF16 is annotate for the kernels for bfloat16. Their numbers are pairs.
func annotateBF16(s, o *isa) {
	if s.bf16 == nil {
		return
	}
	m := *s.bf16
	m.gemm = append(m.gemm[:0:0], m.gemm...)
	for i, f := range s.bf16.gemm {
		m.gemm[i] = func(n, k int, a []float32, aStride int, b, c []float32, mRow, mStride int, add bool) {
			reads(a, k/16, aStride, n*pairLanes)
			reads(b, 1, 0, k/2*16<<i)
			for j := range 1 << i {
				writes(c[j*mStride:], n, mRow, 16)
			}
			f(n, k, a, aStride, b, c, mRow, mStride, add)
		}
	}
	m.winoIn = func(n int, x []float32, pitch int, v []float32, vStride int) {
		reads(x, 6, pitch*16, (4*n+2)*16)
		writes(v, 36, vStride, n*pairLanes)
		s.bf16.winoIn(n, x, pitch, v, vStride)
	}
	m.winoInMask = func(n int, x []float32, mask []uint16, pitch int, v []float32, vStride int) {
		reads(x, 6, pitch*16, (4*n+2)*16)
		reads(mask, 6, pitch, 4*n+2)
		writes(v, 36, vStride, n*pairLanes)
		s.bf16.winoInMask(n, x, mask, pitch, v, vStride)
	}
	m.winoInUnpool = func(n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int) {
		reads(x, 4, xPitch*16, (2*n+2)*16)
		reads(mask, 6, pitch, 4*n+2)
		writes(v, 36, vStride, n*pairLanes)
		s.bf16.winoInUnpool(n, x, xPitch, mask, pitch, scale, v, vStride)
	}
	m.pairs = func(n int, lo, hi, u []float32, uStride int) {
		reads(lo, 1, 0, n*16)
		reads(hi, 1, 0, n*16)
		writes(u, n, uStride, 16)
		s.bf16.pairs(n, lo, hi, u, uStride)
	}
	m.round = func(n int, x, u []float32) {
		reads(x, 1, 0, n*16)
		writes(u, 1, 0, n*pairLanes)
		s.bf16.round(n, x, u)
	}
	m.gram = func(n int, a, b, g []float32) {
		reads(a, 1, 0, n*16)
		reads(b, 1, 0, n*16)
		writes(g, 1, 0, 256)
		s.bf16.gram(n, a, b, g)
	}
	o.bf16 = &m
}
