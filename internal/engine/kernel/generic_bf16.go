package kernel

import "math"

// These twins compute what the instructions do, bit for bit: VCVTNEPS2BF16 and VDPBF16PS round
// to even and know no other mode. Only where a sum of products is below 2^-126, and not 0, do
// they differ: the instruction makes it 0.

// genericBF16 returns the twins in plain Go.
func genericBF16() *multiplier {
	return &multiplier{
		gemm: []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool){
			gemm1BF16Go, gemm2BF16Go, gemm4BF16Go,
		},
		winoIn:       winoInBF16Go,
		winoInMask:   winoInMaskBF16Go,
		winoInUnpool: winoInUnpoolBF16Go,
		pairs:        pairsGo,
		round:        roundGo,
		gram:         gramBF16Go,
	}
}

// unpair returns the numbers of a pair.
func unpair(p float32) (lo, hi float32) {
	b := math.Float32bits(p)
	return math.Float32frombits(b << 16), math.Float32frombits(b &^ 0xffff)
}

// gemmNBF16Go is gemmNGo for pairs: for r < n and j < nb*16
//
//	m[j/16*mStride + r*mRow + j%16] (+)= sum over i < k/2 of
//		a[i/8*aStride + r*8 + i%8] . b[i*nb*16 + j]
//
// where . is the sum of two products. They are added to 0 in the order of i, the second of a
// pair before the first. A product of two numbers in bfloat16 is exact in float32, so that each
// sum is rounded once.
func gemmNBF16Go(nb, n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	var sums [64]float32
	for r := range n {
		s := sums[:nb*16]
		clear(s)
		for i := range k / 2 {
			lo, hi := unpair(a[i/8*aStride+r*8+i%8])
			for j, p := range b[i*nb*16:][:len(s)] {
				x, y := unpair(p)
				s[j] += float32(hi * y)
				s[j] += float32(lo * x)
			}
		}
		for j, v := range s {
			at := j/16*mStride + r*mRow + j%16
			if add {
				v += m[at]
			}
			m[at] = v
		}
	}
}

func gemm1BF16Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNBF16Go(1, n, k, a, aStride, b, m, mRow, mStride, add)
}

func gemm2BF16Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNBF16Go(2, n, k, a, aStride, b, m, mRow, mStride, add)
}

func gemm4BF16Go(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool) {
	gemmNBF16Go(4, n, k, a, aStride, b, m, mRow, mStride, add)
}

// pairsGo joins vectors of 16 to pairs, n times: u[i*uStride + lane] is the pair of
// lo[i*16 + lane] and hi[i*16 + lane].
func pairsGo(n int, lo, hi, u []float32, uStride int) {
	for i := range n {
		for l := range 16 {
			u[i*uStride+l] = pair(lo[i*16+l], hi[i*16+l])
		}
	}
}

// roundGo joins the numbers of n vectors of 16 to pairs of neighbours: u[i*8 + l] is the pair of
// x[i*16 + 2l] and x[i*16 + 2l+1].
func roundGo(n int, x, u []float32) {
	for i := range n * pairLanes {
		u[i] = pair(x[2*i], x[2*i+1])
	}
}

// gramBF16Go is gramGo for n pairs of positions: g[i][j] += sum over p < n of a[p][i] . b[p][j],
// added up as in gemmNBF16Go.
func gramBF16Go(n int, a, b, g []float32) {
	var sums [256]float32
	for p := range n {
		for i := range 16 {
			lo, hi := unpair(a[p*16+i])
			for j := range 16 {
				x, y := unpair(b[p*16+j])
				sums[i*16+j] += float32(hi * y)
				sums[i*16+j] += float32(lo * x)
			}
		}
	}
	for i, v := range sums {
		g[i] += v
	}
}

// transformBF16 is transform to pairs of channels: v[f*vStride + i] has the channels 2i and
// 2i+1.
func (d *patchOf) transformBF16(v []float32, vStride int) {
	var t [36 * 16]float32
	d.transform(t[:], 16)
	for f := range 36 {
		for i := range pairLanes {
			v[f*vStride+i] = pair(t[f*16+2*i], t[f*16+2*i+1])
		}
	}
}

// winoInBF16Go is winoInGo to pairs: tile t is at v[f*vStride + t*8].
func winoInBF16Go(n int, x []float32, pitch int, v []float32, vStride int) {
	var d patchOf
	for t := range n {
		for i := range 36 {
			d.p[i] = *load(x[(i/6*pitch+4*t+i%6)*16:])
		}
		d.transformBF16(v[t*pairLanes:], vStride)
	}
}

// winoInMaskBF16Go is winoInMaskGo to pairs.
func winoInMaskBF16Go(n int, x []float32, mask []uint16, pitch int, v []float32, vStride int) {
	var d patchOf
	for t := range n {
		for i := range 36 {
			at := i/6*pitch + 4*t + i%6
			masked(&d.p[i], load(x[at*16:]), mask[at], 1)
		}
		d.transformBF16(v[t*pairLanes:], vStride)
	}
}

// winoInUnpoolBF16Go is winoInUnpoolGo to pairs.
func winoInUnpoolBF16Go(n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int) {
	var d patchOf
	for t := range n {
		for i := range 36 {
			at := (i/6+1)/2*xPitch + 2*t + (i%6+1)/2
			masked(&d.p[i], load(x[at*16:]), mask[i/6*pitch+4*t+i%6], scale)
		}
		d.transformBF16(v[t*pairLanes:], vStride)
	}
}
