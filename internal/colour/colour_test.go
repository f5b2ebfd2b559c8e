package colour

import (
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
)

// soft is a smooth picture with its colours well inside [0, 1], so that nothing is
// clamped when they are matched to another.
func soft(w, h int, seed uint64, mid, span [3]float32) *imgio.Planar {
	p := &imgio.Planar{W: w, H: h, Pix: reftest.Picture(w, h, seed)}
	for i, v := range p.Pix {
		ch := i / (w * h)
		p.Pix[i] = mid[ch] + span[ch]*(v-0.5)
	}
	return p
}

func warm(w, h int) *imgio.Planar {
	return soft(w, h, 3, [3]float32{0.6, 0.5, 0.4}, [3]float32{0.3, 0.2, 0.25})
}

func cold(w, h int) *imgio.Planar {
	return soft(w, h, 4, [3]float32{0.35, 0.5, 0.55}, [3]float32{0.2, 0.4, 0.3})
}

func flat(w, h int, r, g, b float32) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range w * h {
		p.Pix[i], p.Pix[w*h+i], p.Pix[2*w*h+i] = r, g, b
	}
	return p
}

func modes() map[string]Mode {
	return map[string]Mode{"style": Plain{}, "luma": Luma{}, "match": Match{}, "post": Post{}, "histogram": Histogram{}}
}

// TestColourStyle looks that the plain mode touches nothing.
func TestColourStyle(t *testing.T) {
	m := modes()["style"]
	content, style := warm(9, 7), cold(5, 8)
	gradient := []float32{1, 2, 3}
	m.Confine(gradient)
	if m.Content(content) != content || m.Style(style, content) != style || m.Finish(style, content) != style || !slices.Equal(gradient, []float32{1, 2, 3}) {
		t.Error("mode style changes something")
	}
}

// TestColourMoments looks that matching gives mean and covariance of the content.
func TestColourMoments(t *testing.T) {
	content, style := warm(61, 47), cold(80, 33)
	want := momentsOf(content)
	for name, tol := range map[string]float64{"match": 2 * ridge, "histogram": 3e-4} {
		got := momentsOf(modes()[name].Style(style, content))
		for i := range 3 {
			if d := math.Abs(got.mean[i] - want.mean[i]); d > 100*tol {
				t.Errorf("%s: mean %d is %v, want %v", name, i, got.mean[i], want.mean[i])
			}
			for j := range 3 {
				if d := math.Abs(got.covariance[i][j] - want.covariance[i][j]); d > tol {
					t.Errorf("%s: covariance %d,%d is %v, want %v", name, i, j, got.covariance[i][j], want.covariance[i][j])
				}
			}
		}
	}
	got, luma := lumaMoments(modes()["luma"].Style(style, content)), lumaMoments(content)
	if math.Abs(got.mean-luma.mean) > 1e-6 || math.Abs(got.variance-luma.variance) > 1e-5 {
		t.Errorf("luma: %+v, want %+v", got, luma)
	}
}

// TestColourHistogram looks that the distribution along the content's principal
// axes is that of the content, which two moments are not: of a content in two
// colours, the style becomes one of two colours.
func TestColourHistogram(t *testing.T) {
	content := flat(40, 30, 0.2, 0.3, 0.5)
	for i := range 400 { // a third
		content.Pix[i], content.Pix[1200+i], content.Pix[2400+i] = 0.8, 0.6, 0.3
	}
	style := cold(64, 64)
	counts := func(p *imgio.Planar) (near, bright int) {
		n := p.W * p.H
		for i := range n {
			r, g, b := float64(p.Pix[i]), float64(p.Pix[n+i]), float64(p.Pix[2*n+i])
			if math.Hypot(math.Hypot(r-0.8, g-0.6), b-0.3) < 0.02 {
				near++
				bright++
			} else if math.Hypot(math.Hypot(r-0.2, g-0.3), b-0.5) < 0.02 {
				near++
			}
		}
		return near, bright
	}
	n := style.W * style.H
	near, bright := counts(modes()["histogram"].Style(style, content))
	if near < n*98/100 || math.Abs(float64(bright)/float64(n)-1.0/3) > 0.02 {
		t.Errorf("%d of %d pixels have one of the two colours, %d the bright one", near, n, bright)
	}
	if near, _ := counts(modes()["match"].Style(style, content)); near > n/2 {
		t.Errorf("the covariance alone puts %d of %d pixels there: the test shows nothing", near, n)
	}
}

