package nst_test

import (
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
