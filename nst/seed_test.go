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
		"rescale":    func(o *nst.Options) { o.Objective.Pooling, o.Objective.Rescale = nst.PoolAvg, true },
		"normalised": func(o *nst.Options) { o.Optimizer.Method, o.Objective.NormalizeGradients = nst.Adam, true },
		"tolerance":  func(o *nst.Options) { o.Schedule.Tolerance, o.Schedule.Iterations = 0.5, 30 },
		"scale":      func(o *nst.Options) { o.Objective.StyleScale = 1.5 },
	}
	each(modes, nst.Methods(), func(o *nst.Options, w nst.Method) { o.Optimizer.Method = w })
	each(modes, []nst.Init{nst.InitContent, nst.InitNoise, nst.InitMean}, func(o *nst.Options, w nst.Init) { o.Schedule.Init = w })
	each(modes, nst.StyleLosses(), func(o *nst.Options, w nst.StyleLoss) { o.Objective.StyleLoss = w })
	each(modes, nst.Poolings(), func(o *nst.Options, w nst.Pooling) { o.Objective.Pooling = w })
	each(modes, nst.Paddings(), func(o *nst.Options, w nst.Padding) { o.Objective.Padding = w })
	each(modes, nst.TVForms(), func(o *nst.Options, w nst.TVForm) { o.Objective.TVForm, o.Objective.TVWeight = w, 1e-3 })
	each(modes, nst.Colours(), func(o *nst.Options, w nst.Colour) { o.Color = w })
	each(modes, nst.Preprocessings(), func(o *nst.Options, w nst.Preprocessing) { o.Objective.Preprocessing = w })
	for name, set := range modes {
		t.Run(name, func(t *testing.T) {
			var pictures []*imgio.Planar
			for _, threads := range []int{1, 1, 3} {
				o := small()
				o.Schedule.MinScale, o.Schedule.Iterations, o.Schedule.Seed, o.Compute.Threads = 16, 4, 11, threads
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

// each adds a mode for each of some words.
func each[T ~string](modes map[string]func(*nst.Options), words []T, set func(*nst.Options, T)) {
	for _, w := range words {
		modes[string(w)] = func(o *nst.Options) { set(o, w) }
	}
}
