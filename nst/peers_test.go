package nst

import (
	"context"
	"math"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/vgg"
)

// peer opens what testdata/presets/peers.py computes for a preset, and a Transfer
// with its options at that size.
func peer(t *testing.T, name string) (*reftest.File, *Transfer) {
	t.Helper()
	ref, err := reftest.Load("../testdata/presets/seeded.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	p, ok := PresetByName(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	convention := vgg.Caffe()
	if name == "crowsonkb" || name == "gordicaleksa" {
		convention = vgg.Torchvision()
	}
	weights, err := vgg.Seeded(vgg.VGG19(), convention, "conv5_1", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	o := p.Options
	content := picture(t, ref, name)
	o.Size, o.Schedule.Scales = max(content.W, content.H), 1
	o.Schedule.Iterations = len(ref.Tensors[name+".losses"].F64)
	if _, ok := ref.Tensors[name+".start"]; ok {
		o.Schedule.Init = InitImage
	} else if o.Schedule.Init != InitContent {
		t.Errorf("the preset starts from %s, the program from the content", o.Schedule.Init)
	}
	tr, err := New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return ref, tr
}

// TestPeers holds every preset against the program whose name it has, written down
// in PyTorch as that program has it: each term of the loss of a picture, and the
// losses of the first evaluations of its own optimiser from its own start.
func TestPeers(t *testing.T) {
	for _, p := range Presets() {
		if p.Name == "default" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if testing.Short() && p.Name != "neural-style" {
				t.Skip("one program is enough in short mode")
			}
			ref, tr := peer(t, p.Name)
			content, image := picture(t, ref, p.Name), picture(t, ref, "image")
			style, err := tr.Style(context.Background(), StylePicture{Picture: picture(t, ref, "style"), Weight: 1})
			if err != nil {
				t.Fatal(err)
			}
			s, err := tr.Score(context.Background(), content, style, image)
			if err != nil {
				t.Fatal(err)
			}
			samePeerTerms(t, ref, p.Name, s)

			var losses []float64
			job := Job{Content: content, Style: style, Progress: func(p Progress) { losses = append(losses, p.Loss.Total) }}
			if start, ok := ref.Tensors[p.Name+".start"]; ok {
				job.Start = &imgio.Planar{W: content.W, H: content.H, Pix: start.Data}
			}
			if _, err := tr.Run(context.Background(), job); err != nil {
				t.Fatal(err)
			}
			want := ref.Tensors[p.Name+".losses"].F64
			single := ref.Tensors[p.Name+".losses.float32"].F64
			// Where PyTorch in float32 parts from itself in float64 by as much, so may this.
			tol := 1e-3
			for i, w := range want {
				tol = max(tol, 2*reftest.Rel(single[i], w))
			}
			if len(losses) != len(want) {
				t.Fatalf("%d losses, want %d", len(losses), len(want))
			}
			for i, w := range want {
				if d := reftest.Rel(losses[i], w); !(d <= tol) {
					t.Errorf("loss %d is %v, want %v: %.1g off, PyTorch in float32 %.1g", i, losses[i], w, d, reftest.Rel(single[i], w))
				}
			}
		})
	}
}

// samePeerTerms compares the terms of a score, each times its weight, and their sum.
func samePeerTerms(t *testing.T, ref *reftest.File, name string, s *Score) {
	t.Helper()
	got := map[string]float64{"tv": s.TV.Loss * s.TV.Weight}
	for _, c := range s.Content {
		got["content."+c.Layer] = c.Loss * c.Weight
	}
	for _, c := range s.Style {
		got["style."+c.Layer] = c.Loss * c.Weight
	}
	total := 0.0
	for term, v := range got {
		want, ok := ref.Tensors[name+"."+term]
		if !ok {
			t.Fatalf("the program has no term %s", term)
		}
		total += want.F64[0]
		if d := reftest.Rel(v, want.F64[0]); d > 1e-4 {
			t.Errorf("%s is %v, want %v", term, v, want.F64[0])
		} else {
			t.Logf("%s: %.1g off", term, d)
		}
	}
	if d := math.Abs(s.Total - total); d > 1e-4*total || len(got) != 7 {
		t.Errorf("the total of %d terms is %v, want %v", len(got), s.Total, total)
	}
}
