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
		if h := p.Options.Optimizer.History; !p.Own && h != 100 {
			t.Errorf("%s remembers %d pairs, where its program has 100", p.Name, h)
		}
		if q, ok := nst.PresetByName(p.Name); !ok || q.Title != p.Title {
			t.Errorf("PresetByName does not find %s", p.Name)
		}
	}
	if _, ok := nst.PresetByName("nobody"); ok {
		t.Error("PresetByName finds nobody")
	}
}

// TestPresetsRun paints with every preset, small and short.
func TestPresetsRun(t *testing.T) {
	for _, p := range nst.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			o := p.Options
			o.Size, o.Schedule.Iterations, o.Schedule.FineIterations = 32, 4, 0
			r, err := paint(t, context.Background(), o, nil)
			if err != nil || r.Iterations != 4 {
				t.Fatalf("%+v, %v", r, err)
			}
		})
	}
}

// TestPresetTV holds the weighted total variation of presets against the formulas of
// their programs, for a picture with one white pixel.
func TestPresetTV(t *testing.T) {
	const h, w = 30, 40
	dot := draw(w, h, 0)
	clear(dot.Pix)
	dot.Pix[h/2*w+w/2] = 1 // red, far from the edges: two dx and two dy of 1
	for name, want := range map[string]float64{
		"anishathalye":    100 * 255 * 255 * (2./(3*h*(w-1)) + 2./(3*(h-1)*w)),
		"neural-style":    1e-3 * 256 * 256 * 4 / 2,
		"neural-style-pt": 1e-3 * 255 * 4,
	} {
		p, ok := nst.PresetByName(name)
		if !ok {
			t.Fatalf("no preset %s", name)
		}
		o := p.Options
		o.Size = w
		tr := transfer(t, o)
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(32, 32, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.Score(context.Background(), draw(w, h, 0), s, dot)
		if err != nil {
			t.Fatal(err)
		}
		if v := got.TV.Loss * got.TV.Weight; math.Abs(v-want) > 1e-4*want {
			t.Errorf("%s: %v, want %v", name, v, want)
		}
	}
}

func TestStrength(t *testing.T) {
	for usual, net := range map[float64]*vgg.Network{75: nil, 95: vgg.Slim()} {
		before := 0.0
		for s := 0.0; s <= 100; s += 2.5 {
			o := nst.DefaultOptions()
			if err := o.SetStrength(s, net); err != nil {
				t.Fatal(err)
			}
			if o.Objective.StyleWeight <= before || math.Abs(o.Strength(net)-s) > 1e-9 {
				t.Errorf("strength %v: style weight %v after %v, strength %v", s, o.Objective.StyleWeight, before, o.Strength(net))
			}
			before = o.Objective.StyleWeight
		}
		o, d := nst.DefaultOptions(), nst.DefaultOptions()
		if err := o.SetStrength(usual, net); err != nil || o.Objective.StyleWeight != d.Objective.StyleWeight {
			t.Errorf("strength %v gives a style weight of %v, not the default", usual, o.Objective.StyleWeight)
		}
		for _, s := range []float64{-1, 101, math.NaN()} {
			if o.SetStrength(s, net) == nil {
				t.Errorf("strength %v: no error", s)
			}
		}
		o.Objective.ContentWeight = 0
		if o.SetStrength(50, net) == nil {
			t.Error("no content weight: no error")
		}
		if s := o.Strength(net); s != 100 {
			t.Errorf("no content weight: strength %v", s)
		}
	}
}

// TestStyleMix looks that sum holds a picture against each style, mean against what
// lies between.
func TestStyleMix(t *testing.T) {
	ctx := context.Background()
	content, a, b := draw(32, 24, 0), draw(24, 32, 1), draw(32, 32, 2)
	score := func(mix nst.StyleMix, styles ...nst.StylePicture) float64 {
		o := small()
		o.Objective.StyleMix, o.Objective.ContentWeight = mix, 0
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
