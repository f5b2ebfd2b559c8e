package nst_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// TestFeatureOptions looks that every departure from the network as it was trained
// reaches the objective.
func TestFeatureOptions(t *testing.T) {
	seen := map[float64]string{}
	for name, change := range map[string]func(*nst.Options){
		"as trained":   func(*nst.Options) {},
		"replicate":    func(o *nst.Options) { o.Objective.Padding = nst.PadReplicate },
		"levels256":    func(o *nst.Options) { o.Objective.Preprocessing = nst.PrepareLevels256 },
		"avg":          func(o *nst.Options) { o.Objective.Pooling = nst.PoolAvg },
		"avg rescaled": func(o *nst.Options) { o.Objective.Pooling, o.Objective.Rescale = nst.PoolAvg, true },
		"l2":           func(o *nst.Options) { o.Objective.Pooling = nst.PoolL2 },
		"l2 rescaled":  func(o *nst.Options) { o.Objective.Pooling, o.Objective.Rescale = nst.PoolL2, true },
	} {
		o := small()
		change(&o)
		total := scoreOf(t, o).Total
		if other, ok := seen[total]; ok {
			t.Errorf("%s scores as %s does: %v", name, other, total)
		}
		seen[total] = name
	}
}

// TestTVForms holds each form against its definition.
func TestTVForms(t *testing.T) {
	o := small()
	o.Size = 40 // pictures stay as they are
	p := draw(40, 30, 2)
	var across, down, absolute, inner float64
	for c := range 3 {
		at := func(x, y int) float64 { return 255 * float64(p.Pix[(c*30+y)*40+x]) }
		for y := range 30 {
			for x := range 40 {
				dx, dy := at(min(x+1, 39), y)-at(x, y), at(x, min(y+1, 29))-at(x, y)
				across, down = across+dx*dx, down+dy*dy
				absolute += math.Abs(dx) + math.Abs(dy)
				if x < 39 && y < 29 {
					inner += (dx*dx + dy*dy) / 2
				}
			}
		}
	}
	want := map[nst.TVForm]float64{
		nst.TVQuadratic:    across/(3*30*39) + down/(3*29*40),
		nst.TVSmooth:       across/(3*30*39) + down/(3*29*40), // times a thousand in its weight
		nst.TVQuadraticSum: inner,
		nst.TVAbsoluteSum:  absolute,
	}
	seen := map[float64]nst.TVForm{}
	o.Objective.TVWeight = 1
	for _, form := range nst.TVForms() {
		o.Objective.TVForm = form
		tv := scoreOf(t, o).TV
		got := tv.Loss
		if w, ok := want[form]; ok && math.Abs(got-w) > 1e-4*w {
			t.Errorf("%s is %v, want %v", form, got, w)
		}
		weighted := got * tv.Weight
		if other, ok := seen[weighted]; ok {
			t.Errorf("%s is as %s: %v", form, other, weighted)
		}
		seen[weighted] = form
	}
}

// TestStyleLosses looks that each style loss runs, falls, is scored at every layer, and
// is next to nothing for the painting itself, whose w2 is off by the roots of small
// eigenvalues; and that Plan knows it.
func TestStyleLosses(t *testing.T) {
	ctx := context.Background()
	for _, tt := range []struct {
		loss       nst.StyleLoss
		statistics []string
		itself     float64 // of the first score, at most
	}{
		{nst.StyleGram, []string{""}, 1e-6},
		{nst.StyleMeanStd, []string{"", "moments"}, 1e-6},
		{nst.StyleW2, []string{"w2"}, 0.1},
	} {
		t.Run(string(tt.loss), func(t *testing.T) {
			o := small()
			o.Objective.StyleLoss, o.Objective.ContentWeight = tt.loss, 0
			o.Schedule.Scales, o.Schedule.Iterations, o.Optimizer.Average, o.Optimizer.LearningRate = 1, 20, 0, 2
			tr := transfer(t, o)
			painting := draw(32, 32, 1)
			one := nst.StylePicture{Picture: painting, Weight: 1}
			s, err := tr.Style(ctx, one)
			if err != nil {
				t.Fatal(err)
			}
			score := func(p *imgio.Planar) *nst.Score {
				got, err := tr.Score(ctx, draw(32, 32, 0), s, p)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			r, err := tr.Run(ctx, nst.Job{Content: draw(32, 32, 0), Style: s})
			if err != nil {
				t.Fatal(err)
			}
			before, after, itself := score(draw(32, 32, 0)), score(r.Picture), score(painting)
			if after.Total >= 0.9*before.Total || itself.Total > tt.itself*before.Total {
				t.Errorf("total %v before, %v after, %v of the painting", before.Total, after.Total, itself.Total)
			}
			var got []string
			for _, x := range before.Style {
				got = append(got, x.Layer+" "+x.Statistic)
			}
			var want []string
			for _, l := range o.Objective.StyleLayersOf(vgg.Tiny()) {
				for _, of := range tt.statistics {
					want = append(want, l.Layer+" "+of)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("scored %v, want %v", got, want)
			}
			if _, err := tr.Plan(32, 32); err != nil {
				t.Error(err)
			}
			blend, err := tr.Style(ctx, one, nst.StylePicture{Picture: painting, Weight: 3})
			if err != nil {
				t.Fatal(err)
			}
			mixed, err := tr.Score(ctx, draw(32, 32, 0), blend, draw(32, 32, 0))
			if err != nil || math.Abs(mixed.Total-before.Total) > 1e-4*before.Total {
				t.Errorf("a style blended with itself scores %v, %v; alone %v", mixed.Total, err, before.Total)
			}
		})
	}
}

// TestNormalizeGradients looks that normalised gradients lead elsewhere than those as
// they are, and bring the loss down all the same.
func TestNormalizeGradients(t *testing.T) {
	for _, style := range nst.StyleLosses() {
		t.Run(string(style), func(t *testing.T) {
			o := small()
			o.Optimizer.Method, o.Objective.StyleLoss, o.Objective.NormalizeGradients, o.Objective.ContentWeight = nst.Adam, style, true, 1
			o.Objective.StyleWeight, o.Objective.TVWeight, o.Schedule.Iterations, o.Optimizer.LearningRate = 5, 0, 20, 2
			var losses []float64
			r, err := paint(t, context.Background(), o, func(j *nst.Job) {
				j.Progress = func(p nst.Progress) { losses = append(losses, p.Loss.Style) }
			})
			if err != nil {
				t.Fatal(err)
			}
			if losses[19] >= 0.9*losses[0] {
				t.Errorf("style losses %v do not fall", losses)
			}
			o.Objective.NormalizeGradients = false
			plain, err := paint(t, context.Background(), o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(plain.Picture.Pix, r.Picture.Pix) {
				t.Error("the picture is that of gradients as they are")
			}
		})
	}
}

// scoreOf scores one picture against another and a style.
func scoreOf(t *testing.T, o nst.Options) *nst.Score {
	t.Helper()
	ctx := context.Background()
	tr := transfer(t, o)
	s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tr.Score(ctx, draw(40, 30, 0), s, draw(40, 30, 2))
	if err != nil {
		t.Fatal(err)
	}
	return got
}
