//go:build race

package kernel

import (
	"runtime"
	"unsafe"
)

// annotate wraps every routine of s that uses memory shared by workers. The wrapper reports
// the memory to the race detector, which cannot see what assembly does.
func annotate(s *isa) *isa {
	o := *s
	for i, f := range s.gemm {
		o.gemm[i] = func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
			reads(a, k/16, aStride, n*16)
			reads(b, 1, 0, k*16<<i)
			for j := range 1 << i {
				writes(m[j*mStride:], n, mRow, 16)
			}
			f(n, k, a, aStride, b, m, mRow, mStride, add)
		}
	}
	for i, f := range s.first {
		o.first[i] = func(n int, x []float32, row, plane int, w, bias []float32, lo float32, y []float32, yStride int, mask []uint16, maskStride int) {
			for c := range 3 {
				reads(x[c*plane:], 3, row, n+2)
			}
			writes(y, 1<<i, yStride, n*16)
			writes(mask, 1<<i, maskStride, n)
			f(n, x, row, plane, w, bias, lo, y, yStride, mask, maskStride)
		}
	}
	o.gram = func(n int, a, b, g []float32) {
		reads(a, 1, 0, n*16)
		reads(b, 1, 0, n*16)
		writes(g, 1, 0, 256)
		s.gram(n, a, b, g)
	}
	o.winoFilter = func(n int, g, u []float32, uStride, uStep int) {
		reads(g, 1, 0, n*144)
		for i := range n {
			writes(u[i*uStep:], 36, uStride, 16)
		}
		s.winoFilter(n, g, u, uStride, uStep)
	}
	annotateTiles(s, &o)
	annotateBF16(s, &o)
	annotatePools(s, &o)
	annotateNorms(s, &o)
	annotateNeighbours(s, &o)
	annotateVectors(s, &o)
	return &o
}

func annotateTiles(s, o *isa) {
	o.winoIn = func(n int, x []float32, pitch int, v []float32, vStride int) {
		reads(x, 6, pitch*16, (4*n+2)*16)
		writes(v, 36, vStride, n*16)
		s.winoIn(n, x, pitch, v, vStride)
	}
	o.winoInMask = func(n int, x []float32, mask []uint16, pitch int, v []float32, vStride int) {
		reads(x, 6, pitch*16, (4*n+2)*16)
		reads(mask, 6, pitch, 4*n+2)
		writes(v, 36, vStride, n*16)
		s.winoInMask(n, x, mask, pitch, v, vStride)
	}
	o.winoInUnpool = func(n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int) {
		reads(x, 4, xPitch*16, (2*n+2)*16)
		reads(mask, 6, pitch, 4*n+2)
		writes(v, 36, vStride, n*16)
		s.winoInUnpool(n, x, xPitch, mask, pitch, scale, v, vStride)
	}
	o.winoInAffine = func(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int) {
		reads(x, 6, pitch*16, (4*n+2)*16)
		reads(k, 1, 0, 48)
		writes(v, 36, vStride, n*16)
		s.winoInAffine(n, x, pitch, k, lo, v, vStride)
	}
	o.repeatIn = func(n int, x []float32, pitch int, k []float32, lo float32, v []float32, vStride int) {
		reads(x, 4, pitch*16, (2*n+2)*16)
		reads(k, 1, 0, 48)
		writes(v, 16, vStride, n*16)
		s.repeatIn(n, x, pitch, k, lo, v, vStride)
	}
	o.repeatOut = func(n int, m []float32, mStride int, y []float32, pitch int) {
		reads(m, 25, mStride, n*16)
		writes(y, 4, pitch*16, 4*n*16)
		s.repeatOut(n, m, mStride, y, pitch)
	}
	o.winoOutEven = func(n int, m []float32, mStride int, y []float32, pitch int) {
		for i := range 5 {
			reads(m[6*i*mStride:], 5, mStride, n*16)
		}
		writes(y, 2, pitch*16, 2*n*16)
		s.winoOutEven(n, m, mStride, y, pitch)
	}
	o.winoOut = func(n int, m []float32, mStride int, bias, y []float32, pitch int) {
		reads(m, 36, mStride, n*16)
		writes(y, 4, pitch*16, 4*n*16)
		s.winoOut(n, m, mStride, bias, y, pitch)
	}
	o.winoOutAdd = func(n int, m []float32, mStride int, bias, y []float32, pitch int) {
		reads(m, 36, mStride, n*16)
		writes(y, 4, pitch*16, 4*n*16)
		s.winoOutAdd(n, m, mStride, bias, y, pitch)
	}
	o.winoOutReLU = func(n int, m []float32, mStride int, bias, y []float32, mask []uint16, pitch int) {
		reads(m, 36, mStride, n*16)
		writes(y, 4, pitch*16, 4*n*16)
		writes(mask, 4, pitch, 4*n)
		s.winoOutReLU(n, m, mStride, bias, y, mask, pitch)
	}
	pooled := func(f func(n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32)) func(n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32) {
		return func(n int, m []float32, mStride int, bias, y []float32, yPitch int, mask []uint16, pitch int, scale float32) {
			reads(m, 36, mStride, n*16)
			writes(y, 2, yPitch*16, 2*n*16)
			writes(mask, 4, pitch, 4*n)
			f(n, m, mStride, bias, y, yPitch, mask, pitch, scale)
		}
	}
	for i, f := range s.winoGrad {
		side, frequencies := 4>>i, []int{36, 9}[i]
		o.winoGrad[i] = func(n int, y []float32, pitch int, d []float32, dStride int) {
			reads(y, side, pitch*16, side*n*16)
			writes(d, frequencies, dStride, n*16)
			f(n, y, pitch, d, dStride)
		}
	}
	o.winoWeights = func(n int, m []float32, mStride int, g []float32) {
		reads(m, 36, mStride, n*16)
		writes(g, n, 9*16, 9*16)
		s.winoWeights(n, m, mStride, g)
	}
	o.winoOutMax, o.winoOutAvg = pooled(s.winoOutMax), pooled(s.winoOutAvg)
}

