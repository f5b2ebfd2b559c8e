//go:build !noasm && gc

package kernel

// avx512BF16 returns the kernels of AVX-512 BF16.
func avx512BF16() *multiplier {
	return &multiplier{
		gemm:         []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){gemm1AVX512BF16, gemm2AVX512BF16, gemm4AVX512BF16},
		winoIn:       winoInAVX512BF16,
		winoInMask:   winoInMaskAVX512BF16,
		winoInUnpool: winoInUnpoolAVX512BF16,
		pairs:        pairsAVX512BF16,
		round:        roundAVX512BF16,
		gram:         gramAVX512BF16,
	}
}
