package loss_test

import (
	"math"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/loss"
)

// The features of the style tests: odd numbers of channels, rows and columns.
const (
	channels, height, width = 5, 7, 9
	positions               = height * width
)

// shares returns the weight of each position: t² over their sum for a guide t, and the
// same everywhere for none.
func shares(guide []float32) []float64 {
	out, sum := make([]float64, positions), 0.0
	for p := range out {
		if out[p] = 1; guide != nil {
			out[p] = float64(guide[p]) * float64(guide[p])
		}
		sum += out[p]
	}
	for p := range out {
		out[p] /= sum
	}
	return out
}

// gramOf returns the Gram matrix of features x (c, h, w) with a weight for each position.
func gramOf(x, weights []float64) []float64 {
	c := len(x) / len(weights)
	out := make([]float64, c*c)
	for i := range c {
		for j := range c {
			for p, w := range weights {
				out[i*c+j] += w * x[i*len(weights)+p] * x[j*len(weights)+p]
			}
		}
	}
	return out
}

// meansOf returns the weighted mean of each channel.
func meansOf(x, weights []float64) []float64 {
	out := make([]float64, len(x)/len(weights))
	for i, v := range x {
		out[i/len(weights)] += weights[i%len(weights)] * v
	}
	return out
}

// guides are the guides of the tests, none among them. Some of their values are 0.
func guides() map[string][]float32 {
	soft := values(5, positions, 0.3)
	for i, v := range soft {
		soft[i] = max(v, 0)
	}
	return map[string][]float32{"whole": nil, "guided": soft}
}

// eachGuide runs a test with each guide: guide is its node, weights what it amounts to.
func eachGuide(t *testing.T, f func(g *graph, x, guide *exec.Node, weights []float64)) {
	for name, soft := range guides() {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			x := g.input("x", values(1, channels*positions, 0.4), 1, channels, height, width)
			var guide *exec.Node
			if soft != nil {
				guide = g.input("guide", soft, height, width)
			}
			f(g, x, guide, shares(soft))
		})
	}
}

func TestStyle(t *testing.T) {
	eachGuide(t, func(g *graph, x, guide *exec.Node, weights []float64) {
		target := values(2, channels*channels, 0.5)
		a := g.input("target", target, channels, channels)
		g.holds(g.must(loss.GuidedStyle("style", x, guide, a)), x, func(x []float64) float64 {
			return meanSquare(gramOf(x, weights), doubles(target))
		})
	})
}

// TestStatistics holds what is measured of the style picture against its definition.
func TestStatistics(t *testing.T) {
	eachGuide(t, func(g *graph, x, guide *exec.Node, weights []float64) {
		at := doubles(g.given[x])
		means, gram := meansOf(at, weights), gramOf(at, weights)
		var moments, meanGram []float64
		moments = append(moments, means...)
		for i, m := range means {
			moments = append(moments, math.Sqrt(gram[i*channels+i]-m*m))
		}
		meanGram = append(append(meanGram, means...), gram...)
		got := g.evaluate(
			g.must(loss.GuidedGram("gram", x, guide)),
			g.must(loss.Moments("moments", x, guide)),
			g.must(loss.MeanGram("means", x, guide)),
		)
		for i, want := range [][]float64{gram, moments, meanGram} {
			if d := reftest.RelMax(got[i], singles(want)); d > 2e-6 {
				t.Errorf("statistic %d is %.2g off", i, d)
			}
		}
	})
}

