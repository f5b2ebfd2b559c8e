package nst_test

import (
	"errors"
	"slices"
	"testing"

	"nst/nst"
)

// TestRetune looks that a retuned Transfer with an old Style paints what a new
// one with a new Style does, bit for bit.
func TestRetune(t *testing.T) {
	ctx := t.Context()
	before, after := small(), small()
	after.Objective.ContentWeight, after.Objective.StyleWeight, after.Objective.TVWeight = 1, 7, 0.5
	after.Objective.Calm = 40
	after.Schedule.Iterations, after.Schedule.Init, after.Schedule.Seed = 3, nst.InitNoise, 4
	after.Color = nst.ColourMatch
	run := func(tr *nst.Transfer, s *nst.Style) []float32 {
		r, err := tr.Run(ctx, nst.Job{Content: draw(40, 30, 0), Style: s})
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture.Pix
	}
	styled := func(o nst.Options) (*nst.Transfer, *nst.Style) {
		tr := transfer(t, o)
		s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		return tr, s
	}
	want := run(styled(after))
	tr, s := styled(before)
	first := run(tr, s)
	if err := tr.Retune(after); err != nil {
		t.Fatal(err)
	}
	if got := run(tr, s); !slices.Equal(got, want) || slices.Equal(got, first) {
		t.Error("a retuned Transfer paints another picture than a new one")
	}
}

func TestRetuneRefuses(t *testing.T) {
	tr := transfer(t, small())
	for name, change := range map[string]func(*nst.Options){
		"size":    func(o *nst.Options) { o.Size = 48 },
		"pooling": func(o *nst.Options) { o.Objective.Pooling = nst.PoolAvg },
		"padding": func(o *nst.Options) { o.Objective.Padding = nst.PadReplicate },
		"loss":    func(o *nst.Options) { o.Objective.StyleLoss = nst.StyleW2 },
		"layers":  func(o *nst.Options) { o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}} },
		"threads": func(o *nst.Options) { o.Compute.Threads = 1 },
	} {
		o := small()
		change(&o)
		if err := tr.Retune(o); !errors.Is(err, nst.ErrRetune) {
			t.Errorf("%s: got %v, want ErrRetune", name, err)
		}
	}
	o := small()
	o.Objective.TVWeight = -1
	if err := tr.Retune(o); !errors.As(err, new(*nst.OptionError)) {
		t.Errorf("a weight below 0: got %v", err)
	}
}

// TestRetuneColours looks that a Transfer retuned to luma, which moves the colour that
// pictures are differences to, paints what a new one does.
func TestRetuneColours(t *testing.T) {
	run := func(tr *nst.Transfer) []float32 {
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tr.Run(t.Context(), nst.Job{Content: draw(40, 30, 0), Style: s})
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture.Pix
	}
	luma := small()
	luma.Color, luma.Schedule.Init = nst.ColourLuma, nst.InitNoise
	tr := transfer(t, small())
	run(tr)
	if err := tr.Retune(luma); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(run(tr), run(transfer(t, luma))) {
		t.Error("a Transfer retuned to luma paints another picture than a new one")
	}
}