func annotatePools(s, o *isa) {
	o.pack = func(n int, x []float32, mask []uint16, b []float32, bStride int) {
		reads(x, 1, 0, n*16)
		reads(mask, 1, 0, n)
		writes(b, 16, bStride, n)
		s.pack(n, x, mask, b, bStride)
	}
	o.taps = func(n int, p []float32, pStride, pitch int, y []float32) {
		for t := range 9 {
			reads(p[t*pStride+(2-t/3)*pitch+2-t%3:], 1, 0, n)
		}
		writes(y, 1, 0, n)
		s.taps(n, p, pStride, pitch, y)
	}
	pool := func(f func(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32)) func(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32) {
		return func(n int, x, y []float32, mask []uint16, pitch int, lo, scale float32) {
			reads(x, 2, pitch*16, 2*n*16)
			writes(y, 1, 0, n*16)
			writes(mask, 2, pitch, 2*n)
			f(n, x, y, mask, pitch, lo, scale)
		}
	}
	o.poolMax, o.poolAvg = pool(s.poolMax), pool(s.poolAvg)
	o.unpool = func(n int, x []float32, mask []uint16, y []float32, pitch int, scale float32, add bool) {
		reads(x, 1, 0, n*16)
		reads(mask, 2, pitch, 2*n)
		writes(y, 2, pitch*16, 2*n*16)
		s.unpool(n, x, mask, y, pitch, scale, add)
	}
	o.mask = func(x []float32, mask []uint16) {
		reads(mask, 1, 0, len(mask))
		writes(x, 1, 0, 16*len(mask))
		s.mask(x, mask)
	}
	o.sign = func(x []float32, mask []uint16) {
		reads(x, 1, 0, 16*len(mask))
		writes(mask, 1, 0, len(mask))
		s.sign(x, mask)
	}
}

