package kernel

import "math"

// A convolution can multiply in bfloat16: the upper half of a float32, with 8 bits of fraction
// instead of 24. Only the transformed inputs and filters are rounded. The transforms are
// computed in float32, and so are the sums of products. Two numbers are a pair, in the place
// of a float32: bits 0 to 15 are the first. An instruction multiplies 16 pairs with 16 others,
// twice as many products as in float32. The filters are transformed once and kept.

// multiplier has the micro-kernels with which a convolution multiplies, in float32 or in
// bfloat16. For bfloat16 the transforms write pairs, 8 for each position of 16 channels; gemm
// takes them, and a row of a panel is that of two channels.
type multiplier struct {
	gemm         []func(n, k int, a []float32, aStride int, b, m []float32, mRow, mStride int, add bool)
	winoIn       func(n int, x []float32, pitch int, v []float32, vStride int)
	winoInMask   func(n int, x []float32, mask []uint16, pitch int, v []float32, vStride int)
	winoInUnpool func(n int, x []float32, xPitch int, mask []uint16, pitch int, scale float32, v []float32, vStride int)
	pairs        func(n int, lo, hi, u []float32, uStride int) // nil for float32
	round        func(n int, x, u []float32)                   // nil for float32
	gram         func(n int, a, b, g []float32)
}

// pairLanes is the number of pairs of a position.
const pairLanes = Lanes / 2

// multiplier returns the kernels for float32 or for bfloat16, which [CPU.BF16] must have.
func (s *isa) multiplier(bf16 bool) multiplier {
	if bf16 {
		return *s.bf16
	}
	return multiplier{gemm: s.gemm, winoIn: s.winoIn, winoInMask: s.winoInMask, winoInUnpool: s.winoInUnpool, gram: s.gram}
}

// BF16 reports whether convolutions can multiply in bfloat16 with c. They can with AVX-512
// BF16, and in plain Go.
func (c *CPU) BF16() bool { return c.isa.bf16 != nil }

// toBF16 rounds to bfloat16, to even between two that are as near. Like the instruction
// VCVTNEPS2BF16, it takes denormal numbers for 0.
func toBF16(f float32) uint16 {
	b := math.Float32bits(f)
	switch {
	case b&0x7f800000 == 0:
		return uint16(b>>16) & 0x8000
	case b&0x7fffffff > 0x7f800000:
		return uint16(b>>16) | 0x40 // not a number
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// pair returns a pair of two numbers.
func pair(lo, hi float32) float32 {
	return math.Float32frombits(uint32(toBF16(hi))<<16 | uint32(toBF16(lo)))
}

// BF16FilterLen is the number of floats that the pairs of a Filter take.
func BF16FilterLen(k, c int) int { return 18 * k * c }

// NewBF16FilterIn is [NewFilterIn] for a convolution in bfloat16. It takes u of
// [BF16FilterLen] floats. It panics if the processor cannot; see [CPU.BF16].
func NewBF16FilterIn(cpu *CPU, u, w []float32, k, c int, rotate bool) *Filter {
	if !cpu.BF16() {
		panic("kernel: filter: no bfloat16 with " + cpu.Name())
	}
	return newFilter(cpu, u, w, k, c, paired, BF16FilterLen(k, c)).turned(rotate)
}

// pairFilters transforms the filters of a block of outputs and one of inputs, two inputs at a
// time. gather puts the filters of an input into g. The first pairs belong at u, and those
// of the next two inputs row floats further.
func (f *Filter) pairFilters(g []float32, gather func(c int), u []float32, row int) {
	lo := g[9*16:][:36*16]
	hi := g[45*16:][:36*16]
	for c := range pairLanes {
		gather(2 * c)
		f.isa.winoFilter(1, g, lo, 16, 0)
		gather(2*c + 1)
		f.isa.winoFilter(1, g, hi, 16, 0)
		f.isa.bf16.pairs(36, lo, hi, u[c*row:], f.pairStride())
	}
}
