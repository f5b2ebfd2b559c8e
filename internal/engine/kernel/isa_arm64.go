//go:build !noasm && gc

package kernel

// neon returns the table of NEON, which every arm64 processor has.
func neon() *isa {
	s := &isa{
		name: "neon",

		gemm:         []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){gemm1NEON},
		first:        []func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int){first1NEON},
		winoFilter:   winoFilterNEON,
		winoIn:       winoInNEON,
		winoInMask:   winoInMaskNEON,
		winoInUnpool: winoInUnpoolNEON,
		winoOut:      winoOutNEON,
		winoOutAdd:   winoOutAddNEON,
		winoOutReLU:  winoOutReLUNEON,
		winoOutMax:   winoOutMaxNEON,
		winoOutAvg:   winoOutAvgNEON,
		winoInAffine: winoInAffineNEON,
		repeatIn:     repeatInNEON,
		repeatOut:    repeatOutNEON,
		winoOutEven:  winoOutEvenNEON,
		winoGrad:     []func(n int, y []float32, pitch int, d []float32, dStride int){winoGradNEON, winoGrad2NEON},
		winoWeights:  winoWeightsNEON,
		pack:         packNEON,
		poolMax:      poolMaxNEON,
		poolAvg:      poolAvgNEON,
		unpool:       unpoolNEON,
		mask:         maskNEON,
		sign:         signNEON,
		gram:         gramNEON,
		moments:      momentsNEON,
		products:     productsNEON,
		productsMask: productsMaskNEON,
		affine:       affineNEON,
		affineReLU:   affineReLUNEON,
		affineSum:    affineSumNEON,
		normGrad:     normGradNEON,
		normGradMask: normGradMaskNEON,
		upsample:     upsampleNEON,
		quads:        quadsNEON,
		nearest:      nearestNEON,
		cosines:      cosinesNEON,
		cosineGrad:   cosineGradNEON,

		sigmoid: func(x []float32) {
			n := len(x) &^ 15
			sigmoidNEON(n, x)
			var rest vec // a pixel is the same bytes wherever it is in a row
			copy(rest[:], x[n:])
			sigmoidNEON(16, rest[:]) // by its name: the array stays on the stack
			copy(x[n:], rest[:])
		},
	}
	s.vectors(routines{
		taps: tapsNEON, dot: dotNEON, diff2: diff2NEON,
		axpy: axpyNEON, scale: scaleNEON, sub: subNEON, diffGrad: diffGradNEON, diffGradAdd: diffGradAddNEON,
		adam: adamNEON, clamp: clampNEON, tvGrad: tvGradNEON,
	})
	return s
}
