package nst

import (
	"context"
	"errors"
	"slices"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// looker returns a Transfer with the network of the program, a style, and a photograph.
func looker(t *testing.T, w *vgg.Weights, set func(*Options)) (*Transfer, *Style, *imgio.Planar) {
	t.Helper()
	open := func(path string) *imgio.Planar {
		p, _, err := imgio.Open("../testdata/images/" + path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	o := DefaultOptions()
	o.Size, o.Schedule.Scales, o.Compute.Threads = 96, 1, 2
	set(&o)
	tr, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := tr.Style(t.Context(), StylePicture{Picture: open("style/flow.jpg"), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	return tr, s, open("content/lakeside.jpg")
}

func embedded(t *testing.T) *vgg.Weights {
	t.Helper()
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// symmetric makes all views of a network the same.
func symmetric(w *vgg.Weights) {
	for _, f := range w.Filters {
		for at := 0; at < len(f.W); at += 9 {
			k := f.W[at:][:9]
			for _, alike := range [][]int{{0, 2, 6, 8}, {1, 3, 5, 7}} {
				for _, i := range alike[1:] {
					k[i] = k[alike[0]]
				}
			}
		}
	}
}

// TestViewsAlike looks that turns of views that are the same change nothing for adam, whose
// steps they do not touch, and that it is the views' doing where they differ.
func TestViewsAlike(t *testing.T) {
	run := func(w *vgg.Weights, views int) *imgio.Planar {
		tr, s, c := looker(t, w, func(o *Options) { o.Optimizer.Method, o.Schedule.Iterations, o.Objective.Orientations = Adam, 8, views })
		r, err := tr.Run(t.Context(), Job{Content: c, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture
	}
	w := embedded(t)
	if slices.Equal(run(w, 1).Pix, run(w, vgg.Orientations).Pix) {
		t.Error("views that differ paint the same")
	}
	symmetric(w)
	if !slices.Equal(run(w, 1).Pix, run(w, vgg.Orientations).Pix) {
		t.Error("views that are the same paint another picture than one of them")
	}
}

// TestViewsHelp looks that what is painted by turns is nearer to the style, by the view that
// comes off worst, than what one view paints.
func TestViewsHelp(t *testing.T) {
	if testing.Short() {
		t.Skip("paints two pictures, which takes plain Go minutes")
	}
	worst := func(views int) (most float64) {
		tr, s, c := looker(t, embedded(t), func(o *Options) { o.Size = 128 })
		all := tr.sights
		tr.sights = all[:views]
		r, err := tr.Run(t.Context(), Job{Content: c, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		tr.sights = all
		for view := range all {
			score, err := tr.looking(view).Score(t.Context(), c, s, r.Picture)
			if err != nil {
				t.Fatal(err)
			}
			var sum float64
			for _, term := range score.Style {
				sum += term.Loss * term.Weight
			}
			most = max(most, sum)
		}
		return most
	}
	one, eight := worst(1), worst(vgg.Orientations)
	t.Logf("worst style loss: one view %.4g, eight %.4g", one, eight)
	if eight > one/2 {
		t.Errorf("the worst style loss is %.4g by one view, %.4g by eight: not half", one, eight)
	}
}

// TestViewsWithAll looks that every optimiser brings the loss down over all turns, by the
// view that is asked about, and that a run interrupted in a turn has its picture.
func TestViewsWithAll(t *testing.T) {
	for _, name := range Methods() {
		tr, s, c := looker(t, embedded(t), func(o *Options) { o.Optimizer.Method, o.Schedule.Iterations = name, 48 })
		before, err := tr.Score(t.Context(), c, s, c)
		if err != nil {
			t.Fatal(err)
		}
		r, err := tr.Run(t.Context(), Job{Content: c, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		after, err := tr.Score(t.Context(), c, s, r.Picture)
		if err != nil {
			t.Fatal(err)
		}
		if after.Total > before.Total/2 || r.Rollbacks > 0 || r.Iterations != 48 {
			t.Errorf("%s: %.4g to %.4g in %d iterations, %d rollbacks", name, before.Total, after.Total, r.Iterations, r.Rollbacks)
		}
	}
	tr, s, c := looker(t, embedded(t), func(o *Options) { o.Schedule.Iterations = 40 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := tr.Run(ctx, Job{Content: c, Style: s, Progress: func(p Progress) {
		if p.Iteration == 12 {
			cancel()
		}
	}})
	if err == nil || r == nil || r.Iterations != 12 || r.Stop != StopInterrupted {
		t.Errorf("interrupted: %+v, %v", r, err)
	}
}

// TestTurn looks how long turns are, and which view has which.
func TestTurn(t *testing.T) {
	for _, c := range []struct{ iterations, turn, window int }{{1, 3, 24}, {24, 3, 24}, {40, 5, 40}, {80, 10, 80}, {1000, 10, 80}} {
		tr := &Transfer{sights: make([]sight, vgg.Orientations), options: Options{Schedule: Schedule{Iterations: c.iterations}}}
		if turn, window := tr.turn(), tr.window(); turn != c.turn || window != c.window {
			t.Errorf("%d iterations: turns of %d, windows of %d, want %d and %d", c.iterations, turn, window, c.turn, c.window)
		}
		for turn, view := range []int{0, 1, 2, 3, 4, 5, 6, 7, 0, 1} {
			if got := tr.looking(turn).view; got != view {
				t.Errorf("turn %d is that of view %d, want %d", turn, got, view)
			}
		}
		if tr.options.Optimizer.Method = LBFGSWolfe; tr.turn() != longTurn {
			t.Errorf("a line search has turns of %d", tr.turn())
		}
		if tr.sights = tr.sights[:1]; tr.turn() != 0 || tr.window() != settle || tr.looking(5) != tr {
			t.Error("one view takes turns")
		}
	}
}

// TestSightsOf looks how many views there are for what is asked.
func TestSightsOf(t *testing.T) {
	small := embedded(t)
	whole := *small
	whole.Projections = nil
	for _, c := range []struct {
		weights     *vgg.Weights
		asked, want int // 0 is an error
	}{{small, 0, vgg.Orientations}, {small, 1, 1}, {small, 3, 3}, {small, 8, 8}, {&whole, 0, 1}, {&whole, 1, 1}, {&whole, 2, 0}} {
		sights, err := sightsOf(c.weights, centreOf(small.Convention), c.asked)
		if len(sights) != c.want || (err != nil) != (c.want == 0) || (err != nil && !errors.As(err, new(*OptionError))) {
			t.Errorf("%d of a network with %d projections: %d views, %v", c.asked, len(c.weights.Projections), len(sights), err)
		}
	}
}

// TestStyleKeepsViews looks that a style has targets of each view, which differ, and are not
// measured again.
func TestStyleKeepsViews(t *testing.T) {
	tr, s, _ := looker(t, embedded(t), func(*Options) {})
	of := source{"relu4_1", statisticGram}
	var before []float32
	for view := range vgg.Orientations {
		all, err := tr.looking(view).targetsAt(t.Context(), s, 96)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(before, all[0].values[of]) {
			t.Errorf("view %d has the targets of the one before", view)
		}
		before = all[0].values[of]
	}
	if all, err := tr.looking(vgg.Orientations-1).targetsAt(t.Context(), s, 96); err != nil || &all[0].values[of][0] != &before[0] || len(s.targets) != vgg.Orientations {
		t.Errorf("%d looks are kept, %v", len(s.targets), err)
	}
}
