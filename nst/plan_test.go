package nst_test

import (
	"context"
	"runtime"
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

// TestPlanOfRun holds the plan against the heap at the end of a run. What the plan says of
// a machine is held to the byte in package exec; here it is that each part counts what the
// run adds: the network, the optimiser, the pictures and the targets.
func TestPlanOfRun(t *testing.T) {
	reftest.NumbersOnly(t) // the race detector takes memory too
	for name, change := range map[string]func(*nst.Options){
		"lbfgs":       func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGS, 3 },
		"lbfgs-torch": func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGSTorch, 4 },
		"lbfgs-wolfe": func(o *nst.Options) { o.Optimizer.Method, o.Optimizer.History = nst.LBFGSWolfe, 2 },
		"adam":        func(o *nst.Options) { o.Optimizer.Method = nst.Adam },
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "lbfgs" {
				t.Skip("one method is enough in short mode")
			}
			const w, h = 256, 192
			o := nst.DefaultOptions()
			o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Objective.Orientations = w, 1, 9, 1
			o.Compute.Threads, o.Compute.Device = 2, nst.DeviceCPU
			change(&o)
			ctx, content, painting := context.Background(), draw(w, h, 0), draw(w, h, 1)
			before := heap()
			weights, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv5_1", 1)
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
				if p.Iteration == p.Iterations {
					grown = heap() - before
				}
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
			// Five tensors of more than 2 MB begin at a huge page.
			const aligning = 5 * 2 << 20
			off := grown - aligning - planned
			t.Logf("the heap has grown by %d bytes more than was planned: %+v", off, p.Parts)
			// Partial sums of the kernels and what is no tensor came to 755 kB for each method. A
			// picture has 590 kB.
			if off < 256<<10 || off > 1280<<10 {
				t.Errorf("the heap has grown by %d bytes, planned are %d and %d to align", grown, planned, aligning)
			}
		})
	}
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
