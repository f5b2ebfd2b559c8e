package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// TestNothingToDo paints a content in its own style, and with a style of no weight: the result
// is the content, and the run is at its end. W2 of a picture and itself is not 0, because its
// roots of matrices are not exact; nor is the loss of neighbours, which has features of some
// positions as its target, not those of all.
func TestNothingToDo(t *testing.T) {
	content := warm(64, 48)
	sharp := content.Clone() // beyond 0..1, as cubic resampling makes it at edges
	for i, v := range sharp.Pix {
		sharp.Pix[i] = 1.8*v - 0.4
	}
	for _, method := range Methods() {
		for _, loss := range StyleLosses() {
			for _, own := range []bool{true, false} {
				if own && (loss == StyleW2 || loss.matches()) {
					continue
				}
				for _, c := range []*imgio.Planar{content, sharp} {
					name := fmt.Sprintf("%s %s own style %t sharp %t", method, loss, own, c == sharp)
					style := cold(70, 50)
					if own {
						style = c
					}
					r, _ := paintedIn(t, ColourStyle, c, style, func(o *Options) {
						o.Optimizer.Method, o.Objective.StyleLoss, o.Schedule.Iterations = method, loss, 20
						if o.Schedule.Scales = 1; !own {
							o.Schedule.Scales, o.Objective.StyleWeight = 2, 0
						}
					})
					if r.Rollbacks > 0 || r.Stop != StopTolerance && method != LBFGSTorch {
						t.Errorf("%s: stopped by %s with a loss of %v, after %d rollbacks", name, r.Stop, r.Loss.Total, r.Rollbacks)
					}
					if d := farthest(r.Picture, c); d > 0.5/255 {
						t.Errorf("%s: %.1f levels from the content", name, 255*d)
					}
				}
			}
		}
	}
}

// farthest returns the largest difference of two pictures as a file would hold them.
func farthest(a, b *imgio.Planar) (most float64) {
	in := func(v float32) float64 { return min(max(float64(v), 0), 1) }
	for i, v := range a.Pix {
		most = max(most, math.Abs(in(v)-in(b.Pix[i])))
	}
	return most
}

// TestBlind looks that a network whose features are all 0 paints and measures nothing, instead
// of leaving the content with a loss of 0.
func TestBlind(t *testing.T) {
	w, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.Filters {
		clear(f.W)
		clear(f.B)
	}
	o := DefaultOptions()
	o.Size = 64
	tr, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	ctx := context.Background()
	s, err := tr.Style(ctx, StylePicture{Picture: cold(70, 50), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Run(ctx, Job{Content: warm(90, 70), Style: s}); !errors.Is(err, ErrBlind) {
		t.Errorf("Run returns %v", err)
	}
	if _, err := tr.Score(ctx, warm(90, 70), s, cold(90, 70)); !errors.Is(err, ErrBlind) {
		t.Errorf("Score returns %v", err)
	}
}
