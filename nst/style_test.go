package nst

import (
	"context"
	"errors"
	"math"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// TestStyleScale looks that it scales a style, never beyond its own pixels, and that
// it is checked.
func TestStyleScale(t *testing.T) {
	ctx := context.Background()
	score := func(scale float64, p *imgio.Planar) float64 {
		tr, j := scene(t, func(o *Options) { o.Objective.StyleScale = scale })
		s, err := tr.Style(ctx, StylePicture{Picture: p, Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.Score(ctx, j.Content, s, j.Content)
		if err != nil {
			t.Fatal(err)
		}
		return got.Total
	}
	big := drawn(256, 192, 1)
	if a, b := score(0.5, big), score(1, fit(big, 32)); math.Abs(a-b) > 1e-6*b {
		t.Errorf("at 0.5 the score is %v, that of a style of half the size %v", a, b)
	}
	if a, b := score(2, big), score(1, big); a == b {
		t.Errorf("at 1 and 2 the score is %v", a)
	}
	own := drawn(40, 30, 1)
	if a, b := score(1, own), score(10, own); a != b {
		t.Errorf("a style is enlarged: %v, %v", a, b)
	}
	o := DefaultOptions()
	for _, bad := range []float64{0, -1, 0.01, 21, math.NaN(), math.Inf(1)} {
		o.Objective.StyleScale = bad
		var e *OptionError
		if err := o.Validate(vgg.Tiny()); !errors.As(err, &e) || e.Field != "Objective.StyleScale" {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
