package jpeg

// Multipliers of the transform in fixed-point numbers with 13 fractional bits.
const (
	fix0298631336 = 2446
	fix0390180644 = 3196
	fix0541196100 = 4433
	fix0765366865 = 6270
	fix0899976223 = 7373
	fix1175875602 = 9633
	fix1501321110 = 12299
	fix1847759065 = 15137
	fix1961570560 = 16069
	fix2053119869 = 16819
	fix2562915447 = 20995
	fix3072711026 = 25172

	fixBits  = 13
	passBits = 2 // more precision between the passes
)

// transform returns the samples of a component, blocksX*8 in a row.
func (d *decoder) transform(c *component) []byte {
	stride := 8 * c.blocksX
	out := make([]byte, 64*c.blocksX*c.blocksY)
	for y := range c.blocksY {
		for x := range c.blocksX {
			idct(out[8*y*stride+8*x:], stride, c.at(x, y), &c.quantisation)
		}
	}
	return out
}

// idct is the inverse discrete cosine transform of Loeffler, Ligtenberg and Moschytz (1989)
// on a block: columns, then rows.
func idct(dst []byte, stride int, b []int16, q *[64]uint16) {
	var w [64]int32
	var v [8]int32
	for x := range 8 {
		for y := range 8 {
			v[y] = int32(b[8*y+x]) * int32(q[8*y+x])
		}
		if v[1]|v[2]|v[3]|v[4]|v[5]|v[6]|v[7] == 0 {
			for y := range 8 {
				w[8*y+x] = v[0] << passBits
			}
			continue
		}
		idct8(&v, fixBits-passBits)
		for y := range 8 {
			w[8*y+x] = v[y]
		}
	}
	for y := range 8 {
		copy(v[:], w[8*y:])
		idct8(&v, fixBits+passBits+3)
		row := dst[y*stride:][:8]
		for x := range row {
			row[x] = byte(min(max(v[x]+128, 0), 255))
		}
	}
}

// idct8 transforms 8 values and divides them by 1<<shift.
func idct8(v *[8]int32, shift uint) {
	// Even part.
	z := (v[2] + v[6]) * fix0541196100
	t2, t3 := z-v[6]*fix1847759065, z+v[2]*fix0765366865
	t0, t1 := (v[0]+v[4])<<fixBits, (v[0]-v[4])<<fixBits
	e0, e3, e1, e2 := t0+t3, t0-t3, t1+t2, t1-t2

	// Odd part.
	o0, o1, o2, o3 := v[7], v[5], v[3], v[1]
	z1, z2, z3, z4 := o0+o3, o1+o2, o0+o2, o1+o3
	z5 := (z3 + z4) * fix1175875602
	o0 *= fix0298631336
	o1 *= fix2053119869
	o2 *= fix3072711026
	o3 *= fix1501321110
	z1 *= -fix0899976223
	z2 *= -fix2562915447
	z3 = z5 - z3*fix1961570560
	z4 = z5 - z4*fix0390180644
	o0 += z1 + z3
	o1 += z2 + z4
	o2 += z2 + z3
	o3 += z1 + z4

	half := int32(1) << (shift - 1)
	v[0], v[7] = (e0+o3+half)>>shift, (e0-o3+half)>>shift
	v[1], v[6] = (e1+o2+half)>>shift, (e1-o2+half)>>shift
	v[2], v[5] = (e2+o1+half)>>shift, (e2-o1+half)>>shift
	v[3], v[4] = (e3+o0+half)>>shift, (e3-o0+half)>>shift
}
