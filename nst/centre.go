package nst

import "nst/vgg"

// centre is the zero of what the optimiser moves and the network sees: differences of
// a picture to a colour, RGB in [0, 1], times a unit. The colour is the one that is
// zero to the network, and the unit that of its own numbers, as in the programs that
// prepare a picture once and then move what they have made. A float32 near 0 takes
// steps far shorter than one near 0.5, and the first of L-BFGS is that short: about a
// millionth of a level a pixel at 512 pixels, where 124 levels take none below 8e-6.
// The gradients on its two sides tell the curvature, so that nothing may be rounded on
// the way to the network that the optimiser does not know of.
type centre struct {
	colour [3]float32
	unit   float32
}

// centreOf returns the centre of a convention.
func centreOf(c vgg.Convention, unit float32) centre {
	m := centre{unit: unit}
	for i := range m.colour {
		from := i
		if c.BGR {
			from = 2 - i
		}
		m.colour[i] = c.Mean[from] / c.Scale
	}
	return m
}

// grey returns the centre with the grey next to its colour: with one zero for all
// channels, a run over grey pictures stays among them to the last bit.
func (m centre) grey() centre {
	g := (m.colour[0] + m.colour[1] + m.colour[2]) / 3
	m.colour = [3]float32{g, g, g}
	return m
}

// convention returns what prepares a difference to m as c prepares a picture.
func (m centre) convention(c vgg.Convention) vgg.Convention {
	for i, v := range centreOf(c, m.unit).colour {
		to := i
		if c.BGR {
			to = 2 - i
		}
		c.Mean[to] = (v - m.colour[i]) * c.Scale // 0 unless m is the grey
	}
	c.Scale /= m.unit
	return c
}

// add sets dst to the picture that src, differences (3, h, w), stand for.
func (m centre) add(dst, src []float32) {
	for c, v := range m.colour {
		n := len(src) / 3
		from, to := src[c*n:(c+1)*n], dst[c*n:(c+1)*n]
		for i := range to {
			to[i] = from[i]/m.unit + v
		}
	}
}

// subtract sets dst to the differences of src, a picture (3, h, w).
func (m centre) subtract(dst, src []float32) {
	for c, v := range m.colour {
		n := len(src) / 3
		from, to := src[c*n:(c+1)*n], dst[c*n:(c+1)*n]
		for i := range to {
			to[i] = (from[i] - v) * m.unit
		}
	}
}

// bounds returns the differences of black and white for each channel.
func (m centre) bounds() (lo, hi [3]float32) {
	for c, v := range m.colour {
		lo[c], hi[c] = -m.unit*v, m.unit*(1-v)
	}
	return lo, hi
}
