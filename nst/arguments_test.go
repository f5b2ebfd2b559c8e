package nst_test

import (
	"errors"
	"testing"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// TestStyleOfAnother looks that a style is refused where what it has measured is not what
// the loss would compare, and taken where it is.
func TestStyleOfAnother(t *testing.T) {
	styleBy := func(tr *nst.Transfer) *nst.Style {
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one := styleBy(transfer(t, small()))
	use := func(tr *nst.Transfer, s *nst.Style) (run, score error) {
		_, run = tr.Run(t.Context(), nst.Job{Content: draw(40, 30, 0), Style: s})
		_, score = tr.Score(t.Context(), draw(40, 30, 0), s, draw(40, 30, 2))
		return run, score
	}
	for name, change := range map[string]func(*nst.Options){
		"Size":          func(o *nst.Options) { o.Size = 48 },
		"StyleScale":    func(o *nst.Options) { o.Objective.StyleScale = 0.5 },
		"StyleLayers":   func(o *nst.Options) { o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}} },
		"StyleLoss":     func(o *nst.Options) { o.Objective.StyleLoss = nst.StyleW2 },
		"Pooling":       func(o *nst.Options) { o.Objective.Pooling = nst.PoolAvg },
		"Preprocessing": func(o *nst.Options) { o.Objective.Preprocessing = nst.PrepareLevels256 },
		"Padding":       func(o *nst.Options) { o.Objective.Padding = nst.PadReplicate },
	} {
		o := small()
		change(&o)
		run, score := use(transfer(t, o), one)
		for _, err := range []error{run, score} {
			if !errors.As(err, new(*nst.StyleError)) || !errors.Is(err, nst.ErrStyle) {
				t.Errorf("another %s: %v, want a StyleError", name, err)
			}
		}
	}
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 2)
	if err != nil {
		t.Fatal(err)
	}
	other, err := nst.New(weights, small())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for name, s := range map[string]*nst.Style{"another network": one, "no style": nil, "an empty style": {}} {
		run, score := use(other, s)
		for _, err := range []error{run, score} {
			if !errors.Is(err, nst.ErrStyle) {
				t.Errorf("%s: %v, want a StyleError", name, err)
			}
		}
	}
	o := small()
	o.Objective.StyleWeight, o.Schedule.Iterations, o.Optimizer.Method, o.Color = 3, 2, nst.Adam, nst.ColourLuma
	if run, score := use(transfer(t, o), one); run != nil || score != nil {
		t.Errorf("other options that no style depends on: %v, %v", run, score)
	}
}

// TestMissing looks that what is missing, or is no picture, is an error and no panic.
func TestMissing(t *testing.T) {
	o := small()
	o.Schedule.Init = nst.InitImage
	tr := transfer(t, o)
	good := draw(40, 30, 0)
	s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*imgio.Planar{
		"nil": nil, "empty": {}, "no height": {W: 40}, "below 0": {W: -1, H: -1, Pix: make([]float32, 3)},
		"short": {W: 40, H: 30, Pix: good.Pix[1:]}, "long": {W: 39, H: 30, Pix: good.Pix},
	} {
		run := func(j nst.Job) error { _, err := tr.Run(t.Context(), j); return err }
		score := func(content, picture *imgio.Planar) error {
			_, err := tr.Score(t.Context(), content, s, picture)
			return err
		}
		_, style := tr.Style(t.Context(), nst.StylePicture{Picture: good, Weight: 1}, nst.StylePicture{Picture: p, Weight: 1})
		for use, err := range map[string]error{
			"content":        run(nst.Job{Content: p, Style: s, Start: good}),
			"start":          run(nst.Job{Content: good, Style: s, Start: p}),
			"scored content": score(p, good), "scored picture": score(good, p), "style": style,
		} {
			broken := new(nst.PictureError)
			if !errors.As(err, &broken) || broken.Missing != (p == nil) {
				t.Errorf("%s %s: %v, want a PictureError", name, use, err)
			}
		}
	}
	for name, w := range map[string]*vgg.Weights{"no weights": nil, "no network": {}} {
		if _, err := nst.New(w, small()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, size := range [][2]int{{0, 0}, {0, 64}, {-64, -64}} {
		if _, err := tr.Plan(size[0], size[1]); err == nil {
			t.Errorf("a plan for %v pixels: no error", size)
		}
	}
	for name, m := range map[string]*nst.Mask{"empty": {}, "short": {W: 40, H: 30, Pix: make([]float32, 7)}} {
		_, protected := tr.Run(t.Context(), nst.Job{Content: good, Style: s, Start: good, Protect: m})
		_, region := tr.Run(t.Context(), nst.Job{Content: good, Style: s, Start: good, Regions: []*nst.Mask{m}})
		_, part := tr.Style(t.Context(), nst.StylePicture{Picture: good, Weight: 1, Mask: m})
		for _, err := range []error{protected, region, part} {
			if !errors.Is(err, nst.ErrMaskValues) {
				t.Errorf("%s mask: %v, want ErrMaskValues", name, err)
			}
		}
	}
}

// TestClosed looks that a closed Transfer says so.
func TestClosed(t *testing.T) {
	tr := transfer(t, small())
	picture := draw(40, 30, 0)
	s, err := tr.Style(t.Context(), nst.StylePicture{Picture: picture, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, run := tr.Run(t.Context(), nst.Job{Content: picture, Style: s})
	_, score := tr.Score(t.Context(), picture, s, picture)
	_, style := tr.Style(t.Context(), nst.StylePicture{Picture: picture, Weight: 1})
	_, plan := tr.Plan(64, 48)
	for name, err := range map[string]error{"Run": run, "Score": score, "Style": style, "Plan": plan, "Retune": tr.Retune(small())} {
		if !errors.Is(err, nst.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// TestOptionsAreCopied looks that a Transfer keeps its layers where the caller changes his.
func TestOptionsAreCopied(t *testing.T) {
	o := small()
	o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}}
	tr := transfer(t, o)
	o.Objective.StyleLayers[0].Layer = "relu9_9"
	if _, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1}); err != nil {
		t.Error(err)
	}
}
