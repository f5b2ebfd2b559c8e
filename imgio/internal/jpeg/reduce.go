package jpeg

import (
	"errors"
	"io"
)

// errFactor means that [Header.CanReduce] does not allow a factor.
var errFactor = errors.New("jpeg: the picture cannot be reduced by this factor")

// MaxFactor is the largest factor of [DecodeReduced].
const MaxFactor = 8

// CanReduce reports whether a picture can be decoded smaller by a factor of 2, 4 or 8: the
// samples of each component must be averaged over 1, 2, 4 or 8 along each axis to give planes
// of one size.
func (h *Header) CanReduce(factor int) bool {
	return h.factors(factor) != nil
}

// factors returns by how much each component is reduced along each axis when the picture is
// reduced by a factor; nil if that is not possible.
func (h *Header) factors(factor int) [][2]int {
	if factor != 2 && factor != 4 && factor != MaxFactor {
		return nil
	}
	most := [2]int{1, 1}
	for _, s := range h.Sampling[:h.Components] {
		most = [2]int{max(most[0], s[0]), max(most[1], s[1])}
	}
	all := make([][2]int, h.Components)
	for i := range all {
		for axis := range 2 {
			r := factor * h.Sampling[i][axis] / most[axis]
			if r*most[axis] != factor*h.Sampling[i][axis] || r < 1 || r&(r-1) != 0 {
				return nil
			}
			all[i][axis] = r
		}
	}
	return all
}

// ReducedMemory returns about how many bytes [DecodeReduced] allocates.
func (h *Header) ReducedMemory(factor int) int64 {
	var n int64
	for _, r := range h.factors(factor) {
		w, high := int64(ceil(h.W, factor)*r[0]), int64(ceil(h.H, factor)*r[1])
		n += int64(ceil(h.W, factor)) * int64(ceil(h.H, factor))
		switch {
		case !h.Progressive:
		case r == [2]int{8, 8}:
			n += w * high / 32
		default:
			n += 2 * w * high
		}
	}
	return n
}

// DecodeReduced is [Decode] of a picture that is smaller by a factor that [Header.CanReduce]
// allows. A sample is the mean of factor by factor samples of the picture; at the right and
// lower edge, of those that there are. Sizes are rounded up. W and H are those of the planes.
//
// A mean is part of the inverse transform, so that the picture is never there in full. Chroma
// that is stored smaller is reduced by less, and is not interpolated. Of progressive pictures
// all coefficients are held, but only the first of each block if no more are needed.
func DecodeReduced(data []byte, factor int) (*Picture, error) {
	if factor < 2 {
		return nil, errFactor
	}
	d := decoder{data: data, pixels: true, factor: factor}
	if err := d.walk(d.decodeScan); err != nil {
		return nil, err
	}
	if d.skipped && !d.ended { // what was skipped may be cut short
		return nil, io.ErrUnexpectedEOF
	}
	p := &Picture{Header: d.header}
	p.W, p.H = ceil(p.W, factor), ceil(p.H, factor)
	for i := range d.components {
		c := &d.components[i]
		if c.coefficients != nil {
			for y := range c.blocksY {
				for x := range c.blocksX {
					c.reduce(x, y, c.at(x, y))
				}
			}
			c.coefficients = nil
		}
		p.Planes = append(p.Planes, c.reduced)
	}
	return p, nil
}

// prepareReduced makes room for the components of a picture that is reduced. Those of a
// progressive picture need their coefficients until the last scan.
func (d *decoder) prepareReduced() error {
	factors := d.header.factors(d.factor)
	if factors == nil {
		return errFactor
	}
	for i := range d.components {
		c := &d.components[i]
		c.factors = factors[i]
		c.reducedW = ceil(c.width, c.factors[0])
		c.reduced = make([]byte, c.reducedW*ceil(c.height, c.factors[1]))
		if !d.header.Progressive {
			continue
		}
		if c.perBlock = 64; c.factors == [2]int{8, 8} {
			c.perBlock = 1 // the first is the mean
		}
		c.coefficients = make([]int16, c.perBlock*c.blocksX*c.blocksY)
	}
	return nil
}

// skips reports whether a scan has only coefficients that a reduced picture does not need.
func (d *decoder) skips(s *scan) bool {
	return s.from > 0 && s.parts[0].c.perBlock == 1
}

// decodeBlock decodes the block in column x and row y of a component. Without coefficients to
// keep it is reduced at once.
func (d *decoder) decodeBlock(e entropy, part int, c *component, x, y int) error {
	if c.coefficients != nil {
		return e.block(part, c.at(x, y))
	}
	clear(d.block[:])
	if err := e.block(part, d.block[:]); err != nil {
		return err
	}
	c.reduce(x, y, d.block[:])
	return nil
}

