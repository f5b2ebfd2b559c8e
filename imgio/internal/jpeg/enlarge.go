package jpeg

// enlarge brings the samples of a component to the size of the picture. Chroma of half the
// width or height is interpolated by a triangle filter, 3/4 of the nearest sample and 1/4 of
// the next along each axis. Any other factor repeats samples, as does a chroma of two samples
// in a row.
func (d *decoder) enlarge(c *component, src []byte) []byte {
	w, h := d.header.W, d.header.H
	dst := make([]byte, w*h)
	stride := 8 * c.blocksX
	row := func(y int) []byte { return src[min(max(y, 0), c.height-1)*stride:][:c.width] }
	halfW, halfH := 2*c.h == d.hMax, 2*c.v == d.vMax
	smooth := halfW && c.width > 2 && (halfH || c.v == d.vMax) || halfH && c.h == d.hMax
	for y := range h {
		out := dst[y*w : y*w+w]
		switch {
		case !smooth:
			in := row(y * c.v / d.vMax)
			for x := range out {
				out[x] = in[x*c.h/d.hMax]
			}
		case !halfH:
			stretch(out, row(y))
		default:
			near, next := row(y/2), row(y/2-1+y&1*2)
			if halfW {
				stretchBetween(out, near, next)
				continue
			}
			bias := 1 + y&1
			for x := range out {
				out[x] = byte((3*int(near[x]) + int(next[x]) + bias) >> 2)
			}
		}
	}
	return dst
}

// stretch doubles the width of a row.
func stretch(dst, src []byte) {
	last := len(src) - 1
	for x := range dst {
		i := x / 2
		here := 3 * int(src[i])
		switch {
		case x&1 == 0 && i == 0 || x&1 == 1 && i == last:
			dst[x] = src[i]
		case x&1 == 0:
			dst[x] = byte((here + int(src[i-1]) + 1) >> 2)
		default:
			dst[x] = byte((here + int(src[i+1]) + 2) >> 2)
		}
	}
}

// stretchBetween doubles the width of a row that lies between two, nearer to the first.
func stretchBetween(dst, near, next []byte) {
	last := len(near) - 1
	sum := func(i int) int { return 3*int(near[i]) + int(next[i]) }
	for x := range dst {
		i := x / 2
		switch here := sum(i); {
		case x&1 == 0 && i == 0:
			dst[x] = byte((4*here + 8) >> 4)
		case x&1 == 1 && i == last:
			dst[x] = byte((4*here + 7) >> 4)
		case x&1 == 0:
			dst[x] = byte((3*here + sum(i-1) + 8) >> 4)
		default:
			dst[x] = byte((3*here + sum(i+1) + 7) >> 4)
		}
	}
}
