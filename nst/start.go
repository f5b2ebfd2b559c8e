package nst

import (
	"math"
	"math/rand/v2"

	"nst/imgio"
)

// start returns the first picture of a run, of the size of the content.
func (r *run) start(content *imgio.Planar) *imgio.Planar {
	switch by := r.transfer.options.Schedule; by.Init {
	case InitNoise:
		return noise(content.W, content.H, by.Seed, startNoise)
	case InitMean:
		return meanColour(content.W, content.H, r.transfer.network.weights().Convention.Centre(), by.Seed)
	case InitImage:
		return r.job.Start.Resize(content.W, content.H).Clone()
	}
	return content.Clone()
}

// grow returns the picture that a scale starts from, after the pass last; content is that of
// the scale. The enlarged picture of last lacks fine detail. If the run started from the
// content, that is mostly detail of the photograph, which the loss would have to restore.
// Then only the painted change, the difference to the content of that size, is enlarged, and
// added to the content of this size.
func (r *run) grow(last *pass, content *imgio.Planar) *imgio.Planar {
	if r.transfer.options.Schedule.Init != InitContent {
		return enlarge(last.painted(), content.W, content.H)
	}
	change := last.painted()
	v := r.transfer.cpu.Vectors()
	v.Sub(change.Pix, change.Pix, r.colour.Content(r.contents[Size{change.W, change.H}]).Pix)
	start := change.Resize(content.W, content.H)
	v.Axpy(1, content.Pix, start.Pix)
	v.Bound(start.Pix, [3]float32{}, [3]float32{1, 1, 1})
	return start
}

// enlarge returns p resampled to w by h pixels and clamped to 0..1, since cubic
// interpolation overshoots at edges.
func enlarge(p *imgio.Planar, w, h int) *imgio.Planar {
	p = p.Resize(w, h)
	for i, v := range p.Pix {
		p.Pix[i] = min(max(v, 0), 1)
	}
	return p
}

// startNoise is the range of the noise that a run starts from. More of it would stay as speckle,
// since networks hardly see the finest grain.
const startNoise = 0.1

// noise returns a picture of independent values, uniform in a range about 0.5: grey on average.
func noise(w, h int, seed uint64, span float32) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	r := rand.New(rand.NewPCG(seed, 0x6e7374)) // each use of a seed has a stream of its own
	for i := range p.Pix {
		p.Pix[i] = 0.5 + span*(r.Float32()-0.5)
	}
	return p
}

// meanColour returns a picture of the colour m with normal noise of a thousandth of an 8-bit
// level, as neural-style starts from.
func meanColour(w, h int, m centre, seed uint64) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	r := rand.New(rand.NewPCG(seed, 0x6d65616e))
	for i := range p.Pix {
		p.Pix[i] = m[i/(w*h)] + float32(0.001/levels*r.NormFloat64())
	}
	return p
}

// StartPart returns the size of the part of a first picture that a run over a content starts
// from: the largest one around its middle that has the shape of the content. If the shapes
// differ by 2 % of a side at most, it is all of the picture.
func StartPart(start, content Size) Size {
	w, h := imgio.FitLongest(start.W, start.H, max(content.W, content.H))
	near := func(a, b int) bool { return math.Abs(float64(a-b)) <= max(1, 0.02*float64(b)) }
	if near(w, content.W) && near(h, content.H) {
		return start
	}
	shape := float64(content.W) / float64(content.H)
	if wide := shape * float64(start.H); wide < float64(start.W) {
		return Size{max(1, int(math.Round(wide))), start.H}
	}
	return Size{start.W, max(1, int(math.Round(float64(start.W)/shape)))}
}

// middleOf returns the part of that size around the middle of p: p itself if it is all.
func middleOf(p *imgio.Planar, part Size) *imgio.Planar {
	if part.W == p.W && part.H == p.H {
		return p
	}
	out := imgio.NewPlanar(part.W, part.H)
	left, top := (p.W-part.W)/2, (p.H-part.H)/2
	for c := range 3 {
		for y := range part.H {
			from := (c*p.H+top+y)*p.W + left
			copy(out.Pix[(c*part.H+y)*part.W:][:part.W], p.Pix[from:])
		}
	}
	return out
}