// reduce writes the means of the block in column x and row y: it has 64 coefficients, or one.
func (c *component) reduce(x, y int, b []int16) {
	if 8*x >= c.width || 8*y >= c.height {
		return // beyond the picture
	}
	w, h := 8/c.factors[0], 8/c.factors[1]
	dst := c.reduced[h*y*c.reducedW+w*x:]
	switch {
	case len(b) == 1:
		dst[0] = sample((int32(b[0])*int32(c.quantisation[0]) + 4) >> 3)
	case 8*x+8 > c.width || 8*y+8 > c.height:
		c.reduceEdge(dst, c.width-8*x, c.height-8*y, b)
	default:
		c.reduceBlock(dst, b)
	}
}

// sample turns a value around 0 into a sample.
func sample(v int32) byte { return byte(min(max(v+128, 0), 255)) }

// reduceEdge is reduce of a block of which only w by h samples belong to the picture.
func (c *component) reduceEdge(dst []byte, w, h int, b []int16) {
	var full [64]byte
	idct(full[:], 8, b, &c.quantisation)
	w, h = min(w, 8), min(h, 8)
	rx, ry := c.factors[0], c.factors[1]
	for y := 0; y < h; y += ry {
		for x := 0; x < w; x += rx {
			sum, n := 0, 0
			for dy := y; dy < min(y+ry, h); dy++ {
				for _, v := range full[8*dy+x : 8*dy+min(x+rx, w)] {
					sum, n = sum+int(v), n+1
				}
			}
			dst[y/ry*c.reducedW+x/rx] = byte((2*sum + n) / (2 * n))
		}
	}
}

// reduceBlock is reduce of a block within the picture.
func (c *component) reduceBlock(dst []byte, b []int16) {
	var w [64]int32
	var v [8]int32
	nx, ny := 8/c.factors[0], 8/c.factors[1]
	columns := 8
	if nx == 1 {
		columns = 1 // the others have no part in a mean over all
	}
	for x := range columns {
		for y := range 8 {
			v[y] = int32(b[8*y+x]) * int32(c.quantisation[8*y+x])
		}
		means8(&v, ny, fixBits-passBits)
		for y := range ny {
			w[8*y+x] = v[y]
		}
	}
	for y := range ny {
		copy(v[:], w[8*y:])
		means8(&v, nx, fixBits+passBits+3)
		row := dst[y*c.reducedW:][:nx]
		for x := range row {
			row[x] = sample(v[x])
		}
	}
}

// The factor of frequency K in the mean of two samples is that of idct8 times the cosine of
// K/16 of a half turn, since for samples 2j and 2j+1
//
//	cos((4j+1)K) + cos((4j+3)K) = 2 cos(K) cos((4j+2)K)    in sixteenths of a half turn.
//
// Frequency 4 then has no part in any of the four means. The names have K and j, of which the
// means 3-j have the opposite sign for odd K. In the mean of four samples even frequencies
// have no part. All are fixed-point numbers with 13 fractional bits.
const (
	two2, two6             = 7568, 3135
	two1j0, two3j0, two5j0 = 10498, 3686, -2463
	two7j0                 = -2088
	two1j1, two3j1, two5j1 = 4348, -8900, 5946
	two7j1                 = -865

	four1, four3, four5, four7 = 7423, -2607, 1742, -1477
)

// means8 is [idct8] followed by the means of groups of samples, of which there are n: 8, 4, 2
// or 1.
func means8(v *[8]int32, n int, shift uint) {
	half := int32(1) << (shift - 1)
	first := v[0] << fixBits
	switch n {
	case 8:
		idct8(v, shift)
	case 4:
		inner := two2*v[2] - two6*v[6]
		even := [2]int32{first + inner, first - inner}
		odd := [2]int32{
			two1j0*v[1] + two3j0*v[3] + two5j0*v[5] + two7j0*v[7],
			two1j1*v[1] + two3j1*v[3] + two5j1*v[5] + two7j1*v[7],
		}
		for i := range 2 {
			v[i] = (even[i] + odd[i] + half) >> shift
			v[3-i] = (even[i] - odd[i] + half) >> shift
		}
	case 2:
		odd := four1*v[1] + four3*v[3] + four5*v[5] + four7*v[7]
		v[0], v[1] = (first+odd+half)>>shift, (first-odd+half)>>shift
	default:
		v[0] = (first + half) >> shift
	}
}
