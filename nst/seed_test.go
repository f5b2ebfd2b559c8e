package nst_test

import (
	"context"
	"slices"
	"testing"

	"nst/imgio"
	"nst/nst"
)

// TestModesRepeat looks that every mode gives the same bytes again, also on another
// number of threads.
func TestModesRepeat(t *testing.T) {
	modes := map[string]func(*nst.Options){
		"rescale":    func(o *nst.Options) { o.Pooling, o.Rescale = nst.PoolAvg, true },
		"normalised": func(o *nst.Options) { o.Optimizer, o.NormalizeGradients = nst.Adam, true },
		"tolerance":  func(o *nst.Options) { o.Tolerance = 0.5 },
		"scale":      func(o *nst.Options) { o.StyleScale = 1.5 },
	}
	each := func(words []string, set func(*nst.Options, string)) {
		for _, w := range words {
			modes[w] = func(o *nst.Options) { set(o, w) }
		}
	}
	each(nst.Optimizers(), func(o *nst.Options, w string) { o.Optimizer = w })
	each([]string{nst.InitContent, nst.InitNoise, nst.InitMean}, func(o *nst.Options, w string) { o.Init = w })
	each(nst.StyleLosses(), func(o *nst.Options, w string) { o.StyleLoss = w })
	each(nst.Poolings(), func(o *nst.Options, w string) { o.Pooling = w })
	each(nst.Paddings(), func(o *nst.Options, w string) { o.Padding = w })
	each(nst.TVForms(), func(o *nst.Options, w string) { o.TVForm, o.TVWeight = w, 1e-3 })
	each(nst.Colours(), func(o *nst.Options, w string) { o.Color = w })
	each(nst.Preprocessings(), func(o *nst.Options, w string) { o.Preprocessing = w })
	for name, set := range modes {
		t.Run(name, func(t *testing.T) {
			var pictures []*imgio.Planar
			for _, threads := range []int{1, 1, 3} {
				o := small()
				o.MinScale, o.Iterations, o.Seed, o.Threads = 16, 4, 11, threads
				set(&o)
				r, err := paint(t, context.Background(), o, nil)
				if err != nil {
					t.Fatal(err)
				}
				pictures = append(pictures, r.Picture)
			}
			for i, p := range pictures[1:] {
				if !slices.Equal(p.Pix, pictures[0].Pix) {
					t.Errorf("run %d gives another picture than the first", i+2)
				}
			}
		})
	}
}
