package nst

import (
	"context"
	"testing"
)

// TestStartPart looks that a first picture of another shape is not stretched: the part in its
// middle that has the shape of the content is used.
func TestStartPart(t *testing.T) {
	for _, tt := range [][3]Size{
		{{40, 30}, {400, 300}, {40, 30}},
		{{40, 30}, {401, 300}, {40, 30}},
		{{100, 30}, {400, 300}, {40, 30}},
		{{30, 100}, {400, 300}, {30, 23}},
		{{1, 1}, {300, 100}, {1, 1}},
	} {
		if got := StartPart(tt[0], tt[1]); got != tt[2] {
			t.Errorf("of %v for %v: %v, want %v", tt[0], tt[1], got, tt[2])
		}
	}
	tr, j := scene(t, func(o *Options) {
		o.Schedule.Init, o.Schedule.Scales, o.Schedule.Iterations = InitImage, 1, 1
		o.Optimizer.LearningRate, o.Optimizer.Average = 1e-6, 0
	})
	middle := warm(64, 48)
	j.Content = cold(64, 48)
	j.Start = flat(100, 48, 1, 0, 0)
	for c := range 3 {
		for y := range 48 {
			copy(j.Start.Pix[(c*48+y)*100+18:][:64], middle.Pix[(c*48+y)*64:])
		}
	}
	r, err := tr.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	if d := farthest(r.Picture, middle); d > 0.01 {
		t.Errorf("the first picture is %.1f levels off", levels*d)
	}
}
