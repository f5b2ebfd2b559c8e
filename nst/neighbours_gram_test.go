package nst

import (
	"math"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// TestGramNeighbours looks that the loss of both is the sum of the two: every term has the number
// of the loss alone, and its weight, that of Gram matrices multiplied by their share. It
// does so in two orientations of a distilled network, whose Gram matrices differ, for a blend
// of styles, a sum of them, and regions.
func TestGramNeighbours(t *testing.T) {
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	content, picture := warm(96, 64), drawn(96, 64, 3)
	left := half(96, 64)
	right := Rest(96, 64, left)
	for _, tt := range []struct {
		name  string
		mix   StyleMix
		masks []*Mask
	}{
		{"blend", MixMean, nil}, {"sum", MixSum, nil}, {"regions", MixMean, []*Mask{left, right}},
	} {
		for _, orientation := range []int{0, 3} {
			terms := func(of StyleLoss) map[[2]string][]Term {
				o := DefaultOptions()
				o.Size, o.Objective.StyleLoss, o.Objective.StyleMix = 96, of, tt.mix
				o.Objective.StyleLayers = []LayerWeight{{"relu1_1", 1}, {"relu3_1", 2}}
				return termsOf(t, w, o, orientation, content, picture, tt.masks)
			}
			both, gram, near := terms(StyleGramNeighbours), terms(StyleGram), terms(StyleNeighbours)
			if len(both) != len(gram)+len(near) {
				t.Errorf("%s: %d terms, want %d and %d", tt.name, len(both), len(gram), len(near))
			}
			for of, want := range gram {
				share := besideNeighbours * w.Network.BesideNeighbours * weightIn(w.Network, of[0])
				sameTerms(t, tt.name, both[of], want, share)
			}
			for of, want := range near {
				sameTerms(t, tt.name, both[of], want, 1)
			}
		}
	}
}

// weightIn is the weight of a network for the Gram matrix of a layer.
func weightIn(n *vgg.Network, layer string) float64 {
	for _, l := range n.StyleLayers {
		if l.Layer == layer {
			return l.Weight
		}
	}
	return 0
}

// sameTerms compares terms with those of one loss alone, whose weights are multiplied.
func sameTerms(t *testing.T, name string, got, want []Term, times float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d terms of %s, want %d", name, len(got), want[0].Layer, len(want))
		return
	}
	for i, g := range got {
		if g.Loss != want[i].Loss || !(math.Abs(g.Weight/want[i].Weight-times) < 1e-12) {
			t.Errorf("%s: %+v, want %+v with %v of the weight", name, g, want[i], times)
		}
	}
}

// termsOf returns the terms of the style of a picture in an orientation of a network, by layer
// and statistic: for a warm and a cold style, in regions unless masks is nil.
func termsOf(t *testing.T, w *vgg.Weights, o Options, orientation int, content, picture *imgio.Planar, masks []*Mask) map[[2]string][]Term {
	t.Helper()
	o.Compute.Device = DeviceCPU
	tr, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	style, err := tr.Style(t.Context(), StylePicture{Picture: cold(80, 90), Weight: 1}, StylePicture{Picture: drawn(90, 70, 7), Weight: 3})
	if err != nil {
		t.Fatal(err)
	}
	regions, err := regionsOf(masks, style, content.W, content.H)
	if err != nil {
		t.Fatal(err)
	}
	objective, err := evaluatorOf(tr, orientation).newObjective(t.Context(), comparison{
		content: content, contentWeight: 5, style: style.over(regions), size: 96,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer objective.close()
	if _, err := objective.evaluate(t.Context(), picture.Pix, nil); err != nil {
		t.Fatal(err)
	}
	terms := map[[2]string][]Term{}
	for _, s := range objective.score().Style {
		of := [2]string{s.Layer, s.Statistic}
		terms[of] = append(terms[of], s)
	}
	return terms
}
