package kernel

//go:generate go -C _asm run ./avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel
//go:generate go -C _asm run ./avx512bf16 -out ../avx512bf16_amd64.s -stubs ../avx512bf16_amd64.go -pkg kernel
//go:generate go -C _asm run ./avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go -C _asm run ./neon -out ../neon_arm64.s -stubs ../neon_arm64.go -pkg kernel

// isa is the table of micro-kernels of an instruction set. Nothing else is in assembly. Each
// has a twin in plain Go in generic*.go, whose comment says what it computes. A micro-kernel
// runs on one thread, ignores the edges of pictures, and writes only what its arguments
// describe.
//
// A blocked matrix has its columns in blocks of 16: [column/16][row][16].
type isa struct {
	name string

	// gemm[i] takes panels of 1<<i blocks of columns.
	gemm []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool)
	gram func(n int, a, b, g []float32)

	bf16 *multiplier // nil without bfloat16

	winoFilter   func(n int, g, u []float32, uStride, uStep int)
	winoIn       func(n int, x []float32, pitch int, v []float32, vStride int)
	winoInMask   func(n int, x []float32, mask []uint16, pitch int, v []float32, vStride int)
	winoInUnpool func(n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int)
	winoOut      func(n int, m []float32, mStride int, bias, y []float32, pitch int)
	winoOutAdd   func(n int, m []float32, mStride int, bias, y []float32, pitch int)
	winoOutReLU  func(n int, m []float32, mStride int, bias, y []float32, mask []uint16, pitch int)
	winoOutMax   func(n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32)
	winoOutAvg   func(n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32)

	winoInAffine func(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int)
	repeatIn     func(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int)
	repeatOut    func(n int, m []float32, mStride int, y []float32, pitch int)
	winoOutEven  func(n int, m []float32, mStride int, y []float32, pitch int)

	// winoGrad[i] is for the stride i+1.
	winoGrad    []func(n int, y []float32, pitch int, d []float32, dStride int)
	winoWeights func(n int, m []float32, mStride int, g []float32)

	// first[i] computes 1<<i blocks of outputs.
	first []func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int)
	pack  func(n int, x []float32, mask []uint16, b []float32, bStride int)
	taps  func(n int, p []float32, pStride, pitch int, y []float32)

	poolMax func(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32)
	poolAvg func(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32)
	unpool  func(n int, x []float32, mask []uint16, y []float32, pitch int, scale float32, add bool)
	mask    func(x []float32, mask []uint16)
	sign    func(x []float32, mask []uint16)

	moments      func(x []float32, sums []float64)
	products     func(n int, g, x []float32, sums []float64)
	productsMask func(n int, g, x []float32, mask []uint16, sums []float64)
	affine       func(n int, x, k []float32, lo float32, y []float32)
	affineReLU   func(n int, x, k, y []float32, mask []uint16)
	affineSum    func(n int, x, k, z, y []float32)
	normGrad     func(n int, g, x, k, y []float32, add bool)
	normGradMask func(n int, g, x, k []float32, mask []uint16, y []float32, add bool)
	upsample     func(n int, x, y []float32, pitch int)
	quads        func(n int, x []float32, pitch int, y []float32, add bool)
	sigmoid      func(x []float32)

	nearest    func(n int, x, bias []float32, block float32, best, arg []float32)
	cosines    func(n, blocks int, x []float32, xStride int, mean, rows, at, sums []float32)
	cosineGrad func(n, blocks int, x []float32, xStride int, mean, rows, at, k, y []float32, add bool)

	dot      func(x, y []float32) float64
	diff2    func(x, y []float32) float64
	absSum   func(x []float32) float64
	absMax   func(x []float32) float32
	axpy     func(a float32, x, y []float32)
	scale    func(a float32, x []float32)
	sub      func(dst, x, y []float32)
	diffGrad func(s float32, x, y, dst []float32, add bool)
	adam     func(x, g, m, v []float32, c1, c2, step, corr, eps float32)
	clamp    func(x []float32, lo, hi float32)
	tvGrad   func(dst, row, up, down []float32, sx, sy float32)
}

// generic returns the table of the twins in plain Go.
func generic() *isa {
	return &isa{
		name: "generic",

		gemm: []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){
			gemm1Go, gemm2Go, gemm4Go,
		},
		gram: gramGo,
		bf16: genericBF16(),

		winoFilter:   winoFilterGo,
		winoIn:       winoInGo,
		winoInMask:   winoInMaskGo,
		winoInUnpool: winoInUnpoolGo,
		winoOut:      winoOutGo,
		winoOutAdd:   winoOutAddGo,
		winoOutReLU:  winoOutReLUGo,
		winoOutMax:   winoOutMaxGo,
		winoOutAvg:   winoOutAvgGo,

		winoInAffine: winoInAffineGo,
		repeatIn:     repeatInGo,
		repeatOut:    repeatOutGo,
		winoOutEven:  winoOutEvenGo,

		winoGrad:    []func(n int, y []float32, pitch int, d []float32, dStride int){winoGradGo, winoGrad2Go},
		winoWeights: winoWeightsGo,

		first: []func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int){
			first1Go, first2Go, first4Go,
		},
		pack: packGo,
		taps: tapsGo,

		poolMax: poolMaxGo,
		poolAvg: poolAvgGo,
		unpool:  unpoolGo,
		mask:    maskGo,
		sign:    signGo,

		moments:      momentsGo,
		products:     productsGo,
		productsMask: productsMaskGo,
		affine:       affineGo,
		affineReLU:   affineReLUGo,
		affineSum:    affineSumGo,
		normGrad:     normGradGo,
		normGradMask: normGradMaskGo,
		upsample:     upsampleGo,
		quads:        quadsGo,
		sigmoid:      sigmoidGo,

		nearest:    nearestGo,
		cosines:    cosinesGo,
		cosineGrad: cosineGradGo,

		dot:      dotGo,
		diff2:    diff2Go,
		absSum:   absSumGo,
		absMax:   absMaxGo,
		axpy:     axpyGo,
		scale:    scaleGo,
		sub:      subGo,
		diffGrad: diffGradGo,
		adam:     adamGo,
		clamp:    clampGo,
		tvGrad:   tvGradGo,
	}
}
