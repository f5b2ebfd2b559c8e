package nst_test

import (
	"context"
	"math"
	"testing"

	"nst/nst"
	"nst/vgg"
)

func TestPresets(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range nst.Presets() {
		if err := p.Options.Validate(vgg.VGG19()); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if seen[p.Name] || p.Title == "" || p.Description == "" || p.Explain == "" {
			t.Errorf("%q is there twice, or says too little", p.Name)
		}
		seen[p.Name] = true
		if q, ok := nst.PresetByName(p.Name); !ok || q.Title != p.Title {
			t.Errorf("PresetByName does not find %s", p.Name)
		}
	}
	if _, ok := nst.PresetByName("nobody"); ok {
		t.Error("PresetByName finds nobody")
	}
}

func TestStrength(t *testing.T) {
	before := 0.0
	for s := 0.0; s <= 100; s += 5 {
		o := nst.DefaultOptions()
		if err := o.SetStrength(s); err != nil {
			t.Fatal(err)
		}
		if o.StyleWeight <= before || math.Abs(o.Strength()-s) > 1e-9 {
			t.Errorf("strength %v: style weight %v after %v, strength %v", s, o.StyleWeight, before, o.Strength())
		}
		before = o.StyleWeight
	}
	o, d := nst.DefaultOptions(), nst.DefaultOptions()
	if err := o.SetStrength(50); err != nil || o.StyleWeight != d.StyleWeight {
		t.Errorf("strength 50 gives a style weight of %v, not the default", o.StyleWeight)
	}
	for _, s := range []float64{-1, 101, math.NaN()} {
		if o.SetStrength(s) == nil {
			t.Errorf("strength %v: no error", s)
		}
	}
	o.ContentWeight = 0
	if o.SetStrength(50) == nil {
		t.Error("no content weight: no error")
	}
}

// TestStyleMix looks that sum holds a picture against each style, mean against what
// lies between.
func TestStyleMix(t *testing.T) {
	ctx := context.Background()
	content, a, b := draw(32, 24, 0), draw(24, 32, 1), draw(32, 32, 2)
	score := func(mix string, styles ...nst.StylePicture) float64 {
		o := small()
		o.StyleMix, o.ContentWeight = mix, 0
		tr := transfer(t, o)
		s, err := tr.Style(ctx, styles...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.Score(ctx, content, s, content)
		if err != nil {
			t.Fatal(err)
		}
		return got.Total
	}
	one, other := nst.StylePicture{Picture: a, Weight: 3}, nst.StylePicture{Picture: b, Weight: 1}
	if x, y := score(nst.MixMean, one), score(nst.MixSum, one); math.Abs(x-y) > 1e-6*x {
		t.Errorf("one style: %v as a mean, %v as a sum", x, y)
	}
	want := 0.75*score(nst.MixSum, one) + 0.25*score(nst.MixSum, other)
	if got := score(nst.MixSum, one, other); math.Abs(got-want) > 1e-5*want {
		t.Errorf("sum of two is %v, want %v", got, want)
	}
	if got := score(nst.MixMean, one, other); got >= want {
		t.Errorf("the mean of two scores %v, not less than their sum %v", got, want)
	}
}