// TestMatchHistogram looks at what the map must not do: cross values, part equal
// ones, or stretch rounding errors.
func TestMatchHistogram(t *testing.T) {
	want := []float32{0.1, 0.2, 0.2, 0.7, 0.9, 0.95}
	x := []float32{5, 1, 3, 3, 2, 8, 8, 8}
	before := slices.Clone(x)
	matchHistogram(x, want)
	for i := range x {
		for j := range x {
			if (before[i] < before[j] && x[i] > x[j]) || (before[i] == before[j] && x[i] != x[j]) {
				t.Fatalf("%v became %v", before, x)
			}
		}
	}
	if lo, hi := slices.Min(x), slices.Max(x); lo < 0.09 || lo > 0.2 || hi < 0.9 || hi > 0.96 {
		t.Errorf("%v became %v, want values from %v", before, x, want)
	}
	noise := []float32{0.5, 0.5 + 1e-7, 0.5 - 1e-7, 0.5}
	matchHistogram(noise, want)
	if slices.Max(noise)-slices.Min(noise) > 1e-6 {
		t.Errorf("rounding errors became %v", noise)
	}
}

// TestColourEven looks that even areas stay even: the noise of a JPEG file, a level
// or two, must not become patches.
func TestColourEven(t *testing.T) {
	style := flat(60, 40, 0.97, 0.97, 0.97)
	noise, n := reftest.Picture(60, 40, 9), 60*40
	for i := range style.Pix {
		if i%n < n/4 {
			style.Pix[i] = 0.03
		}
		style.Pix[i] += (noise[i%n] - 0.5) * 3 / 255
	}
	for _, name := range []string{"luma", "match", "histogram"} {
		got := modes()[name].Style(style, warm(50, 50))
		for ch := range 3 {
			paper := got.Pix[ch*n+n/4 : (ch+1)*n]
			if d := math.Sqrt(spreadOf(paper).variance); d > 0.015 {
				t.Errorf("%s: paper has a deviation of %.1f levels in channel %d", name, 255*d, ch)
			}
		}
	}
}

// TestColourFinish looks that luma and post leave the content's chroma and the
// result's luma, where nothing has to be clamped.
func TestColourFinish(t *testing.T) {
	content, result := warm(31, 22), cold(31, 22)
	chroma := func(p *imgio.Planar, i int) (y, cb, cr float64) {
		r, g, b := planes(p)
		y = float64(LumaOf(r[i], g[i], b[i]))
		return y, (float64(b[i]) - y) / 1.772, (float64(r[i]) - y) / 1.402
	}
	for _, name := range []string{"luma", "post"} {
		got := modes()[name].Finish(result, content)
		for i := range 31 * 22 {
			y, cb, cr := chroma(got, i)
			wy, _, _ := chroma(result, i)
			_, wcb, wcr := chroma(content, i)
			if math.Abs(y-wy) > 1e-6 || math.Abs(cb-wcb) > 1e-6 || math.Abs(cr-wcr) > 1e-6 {
				t.Fatalf("%s: pixel %d is (%v, %v, %v), want (%v, %v, %v)", name, i, y, cb, cr, wy, wcb, wcr)
			}
		}
		if same := modes()[name].Finish(content, content); reftest.RelMax(same.Pix, content.Pix) > 1e-6 {
			t.Errorf("%s: the content does not stay the content", name)
		}
	}
}

// TestRecolourRange looks that colours that do not fit keep luma and hue.
func TestRecolourRange(t *testing.T) {
	red := flat(1, 1, 0.9, 0.1, 0.1)
	for _, y := range []float32{0, 0.02, 0.5, 0.98, 1, 1.3, -0.2} {
		p := recolour(flat(1, 1, y, y, y), red)
		r, g, b := p.Pix[0], p.Pix[1], p.Pix[2]
		if slices.Min(p.Pix) < 0 || slices.Max(p.Pix) > 1 || g != b || r < g {
			t.Errorf("luma %v gives %v", y, p.Pix)
		}
		if d := LumaOf(r, g, b) - unit(y); math.Abs(float64(d)) > 1e-6 {
			t.Errorf("luma %v became %v", y, LumaOf(r, g, b))
		}
	}
}

