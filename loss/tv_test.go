package loss_test

import (
	"math"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/loss"
)

// tvForms writes every form of total variation down from its definition. at is the value
// of a pixel, which lies in the picture or one step outside, where it is the nearest.
var tvForms = map[loss.TVForm]func(c, h, w int, at func(c, y, x int) float64) float64{
	loss.Quadratic: func(c, h, w int, at func(c, y, x int) float64) float64 {
		dx, dy := sums(c, h, w, at, square)
		return 255 * 255 * (dx/float64(c*h*(w-1)) + dy/float64(c*(h-1)*w))
	},
	loss.Absolute: func(c, h, w int, at func(c, y, x int) float64) float64 {
		dx, dy := sums(c, h, w, at, math.Abs)
		return 255 * (dx/float64(c*h*(w-1)) + dy/float64(c*(h-1)*w))
	},
	loss.AbsoluteSum: func(c, h, w int, at func(c, y, x int) float64) float64 {
		dx, dy := sums(c, h, w, at, math.Abs)
		return 255 * (dx + dy)
	},
	loss.QuadraticSum: func(c, h, w int, at func(c, y, x int) float64) float64 {
		sum := 0.0
		for c := range c {
			for y := range h - 1 {
				for x := range w - 1 {
					sum += square(at(c, y, x+1)-at(c, y, x)) + square(at(c, y+1, x)-at(c, y, x))
				}
			}
		}
		return 255 * 255 * sum / 2
	},
	loss.NinePoint: func(c, h, w int, at func(c, y, x int) float64) float64 {
		dx, dy := sums(c, h, w, at, square)
		falling, rising := 0.0, 0.0
		for c := range c {
			for y := -1; y < h; y++ {
				for x := -1; x < w; x++ {
					falling += square(at(c, y+1, x+1) - at(c, y, x))
					rising += square(at(c, y+1, x) - at(c, y, x+1))
				}
			}
		}
		all, diagonal := float64(c*h*w), float64(c*(h+1)*(w+1))
		return 2 * ((dx+dy)/all/3 + (falling+rising)/diagonal/12)
	},
}

func square(v float64) float64 { return v * v }

// sums returns the sums over neighbours in a row and in a column of f of their
// difference.
func sums(c, h, w int, at func(c, y, x int) float64, f func(float64) float64) (dx, dy float64) {
	for c := range c {
		for y := range h {
			for x := range w {
				dx += f(at(c, y, x+1) - at(c, y, x)) // 0 at the edge
				dy += f(at(c, y+1, x) - at(c, y, x))
			}
		}
	}
	return dx, dy
}

// TestTV holds each form against its definition, at odd sizes.
func TestTV(t *testing.T) {
	for form, want := range tvForms {
		for _, size := range [][2]int{{2, 2}, {7, 5}, {3, 17}} {
			t.Run(form.String(), func(t *testing.T) {
				g, h, w := newGraph(t), size[0], size[1]
				x := g.input("x", values(4, 3*h*w, 0.5), 1, 3, h, w)
				g.holds(g.must(loss.TVOf("tv", form, x)), x, func(x []float64) float64 {
					return want(3, h, w, func(c, i, j int) float64 {
						return x[(c*h+min(max(i, 0), h-1))*w+min(max(j, 0), w-1)]
					})
				})
			})
		}
	}
}

// TestTVIsQuadratic looks that TV without a form is the quadratic one.
func TestTVIsQuadratic(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", values(4, 3*7*5, 0.5), 1, 3, 7, 5)
	got := g.evaluate(g.must(loss.TV("tv", x)), g.must(loss.TVOf("of", loss.Quadratic, x)))
	if got[0][0] != got[1][0] {
		t.Errorf("TV is %v, the quadratic form %v", got[0][0], got[1][0])
	}
}

// TestTVTorch holds each form and its gradient against PyTorch's.
func TestTVTorch(t *testing.T) {
	ref, err := reftest.Load("../testdata/torch/terms.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for form := range tvForms {
		g := newGraph(t)
		x := g.input("x", reftest.Picture(17, 13, 0), 1, 3, 13, 17)
		n := g.must(loss.TVOf("tv", form, x))
		got := g.evaluate(n, g.must(exec.Gradient(n, x)))
		want := ref.Tensors["tv."+form.String()+".loss"].F64[0]
		if d := reftest.Rel(float64(got[0][0]), want); d > 2e-6 {
			t.Errorf("%v is %v, want %v", form, got[0][0], want)
		}
		if d := reftest.RelMax(got[1], ref.Tensors["tv."+form.String()+".gradient"].Data); d > 1e-5 {
			t.Errorf("the gradient of %v is %.2g off", form, d)
		}
	}
}
