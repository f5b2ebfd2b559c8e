package main

import (
	"math"
	"math/rand/v2"

	"nst/imgio"
)

// augment changes the colours of a painting: to those of another one, or by exchange of the
// channels, inversion or loss of colour. So there are more styles than paintings.
func augment(r *rand.Rand, p *imgio.Planar, others []picture) {
	switch k := r.Float64(); {
	case k < 0.35:
		recolour(p, pick(r, others).middle(64))
	case k < 0.5:
		permute(p, r.Perm(3))
	case k < 0.55:
		for i, v := range p.Pix {
			p.Pix[i] = 1 - v
		}
	case k < 0.6:
		jitter(p, 0, 1, 1)
	}
	if r.Float64() < 0.4 {
		jitterBy(r, p, 0.35)
	}
}

// jitterBy changes saturation and contrast by up to a share, and gamma by its exponential.
func jitterBy(r *rand.Rand, p *imgio.Planar, by float64) {
	f := func() float64 { return by * (2*r.Float64() - 1) }
	jitter(p, 1+f(), 1+f(), math.Exp(f()))
}

func jitter(p *imgio.Planar, saturation, contrast, gamma float64) {
	n := p.W * p.H
	var mean float64
	for _, v := range p.Pix {
		mean += float64(v) / float64(len(p.Pix))
	}
	for i := range n {
		grey := (float64(p.Pix[i]) + float64(p.Pix[n+i]) + float64(p.Pix[2*n+i])) / 3
		for c := range 3 {
			v := grey + saturation*(float64(p.Pix[c*n+i])-grey)
			v = mean + contrast*(v-mean)
			p.Pix[c*n+i] = float32(math.Pow(min(max(v, 0), 1), gamma))
		}
	}
}

func permute(p *imgio.Planar, order []int) {
	n := p.W * p.H
	old := p.Clone()
	for c, from := range order {
		copy(p.Pix[c*n:][:n], old.Pix[from*n:][:n])
	}
}

// opponents are axes of colour that vary almost independently: brightness, red against
// green, and yellow against blue.
var opponents = [3][3]float64{
	{1 / math.Sqrt(3), 1 / math.Sqrt(3), 1 / math.Sqrt(3)},
	{1 / math.Sqrt(2), -1 / math.Sqrt(2), 0},
	{1 / math.Sqrt(6), 1 / math.Sqrt(6), -2 / math.Sqrt(6)},
}

// recolour gives p the mean and the deviation of another picture along each opponent axis,
// as Reinhard et al. (2001) do.
func recolour(p, other *imgio.Planar) {
	n := p.W * p.H
	sum := make([]float64, 3*n)
	for _, axis := range opponents {
		mean, deviation := along(p, axis)
		wantMean, wantDeviation := along(other, axis)
		gain := min(wantDeviation/(deviation+1e-3), 3)
		for i := range n {
			v := float64(p.Pix[i])*axis[0] + float64(p.Pix[n+i])*axis[1] + float64(p.Pix[2*n+i])*axis[2]
			v = wantMean + gain*(v-mean)
			for c := range 3 {
				sum[c*n+i] += v * axis[c]
			}
		}
	}
	for i, v := range sum {
		p.Pix[i] = float32(min(max(v, 0), 1))
	}
}

// along returns the mean and the deviation of colours along an axis.
func along(p *imgio.Planar, axis [3]float64) (mean, deviation float64) {
	n := p.W * p.H
	var square float64
	for i := range n {
		v := float64(p.Pix[i])*axis[0] + float64(p.Pix[n+i])*axis[1] + float64(p.Pix[2*n+i])*axis[2]
		mean += v / float64(n)
		square += v * v / float64(n)
	}
	return mean, math.Sqrt(max(0, square-mean*mean))
}
