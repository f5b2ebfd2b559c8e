package nst_test

import (
	"context"
	"math"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// reference opens a file of testdata/torch and returns options for the pooling and the
// size that it is about.
func reference(t *testing.T, name string) (*reftest.File, nst.Options) {
	t.Helper()
	ref, err := reftest.Load("../testdata/torch/" + name + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	o := nst.DefaultOptions()
	o.Objective.Pooling = nst.Pooling(ref.Meta["pool"])
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight = 1, 1000, 1
	o.Objective.TVForm, o.Objective.MirrorStyles = nst.TVQuadratic, false
	o.Objective.StyleScale = nst.MaxStyleScale // PyTorch measures the painting at its own size
	o.Schedule.Scales, o.Schedule.AutoBalance = 1, false
	o.Optimizer.Average, o.Optimizer.Clamp = 0, false
	image := picture(t, ref, "content")
	o.Size = max(image.W, image.H)
	return ref, o
}

// painter returns a Transfer with the network of the reference, and its style.
func painter(t *testing.T, ref *reftest.File, o nst.Options) (*nst.Transfer, *nst.Style) {
	t.Helper()
	net, err := vgg.ByName(ref.Meta["network"])
	if err != nil {
		t.Fatal(err)
	}
	weights, err := vgg.Seeded(net, vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := nst.New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	style, err := tr.Style(context.Background(), nst.StylePicture{Picture: picture(t, ref, "style"), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	return tr, style
}

func picture(t *testing.T, ref *reftest.File, role string) *imgio.Planar {
	t.Helper()
	pix, w, h, err := ref.Picture(role)
	if err != nil {
		t.Fatal(err)
	}
	return &imgio.Planar{W: w, H: h, Pix: pix}
}

// TestAgainstTorch holds every term of the objective and the direction of its gradient
// against PyTorch's for the same weights and pixels.
func TestAgainstTorch(t *testing.T) {
	for _, name := range []string{
		"vgg19-64x64-max", "vgg19-64x64-avg", "vgg19-97x61-max", "vgg19-97x61-avg",
		"vgg16-64x64-max", "vgg16-64x64-avg", "vgg16-97x61-max", "vgg16-97x61-avg",
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "vgg19-64x64-max" {
				t.Skip("one case is enough in short mode")
			}
			ref, o := reference(t, name)
			o.Schedule.Init, o.Schedule.Iterations = nst.InitImage, 2
			// The first step is the gradient over its L1 norm, times the rate. This rate
			// makes steps of some levels, so that rounding of the pixels does not matter.
			o.Optimizer.Method, o.Optimizer.LearningRate = nst.LBFGSTorch, 1e5
			tr, style := painter(t, ref, o)
			content, image := picture(t, ref, "content"), picture(t, ref, "image")
			score, err := tr.Score(context.Background(), content, style, image)
			if err != nil {
				t.Fatal(err)
			}
			sameTerms(t, ref, score)
			var after *imgio.Planar
			if _, err := tr.Run(context.Background(), nst.Job{
				Content: content, Style: style, Start: image,
				Progress: func(p nst.Progress) {
					if p.Iteration == 1 {
						after = p.Picture()
					}
				},
			}); err != nil {
				t.Fatal(err)
			}
			step := make([]float32, len(image.Pix))
			for i, v := range image.Pix {
				step[i] = v - after.Pix[i]
			}
			if d := reftest.RelMax(unit(step), unit(ref.Tensors["gradient"].Data)); d > 1e-4 {
				t.Errorf("gradient is %.2g off", d)
			}
		})
	}
}

// sameTerms compares the terms of a score with the reference.
func sameTerms(t *testing.T, ref *reftest.File, s *nst.Score) {
	t.Helper()
	got := map[string]float64{"total": s.Total, "tv": s.TV.Loss}
	for _, c := range s.Content {
		got["content."+c.Layer] = c.Loss
	}
	for _, c := range s.Style {
		got["style."+c.Layer] = c.Loss
	}
	if len(got) != 8 {
		t.Errorf("%d terms, want 8", len(got))
	}
	for term, v := range got {
		want, ok := ref.Tensors["loss."+term]
		if !ok {
			t.Errorf("the reference has no loss.%s", term)
		} else if d := reftest.Rel(v, want.F64[0]); d > 2e-5 {
			t.Errorf("%s is %v, want %v", term, v, want.F64[0])
		}
	}
}

// unit returns x over its L1 norm.
func unit(x []float32) []float32 {
	norm := 0.0
	for _, v := range x {
		norm += math.Abs(float64(v))
	}
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(float64(v) / norm)
	}
	return out
}

// TestTrajectories holds ten steps of each optimiser against those of torch.optim: the
// losses on the way, and how far the picture has moved.
func TestTrajectories(t *testing.T) {
	reftest.NumbersOnly(t)
	for _, tt := range []struct {
		name          string
		method        nst.Method
		losses, moved float64 // how far the losses and the motion may be off
	}{
		{"adam", nst.Adam, 1e-5, 1e-3},
		{"lbfgs", nst.LBFGSTorch, 1e-3, 0.03},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ref, o := reference(t, "trajectory-"+tt.name)
			o.Optimizer.Method, o.Optimizer.LearningRate, o.Optimizer.Beta2 = tt.method, 1, 0.999
			o.Schedule.Iterations = 11
			tr, style := painter(t, ref, o)
			content := picture(t, ref, "content")
			var losses []float64
			var last *imgio.Planar
			_, err := tr.Run(context.Background(), nst.Job{
				Content: content,
				Style:   style,
				Progress: func(p nst.Progress) {
					losses = append(losses, p.Loss.Total)
					if p.Iteration == 10 {
						last = p.Picture()
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := ref.Tensors["losses"].F64
			if len(losses) != len(want) {
				t.Fatalf("%d losses, want %d", len(losses), len(want))
			}
			worst := 0.0
			for i, l := range losses {
				worst = max(worst, reftest.Rel(l, want[i]))
			}
			moved := offMotion(last.Pix, ref.Tensors["picture"].Data, content.Pix)
			t.Logf("losses are at most %.2g off, the motion is %.2g off", worst, moved)
			if worst > tt.losses {
				t.Errorf("losses %v, want %v: %.2g off", losses, want, worst)
			}
			if moved > tt.moved {
				t.Errorf("the motion in ten steps is %.2g off", moved)
			}
		})
	}
}

// offMotion returns how far the motion from one picture to another is off: the root of
// the mean squared error over that of the motion wanted. A picture that has not moved at
// all is 1 off.
func offMotion(got, want, from []float32) float64 {
	var off, motion float64
	for i, v := range from {
		d, m := float64(got[i]-want[i]), float64(want[i]-v)
		off, motion = off+d*d, motion+m*m
	}
	return math.Sqrt(off / motion)
}