func singles(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// TestUnguided looks that the short names are those without a guide, and that a guide of
// zeros selects nothing.
func TestUnguided(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", values(1, channels*positions, 0.4), 1, channels, height, width)
	a := g.input("target", values(2, channels*channels, 0.5), channels, channels)
	none := g.input("none", make([]float32, positions), height, width)
	got := g.evaluate(
		g.must(loss.Gram("gram", x)), g.must(loss.GuidedGram("same", x, nil)),
		g.must(loss.Style("style", x, a)), g.must(loss.GuidedStyle("same style", x, nil, a)),
		g.must(loss.GuidedGram("nothing", x, none)), g.must(loss.Moments("no moments", x, none)),
	)
	if reftest.RelMax(got[0], got[1]) != 0 || got[2][0] != got[3][0] {
		t.Error("Gram or Style is not the guided one without a guide")
	}
	for i, v := range append(got[4], got[5]...) {
		if v != 0 {
			t.Fatalf("a guide of zeros: value %d is %v", i, v)
		}
	}
}

// TestProjected looks that the Gram matrix of projected features is the same whether it is
// computed of the features or of their Gram matrix.
func TestProjected(t *testing.T) {
	eachGuide(t, func(g *graph, x, guide *exec.Node, weights []float64) {
		matrix := values(6, channels*channels, 0)
		projected := g.must(op.Apply("projected", op.NewPointwise(), x, g.constant("matrix", matrix, channels, channels)))
		target := values(2, channels*channels, 0.5)
		style := g.must(loss.GuidedStyle("style", projected, guide, g.input("target", target, channels, channels)))
		g.holds(style, x, func(x []float64) float64 {
			y := make([]float64, len(x))
			for i := range y {
				for j := range channels {
					y[i] += float64(matrix[i/positions*channels+j]) * x[j*positions+i%positions]
				}
			}
			return meanSquare(gramOf(y, weights), doubles(target))
		})
	})
}

func TestStyleMeanStd(t *testing.T) {
	eachGuide(t, func(g *graph, x, guide *exec.Node, weights []float64) {
		target := values(2, 2*channels, 0.5)
		a := g.input("target", target, 2, channels)
		g.holds(g.must(loss.StyleMeanStd("style", x, guide, a)), x, func(x []float64) float64 {
			sum := 0.0
			gram, want := gramOf(x, weights), doubles(target)
			for i, m := range meansOf(x, weights) {
				sum += square(m-want[i]) + square(math.Sqrt(gram[i*channels+i]-m*m)-want[channels+i])
			}
			return sum / channels
		})
	})
}

// TestStyleMeanStdDead looks that a channel without deviation, such as one that a ReLU has
// silenced, has a gradient through its mean alone.
func TestStyleMeanStdDead(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", make([]float32, channels*positions), 1, channels, height, width)
	a := g.input("target", values(2, 2*channels, 0.5), 2, channels)
	term := g.must(loss.StyleMeanStd("style", x, nil, a))
	want := make([]float32, channels*positions)
	for i := range want {
		want[i] = -2 * g.given[a][i/positions] / channels / positions
	}
	if d := reftest.RelMax(g.evaluate(g.must(exec.Gradient(term, x)))[0], want); d > 1e-5 {
		t.Errorf("the gradient is %.2g off", d)
	}
}

// TestW2 holds the distance for two channels against its closed form: the root of a
// matrix of 2 x 2 has the trace (tr M + 2 det(M)^½)^½.
func TestW2(t *testing.T) {
	const c = 2
	covariance := func(means, gram []float64) (trace, det float64, m [4]float64) {
		for i := range m {
			m[i] = gram[i] - means[i/c]*means[i%c]
			if i/c == i%c {
				m[i] += 1e-4
			}
		}
		return m[0] + m[3], m[0]*m[3] - m[1]*m[2], m
	}
	for name, guide := range guides() {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			x := g.input("x", values(1, c*positions, 0.4), 1, c, height, width)
			var node *exec.Node
			if guide != nil {
				node = g.input("guide", guide, height, width)
			}
			weights, style := shares(guide), doubles(values(7, c*positions, 0.1))
			target := append(meansOf(style, shares(nil)), gramOf(style, shares(nil))...)
			w2 := g.must(loss.W2("w2", x, node, g.input("target", singles(target), 1+c, c)))
			wantTrace, wantDet, want := covariance(target[:c], target[c:])
			g.holds(w2, x, func(x []float64) float64 {
				means := meansOf(x, weights)
				trace, det, m := covariance(means, gramOf(x, weights))
				product := m[0]*want[0] + m[1]*want[2] + m[2]*want[1] + m[3]*want[3]
				root := math.Sqrt(product + 2*math.Sqrt(det*wantDet))
				return meanSquare(means, target[:c]) + (trace+wantTrace-2*root)/c
			})
		})
	}
}

// TestNormalizeGrad looks that the loss stays, and that its gradient has the length that
// is asked for, whatever the weight of the loss.
func TestNormalizeGrad(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", values(1, channels*positions, 0.4), 1, channels, height, width)
	target := values(2, channels*channels, 0.5)
	f := g.must(loss.NormalizeGrad("normalised", x, 3))
	style := g.must(loss.Style("style", f, g.input("target", target, channels, channels)))
	sum := g.must(loss.Sum("sum", loss.Term{Node: style, Weight: 7}))
	got := g.evaluate(sum, g.must(exec.Gradient(sum, x)))
	f64 := func(x []float64) float64 { return 7 * meanSquare(gramOf(x, shares(nil)), doubles(target)) }
	at := doubles(g.given[x])
	if d := reftest.Rel(float64(got[0][0]), f64(at)); d > 2e-6 {
		t.Errorf("the loss is %.2g off", d)
	}
	want, norm := slope(f64, at), 0.0
	for _, v := range want {
		norm += math.Abs(float64(v))
	}
	for i := range want {
		want[i] = float32(3 * float64(want[i]) / (norm + 1e-8))
	}
	if d := reftest.RelMax(got[1], want); d > 1e-5 {
		t.Errorf("the gradient is %.2g off", d)
	}
}
