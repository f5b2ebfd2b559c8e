package imgio

import (
	"fmt"
	"math"
)

// Resize returns p resampled to w by h pixels, both at least 1, by Catmull-Rom cubic
// interpolation (Keys 1981, a = -1/2). When a side shrinks, the kernel is widened, so that
// fine detail averages out instead of aliasing. Taps beyond the border are dropped and the
// others weighted up. A side that keeps its length is not filtered: the same size gives an
// exact copy.
//
// The kernel has negative lobes. Next to sharp edges values can leave the range of p by a few
// per cent; they are not clamped.
func (p *Planar) Resize(w, h int) *Planar {
	if w < 1 || h < 1 {
		panic(fmt.Sprintf("imgio: resize to %dx%d pixels", w, h))
	}
	if w == p.W && h == p.H {
		return p.Clone()
	}
	if w != p.W {
		p = p.resizeRows(w)
	}
	if h != p.H {
		p = p.resizeColumns(h)
	}
	return p
}

// resizeRows makes every row w pixels long.
func (p *Planar) resizeRows(w int) *Planar {
	out := NewPlanar(w, p.H)
	taps := resampling(p.W, w)
	parallel(3*p.H, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			src, dst := p.Pix[i*p.W:(i+1)*p.W], out.Pix[i*w:(i+1)*w]
			for x, t := range taps {
				var sum float32
				for j, v := range src[t.first : t.first+len(t.weights)] {
					sum += float32(t.weights[j] * v) // no fused multiply-add: same bits everywhere
				}
				dst[x] = sum
			}
		}
	})
	return out
}

// resizeColumns makes every column h pixels long.
func (p *Planar) resizeColumns(h int) *Planar {
	out := NewPlanar(p.W, h)
	taps := resampling(p.H, h)
	parallel(3*h, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			ch, t := i/h, taps[i%h]
			dst := out.row(ch, i%h)
			for j, weight := range t.weights {
				for x, v := range p.row(ch, t.first+j) {
					dst[x] += float32(weight * v)
				}
			}
		}
	})
	return out
}

// tap is how one output sample is made: the sum of weights[j] times input sample first+j.
// The weights add up to 1.
type tap struct {
	first   int
	weights []float32
}

// resampling returns the taps that make n samples into m. Sample i stands for
// the interval [i, i+1), so output i is centred on input (i+0.5)*n/m - 0.5.
func resampling(n, m int) []tap {
	scale := float64(n) / float64(m)
	widen := max(scale, 1)
	radius := 2 * widen
	taps := make([]tap, m)
	for i := range taps {
		centre := (float64(i)+0.5)*scale - 0.5
		first := max(0, int(math.Ceil(centre-radius)))
		last := min(n-1, int(math.Floor(centre+radius)))
		w, sum := make([]float64, last-first+1), 0.0
		for j := range w {
			w[j] = catmullRom((float64(first+j) - centre) / widen)
			sum += w[j]
		}
		taps[i] = tap{first, make([]float32, len(w))}
		for j := range w {
			taps[i].weights[j] = float32(w[j] / sum)
		}
	}
	return taps
}

// catmullRom is the cubic convolution kernel of Keys (1981), a = -1/2.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}
