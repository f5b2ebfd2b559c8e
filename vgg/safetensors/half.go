package safetensors

import "math"

// ToHalf rounds x to the nearest float16 (IEEE 754 binary16), ties to even. 65520 and above
// give infinity.
func ToHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	bits &= 0x7fffffff
	switch {
	case bits > 0x7f800000: // NaN: stays a quiet one
		return sign | 0x7e00
	case bits >= 0x47800000: // 65536 and above
		return sign | 0x7c00
	case bits < 0x38800000: // below 2^-14: subnormal, in steps of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(bits))*(1<<24)))
	}
	// Rebias the exponent from 127 to 15. Then add just under half of the last bit
	// that stays, plus that bit itself, so that a tie is rounded up only from an odd
	// number. A carry out of the mantissa correctly increments the exponent.
	bits -= (127 - 15) << 23
	bits += 0xfff + bits>>13&1
	return sign | uint16(bits>>13)
}

// FromHalf converts a float16 to float32, which is exact.
func FromHalf(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	if rest >= 0x7c00 {
		return math.Float32frombits(sign | 0x7f800000 | rest<<13)
	}
	// Shifted into place, the bits are a float32 whose exponent is too small by 112.
	// Multiplication corrects it, for subnormals too.
	f := math.Float32frombits(rest<<13) * (1 << 112)
	return math.Float32frombits(math.Float32bits(f) | sign)
}
