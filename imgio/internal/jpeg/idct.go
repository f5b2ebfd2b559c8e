package jpeg

// cosK is the cosine of K/16 of a half turn times the square root of 2, in fixed-point numbers
// with 13 fractional bits.
const (
	cos1 = 11363
	cos2 = 10703
	cos3 = 9633
	cos5 = 6436
	cos6 = 4433
	cos7 = 2260

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

// idct is the inverse discrete cosine transform (T.81, A.3.3) of a block: columns, then rows.
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

// idct8 transforms 8 values, which makes them larger by the square root of 8, and divides them
// by 1<<shift. In value i and value 7-i the even frequencies are the same, and the odd ones
// differ in sign.
func idct8(v *[8]int32, shift uint) {
	sum, difference := (v[0]+v[4])<<fixBits, (v[0]-v[4])<<fixBits
	outer, inner := cos2*v[2]+cos6*v[6], cos6*v[2]-cos2*v[6]
	even := [4]int32{sum + outer, difference + inner, difference - inner, sum - outer}
	odd := [4]int32{
		cos1*v[1] + cos3*v[3] + cos5*v[5] + cos7*v[7],
		cos3*v[1] - cos7*v[3] - cos1*v[5] - cos5*v[7],
		cos5*v[1] - cos1*v[3] + cos7*v[5] + cos3*v[7],
		cos7*v[1] - cos5*v[3] + cos3*v[5] - cos1*v[7],
	}
	half := int32(1) << (shift - 1)
	for i := range 4 {
		v[i] = (even[i] + odd[i] + half) >> shift
		v[7-i] = (even[i] - odd[i] + half) >> shift
	}
}
