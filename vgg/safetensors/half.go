package safetensors

import "math"

// ToHalf rounds x to the nearest float16 (IEEE 754 binary16), ties to even.
// From 65520 on that is infinity.
func ToHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	bits &= 0x7fffffff
	switch {
	case bits > 0x7f800000: // not a number: keep it quiet, and one
		return sign | 0x7e00
	case bits >= 0x47800000: // 65536 and above
		return sign | 0x7c00
	case bits < 0x38800000: // below 2^-14: subnormal, in steps of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(bits))*(1<<24)))
	}
	// Rebias the exponent from 127 to 15, then add just under half of the last
	// kept bit, and that bit itself: a tie goes up only from an odd number. A
	// carry out of the mantissa lands in the exponent, where it belongs.
	bits -= (127 - 15) << 23
	bits += 0xfff + bits>>13&1
	return sign | uint16(bits>>13)
}

// FromHalf is exact.
func FromHalf(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	if rest >= 0x7c00 {
		return math.Float32frombits(sign | 0x7f800000 | rest<<13)
	}
	// The bits, moved into place, are a float32 whose exponent is too small by
	// 112; multiplying makes up for it, for subnormals too.
	f := math.Float32frombits(rest<<13) * (1 << 112)
	return math.Float32frombits(math.Float32bits(f) | sign)
}
