package imgio

import "image"

// shrinkPixels is the number of pixels from which [Shrink] reduces a picture. Smaller ones do
// not take enough memory to be worth a difference.
const shrinkPixels = 4e6

// Shrink lets [Open] and [Decode] reduce a picture of more than 4 million pixels while they
// decode it: by 8, 4 or 2, as long as its longest side keeps at least twice size pixels. It is
// for a picture that is scaled down to size later, by [Planar.Resize]. 0 is no reduction, which
// is the default.
//
// A pixel of a reduced picture is the mean of the pixels of a square, in the encoding of the
// file. The width and height of [Info] and [Planar.Whole] are those of the whole picture.
func Shrink(size int) Limit { return func(l *limits) { l.shrink = size } }

// factor returns by how much a picture of w by h pixels is reduced: 1, 2, 4 or 8.
func (l limits) factor(w, h int) int {
	if l.shrink < 1 || int64(w)*int64(h) <= l.large {
		return 1
	}
	for _, k := range []int{8, 4, 2} {
		if max(w, h) >= 2*l.shrink*k && min(w, h) >= 2*k {
			return k
		}
	}
	return 1
}

// reduction says of which picture another is a reduction.
type reduction struct {
	w, h   int // of the whole
	factor int

	// The last squares may reach beyond the picture: to the right and below, or to the left and
	// above if it was turned.
	left, above bool
}

// turned returns the reduction of a picture that [orient] turns.
func (r reduction) turned(orientation int) reduction {
	if orientation > 4 {
		r.w, r.h = r.h, r.w
	}
	switch orientation {
	case 2, 6:
		r.left = true
	case 4, 8:
		r.above = true
	case 3, 7:
		r.left, r.above = true, true
	}
	return r
}

// reducedImage is an image that is a reduction. Its own size is that of the reduction.
type reducedImage struct {
	image.Image
	of reduction
}

// Opaque reports whether all of the image is opaque.
func (m *reducedImage) Opaque() bool {
	o, ok := m.Image.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// reductionOf returns of which picture m is a reduction, or nil.
func reductionOf(m image.Image) *reduction {
	if r, ok := m.(*reducedImage); ok {
		return &r.of
	}
	return nil
}

// Whole returns the size of the picture that p is a reduction of (see [Shrink]), or its own
// size if it is none.
func (p *Planar) Whole() (w, h int) {
	if p.from == nil {
		return p.W, p.H
	}
	return p.from.w, p.from.h
}

// Frame returns p without its pixels, for [Planar.ResizeBeside].
func (p *Planar) Frame() *Planar { return &Planar{W: p.W, H: p.H, from: p.from} }

// span is a row or a column of n samples, of which the picture covers a part. Sample i covers
// the interval [i, i+1).
type span struct {
	n            int
	from, length float64
}

// whole reports whether the picture covers all samples.
func (s span) whole() bool { return s.length == float64(s.n) }

// sample returns where sample i lies, counted from the middle of the first, and how much of it
// is part of the picture: its place is the middle of that part.
func (s span) sample(i int) (at, part float64) {
	begin, end := max(s.from, float64(i)), min(s.from+s.length, float64(i+1))
	if end-begin == 1 {
		return float64(i), 1
	}
	return (begin+end)/2 - 0.5, end - begin
}

// across returns a row of p, and down a column.
func (p *Planar) across() span {
	if p.from == nil {
		return span{p.W, 0, float64(p.W)}
	}
	return reducedSpan(p.W, p.from.w, p.from.factor, p.from.left)
}

func (p *Planar) down() span {
	if p.from == nil {
		return span{p.H, 0, float64(p.H)}
	}
	return reducedSpan(p.H, p.from.h, p.from.factor, p.from.above)
}

// reducedSpan is a row of a picture of whole pixels that was reduced to n.
func reducedSpan(n, whole, factor int, first bool) span {
	s := span{n, 0, float64(whole) / float64(factor)}
	if first {
		s.from = float64(n) - s.length
	}
	return s
}
