package nst

import (
	"testing"

	"nst/imgio"
)

// grain returns the mean square of the differences of neighbours along a row, in 8-bit levels.
func grain(p *imgio.Planar) (sum float64) {
	for i := 1; i < len(p.Pix); i++ {
		if i%p.W > 0 {
			d := levels * float64(p.Pix[i]-p.Pix[i-1])
			sum += d * d / float64(len(p.Pix))
		}
	}
	return sum
}

// TestTVWeight looks that the weight that --help advises against noise takes some of it away,
// without taking the picture away. On the scale of other programs, 10 does nothing.
func TestTVWeight(t *testing.T) {
	town, _, err := imgio.Open("../testdata/images/content/town.jpg")
	if err != nil {
		t.Fatal(err)
	}
	style, _, err := imgio.Open("../testdata/images/style/pointillism.jpg")
	if err != nil {
		t.Fatal(err)
	}
	run := func(form TVForm, weight float64) float64 {
		return grain(slimly(t, town, style, func(o *Options) {
			o.Size, o.Schedule.Iterations, o.Objective.TVForm, o.Objective.TVWeight = 96, 30, form, weight
		}))
	}
	without := run(TVSmooth, 0)
	if left := run(TVSmooth, 10) / without; left < 0.3 || left > 0.85 {
		t.Errorf("a weight of 10 leaves %.2f of the grain", left)
	}
	if left := run(TVQuadratic, 10) / without; left < 0.97 {
		t.Errorf("quadratic: a weight of 10 leaves %.2f of the grain", left)
	}
}
