package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/op"
)

// levels is the number of 8-bit levels in [0, 1], the unit in which the total
// variation is measured.
const levels = 255

// TV returns the total variation of a picture (1, 3, h, w) in [0, 1]: the mean
// squared difference of neighbours in a row plus that in a column, in 8-bit
// levels. It is not in Gatys et al. (2016); Johnson et al. (2016, section 3.2)
// use it, as a sum, to keep noise away.
func TV(name string, pixels *G.Node) (*G.Node, error) {
	return op.Apply(name, op.NewTV(levels), pixels)
}
