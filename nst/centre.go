package nst

import "nst/vgg"

// centre is a colour, RGB in [0, 1]. What the optimiser moves and the network sees are
// differences to it, which [vgg.FeatureOptions] calls the origin. It is the colour that the
// network sees as zero. Numbers near 0 have the precision that the first steps of L-BFGS
// need: these move a pixel of a 512-pixel picture by about a millionth of an 8-bit level,
// while a float32 of 124 levels cannot change by less than 8 millionths.
type centre [3]float32

// centreOf returns the centre for a convention and whose colours the result has. With luma
// it is a grey: with one number for all channels, a run over grey pictures stays among them
// to the last bit.
func centreOf(c vgg.Convention, colours Colour) centre {
	m := centre(c.Centre())
	if colours == ColourLuma {
		return m.grey()
	}
	return m
}

// grey returns the grey that is as light as m.
func (m centre) grey() centre {
	grey := (m[0] + m[1] + m[2]) / 3
	return centre{grey, grey, grey}
}

// add sets dst to src, differences (3, h, w), plus the colour: a picture.
func (m centre) add(dst, src []float32) {
	for c, v := range m {
		n := len(src) / 3
		from, to := src[c*n:(c+1)*n], dst[c*n:(c+1)*n]
		for i := range to {
			to[i] = from[i] + v
		}
	}
}

// subtract sets dst to src, a picture (3, h, w), minus the colour.
func (m centre) subtract(dst, src []float32) {
	for i, v := range m {
		m[i] = -v
	}
	m.add(dst, src)
}

// bounds returns the range of a picture, as differences times unit, for each channel.
func (m centre) bounds(unit float32) (lo, hi [3]float32) {
	for c, mean := range m {
		lo[c], hi[c] = -unit*mean, unit*(1-mean)
	}
	return lo, hi
}
