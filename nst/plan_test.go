package nst_test

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// TestPlan looks that the plan adds up and grows as it must.
func TestPlan(t *testing.T) {
	o := small()
	o.Optimizer.Method = nst.LBFGS
	tr := transfer(t, o)
	p, err := tr.Plan(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, part := range p.Parts {
		if part.Bytes <= 0 {
			t.Errorf("%s takes %d bytes", part.Name, part.Bytes)
		}
		sum += part.Bytes
	}
	if sum != p.Total || p.Width != 64 || p.Height != 48 {
		t.Errorf("%+v does not add up to %d", p, p.Total)
	}
	larger, err := tr.Plan(128, 96)
	if err != nil || larger.Total <= p.Total {
		t.Errorf("four times the pixels take %d bytes, %v; one time %d", larger.Total, err, p.Total)
	}
	o.Optimizer.History = 1
	short, err := transfer(t, o).Plan(64, 48)
	if err != nil || short.Total >= p.Total {
		t.Errorf("a shorter history takes %d bytes, %v; the usual %d", short.Total, err, p.Total)
	}
	if _, err := tr.Plan(8, 8); err == nil {
		t.Error("a picture that is pooled away: no error")
	}
}

// TestPlanOfRun holds the plan against the most memory that the process has in a run. What the
// plan says of a machine is held to the byte in package exec; here it is that each part counts
// what the run adds: the network, the filters of every orientation, the optimiser, the pictures
// and the targets.
func TestPlanOfRun(t *testing.T) {
	reftest.NumbersOnly(t) // the race detector takes memory too
	if resident() == 0 {
		t.Skip("the memory of the process is not known here")
	}
	for name, change := range map[string]func(*nst.Options){
		"lbfgs": func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGS, 3 },
		"turning": func(o *nst.Options) {
			o.Objective.Orientations, o.Schedule.Iterations, o.Optimizer.Method = 8, 24, nst.Adam
		},
		"lbfgs-torch": func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGSTorch, 4 },
		"lbfgs-wolfe": func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGSWolfe, 2 },
		"calm":        func(o *nst.Options) { o.Optimizer.Method, o.Objective.Calm = nst.Adam, 50 },
		"neighbours": func(o *nst.Options) {
			o.Objective.StyleLoss, o.Objective.MatchEvery, o.Optimizer.Method = nst.StyleNeighbours, 4, nst.Adam
		},
		"gram+neighbours": func(o *nst.Options) {
			o.Objective.StyleLoss, o.Objective.MatchEvery, o.Optimizer.Method = nst.StyleGramNeighbours, 4, nst.Adam
		},
		"adam": func(o *nst.Options) { o.Optimizer.Method = nst.Adam },
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "lbfgs" && name != "turning" {
				t.Skip("one method is enough in short mode")
			}
			const w, h = 256, 192
			o := nst.DefaultOptions()
			o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Objective.Orientations = w, 1, 9, 1
			o.Compute.Threads, o.Compute.Device = 2, nst.DeviceCPU
			change(&o)
			ctx, content, painting := context.Background(), draw(w, h, 0), draw(w, h, 1)
			before := resident()
			weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
			if name == "turning" { // has projections
				weights, err = vgg.Embedded()
			}
			if err != nil {
				t.Fatal(err)
			}
			tr, err := nst.New(weights, o)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			style, err := tr.Style(ctx, nst.StylePicture{Picture: painting, Weight: 1})
			if err != nil {
				t.Fatal(err)
			}
			var grown int64
			if _, err := tr.Run(ctx, nst.Job{Content: content, Style: style, Progress: func(p nst.Progress) {
				grown = max(grown, resident()-before)
			}}); err != nil {
				t.Fatal(err)
			}
			p, err := tr.Plan(w, h)
			if err != nil {
				t.Fatal(err)
			}
			var planned int64
			for _, part := range p.Parts {
				if part.Name != "program" {
					planned += part.Bytes
				}
			}
			// Besides, there are partial sums of the kernels, the graph, and what is no tensor. The
			// plan has a copy of the picture, which is made for whoever watches, and the features
			// of the content while they are measured.
			if strings.HasSuffix(name, "neighbours") {
				// The search for matches has a graph of its own, which is larger than that of an
				// evaluation and gone when an iteration is told.
				planned -= search(p, t, o, weights, w, h)
			}
			off := grown - planned
			t.Logf("the process has grown by %d bytes, %d were planned: %+v", grown, planned, p.Parts)
			if off < -planned/7 || off > planned/10+2<<20 {
				t.Errorf("the process has grown by %d bytes, %d were planned", grown, planned)
			}
		})
	}
}

// search returns how much larger the features of a plan are than those of the same run with Gram
// matrices.
func search(p nst.Plan, t *testing.T, o nst.Options, weights *vgg.Weights, w, h int) int64 {
	t.Helper()
	features := func(p nst.Plan) int64 {
		for _, part := range p.Parts {
			if part.Name == "features and gradients" {
				return part.Bytes
			}
		}
		t.Fatal("a plan without features")
		return 0
	}
	o.Objective.StyleLoss, o.Objective.MatchEvery = nst.StyleGram, 0
	gram, err := nst.New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	defer gram.Close()
	plan, err := gram.Plan(w, h)
	if err != nil {
		t.Fatal(err)
	}
	return features(p) - features(plan)
}

// resident returns the bytes of memory that the process has, without garbage, and without the
// pages of its file, of which the system takes some away and gives them back; 0 if that is not
// known.
func resident() int64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var all, pages, ofFiles int64
	if _, err := fmt.Sscan(string(text), &all, &pages, &ofFiles); err != nil {
		return 0
	}
	return (pages - ofFiles) * int64(os.Getpagesize())
}
