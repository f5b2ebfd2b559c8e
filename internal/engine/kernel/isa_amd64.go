//go:build !noasm && gc

package kernel

// avx512 returns the table of AVX-512 (F, BW, DQ, VL).
func avx512() *isa {
	s := &isa{
		name: "avx512",

		gemm:         []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){gemm1AVX512, gemm2AVX512, gemm4AVX512},
		first:        []func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int){first1AVX512, first2AVX512, first4AVX512},
		winoFilter:   winoFilterAVX512,
		winoIn:       winoInAVX512,
		winoInMask:   winoInMaskAVX512,
		winoInUnpool: winoInUnpoolAVX512,
		winoOut:      winoOutAVX512,
		winoOutAdd:   winoOutAddAVX512,
		winoOutReLU:  winoOutReLUAVX512,
		winoOutMax:   winoOutMaxAVX512,
		winoOutAvg:   winoOutAvgAVX512,
		winoInAffine: winoInAffineAVX512,
		repeatIn:     repeatInAVX512,
		repeatOut:    repeatOutAVX512,
		winoOutEven:  winoOutEvenAVX512,
		winoGrad:     []func(n int, y []float32, pitch int, d []float32, dStride int){winoGradAVX512, winoGrad2AVX512},
		winoWeights:  winoWeightsAVX512,
		pack:         packAVX512,
		poolMax:      poolMaxAVX512,
		poolAvg:      poolAvgAVX512,
		unpool:       unpoolAVX512,
		mask:         maskAVX512,
		sign:         signAVX512,
		gram:         gramAVX512,
		moments:      momentsAVX512,
		products:     productsAVX512,
		productsMask: productsMaskAVX512,
		affine:       affineAVX512,
		affineReLU:   affineReLUAVX512,
		affineSum:    affineSumAVX512,
		normGrad:     normGradAVX512,
		normGradMask: normGradMaskAVX512,
		upsample:     upsampleAVX512,
		quads:        quadsAVX512,
		nearest:      nearestAVX512,
		cosines:      cosinesAVX512,
		cosineGrad:   cosineGradAVX512,

		sigmoid: func(x []float32) {
			n := len(x) &^ 15
			sigmoidAVX512(n, x)
			var rest vec // a pixel is the same bytes wherever it is in a row
			copy(rest[:], x[n:])
			sigmoidAVX512(16, rest[:]) // by its name: the array stays on the stack
			copy(x[n:], rest[:])
		},
	}
	s.vectors(routines{
		taps: tapsAVX512, dot: dotAVX512, diff2: diff2AVX512,
		axpy: axpyAVX512, scale: scaleAVX512, sub: subAVX512, diffGrad: diffGradAVX512, diffGradAdd: diffGradAddAVX512,
		adam: adamAVX512, clamp: clampAVX512, tvGrad: tvGradAVX512,
	})
	return s
}

// avx2 returns the table of AVX2 with FMA.
func avx2() *isa {
	s := &isa{
		name: "avx2",

		gemm:         []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){gemm1AVX2},
		first:        []func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int){first1AVX2},
		winoFilter:   winoFilterAVX2,
		winoIn:       winoInAVX2,
		winoInMask:   winoInMaskAVX2,
		winoInUnpool: winoInUnpoolAVX2,
		winoOut:      winoOutAVX2,
		winoOutAdd:   winoOutAddAVX2,
		winoOutReLU:  winoOutReLUAVX2,
		winoOutMax:   winoOutMaxAVX2,
		winoOutAvg:   winoOutAvgAVX2,
		winoInAffine: winoInAffineAVX2,
		repeatIn:     repeatInAVX2,
		repeatOut:    repeatOutAVX2,
		winoOutEven:  winoOutEvenAVX2,
		winoGrad:     []func(n int, y []float32, pitch int, d []float32, dStride int){winoGradAVX2, winoGrad2AVX2},
		winoWeights:  winoWeightsAVX2,
		pack:         packAVX2,
		poolMax:      poolMaxAVX2,
		poolAvg:      poolAvgAVX2,
		unpool:       unpoolAVX2,
		mask:         maskAVX2,
		sign:         signAVX2,
		gram:         gramAVX2,
		moments:      momentsAVX2,
		products:     productsAVX2,
		productsMask: productsMaskAVX2,
		affine:       affineAVX2,
		affineReLU:   affineReLUAVX2,
		affineSum:    affineSumAVX2,
		normGrad:     normGradAVX2,
		normGradMask: normGradMaskAVX2,
		upsample:     upsampleAVX2,
		quads:        quadsAVX2,
		nearest:      nearestAVX2,
		cosines:      cosinesAVX2,
		cosineGrad:   cosineGradAVX2,

		sigmoid: func(x []float32) {
			n := len(x) &^ 15
			sigmoidAVX2(n, x)
			var rest vec // a pixel is the same bytes wherever it is in a row
			copy(rest[:], x[n:])
			sigmoidAVX2(16, rest[:]) // by its name: the array stays on the stack
			copy(x[n:], rest[:])
		},
	}
	s.vectors(routines{
		taps: tapsAVX2, dot: dotAVX2, diff2: diff2AVX2,
		axpy: axpyAVX2, scale: scaleAVX2, sub: subAVX2, diffGrad: diffGradAVX2, diffGradAdd: diffGradAddAVX2,
		adam: adamAVX2, clamp: clampAVX2, tvGrad: tvGradAVX2,
	})
	return s
}
