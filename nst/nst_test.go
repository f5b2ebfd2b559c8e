package nst_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// small returns options for a quick run on a tiny network.
func small() nst.Options {
	o := nst.DefaultOptions()
	o.Size = 32
	o.Schedule.Iterations = 5
	return o
}

// tiny is a network that the tests share, as are its styles.
var tiny = sync.OnceValues(func() (*vgg.Weights, error) { return vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1) })

func transfer(t *testing.T, o nst.Options) *nst.Transfer {
	t.Helper()
	weights, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := nst.New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

func draw(w, h int, s uint64) *imgio.Planar {
	return &imgio.Planar{W: w, H: h, Pix: reftest.Picture(w, h, s)}
}

// paint runs a job with a picture of 40x30 pixels and a style of 24x36.
func paint(t *testing.T, ctx context.Context, o nst.Options, change func(*nst.Job)) (*nst.Result, error) {
	t.Helper()
	tr := transfer(t, o)
	s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	j := nst.Job{Content: draw(40, 30, 0), Style: s}
	if change != nil {
		change(&j)
	}
	return tr.Run(ctx, j)
}

func TestRun(t *testing.T) {
	for _, optimizer := range nst.Methods() {
		for _, init := range nst.Inits() {
			for _, pooling := range nst.Poolings() {
				t.Run(string(optimizer)+" "+string(init)+" "+string(pooling), func(t *testing.T) {
					o := small()
					o.Optimizer.Method, o.Schedule.Init, o.Objective.Pooling, o.Objective.TVWeight = optimizer, init, pooling, 1e-4
					// With other weights or seeds torch's L-BFGS leaps up to 10⁴ times the loss on its way.
					// So it does where the content leads for two of five evaluations.
					o.Objective.StyleWeight, o.Schedule.Seed, o.Schedule.AutoBalance = 50, 4, false
					if optimizer == nst.Adam {
						o.Optimizer.LearningRate = 1
					}
					var losses []float64
					r, err := paint(t, context.Background(), o, func(j *nst.Job) {
						j.Progress = func(p nst.Progress) { losses = append(losses, p.Loss.Total) }
						if init == nst.InitImage {
							j.Start = draw(20, 15, 5)
						}
					})
					if err != nil {
						t.Fatal(err)
					}
					if r.Picture.W != 32 || r.Picture.H != 24 || r.Iterations != 5 || r.Stop != nst.StopIterations {
						t.Errorf("got %dx%d after %d iterations, stopped by %s", r.Picture.W, r.Picture.H, r.Iterations, r.Stop)
					}
					if len(losses) != 5 || losses[4] >= losses[0] || r.Loss.Total != losses[4] {
						t.Errorf("losses %v do not fall to %v", losses, r.Loss.Total)
					}
					if d := r.Loss.Content + r.Loss.Style + r.Loss.TV - r.Loss.Total; math.Abs(d) > 1e-9*r.Loss.Total {
						t.Errorf("terms of %+v do not add up", r.Loss)
					}
				})
			}
		}
	}
}

// TestSameBytes looks that one seed gives one picture, with any number of
// threads, and two seeds two.
func TestSameBytes(t *testing.T) {
	o := small()
	o.Schedule.Init = nst.InitNoise
	run := func(threads int, seed uint64) []float32 {
		o.Compute.Threads, o.Schedule.Seed = threads, seed
		r, err := paint(t, context.Background(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture.Pix
	}
	one := run(1, 7)
	for _, threads := range []int{1, 2, 3, 0} {
		if !slices.Equal(run(threads, 7), one) {
			t.Errorf("%d threads give another picture than one", threads)
		}
	}
	if slices.Equal(run(1, 8), one) {
		t.Error("two seeds give one picture")
	}
	o.Optimizer.Method = nst.LBFGS
	if !slices.Equal(run(1, 7), run(3, 7)) {
		t.Error("lbfgs: 3 threads give another picture than one")
	}
}

// TestCancel looks that an interrupted run hands over what it has.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := small()
	o.Schedule.Iterations = 1000
	var last *imgio.Planar
	r, err := paint(t, ctx, o, func(j *nst.Job) {
		j.Progress = func(p nst.Progress) {
			if p.Iteration == 3 {
				last = p.Picture()
				cancel()
			}
		}
	})
	if !errors.Is(err, context.Canceled) || r == nil || r.Stop != nst.StopInterrupted || r.Iterations != 3 {
		t.Fatalf("cancelled run returned %+v, %v", r, err)
	}
	if !slices.Equal(r.Picture.Pix, last.Pix) {
		t.Error("the picture is not the one of the last iteration")
	}
}

func TestTolerance(t *testing.T) {
	o := small()
	o.Schedule.Iterations, o.Schedule.Tolerance = 500, 0.5
	r, err := paint(t, context.Background(), o, nil)
	if err != nil || r.Stop != nst.StopTolerance || r.Iterations < 10 || r.Iterations >= 500 {
		t.Errorf("got %+v, %v; want a stop by tolerance", r, err)
	}
}

// TestDiverged looks that a run whose numbers overflow says so.
func TestDiverged(t *testing.T) {
	o := small()
	o.Optimizer.Method, o.Optimizer.LearningRate, o.Schedule.Iterations, o.Optimizer.Clamp = nst.Adam, 1e30, 50, false
	r, err := paint(t, context.Background(), o, nil)
	var diverged *nst.DivergedError
	if !errors.As(err, &diverged) || r == nil || diverged.Iteration < 2 {
		t.Fatalf("got %v, %v; want a DivergedError with what there is", r, err)
	}
	for _, v := range r.Picture.Pix {
		if v != v || math.IsInf(float64(v), 0) {
			t.Fatal("the picture handed over is no picture")
		}
	}
}

func TestScore(t *testing.T) {
	o := small()
	o.Objective.TVWeight = 2
	tr := transfer(t, o)
	ctx := context.Background()
	content := draw(32, 24, 0)
	s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(24, 32, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	score, err := tr.Score(ctx, content, s, content)
	if err != nil {
		t.Fatal(err)
	}
	if len(score.Content) != 1 || score.Content[0].Loss > 1e-6 || score.Content[0].Layer != "relu4_2" {
		t.Errorf("content against itself: %+v, want no loss", score.Content)
	}
	sum := score.TV.Loss * score.TV.Weight
	for _, l := range slices.Concat(score.Content, score.Style) {
		sum += l.Loss * l.Weight
	}
	if len(score.Style) != 5 || score.TV.Loss <= 0 || math.Abs(sum-score.Total) > 1e-9*sum {
		t.Errorf("%+v does not add up", score)
	}
	var size *nst.SizeError
	if _, err := tr.Score(ctx, content, s, draw(24, 32, 0)); !errors.As(err, &size) || size.Width != 24 || size.ContentWidth != 32 {
		t.Errorf("a picture of another shape: %v, want a SizeError", err)
	}
	same, err := tr.Style(ctx, nst.StylePicture{Picture: content, Weight: 3})
	if err != nil {
		t.Fatal(err)
	}
	if score, err = tr.Score(ctx, content, same, content); err != nil || score.Style[0].Loss > 1e-6 {
		t.Errorf("style of itself: %+v, %v, want no loss", score, err)
	}
}

// TestBlend looks that weights are shares: two of a kind are that kind.
func TestBlend(t *testing.T) {
	tr := transfer(t, small())
	ctx := context.Background()
	content, a, b := draw(32, 24, 0), draw(32, 24, 1), draw(32, 24, 2)
	total := func(pictures ...nst.StylePicture) float64 {
		s, err := tr.Style(ctx, pictures...)
		if err != nil {
			t.Fatal(err)
		}
		score, err := tr.Score(ctx, content, s, content)
		if err != nil {
			t.Fatal(err)
		}
		return score.Total
	}
	one := total(nst.StylePicture{Picture: a, Weight: 1})
	if two := total(nst.StylePicture{Picture: a, Weight: 2}, nst.StylePicture{Picture: a, Weight: 5}); math.Abs(two-one) > 1e-5*one {
		t.Errorf("a blend of one picture with itself scores %v, the picture %v", two, one)
	}
	if mixed := total(nst.StylePicture{Picture: a, Weight: 1}, nst.StylePicture{Picture: b, Weight: 1}); mixed == one {
		t.Error("a second picture changes nothing")
	}
	for _, weight := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := tr.Style(ctx, nst.StylePicture{Picture: a, Weight: weight}); err == nil {
			t.Errorf("weight %v: no error", weight)
		}
	}
	if _, err := tr.Style(ctx); err == nil {
		t.Error("no pictures: no error")
	}
}

func TestTooSmall(t *testing.T) {
	tr := transfer(t, small())
	ctx := context.Background()
	var small *nst.TooSmallError
	if _, err := tr.Style(ctx, nst.StylePicture{Picture: draw(12, 32, 1), Weight: 1}); !errors.As(err, &small) || small.What != "style" {
		t.Errorf("narrow style: %v", err)
	}
	s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(16, 16, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Run(ctx, nst.Job{Content: draw(300, 20, 0), Style: s}); !errors.As(err, &small) || small.What != "content" {
		t.Errorf("flat content: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*nst.Options){
		"Size":          func(o *nst.Options) { o.Size = 15 },
		"Size large":    func(o *nst.Options) { o.Size = 1 << 20 },
		"ContentWeight": func(o *nst.Options) { o.Objective.ContentWeight = -1 },
		"StyleWeight":   func(o *nst.Options) { o.Objective.StyleWeight = math.NaN() },
		"TVWeight":      func(o *nst.Options) { o.Objective.TVWeight = math.Inf(1) },
		"both weights":  func(o *nst.Options) { o.Objective.ContentWeight, o.Objective.StyleWeight = 0, 0 },
		"ContentLayers": func(o *nst.Options) { o.Objective.ContentLayers = []nst.LayerWeight{{Layer: "relu9_9", Weight: 1}} },
		"no layers":     func(o *nst.Options) { o.Objective.StyleLayers = []nst.LayerWeight{} },
		"zero layers":   func(o *nst.Options) { o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1"}} },
		"layer twice": func(o *nst.Options) {
			o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: 1}, {Layer: "relu1_1", Weight: 1}}
		},
		"negative layer":        func(o *nst.Options) { o.Objective.StyleLayers = []nst.LayerWeight{{Layer: "relu1_1", Weight: -2}} },
		"Pooling":               func(o *nst.Options) { o.Objective.Pooling = "median" },
		"Padding":               func(o *nst.Options) { o.Objective.Padding = "reflect" },
		"TVForm":                func(o *nst.Options) { o.Objective.TVForm = "cubic" },
		"StyleLoss":             func(o *nst.Options) { o.Objective.StyleLoss = "sliced" },
		"Optimizer":             func(o *nst.Options) { o.Optimizer.Method = "sgd" },
		"normalised, lbfgs":     func(o *nst.Options) { o.Objective.NormalizeGradients, o.Optimizer.Method = true, nst.LBFGS },
		"normalised, wolfe":     func(o *nst.Options) { o.Objective.NormalizeGradients, o.Optimizer.Method = true, nst.LBFGSWolfe },
		"Preprocessing":         func(o *nst.Options) { o.Objective.Preprocessing = "none" },
		"normalised, tolerance": func(o *nst.Options) { o.Objective.NormalizeGradients, o.Schedule.Tolerance = true, 0.1 },
		"StyleMix":              func(o *nst.Options) { o.Objective.StyleMix = "both" },
		"MinScale":              func(o *nst.Options) { o.Schedule.MinScale = 15 },
		"Scales":                func(o *nst.Options) { o.Schedule.Scales = -1 },
		"Scales many":           func(o *nst.Options) { o.Schedule.Scales = 12 },
		"FineIterations":        func(o *nst.Options) { o.Schedule.FineIterations = -1 },
		"Time":                  func(o *nst.Options) { o.Schedule.Time = -1 },
		"Beta2":                 func(o *nst.Options) { o.Optimizer.Beta2 = 1 },
		"Epsilon":               func(o *nst.Options) { o.Optimizer.Epsilon = -1 },
		"Average":               func(o *nst.Options) { o.Optimizer.Average = math.NaN() },
		"Init":                  func(o *nst.Options) { o.Schedule.Init = "grey" },
		"Iterations":            func(o *nst.Options) { o.Schedule.Iterations = 0 },
		"History":               func(o *nst.Options) { o.Optimizer.History = 0 },
		"Orientations":          func(o *nst.Options) { o.Objective.Orientations = 9 },
		"Threads":               func(o *nst.Options) { o.Compute.Threads = -1 },
		"LearningRate":          func(o *nst.Options) { o.Optimizer.LearningRate = -1 },
		"Color":                 func(o *nst.Options) { o.Color = "sepia" },
		"Tolerance":             func(o *nst.Options) { o.Schedule.Tolerance = -1 },
	} {
		o := nst.DefaultOptions()
		change(&o)
		if err := o.Validate(vgg.VGG19()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	o := nst.DefaultOptions()
	if err := o.Validate(vgg.VGG19()); err != nil {
		t.Errorf("defaults: %v", err)
	}
	o.Size, o.Objective.Pooling = 0, "median"
	if err := o.Validate(vgg.VGG19()); err == nil || !strings.Contains(err.Error(), "Size") || !strings.Contains(err.Error(), "max, avg") {
		t.Errorf("two mistakes: %v, want both named", err)
	}
}

func TestNewRefusesWeights(t *testing.T) {
	short, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv2_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	var depth *vgg.DepthError
	if _, err := nst.New(short, small()); !errors.As(err, &depth) || depth.Missing != "conv2_2" {
		t.Errorf("weights that end before the taps: %v", err)
	}
	broken, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	f := broken.Filters["conv3_1"]
	f.W = f.W[:9]
	broken.Filters["conv3_1"] = f
	if _, err := nst.New(broken, small()); err == nil || !strings.Contains(err.Error(), "conv3_1") {
		t.Errorf("a filter cut short: %v", err)
	}
}