// TestColourLuma looks that the run of mode luma sees, and stays among, greys.
func TestColourLuma(t *testing.T) {
	m := modes()["luma"]
	content, style := warm(20, 15), cold(16, 16)
	isGrey := func(x []float32) bool {
		n := len(x) / 3
		return slices.Equal(x[:n], x[n:2*n]) && slices.Equal(x[:n], x[2*n:])
	}
	gradient := slices.Clone(style.Pix)
	m.Confine(gradient)
	if !isGrey(m.Content(content).Pix) || !isGrey(m.Style(style, content).Pix) || !isGrey(gradient) {
		t.Error("mode luma lets colour through")
	}
	n := len(gradient) / 3
	if mean := (style.Pix[5] + style.Pix[n+5] + style.Pix[2*n+5]) / 3; gradient[5] != mean {
		t.Errorf("gradient is %v, want the mean %v", gradient[5], mean)
	}
}

// TestColourExtremes runs every mode over pictures that have made other programs
// divide by zero: grey, of one colour, black, tiny.
func TestColourExtremes(t *testing.T) {
	greyish := grey(warm(24, 18), 1, 0)
	pictures := map[string]*imgio.Planar{
		"photo": warm(24, 18), "painting": cold(18, 24), "grey": greyish, "black": flat(8, 8, 0, 0, 0),
		"white": flat(3, 5, 1, 1, 1), "red": flat(16, 16, 1, 0, 0), "two pixels": soft(2, 1, 1, [3]float32{0.5, 0.5, 0.5}, [3]float32{1, 1, 1}),
		"one pixel": flat(1, 1, 0.3, 0.6, 0.9),
	}
	for name, m := range modes() {
		for cn, content := range pictures {
			for sn, style := range pictures {
				keepC, keepS := slices.Clone(content.Pix), slices.Clone(style.Pix)
				s := m.Style(style, content)
				r := m.Finish(m.Content(content), content)
				if s.W != style.W || s.H != style.H || r.W != content.W || r.H != content.H {
					t.Fatalf("%s: %s in %s changes a size", name, cn, sn)
				}
				for _, v := range slices.Concat(s.Pix, r.Pix) {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%s: %s in %s gives %v", name, cn, sn, v)
					}
				}
				if again := m.Style(style, content); !slices.Equal(again.Pix, s.Pix) {
					t.Errorf("%s: %s in %s: two answers", name, cn, sn)
				}
				if !slices.Equal(content.Pix, keepC) || !slices.Equal(style.Pix, keepS) {
					t.Errorf("%s: %s in %s: an argument changed", name, cn, sn)
				}
			}
		}
	}
}

// TestColourGrey looks that a grey style stays free of coloured noise and a grey
// content makes a grey style.
func TestColourGrey(t *testing.T) {
	greyish := grey(cold(24, 18), 1, 0)
	cast := func(p, mean *imgio.Planar) (most float64) {
		m := momentsOf(mean).mean
		r, g, b := planes(p)
		for i := range r {
			dr, dg, db := float64(r[i])-m[0], float64(g[i])-m[1], float64(b[i])-m[2]
			most = max(most, math.Abs(dr-dg), math.Abs(dg-db))
		}
		return most
	}
	for _, name := range []string{"match", "histogram"} {
		m := modes()[name]
		// What is left of a grey style lies on one line in colour space.
		s := momentsOf(m.Style(greyish, warm(30, 20)))
		values, _ := eigen(s.covariance)
		slices.Sort(values[:])
		if values[1] > 1e-3*values[2] {
			t.Errorf("%s: a grey style has variances %v", name, values)
		}
		if d := cast(m.Style(cold(24, 18), greyish), greyish); d > 0.02 {
			t.Errorf("%s: a grey content leaves %v of colour", name, d)
		}
	}
}

func TestColourFinishResizes(t *testing.T) {
	for name, m := range modes() {
		if r := m.Finish(cold(20, 10), warm(41, 20)); r.W != 20 || r.H != 10 {
			t.Errorf("%s: %dx%d, want 20x10", name, r.W, r.H)
		}
	}
}

func TestEigen(t *testing.T) {
	for _, a := range []mat3{
		{},
		{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		{{2, -1, 0.5}, {-1, 3, 0.25}, {0.5, 0.25, 1}},
		{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
		{{1, 1e-20, 0}, {1e-20, 1, 1e-200}, {0, 1e-200, 5}},
		{{0, 3, 0}, {3, 0, 0}, {0, 0, 0}},
	} {
		_, v := eigen(a)
		unitary, again := v.times(v.transposed()), spectral(a, func(x float64) float64 { return x })
		for i := range 3 {
			for j := range 3 {
				one := 0.0
				if i == j {
					one = 1
				}
				if math.Abs(unitary[i][j]-one) > 1e-14 || !(math.Abs(again[i][j]-a[i][j]) < 1e-14) {
					t.Fatalf("%v: vectors %v make %v", a, v, again)
				}
			}
		}
	}
}
