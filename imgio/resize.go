package imgio

import (
	"fmt"
	"math"
)

// Resize returns p resampled to w by h pixels, both at least 1, by Catmull-Rom cubic
// interpolation (Keys 1981, a = -1/2). When a side shrinks, the kernel is widened, so that
// fine detail averages out instead of aliasing. Taps beyond the border are dropped and the
// others weighted up. A side that keeps its length is not filtered: the same size gives an
// exact copy. A reduction (see [Shrink]) is resampled as the picture that it stands for.
//
// The kernel has negative lobes. Next to sharp edges values can leave the range of p by a few
// per cent; they are not clamped.
func (p *Planar) Resize(w, h int) *Planar {
	if w < 1 || h < 1 {
		panic(fmt.Sprintf("imgio: resize to %dx%d pixels", w, h))
	}
	across, down := p.across(), p.down()
	sameW, sameH := w == p.W && across.whole(), h == p.H && down.whole()
	if sameW && sameH {
		return p.Clone()
	}
	if sameH {
		return p.resizeRows(w)
	}
	out := NewPlanar(w, h)
	r := resizer{from: p, to: out, down: resampling(down, h)}
	if !sameW {
		r.across = resampling(across, w)
	}
	parallel(3*h, func(lo, hi int) {
		for lo < hi {
			ch := lo / h
			end := min(hi, (ch+1)*h)
			r.band(ch, lo%h, end-ch*h)
			lo = end
		}
	})
	return out
}

// resizer changes the height of a picture, and its width if across is not nil.
type resizer struct {
	from, to     *Planar
	across, down []tap
}

// band makes the rows [y0,y1) of a channel. It resamples a row of the source when the first
// of them needs it, and keeps a row until the last has it, so that both stay in the cache.
func (r *resizer) band(ch, y0, y1 int) {
	most := 0
	for _, t := range r.down[y0:y1] {
		most = max(most, len(t.weights))
	}
	kept := (most + 6) / 4 * 4 // rows, in whole groups of four
	var rows []float32
	if r.across != nil {
		rows = make([]float32, kept*r.to.W)
	}
	base := r.down[y0].first
	next := base // row that is not yet resampled
	for y := y0; y < y1; y++ {
		t, dst := r.down[y], r.to.row(ch, y)
		for r.across != nil && next < t.first+len(t.weights) {
			n := min(4, r.from.H-next)
			at := (next - base) % kept * r.to.W
			src := r.from.Pix[(ch*r.from.H+next)*r.from.W:][:n*r.from.W]
			resampleRows(r.across, rows[at:][:n*r.to.W], src, n)
			next += n
		}
		row := func(j int) []float32 {
			if r.across == nil {
				return r.from.row(ch, t.first+j)
			}
			return rows[(t.first+j-base)%kept*r.to.W:][:r.to.W]
		}
		j := 0
		for ; j+4 <= len(t.weights); j += 4 {
			addRows(dst, [4][]float32{row(j), row(j + 1), row(j + 2), row(j + 3)}, [4]float32(t.weights[j:]))
		}
		for ; j < len(t.weights); j++ {
			addRow(dst, row(j), t.weights[j])
		}
	}
}

// addRow adds a weighted row to dst.
func addRow(dst, row []float32, weight float32) {
	for x, v := range row {
		dst[x] += float32(weight * v)
	}
}

// addRows adds four weighted rows to dst, in their order.
func addRows(dst []float32, rows [4][]float32, weights [4]float32) {
	n := len(dst)
	a, b, c, d := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	u, v, w, z := weights[0], weights[1], weights[2], weights[3]
	for x, sum := range dst {
		sum += float32(u * a[x])
		sum += float32(v * b[x])
		sum += float32(w * c[x])
		dst[x] = sum + float32(z*d[x])
	}
}

// resizeRows makes every row w pixels long.
func (p *Planar) resizeRows(w int) *Planar {
	out := NewPlanar(w, p.H)
	taps := resampling(p.across(), w)
	parallel(3*p.H, func(lo, hi int) {
		for ; lo < hi; lo += 4 {
			n := min(4, hi-lo)
			resampleRows(taps, out.Pix[lo*w:][:n*w], p.Pix[lo*p.W:][:n*p.W], n)
		}
	})
	return out
}

// resampleRows makes n rows of one sample for each tap. Four rows at a time share the
// weights, and the processor adds up their sums side by side.
func resampleRows(taps []tap, dst, src []float32, n int) {
	w, m := len(taps), len(src)/n
	if n != 4 {
		for i := range n {
			resampleRow(taps, dst[i*w:][:w], src[i*m:][:m])
		}
		return
	}
	a, b, c, d := src[:m], src[m:2*m], src[2*m:3*m], src[3*m:]
	for x, t := range taps {
		var s0, s1, s2, s3 float32
		k := len(t.weights)
		v0, v1, v2, v3 := a[t.first:][:k], b[t.first:][:k], c[t.first:][:k], d[t.first:][:k]
		for j, weight := range t.weights { // no fused multiply-add: same bits everywhere
			s0 += float32(weight * v0[j])
			s1 += float32(weight * v1[j])
			s2 += float32(weight * v2[j])
			s3 += float32(weight * v3[j])
		}
		dst[x], dst[w+x], dst[2*w+x], dst[3*w+x] = s0, s1, s2, s3
	}
}

// resampleRow makes a row of one sample for each tap.
func resampleRow(taps []tap, dst, src []float32) {
	for x, t := range taps {
		var sum float32
		for j, v := range src[t.first : t.first+len(t.weights)] {
			sum += float32(t.weights[j] * v)
		}
		dst[x] = sum
	}
}

// tap is how one output sample is made: the sum of weights[j] times input sample first+j.
// The weights add up to 1.
type tap struct {
	first   int
	weights []float32
}

// resampling returns the taps that make the samples of a span into m. Sample i stands for
// the interval [i, i+1), so output i of a whole row of n is centred on input (i+0.5)*n/m - 0.5.
func resampling(s span, m int) []tap {
	n, scale := s.n, s.length/float64(m)
	widen := max(scale, 1)
	radius := 2 * widen
	taps := make([]tap, m)
	for i := range taps {
		centre := s.from + (float64(i)+0.5)*scale - 0.5
		first := max(0, int(math.Ceil(centre-radius)))
		last := min(n-1, int(math.Floor(centre+radius)))
		w, sum := make([]float64, last-first+1), 0.0
		for j := range w {
			at, part := s.sample(first + j)
			w[j] = part * catmullRom((at-centre)/widen)
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
