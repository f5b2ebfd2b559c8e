package nst

import (
	"math"

	"nst/imgio"
)

// nearly is how many times larger the painted picture may be than a style that is measured as
// it is.
const nearly = 1.1

// styleCover returns the size at which a style picture is measured that is of w by h pixels
// after styleFit, at a scale of that size. With Objective.MirrorStyles, a style that is smaller
// than the picture is continued by its mirror images to the same longest side. Layers see zeros
// beyond the edges of a picture. In a small style, that is a larger share of all that they see
// than in the picture, which would get what is missing painted along its edges, and a pale
// middle.
func (n *network) styleCover(w, h, size int) (int, int) {
	grow := float64(size) / float64(max(w, h))
	if grow <= nearly || !n.options.MirrorStyles {
		return w, h
	}
	return int(math.Round(grow * float64(w))), int(math.Round(grow * float64(h)))
}

// mirrored returns a plane of w by h values in the middle of one of tw by th, which its mirror
// images fill.
func mirrored(plane []float32, w, h, tw, th int) []float32 {
	out := make([]float32, tw*th)
	left, top := (tw-w)/2, (th-h)/2
	for y := range th {
		row := plane[reflected(y-top, h)*w:][:w]
		for x := range tw {
			out[y*tw+x] = row[reflected(x-left, w)]
		}
	}
	return out
}

// reflected returns the position in 0..n-1 that an edge reflects i to; the values at the edges
// are there twice.
func reflected(i, n int) int {
	i %= 2 * n
	if i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}

// covering returns a style picture and its mask as they are measured at a scale.
func (n *network) covering(p *imgio.Planar, m *Mask, size int) (*imgio.Planar, *Mask) {
	p = n.shrunk(p, size)
	tw, th := n.styleCover(p.W, p.H, size)
	if tw == p.W && th == p.H {
		return p, m
	}
	if m != nil {
		m = m.resize(p.W, p.H)
		m = &Mask{tw, th, mirrored(m.Pix, p.W, p.H, tw, th)}
	}
	out := imgio.NewPlanar(tw, th)
	for c := range 3 {
		copy(out.Pix[c*tw*th:], mirrored(p.Pix[c*p.W*p.H:], p.W, p.H, tw, th))
	}
	return out, m
}
