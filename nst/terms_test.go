package nst_test

import (
	"context"
	"testing"

	"nst/nst"
)

// TestFeatureOptions looks that every departure from the network as it was trained
// reaches the objective.
func TestFeatureOptions(t *testing.T) {
	seen := map[float64]string{}
	for name, change := range map[string]func(*nst.Options){
		"as trained":   func(*nst.Options) {},
		"replicate":    func(o *nst.Options) { o.Padding = nst.PadReplicate },
		"avg":          func(o *nst.Options) { o.Pooling = nst.PoolAvg },
		"avg rescaled": func(o *nst.Options) { o.Pooling, o.Rescale = nst.PoolAvg, true },
		"l2":           func(o *nst.Options) { o.Pooling = nst.PoolL2 },
		"l2 rescaled":  func(o *nst.Options) { o.Pooling, o.Rescale = nst.PoolL2, true },
	} {
		o := small()
		change(&o)
		total := scoreOf(t, o).Total
		if other, ok := seen[total]; ok {
			t.Errorf("%s scores as %s does: %v", name, other, total)
		}
		seen[total] = name
	}
}

// scoreOf scores one picture against another and a style.
func scoreOf(t *testing.T, o nst.Options) *nst.Score {
	t.Helper()
	ctx := context.Background()
	tr := transfer(t, o)
	s, err := tr.Style(ctx, nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tr.Score(ctx, draw(40, 30, 0), s, draw(40, 30, 2))
	if err != nil {
		t.Fatal(err)
	}
	return got
}
