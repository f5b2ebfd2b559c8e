package nst

import (
	"context"
	"math"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/vgg"
)

// TestNormalisedGradient looks that at a single layer the normalised gradient has
// the direction of the plain one, also where several statistics make the style, and
// the length that the weight says, however large the loss is.
func TestNormalisedGradient(t *testing.T) {
	for _, style := range StyleLosses() {
		t.Run(string(style), func(t *testing.T) {
			plain := styleGradient(t, style, false, 1)
			one, three := styleGradient(t, style, true, 1), styleGradient(t, style, true, 3)
			if d := reftest.RelMax(scaledTo(one, plain), plain); d > 1e-4 {
				t.Errorf("the direction is %.2g off", d)
			}
			want := make([]float32, len(one))
			for i, v := range one {
				want[i] = 3 * v
			}
			if d := reftest.RelMax(three, want); d > 1e-4 {
				t.Errorf("three times the weight is %.2g off three times the gradient", d)
			}
			// An L1 norm of 1 at relu1_1 has come to 7 to 9 at the pixels, where the plain
			// gradients have from 23 (w2) to 7209 (meanstd).
			if n := norm(one); n < 3 || n > 30 {
				t.Errorf("the gradient has the length %v, plain %v", n, norm(plain))
			}
		})
	}
}

// styleGradient returns the gradient of a style at relu1_1 alone.
func styleGradient(t *testing.T, style StyleLoss, normalise bool, weight float64) []float32 {
	t.Helper()
	ctx := context.Background()
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Optimizer.Method = Adam
	o.Size, o.Objective.StyleLoss, o.Objective.NormalizeGradients = 32, style, normalise
	o.Objective.ContentWeight, o.Objective.StyleWeight = 0, weight
	o.Objective.StyleLayers = []LayerWeight{{"relu1_1", 1}}
	tr, err := New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	p := &imgio.Planar{W: 32, H: 32, Pix: reftest.Picture(32, 32, 0)}
	s, err := tr.Style(ctx, StylePicture{Picture: &imgio.Planar{W: 32, H: 32, Pix: reftest.Picture(32, 32, 1)}, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, err := evaluatorOf(tr, 0).newObjective(ctx, comparison{content: p, style: s, size: 32})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	gradient := make([]float32, len(p.Pix))
	if _, err := f.evaluate(ctx, p.Pix, gradient); err != nil {
		t.Fatal(err)
	}
	return gradient
}

// scaledTo returns x with the length of y.
func scaledTo(x, y []float32) []float32 {
	out, by := make([]float32, len(x)), norm(y)/norm(x)
	for i, v := range x {
		out[i] = float32(float64(v) * by)
	}
	return out
}

func norm(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}
