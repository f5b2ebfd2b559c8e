package imgio_test

import (
	"math"
	"testing"

	"nst/imgio"
)

// TestResizePlane checks that shrinking takes means over areas, that growing interpolates,
// and that values stay in range.
func TestResizePlane(t *testing.T) {
	for _, c := range []struct {
		pix        []float32
		w, h, m, n int
		want       []float32
	}{
		{[]float32{0, 1, 1, 1}, 2, 2, 1, 1, []float32{0.75}},
		{[]float32{0, 0.5, 1}, 3, 1, 2, 1, []float32{1. / 6, 5. / 6}},
		{[]float32{0, 1}, 2, 1, 4, 1, []float32{0, 0.25, 0.75, 1}},
		{[]float32{0.5}, 1, 1, 2, 2, []float32{0.5, 0.5, 0.5, 0.5}},
		{[]float32{0, 1}, 1, 2, 2, 2, []float32{0, 0, 1, 1}},
	} {
		got := imgio.ResizePlane(c.pix, c.w, c.h, c.m, c.n)
		closeTo(t, got, c.want)
	}
}

// TestResizeBilinear checks that values lie on straight lines between pixels, on each plane.
func TestResizeBilinear(t *testing.T) {
	p := &imgio.Planar{W: 2, H: 1, Pix: []float32{0, 1, 2, 4, 5, 5}}
	q := p.ResizeBilinear(4, 2)
	closeTo(t, q.Pix, []float32{0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1, 2, 2.5, 3.5, 4, 2, 2.5, 3.5, 4, 5, 5, 5, 5, 5, 5, 5, 5})
	closeTo(t, p.ResizeBilinear(2, 1).Pix, p.Pix)
}

func closeTo(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-6 {
			t.Errorf("got %v, want %v", got, want)
			return
		}
	}
}
