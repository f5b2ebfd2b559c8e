package imgio

// ResizeBilinear returns p resampled to w by h pixels, both at least 1, by linear
// interpolation between the four nearest pixels. Unlike [Planar.Resize] it keeps values
// within the range of p, and it does not average when it shrinks.
func (p *Planar) ResizeBilinear(w, h int) *Planar {
	out := NewPlanar(w, h)
	xs, ys := between(p.W, w), between(p.H, h)
	for c := range 3 {
		plane := p.Pix[c*p.W*p.H:]
		for y, v := range ys {
			top, bottom := plane[v.i*p.W:], plane[v.j*p.W:]
			row := out.Pix[(c*h+y)*w:]
			for x, u := range xs {
				a := mix(top[u.i], top[u.j], u.part)
				row[x] = mix(a, mix(bottom[u.i], bottom[u.j], u.part), v.part)
			}
		}
	}
	return out
}

// neighbours are two samples i and j, and how far a point lies from i (0) to j (1).
type neighbours struct {
	i, j int
	part float32
}

// between returns, for each of m output samples, the two of n input samples between which it
// lies. Sample i stands for the interval [i, i+1).
func between(n, m int) []neighbours {
	out := make([]neighbours, m)
	for i := range out {
		at := (float64(i)+0.5)*float64(n)/float64(m) - 0.5
		at = min(max(at, 0), float64(n-1))
		first := int(at)
		out[i] = neighbours{first, min(first+1, n-1), float32(at - float64(first))}
	}
	return out
}

// mix rounds each product, so that no machine fuses it into the sum.
func mix(a, b, part float32) float32 { return float32(a*(1-part)) + float32(b*part) }
