package nst

import (
	"context"
	"errors"
	"slices"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// distilled returns a Transfer with a distilled network, a style, and a photograph.
func distilled(t *testing.T, w *vgg.Weights, set func(*Options)) (*Transfer, *Style, *imgio.Planar) {
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

// evaluatorOf returns what computes on the device of a Transfer with one orientation.
func evaluatorOf(tr *Transfer, orientation int) evaluator {
	return evaluator{tr.network, orientation, tr.preferred()}
}

// symmetric makes all orientations of a network the same.
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

// TestOrientationsAlike looks that turns of orientations that are the same change nothing for adam, whose
// steps they do not touch, and that it is the orientations' doing where they differ.
func TestOrientationsAlike(t *testing.T) {
	run := func(w *vgg.Weights, count int) *imgio.Planar {
		tr, s, c := distilled(t, w, func(o *Options) { o.Optimizer.Method, o.Schedule.Iterations, o.Objective.Orientations = Adam, 8, count })
		r, err := tr.Run(t.Context(), Job{Content: c, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture
	}
	w := embedded(t)
	if slices.Equal(run(w, 1).Pix, run(w, vgg.Orientations).Pix) {
		t.Error("orientations that differ paint the same")
	}
	symmetric(w)
	if !slices.Equal(run(w, 1).Pix, run(w, vgg.Orientations).Pix) {
		t.Error("orientations that are the same paint another picture than one of them")
	}
}

// TestOrientationsHelp looks that what is painted by turns is nearer to the style, by the worst
// orientation, than what one paints.
func TestOrientationsHelp(t *testing.T) {
	if testing.Short() {
		t.Skip("paints two pictures, which takes plain Go minutes")
	}
	worst := func(count int) (most float64) {
		tr, s, c := distilled(t, embedded(t), func(o *Options) { o.Size, o.Objective.Orientations = 128, count })
		r, err := tr.Run(t.Context(), Job{Content: c, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		all, s, c := distilled(t, embedded(t), func(o *Options) { o.Size = 128 })
		of := comparison{content: fit(c, 128), contentWeight: 1, style: s, size: 128, score: true}
		for i := range all.network.oriented {
			score, err := evaluatorOf(all, i).scoreOf(t.Context(), of, r.Picture)
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
	t.Logf("worst style loss: one orientation %.4g, eight %.4g", one, eight)
	if eight > one/2 {
		t.Errorf("the worst style loss is %.4g by one orientation, %.4g by eight: not half", one, eight)
	}
}

// TestOrientationsWithAll looks that every optimiser brings the loss down over all turns, by the
// first orientation, and that a run interrupted in a turn has its picture.
func TestOrientationsWithAll(t *testing.T) {
	for _, name := range Methods() {
		tr, s, c := distilled(t, embedded(t), func(o *Options) { o.Optimizer.Method, o.Schedule.Iterations = name, 48 })
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
	tr, s, c := distilled(t, embedded(t), func(o *Options) { o.Schedule.Iterations = 40 })
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

// TestTurn looks how long turns are, and which orientation has which.
func TestTurn(t *testing.T) {
	for _, c := range []struct{ iterations, turn, window int }{{1, 3, 24}, {24, 3, 24}, {40, 5, 40}, {80, 10, 80}, {1000, 10, 80}} {
		o := &Options{Schedule: Schedule{Iterations: c.iterations}}
		if turn, window := turnLength(o, vgg.Orientations), toleranceWindow(o, vgg.Orientations); turn != c.turn || window != c.window {
			t.Errorf("%d iterations: turns of %d, windows of %d, want %d and %d", c.iterations, turn, window, c.turn, c.window)
		}
		r := &run{transfer: &Transfer{network: &network{oriented: make([]*vgg.Weights, vgg.Orientations)}}}
		for turn, want := range []int{0, 1, 2, 3, 4, 5, 6, 7, 0, 1} {
			if r.turn = turn; r.evaluator().orientation != want {
				t.Errorf("turn %d is that of orientation %d, want %d", turn, r.evaluator().orientation, want)
			}
		}
		if o.Optimizer.Method = LBFGSWolfe; turnLength(o, vgg.Orientations) != searchTurn {
			t.Errorf("a line search has turns of %d", turnLength(o, vgg.Orientations))
		}
		if turnLength(o, 1) != 0 || toleranceWindow(o, 1) != settle {
			t.Error("one orientation takes turns")
		}
	}
}

// TestOrientationsOf looks how many orientations there are for what is asked.
func TestOrientationsOf(t *testing.T) {
	small := embedded(t)
	whole := *small
	whole.Projections = nil
	for _, c := range []struct {
		weights     *vgg.Weights
		asked, want int // 0 is an error
	}{{small, 0, vgg.Orientations}, {small, 1, 1}, {small, 3, 3}, {small, 8, 8}, {&whole, 0, 1}, {&whole, 1, 1}, {&whole, 2, 0}} {
		oriented, err := orientationsOf(c.weights, c.asked)
		if len(oriented) != c.want || (err != nil) != (c.want == 0) || (err != nil && !errors.As(err, new(*OptionError))) {
			t.Errorf("%d of a network with %d maps: %d orientations, %v", c.asked, len(c.weights.Projections), len(oriented), err)
		}
	}
}

// TestToleranceOfOrientations looks that a tolerance is refused where no scale is long enough for
// it to be looked at.
func TestToleranceOfOrientations(t *testing.T) {
	for _, tt := range []struct {
		orientations, iterations, fine int
		ok                             bool
	}{
		{0, 80, 0, false}, {0, 160, 0, true}, {0, 80, 160, true}, {1, 80, 0, true}, {1, 19, 0, false},
	} {
		o := DefaultOptions()
		o.Objective.Orientations, o.Schedule.Iterations, o.Schedule.FineIterations = tt.orientations, tt.iterations, tt.fine
		o.Schedule.Tolerance = 0.01
		tr, err := New(embedded(t), o)
		if refused := new(OptionError); tt.ok == (err != nil) || err != nil && (!errors.As(err, &refused) || refused.Field != "Schedule.Tolerance") {
			t.Errorf("%+v: %v", tt, err)
		}
		if err == nil {
			tr.Close()
		}
	}
}

// TestStyleRemembersOrientations looks that a style has targets of each orientation, which
// differ, and are not measured again.
func TestStyleRemembersOrientations(t *testing.T) {
	tr, s, _ := distilled(t, embedded(t), func(*Options) {})
	of := source{"relu4_1", statisticGram}
	var before []float32
	for i := range vgg.Orientations {
		all, err := evaluatorOf(tr, i).targetsAt(t.Context(), s, 96)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(before, all[0].values[of]) {
			t.Errorf("orientation %d has the targets of the one before", i)
		}
		before = all[0].values[of]
	}
	if all, err := evaluatorOf(tr, vgg.Orientations-1).targetsAt(t.Context(), s, 96); err != nil || &all[0].values[of][0] != &before[0] || len(s.targets.at) != vgg.Orientations {
		t.Errorf("%d settings are remembered, %v", len(s.targets.at), err)
	}
}
