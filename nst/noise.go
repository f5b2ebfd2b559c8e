package nst

import (
	"math/rand/v2"

	"nst/imgio"
)

// noise returns a picture of independent pixels, grey on average: each value is
// uniform in [0.25, 0.75), which stays well inside the range of a picture.
func noise(w, h int, seed uint64) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	r := rand.New(rand.NewPCG(seed, 0x6e7374)) // one stream of its own for each use of a seed
	for i := range p.Pix {
		p.Pix[i] = 0.25 + 0.5*r.Float32()
	}
	return p
}

// meanColour returns a picture of the colour that is zero to the network, with
// normal noise of a thousandth of an 8-bit level: all that neural-style starts from.
func meanColour(w, h int, m centre, seed uint64) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	r := rand.New(rand.NewPCG(seed, 0x6d65616e))
	for i := range p.Pix {
		p.Pix[i] = m[i/(w*h)] + float32(0.001/levels*r.NormFloat64())
	}
	return p
}