func annotateNorms(s, o *isa) {
	o.moments = func(x []float32, sums []float64) {
		reads(x, 1, 0, len(x))
		writes(sums, 1, 0, 32)
		s.moments(x, sums)
	}
	o.products = func(n int, g, x []float32, sums []float64) {
		reads(g, 1, 0, n*16)
		reads(x, 1, 0, n*16)
		writes(sums, 1, 0, 32)
		s.products(n, g, x, sums)
	}
	o.productsMask = func(n int, g, x []float32, mask []uint16, sums []float64) {
		reads(g, 1, 0, n*16)
		reads(x, 1, 0, n*16)
		reads(mask, 1, 0, n)
		writes(sums, 1, 0, 32)
		s.productsMask(n, g, x, mask, sums)
	}
	o.affine = func(n int, x, k []float32, lo float32, y []float32) {
		reads(x, 1, 0, n*16)
		reads(k, 1, 0, 48)
		writes(y, 1, 0, n*16)
		s.affine(n, x, k, lo, y)
	}
	o.affineReLU = func(n int, x, k, y []float32, mask []uint16) {
		reads(x, 1, 0, n*16)
		reads(k, 1, 0, 48)
		writes(y, 1, 0, n*16)
		writes(mask, 1, 0, n)
		s.affineReLU(n, x, k, y, mask)
	}
	o.affineSum = func(n int, x, k, z, y []float32) {
		reads(x, 1, 0, n*16)
		reads(k, 1, 0, 48)
		reads(z, 1, 0, n*16)
		writes(y, 1, 0, n*16)
		s.affineSum(n, x, k, z, y)
	}
	o.normGrad = func(n int, g, x, k, y []float32, add bool) {
		reads(g, 1, 0, n*16)
		reads(x, 1, 0, n*16)
		reads(k, 1, 0, 64)
		writes(y, 1, 0, n*16)
		s.normGrad(n, g, x, k, y, add)
	}
	o.normGradMask = func(n int, g, x, k []float32, mask []uint16, y []float32, add bool) {
		reads(g, 1, 0, n*16)
		reads(x, 1, 0, n*16)
		reads(k, 1, 0, 64)
		reads(mask, 1, 0, n)
		writes(y, 1, 0, n*16)
		s.normGradMask(n, g, x, k, mask, y, add)
	}
	o.upsample = func(n int, x, y []float32, pitch int) {
		reads(x, 1, 0, n*16)
		writes(y, 2, pitch*16, n*32)
		s.upsample(n, x, y, pitch)
	}
	o.quads = func(n int, x []float32, pitch int, y []float32, add bool) {
		reads(x, 2, pitch*16, n*32)
		writes(y, 1, 0, n*16)
		s.quads(n, x, pitch, y, add)
	}
	o.sigmoid = func(x []float32) {
		writes(x, 1, 0, len(x))
		s.sigmoid(x)
	}
}

func annotateVectors(s, o *isa) {
	o.dot = func(x, y []float32) float64 {
		reads(x, 1, 0, len(x))
		reads(y, 1, 0, len(x))
		return s.dot(x, y)
	}
	o.diff2 = func(x, y []float32) float64 {
		reads(x, 1, 0, len(x))
		reads(y, 1, 0, len(x))
		return s.diff2(x, y)
	}
	o.axpy = func(a float32, x, y []float32) {
		reads(x, 1, 0, len(x))
		writes(y, 1, 0, len(x))
		s.axpy(a, x, y)
	}
	o.scale = func(a float32, x []float32) {
		writes(x, 1, 0, len(x))
		s.scale(a, x)
	}
	o.sub = func(dst, x, y []float32) {
		reads(x, 1, 0, len(dst))
		reads(y, 1, 0, len(dst))
		writes(dst, 1, 0, len(dst))
		s.sub(dst, x, y)
	}
	o.diffGrad = func(f float32, x, y, dst []float32, add bool) {
		reads(x, 1, 0, len(dst))
		reads(y, 1, 0, len(dst))
		writes(dst, 1, 0, len(dst))
		s.diffGrad(f, x, y, dst, add)
	}
	o.adam = func(x, g, m, v []float32, c1, c2, step, corr, eps float32) {
		reads(g, 1, 0, len(x))
		for _, w := range [...][]float32{x, m, v} {
			writes(w, 1, 0, len(x))
		}
		s.adam(x, g, m, v, c1, c2, step, corr, eps)
	}
	o.clamp = func(x []float32, lo, hi float32) {
		writes(x, 1, 0, len(x))
		s.clamp(x, lo, hi)
	}
	o.tvGrad = func(dst, row, up, down []float32, sx, sy float32) {
		for _, w := range [...][]float32{row, up, down} {
			reads(w, 1, 0, len(row))
		}
		writes(dst, 1, 0, len(row))
		s.tvGrad(dst, row, up, down, sx, sy)
	}
}

// reads reports that rows of n elements, stride apart, are read. A range beyond the end
// panics.
func reads[T float32 | float64 | uint16](x []T, rows, stride, n int) {
	for i := range rows {
		if r := x[i*stride:][:n]; n > 0 {
			runtime.RaceReadRange(unsafe.Pointer(&r[0]), n*int(unsafe.Sizeof(r[0])))
		}
	}
}

// writes is reads for rows that are written.
func writes[T float32 | float64 | uint16](x []T, rows, stride, n int) {
	for i := range rows {
		if r := x[i*stride:][:n]; n > 0 {
			runtime.RaceWriteRange(unsafe.Pointer(&r[0]), n*int(unsafe.Sizeof(r[0])))
		}
	}
}
