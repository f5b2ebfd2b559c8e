package nst

import "nst/vgg"

// centre is the colour that is zero to a network, RGB in [0, 1]. What the optimiser
// moves and the network sees are differences to it, as in the programs that prepare
// a picture once and then move what they have made. A float32 near 0 takes steps
// far shorter than one near 0.5, and the first of L-BFGS is that short: about a
// millionth of a level a pixel at 512 pixels, where 124 levels take none below 8e-6.
type centre [3]float32

// centreOf returns the centre of a convention.
func centreOf(c vgg.Convention) (m centre) {
	for i := range m {
		from := i
		if c.BGR {
			from = 2 - i
		}
		m[i] = c.Mean[from] / c.Scale
	}
	return m
}

// grey returns the grey next to m: with one centre for all channels, a run over grey
// pictures stays among them to the last bit.
func (m centre) grey() centre {
	g := (m[0] + m[1] + m[2]) / 3
	return centre{g, g, g}
}

// convention returns what prepares a difference to m as c prepares a picture.
func (m centre) convention(c vgg.Convention) vgg.Convention {
	for i, v := range centreOf(c) {
		to := i
		if c.BGR {
			to = 2 - i
		}
		c.Mean[to] = (v - m[i]) * c.Scale // 0 unless m is the grey
	}
	return c
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
