package instant_test

import (
	"context"
	"errors"
	"testing"

	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// scaled returns slim with features that are a part as large, as those of torchvision's
// VGG-19 are a fiftieth of Oxford's.
func scaled(t *testing.T, part float32) *vgg.Weights {
	t.Helper()
	own := *weights(t)
	filters := own.Filters
	own.Filters = map[string]vgg.Filter{}
	times := func(values []float32) []float32 {
		out := make([]float32, len(values))
		for i, v := range values {
			out[i] = part * v
		}
		return out
	}
	for name, f := range filters {
		f.B = times(f.B)
		if name == "conv1_1" {
			f.W = times(f.W)
		}
		own.Filters[name] = f
	}
	return &own
}

// TestScale teaches with slim, and with the same network whose features are smaller or larger.
// Each term is relative to what it is compared with, so that all teach the same: to the bit,
// because the parts are powers of two.
func TestScale(t *testing.T) {
	photos := openPhotos(t, 64)
	const count = 40
	terms := func(part float32) (all [count]instant.Terms) {
		tr, err := instant.NewTrainer(context.Background(), scaled(t, part), small(count), styles(), photos)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		for i := range all {
			if all[i], err = tr.Step(context.Background()); err != nil {
				t.Fatalf("features of %v: %v", part, err)
			}
		}
		return all
	}
	want := terms(1)
	if last := want[count-1]; last.Style > want[0].Style/2 {
		t.Fatalf("slim itself learns nothing: style loss %v to %v", want[0].Style, last.Style)
	}
	for _, part := range []float32{1. / 8192, 1. / 64, 64} {
		if got := terms(part); got != want {
			t.Errorf("features of %v: the terms of the last step are %v, want %v", part, got[count-1], want[count-1])
		}
	}
}

// TestBlind teaches with a network that sees nothing, which is refused before the first step.
func TestBlind(t *testing.T) {
	for _, part := range []float32{0, 1e-12} {
		tr, err := instant.NewTrainer(context.Background(), scaled(t, part), small(1), styles(), openPhotos(t, 64))
		if !errors.Is(err, nst.ErrBlind) {
			t.Errorf("features of %v: %v", part, err)
		}
		if err == nil {
			tr.Close()
		}
	}
}
