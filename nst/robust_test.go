package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"nst/imgio"
)

// TestOddPictures paints with pictures that have no colour, no contrast, next to no
// pixels or next to no height, in every mode of colour and by every style loss, and
// looks that the result is a picture of the content still: numbers, within the
// range, not even, lighter where the content is.
func TestOddPictures(t *testing.T) {
	content, style := warm(80, 60), cold(70, 50)
	for _, tt := range []struct {
		name           string
		content, style *imgio.Planar
		size           int
	}{
		{"grey content", grey(content), style, 64},
		{"grey style", content, grey(style), 64},
		{"both grey", grey(content), grey(style), 64},
		{"even style", content, flat(70, 50, 0.2, 0.4, 0.9), 64},
		{"black style", content, flat(70, 50, 0, 0, 0), 64},
		{"style of 16x16", content, cold(16, 16), 64},
		{"panorama", warm(4000, 200), style, 512},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, mode := range Colours() {
				for _, loss := range StyleLosses() {
					if testing.Short() && loss == StyleMeanStd {
						continue
					}
					for _, optimizer := range []Method{Adam, LBFGS} {
						r, j := paintedIn(t, mode, tt.content, tt.style, func(o *Options) {
							o.Size, o.Objective.StyleLoss, o.Schedule.Iterations, o.Optimizer.Method = tt.size, loss, 4, optimizer
						})
						if optimizer == Adam && r.Rollbacks > 0 || math.IsNaN(r.Loss.Total) {
							t.Errorf("%s %s %s: loss %v, %d rollbacks", mode, loss, optimizer, r.Loss.Total, r.Rollbacks)
						}
						sensible(t, fmt.Sprint(mode, " ", loss, " ", optimizer), r.Picture, j.Content)
					}
				}
			}
		})
	}
}

// sensible looks that a picture is one, and looks like its content.
func sensible(t *testing.T, name string, got, content *imgio.Planar) {
	t.Helper()
	for i, v := range got.Pix {
		if !(v >= -0.001 && v <= 1.001) {
			t.Fatalf("%s: value %d is %v", name, i, v)
		}
	}
	content = content.Resize(got.W, got.H)
	a, b := grey(got).Pix[:got.W*got.H], grey(content).Pix[:got.W*got.H]
	ma, mb := spreadOf(a), spreadOf(b)
	var both float64
	for i := range a {
		both += (float64(a[i]) - ma.mean) * (float64(b[i]) - mb.mean) / float64(len(a))
	}
	if r := both / math.Sqrt(ma.variance*mb.variance); !(r > 0.15) {
		t.Errorf("%s: light and dark agree with the content by %.2f", name, r)
	}
}

// TestPanoramaSize looks that a picture too long for the network is told the size that
// will do, which is the least.
func TestPanoramaSize(t *testing.T) {
	tr, j := scene(t, func(o *Options) { o.Size = 64 })
	j.Content = imgio.NewPlanar(4000, 200)
	var small *TooSmallError
	if _, err := tr.Run(context.Background(), j); !errors.As(err, &small) || small.Size == 0 {
		t.Fatalf("got %v, want a TooSmallError with a size", err)
	}
	for size, fits := range map[int]bool{small.Size: true, small.Size - 1: false} {
		w, h := imgio.FitLongest(4000, 200, size)
		if err := tr.network.visible(scale{size: size, w: w, h: h}, j.Style); (err == nil) != fits {
			t.Errorf("size %d, %dx%d: %v", size, w, h, err)
		}
	}
}
