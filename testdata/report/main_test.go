package main

import (
	"context"
	"math"
	"testing"

	"nst/nst"
	"nst/vgg"
)

// TestErrors holds the two errors against numbers worked out by hand.
func TestErrors(t *testing.T) {
	m, err := vgg.NewProjection(2, 1, []float32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	// W f is (1, 3), (2, 6).
	if got, want := featureError(m, []float32{1, 3}, []float32{1, 3, 2, 1}), 5/math.Sqrt(15); math.Abs(got-want) > 1e-6 {
		t.Errorf("error of features is %v, want %v", got, want)
	}
	// W g Wᵀ is (2, 4), (4, 8).
	if got, want := gramError(m, []float32{2}, []float32{2, 4, 4, 5}), 3/math.Sqrt(61); math.Abs(got-want) > 1e-6 {
		t.Errorf("error of a Gram matrix is %v, want %v", got, want)
	}
}

// TestPair looks that what is painted scores below the start.
func TestPair(t *testing.T) {
	s := settings{options: nst.DefaultOptions(), out: t.TempDir()}
	s.options.Size, s.options.Schedule.Iterations = 48, 5
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPair("../images/content/town.jpg:../images/style/flow.jpg")
	if err != nil || p.name != "town-flow" {
		t.Fatal(p.name, err)
	}
	ctx := context.Background()
	painted, took, err := s.paint(ctx, slim, p, "slim", true)
	if err != nil || took.Duration == 0 {
		t.Fatal(took, err)
	}
	again, took, err := s.paint(ctx, slim, p, "slim", true)
	if err != nil || took.Duration != 0 {
		t.Fatal("painted again, though it was there", err)
	}
	l, err := s.score(ctx, slim, p, p.content, painted, again)
	if err != nil {
		t.Fatal(err)
	}
	if l[0].content != 0 || !(l[1].style < l[0].style) || math.Abs(l[2].style/l[1].style-1) > 0.05 {
		t.Errorf("%+v", l)
	}
	if _, err := readPair("one"); err == nil {
		t.Error("half a pair: no error")
	}
}
