package nst_test

import (
	"context"
	"math"
	"testing"

	"nst/nst"
	"nst/vgg"
)

// TestWolfe looks that a line search does not hand over a trial that made the loss
// larger, but the best picture that it has seen, on the way as at the end.
func TestWolfe(t *testing.T) {
	o := small()
	o.Optimizer.Method, o.Optimizer.LearningRate, o.Schedule.Scales = nst.LBFGSWolfe, 4, 1 // first trials that are too long
	for o.Schedule.Iterations = 1; o.Schedule.Iterations <= 12; o.Schedule.Iterations++ {
		tr := transfer(t, o)
		content := draw(40, 30, 0)
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(32, 32, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		judge, best, rose := transfer(t, o), math.Inf(1), false
		r, err := tr.Run(context.Background(), nst.Job{Content: content, Style: s, Progress: func(p nst.Progress) {
			rose = rose || p.Loss.Total > best
			best = min(best, p.Loss.Total)
			got, err := judge.Score(context.Background(), content, s, p.Picture())
			if err != nil || math.Abs(got.Total-best) > 1e-4*best {
				t.Errorf("after %d evaluations the picture scores %v (%v), the best %v", p.Done, got, err, best)
			}
		}})
		if err != nil || r.Iterations != o.Schedule.Iterations {
			t.Fatalf("%d evaluations of %d: %v", r.Iterations, o.Schedule.Iterations, err)
		}
		got, err := tr.Score(context.Background(), content, s, r.Picture)
		if err != nil || math.Abs(got.Total-best) > 1e-4*best {
			t.Errorf("%d evaluations: the result scores %v (%v), the best %v", o.Schedule.Iterations, got, err, best)
		}
		if o.Schedule.Iterations == 12 && !rose {
			t.Error("no trial was too long, so that this shows nothing")
		}
	}
}

// TestPreprocessing looks that levels undoes the unit of torchvision's weights: they
// then see what a network of the same filters sees that was trained with levels.
func TestPreprocessing(t *testing.T) {
	score := func(c vgg.Convention, prepare nst.Preprocessing) float64 {
		w, err := vgg.Seeded(vgg.Tiny(), c, "conv5_1", 1)
		if err != nil {
			t.Fatal(err)
		}
		o := small()
		o.Objective.Preprocessing = prepare
		tr, err := nst.New(w, o)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		s, err := tr.Style(context.Background(), nst.StylePicture{Picture: draw(32, 32, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.Score(context.Background(), draw(40, 30, 0), s, draw(40, 30, 2))
		if err != nil {
			t.Fatal(err)
		}
		return got.Total
	}
	trained := vgg.Convention{Scale: 255, Mean: [3]float32{123.675, 116.28, 103.53}, Std: [3]float32{1, 1, 1}}
	want := score(trained, nst.PrepareTrained)
	if got := score(vgg.Torchvision(), nst.PrepareLevels); math.Abs(got-want) > 1e-5*want {
		t.Errorf("torchvision's filters in levels score %v, want %v", got, want)
	}
	want = score(vgg.Caffe(), nst.PrepareTrained)
	if got := score(vgg.Caffe(), nst.PrepareLevels); got != want {
		t.Errorf("Oxford's filters in levels score %v, want %v as trained", got, want)
	}
	wide := vgg.Caffe()
	wide.Scale = 256
	want = score(wide, nst.PrepareTrained)
	if got := score(vgg.Caffe(), nst.PrepareLevels256); math.Abs(got-want) > 1e-6*want {
		t.Errorf("256 levels score %v, want %v", got, want)
	}
}
