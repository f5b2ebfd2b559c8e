//go:build !noasm && gc

package kernel

//go:generate go -C _asm run ./avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel
//go:generate go -C _asm run ./avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel

// The routines for vectors work on whole registers. Their twins in Go do the rest.

// avx512 returns the table of AVX-512 (F, BW, DQ, VL).
func avx512() *isa {
	return &isa{
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

		sigmoid: func(x []float32) {
			n := len(x) &^ 15
			sigmoidAVX512(n, x)
			var rest vec // a pixel is the same bytes wherever it is in a row
			copy(rest[:], x[n:])
			sigmoidAVX512(16, rest[:])
			copy(x[n:], rest[:])
		},
		taps: func(n int, p []float32, pStride, pitch int, y []float32) {
			w := n &^ 15
			tapsAVX512(w, p, pStride, pitch, y)
			tapsGo(n-w, p[w:], pStride, pitch, y[w:])
		},
		dot: func(x, y []float32) float64 {
			n := len(x) &^ 15
			return dotAVX512(n, x, y) + dotGo(x[n:], y[n:])
		},
		diff2: func(x, y []float32) float64 {
			n := len(x) &^ 15
			return diff2AVX512(n, x, y) + diff2Go(x[n:], y[n:])
		},
		absSum: absSumGo,
		absMax: absMaxGo,
		axpy: func(a float32, x, y []float32) {
			n := len(x) &^ 15
			axpyAVX512(n, a, x, y)
			axpyGo(a, x[n:], y[n:])
		},
		scale: func(a float32, x []float32) {
			n := len(x) &^ 15
			scaleAVX512(n, a, x)
			scaleGo(a, x[n:])
		},
		sub: func(dst, x, y []float32) {
			n := len(dst) &^ 15
			subAVX512(n, dst, x, y)
			subGo(dst[n:], x[n:], y[n:])
		},
		diffGrad: func(s float32, x, y, dst []float32, add bool) {
			n := len(dst) &^ 15
			if add {
				diffGradAddAVX512(n, s, x, y, dst)
			} else {
				diffGradAVX512(n, s, x, y, dst)
			}
			diffGradGo(s, x[n:], y[n:], dst[n:], add)
		},
		adam: func(x, g, m, v []float32, c1, c2, step, corr, eps float32) {
			n := len(x) &^ 15
			adamAVX512(n, x, g, m, v, c1, c2, step, corr, eps)
			adamGo(x[n:], g[n:], m[n:], v[n:], c1, c2, step, corr, eps)
		},
		clamp: func(x []float32, lo, hi float32) {
			n := len(x) &^ 15
			clampAVX512(n, x, lo, hi)
			clampGo(x[n:], lo, hi)
		},
		tvGrad: func(dst, row, up, down []float32, sx, sy float32) {
			n := max(0, len(row)-2) &^ 15
			if n > 0 {
				tvGradAVX512(n, dst[1:], row[1:], up[1:], down[1:], sx, sy)
			}
			tvGradGo(dst[n:], row[n:], up[n:], down[n:], sx, sy)
		},
	}
}

// avx2 returns the table of AVX2 with FMA.
func avx2() *isa {
	return &isa{
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

		sigmoid: func(x []float32) {
			n := len(x) &^ 15
			sigmoidAVX2(n, x)
			var rest vec // a pixel is the same bytes wherever it is in a row
			copy(rest[:], x[n:])
			sigmoidAVX2(16, rest[:])
			copy(x[n:], rest[:])
		},
		taps: func(n int, p []float32, pStride, pitch int, y []float32) {
			w := n &^ 15
			tapsAVX2(w, p, pStride, pitch, y)
			tapsGo(n-w, p[w:], pStride, pitch, y[w:])
		},
		dot: func(x, y []float32) float64 {
			n := len(x) &^ 15
			return dotAVX2(n, x, y) + dotGo(x[n:], y[n:])
		},
		diff2: func(x, y []float32) float64 {
			n := len(x) &^ 15
			return diff2AVX2(n, x, y) + diff2Go(x[n:], y[n:])
		},
		absSum: absSumGo,
		absMax: absMaxGo,
		axpy: func(a float32, x, y []float32) {
			n := len(x) &^ 15
			axpyAVX2(n, a, x, y)
			axpyGo(a, x[n:], y[n:])
		},
		scale: func(a float32, x []float32) {
			n := len(x) &^ 15
			scaleAVX2(n, a, x)
			scaleGo(a, x[n:])
		},
		sub: func(dst, x, y []float32) {
			n := len(dst) &^ 15
			subAVX2(n, dst, x, y)
			subGo(dst[n:], x[n:], y[n:])
		},
		diffGrad: func(s float32, x, y, dst []float32, add bool) {
			n := len(dst) &^ 15
			if add {
				diffGradAddAVX2(n, s, x, y, dst)
			} else {
				diffGradAVX2(n, s, x, y, dst)
			}
			diffGradGo(s, x[n:], y[n:], dst[n:], add)
		},
		adam: func(x, g, m, v []float32, c1, c2, step, corr, eps float32) {
			n := len(x) &^ 15
			adamAVX2(n, x, g, m, v, c1, c2, step, corr, eps)
			adamGo(x[n:], g[n:], m[n:], v[n:], c1, c2, step, corr, eps)
		},
		clamp: func(x []float32, lo, hi float32) {
			n := len(x) &^ 15
			clampAVX2(n, x, lo, hi)
			clampGo(x[n:], lo, hi)
		},
		tvGrad: func(dst, row, up, down []float32, sx, sy float32) {
			n := max(0, len(row)-2) &^ 15
			if n > 0 {
				tvGradAVX2(n, dst[1:], row[1:], up[1:], down[1:], sx, sy)
			}
			tvGradGo(dst[n:], row[n:], up[n:], down[n:], sx, sy)
		},
	}
}
