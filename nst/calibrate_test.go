package nst

import (
	"context"
	"math"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// weakened returns slim with features that are a part as large, as those of torchvision's
// weights are.
func weakened(t *testing.T, part float32) *vgg.Weights {
	t.Helper()
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	own := *w
	own.Filters = map[string]vgg.Filter{}
	for name, f := range w.Filters {
		scaled := func(values []float32) []float32 {
			out := make([]float32, len(values))
			for i, v := range values {
				out[i] = part * v
			}
			return out
		}
		f.B = scaled(f.B)
		if name == "conv1_1" {
			f.W = scaled(f.W)
		}
		own.Filters[name] = f
	}
	return &own
}

// TestCalibrate paints with slim, and with the same network whose features are a fiftieth or
// fifty times as large. All paint about alike. Without the calibration, the small features
// leave the photograph.
func TestCalibrate(t *testing.T) {
	content, style := warm(64, 56), cold(60, 64)
	for _, loss := range StyleLosses() {
		if testing.Short() && loss == StyleW2 {
			continue // slow
		}
		run := func(part float32, calibrate bool) (*imgio.Planar, float64) {
			o := DefaultOptions()
			o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Objective.Orientations = 64, 1, 12, 1
			o.Objective.StyleLoss, o.Objective.Calibrate = loss, calibrate
			tr, err := New(weakened(t, part), o)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			s, err := tr.Style(context.Background(), StylePicture{Picture: style, Weight: 1})
			if err != nil {
				t.Fatal(err)
			}
			r, err := tr.Run(context.Background(), Job{Content: content, Style: s})
			if err != nil {
				t.Fatal(err)
			}
			score, err := tr.Score(context.Background(), content, s, r.Picture)
			if err != nil {
				t.Fatal(err)
			}
			return r.Picture, score.Total
		}
		same, total := run(1, false)
		if p, _ := run(1, true); rms(p, same) != 0 {
			t.Errorf("%s: slim itself is calibrated", loss)
		}
		painted := rms(same, content)
		for _, part := range []float32{1. / 50, 50} {
			p, got := run(part, true)
			if r := math.Log(got / total); math.Abs(r) > 0.4 {
				t.Errorf("%s: the total of features of %v is %g, want about %g", loss, part, got, total)
			}
			if d := rms(p, same); d > painted/3 {
				t.Errorf("%s: features of %v paint %.1f levels off, where slim changes %.1f", loss, part, d, painted)
			}
		}
		if p, _ := run(1./50, false); loss == StyleGram && rms(p, content) > painted/4 {
			t.Errorf("%s: small features paint %.1f levels as they are, so that this shows nothing", loss, rms(p, content))
		}
	}
}

// rms returns the root mean square of the difference of two pictures, in 8-bit levels.
func rms(a, b *imgio.Planar) float64 {
	var sum float64
	for i, v := range a.Pix {
		sum += float64(v-b.Pix[i]) * float64(v-b.Pix[i])
	}
	return levels * math.Sqrt(sum/float64(len(a.Pix)))
}
