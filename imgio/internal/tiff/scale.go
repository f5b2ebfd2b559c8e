package tiff

import "math"

// scale returns the function from a stored sample to 16 bits. The largest whole number and
// 1.0 become 0xffff; negative numbers become 0. Indices and Lab colours stay as they are.
func (f *File) scale() func(uint64) uint16 {
	bits := uint(f.bits)
	switch {
	case f.photometric == palette || f.Lab():
		return func(v uint64) uint16 { return uint16(v) }
	case f.format == formatFloat && bits == 16:
		return func(v uint64) uint16 { return unit16(fromHalf(uint16(v))) }
	case f.format == formatFloat && bits == 32:
		return func(v uint64) uint16 { return unit16(float64(math.Float32frombits(uint32(v)))) }
	case f.format == formatFloat:
		return func(v uint64) uint16 { return unit16(math.Float64frombits(v)) }
	case f.format == formatInt:
		top := uint64(1)<<(bits-1) - 1
		return func(v uint64) uint16 {
			if v > top { // the sign bit is set
				return 0
			}
			return unit16(float64(v) / float64(top))
		}
	case bits == 8:
		return func(v uint64) uint16 { return uint16(v) * 0x101 }
	case bits == 16:
		return func(v uint64) uint16 { return uint16(v) }
	case bits > 16:
		return func(v uint64) uint16 { return uint16(v >> (bits - 16)) }
	}
	top := uint64(1)<<bits - 1
	return func(v uint64) uint16 { return uint16((v*0xffff + top/2) / top) }
}

// fromHalf returns the value of a number of IEEE 754 binary16.
func fromHalf(v uint16) float64 {
	exponent, fraction := int(v>>10&31), float64(v&0x3ff)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		fraction = math.Inf(1)
	case exponent == 0:
		fraction = math.Ldexp(fraction, -24)
	default:
		fraction = math.Ldexp(1024+fraction, exponent-25)
	}
	if v&0x8000 != 0 {
		return -fraction
	}
	return fraction
}

// unit16 returns the 16-bit level nearest to v in [0, 1].
func unit16(v float64) uint16 {
	switch {
	case !(v > 0): // NaN too
		return 0
	case v >= 1:
		return 0xffff
	}
	return uint16(v*0xffff + 0.5)
}
