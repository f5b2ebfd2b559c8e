package colour

import (
	"math"

	"nst/imgio"
)

// ridge is added to variances before one is divided by another, in units of the pixel range
// squared. Its root is 0.8 of an 8-bit level. Where a style has no variance, such as a grey
// style in colour, it bounds the gain, so that noise is not amplified to visible colour.
const ridge = 1e-5

// Match gives the style the mean and covariance of the content's colours.
type Match struct{ Plain }

// Style returns s with the mean and covariance of the content's colours.
func (Match) Style(s, content *imgio.Planar) *imgio.Planar {
	return coloured(s, matchCovariance(momentsOf(s), momentsOf(content)))
}

// Histogram gives the style the whole distribution of the content's colours. It matches the
// covariance, then the distribution along each principal axis of the content's colours.
// Along these axes both pictures are uncorrelated, so that one can be changed without the
// others. Red, green and blue are correlated: matching them would make colours that neither
// picture has.
type Histogram struct{ Plain }

// Style returns s with the distribution of the content's colours.
func (Histogram) Style(s, content *imgio.Planar) *imgio.Planar {
	to := momentsOf(content)
	_, axes := eigen(to.covariance) // in columns
	in := transform{matrix: axes.transposed(), from: to.mean}
	want := in.planes(content)
	matched := in.after(matchCovariance(momentsOf(s), to))
	got := matched.planes(s)
	for k := range got {
		matchHistogram(got[k], want[k])
	}
	out := imgio.NewPlanar(s.W, s.H)
	back := transform{matrix: axes, to: to.mean}
	r, g, b := planes(out)
	for i := range r {
		c := back.apply(vec3{float64(got[0][i]), float64(got[1][i]), float64(got[2][i])})
		r[i], g[i], b[i] = unit(float32(c[0])), unit(float32(c[1])), unit(float32(c[2]))
	}
	return out
}

// moments are the mean colour and the covariance of the colours of a picture.
type moments struct {
	mean       vec3
	covariance mat3
}

func momentsOf(p *imgio.Planar) (m moments) {
	r, g, b := planes(p)
	n := float64(len(r))
	for i := range r {
		m.mean[0] += float64(r[i])
		m.mean[1] += float64(g[i])
		m.mean[2] += float64(b[i])
	}
	for k := range m.mean {
		m.mean[k] /= n
	}
	for i := range r {
		d := vec3{float64(r[i]) - m.mean[0], float64(g[i]) - m.mean[1], float64(b[i]) - m.mean[2]}
		for j := range 3 {
			for k := range j + 1 {
				m.covariance[j][k] += d[j] * d[k] / n
			}
		}
	}
	for j := range 3 {
		for k := range j {
			m.covariance[k][j] = m.covariance[j][k]
		}
	}
	return m
}

// matchCovariance returns x' = C^½ S^-½ (x - mean of s) + mean of c, where S and C are the
// covariances plus the ridge. Colours of s then have the mean and covariance of c, except for
// a relative error of ridge over variance.
func matchCovariance(s, c moments) transform {
	root := func(variance float64) float64 { return math.Sqrt(max(variance, 0) + ridge) }
	inverse := func(variance float64) float64 { return 1 / root(variance) }
	return transform{
		matrix: spectral(c.covariance, root).times(spectral(s.covariance, inverse)),
		from:   s.mean, to: c.mean,
	}
}

// coloured returns p with t applied to each colour, clamped to [0, 1].
func coloured(p *imgio.Planar, t transform) *imgio.Planar {
	out := imgio.NewPlanar(p.W, p.H)
	for k, plane := range t.planes(p) {
		for i, v := range plane {
			out.Pix[k*p.W*p.H+i] = unit(v)
		}
	}
	return out
}

// bins is the number of classes of a histogram.
const bins = 4096

// blur is the deviation of the kernel that smooths the ranks of a style, in deviations of its
// values. In nearly even areas, such as the paper of a woodcut or a sky, many pixels have few
// values. Without smoothing the map would be so steep there that noise became patches.
const blur = 0.3

// matchHistogram moves x, in place, to the distribution of want. The map is monotone: it takes
// each smoothed quantile of x to the same quantile of want, and equal values to equal values.
// After the covariance match x has less variance than want only if it had almost none before.
// Then the map is weighted by the ratio of the variances; otherwise it would stretch rounding
// errors over the whole distribution.
func matchHistogram(x, want []float32) {
	have, wish := spreadOf(x), spreadOf(want)
	trust := min(1, have.variance/(wish.variance+ridge))
	from, to := newHistogram(x), newHistogram(want)
	moved := to.quantiles(from.ranks(blur * math.Sqrt(have.variance)))
	for i, v := range x {
		x[i] += float32(trust * (from.read(moved, v) - float64(v)))
	}
}

// histogram counts values in equal bins from low on.
type histogram struct {
	low, width float64 // width is 0 if all values are equal
	share      []float64
}

func newHistogram(values []float32) *histogram {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	h := &histogram{low: float64(low), width: (float64(high) - float64(low)) / bins, share: make([]float64, bins)}
	for _, v := range values {
		h.share[h.bin(v)]++
	}
	for i := range h.share {
		h.share[i] /= float64(len(values))
	}
	return h
}

func (h *histogram) bin(v float32) int {
	if h.width == 0 {
		return 0
	}
	return min(int((float64(v)-h.low)/h.width), bins-1)
}

// ranks returns for each bin the share of values below its middle, smoothed by a kernel of
// the given deviation. Three moving averages are nearly a Gaussian.
func (h *histogram) ranks(deviation float64) []float64 {
	ranks, below := make([]float64, bins), 0.0
	for i, s := range h.share {
		ranks[i] = below + s/2
		below += s
	}
	if h.width == 0 {
		return ranks
	}
	half := int(deviation / h.width) // three windows of w have a deviation of w/2
	for range 3 {
		ranks = movingAverage(ranks, half)
	}
	return ranks
}

// movingAverage returns the means of windows of 2 half + 1 ranks, which are 0
// before the first and 1 after the last.
func movingAverage(ranks []float64, half int) []float64 {
	at := func(i int) float64 {
		if i < 0 {
			return 0
		} else if i >= len(ranks) {
			return 1
		}
		return ranks[i]
	}
	means, sum := make([]float64, len(ranks)), 0.0
	for i := -half; i < half; i++ {
		sum += at(i)
	}
	for i := range means {
		sum += at(i + half)
		means[i] = sum / float64(2*half+1)
		sum -= at(i - half)
	}
	return means
}

// quantiles returns the values of h at the given ranks, which must be ascending.
func (h *histogram) quantiles(ranks []float64) []float64 {
	values, bin, below := make([]float64, len(ranks)), 0, 0.0
	for i, r := range ranks {
		for bin < bins-1 && below+h.share[bin] <= r {
			below += h.share[bin]
			bin++
		}
		part := 0.5
		if h.share[bin] > 0 {
			part = min(max((r-below)/h.share[bin], 0), 1)
		}
		values[i] = h.low + (float64(bin)+part)*h.width
	}
	return values
}

// read interpolates v linearly in a table that has one value for the middle of each bin.
func (h *histogram) read(table []float64, v float32) float64 {
	if h.width == 0 {
		return table[0]
	}
	at := min(max((float64(v)-h.low)/h.width-0.5, 0), bins-1)
	i := min(int(at), bins-2)
	return table[i] + (at-float64(i))*(table[i+1]-table[i])
}
