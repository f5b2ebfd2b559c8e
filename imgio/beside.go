package imgio

import "math"

// ResizeBeside returns the plane of another channel of p, such as its opacity, resampled to w
// by h pixels as [ResizePlane] does. plane has the size of p.
func (p *Planar) ResizeBeside(plane []float32, w, h int) []float32 {
	if p.from == nil {
		return ResizePlane(plane, p.W, p.H, w, h)
	}
	return resizePlane(plane, p.W, covered(p.across(), w), covered(p.down(), h))
}

// covered returns the covers that make the samples of a span into fewer, of equal length.
func covered(s span, m int) []cover {
	out := make([]cover, m)
	for i := range out {
		begin := s.from + float64(i)*s.length/float64(m)
		end := begin + s.length/float64(m)
		first, last := int(begin), min(int(math.Ceil(end)), s.n)
		c := cover{min(first, s.n-1), make([]float64, max(1, last-first))}
		for j := range c.shares {
			at := float64(c.first + j)
			c.shares[j] = (min(end, at+1) - max(begin, at)) / (end - begin)
		}
		out[i] = c
	}
	return out
}
