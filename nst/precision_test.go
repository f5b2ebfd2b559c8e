package nst_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"nst/internal/engine/exec"
	"nst/nst"
	"nst/vgg"
)

// withBF16 makes the processor one that multiplies in bfloat16: plain Go, if it lacks the
// instructions.
func withBF16(t *testing.T) {
	t.Helper()
	d, err := exec.OpenCPU(1, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.BF16(true); err != nil {
		t.Setenv("NST_CPU", "generic")
	}
}

// precise returns small with a precision of the processor.
func precise(p nst.Precision) nst.Options {
	o := small()
	o.Compute.Device, o.Compute.Precision = nst.DeviceCPU, p
	return o
}

// TestPrecision paints with each precision of the processor. The pictures are alike but not
// the same, and the first loss of a scale, whose picture is the same, says how features are
// computed. A score is in fp32.
func TestPrecision(t *testing.T) {
	withBF16(t)
	content, painting := draw(40, 30, 0), draw(24, 36, 1)
	var firsts, scores []float64
	var pictures [][]float32
	for _, p := range []nst.Precision{nst.PrecisionFP32, nst.PrecisionMixed, nst.PrecisionBF16} {
		tr := transfer(t, precise(p))
		if tr.Precision() != p {
			t.Errorf("the precision is %s, want %s", tr.Precision(), p)
		}
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: painting, Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		first := math.NaN()
		r, err := tr.Run(t.Context(), nst.Job{Content: content, Style: s, Progress: func(p nst.Progress) {
			if math.IsNaN(first) {
				first = p.Loss.Total
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		score, err := tr.Score(t.Context(), content, s, painting.Resize(40, 30))
		if err != nil {
			t.Fatal(err)
		}
		firsts, scores, pictures = append(firsts, first), append(scores, score.Total), append(pictures, r.Picture.Pix)
	}
	if firsts[1] != firsts[0] {
		t.Errorf("mixed begins at %v, fp32 at %v", firsts[1], firsts[0])
	}
	if d := math.Abs(firsts[2]/firsts[0] - 1); d == 0 || d > 0.02 {
		t.Errorf("bf16 begins at %v, fp32 at %v", firsts[2], firsts[0])
	}
	if scores[1] != scores[0] || scores[2] != scores[0] {
		t.Errorf("the scores are %v", scores)
	}
	for i, p := range pictures[1:] {
		var sum float64
		for j, v := range p {
			sum += math.Abs(float64(v - pictures[0][j]))
		}
		if mean := sum / float64(len(p)); mean == 0 || mean > 0.02 {
			t.Errorf("precision %d differs by %v in the mean", i+1, mean)
		}
	}
}

// TestPrecisionThreads paints in bfloat16 with some numbers of threads, and beside another.
func TestPrecisionThreads(t *testing.T) {
	withBF16(t)
	var want []float32
	paint := func(tr *nst.Transfer) {
		t.Helper()
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tr.Run(t.Context(), nst.Job{Content: draw(40, 30, 0), Style: s})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = r.Picture.Pix
		} else if !slices.Equal(want, r.Picture.Pix) {
			t.Errorf("%s paints other bytes", tr.Device())
		}
	}
	for threads := 1; threads <= 3; threads++ {
		o := precise(nst.PrecisionBF16)
		o.Compute.Threads = threads
		tr := transfer(t, o)
		paint(tr)
		if threads == 1 {
			beside, err := tr.Beside(2)
			if err != nil {
				t.Fatal(err)
			}
			defer beside.Close()
			if beside.Precision() != nst.PrecisionBF16 {
				t.Errorf("beside one in bf16 is one in %s", beside.Precision())
			}
			paint(beside)
		}
	}
}

// TestPrecisionRefused asks for what no device can do.
func TestPrecisionRefused(t *testing.T) {
	w, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, o nst.Options) {
		t.Helper()
		tr, err := nst.New(w, o)
		if err == nil {
			tr.Close()
		}
		if option := new(nst.OptionError); !errors.As(err, &option) || option.Field != "Compute.Precision" {
			t.Errorf("%s: got %v, want an OptionError", name, err)
		}
	}
	card := small()
	for _, p := range []nst.Precision{nst.PrecisionMixed, nst.PrecisionBF16} {
		card.Compute.Device, card.Compute.Precision = nst.DeviceCUDA, p
		refused(string(p)+" on a card", card)
	}
	refused("tf32 on the processor", precise(nst.PrecisionTF32))
	if _, err := exec.OpenCPU(1, func(string) string { return "avx2" }); err == nil {
		t.Setenv("NST_CPU", "avx2")
		refused("bf16 with AVX2", precise(nst.PrecisionBF16))
	}
}

// TestPrecisionAuto looks at the choice: bf16 only where it was measured.
func TestPrecisionAuto(t *testing.T) {
	d, err := exec.OpenCPU(1, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	usual := nst.PrecisionFP32
	if d.HasBF16() {
		usual = nst.PrecisionBF16
	}
	large, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	small, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		weights *vgg.Weights
		change  func(*nst.Options)
		want    nst.Precision
	}{
		{"the default", large, func(*nst.Options) {}, usual},
		{"neighbours", large, func(o *nst.Options) { o.Objective.StyleLoss = nst.StyleNeighbours }, usual},
		{"both losses", large, func(o *nst.Options) { o.Objective.StyleLoss = nst.StyleGramNeighbours }, usual},
		{"another network", small, func(*nst.Options) {}, nst.PrecisionFP32},
		{"another optimiser", large, func(o *nst.Options) { o.Optimizer.Method = nst.LBFGSTorch }, nst.PrecisionFP32},
		{"another loss", large, func(o *nst.Options) { o.Objective.StyleLoss = nst.StyleMeanStd }, nst.PrecisionFP32},
		{"fp32", large, func(o *nst.Options) { o.Compute.Precision = nst.PrecisionFP32 }, nst.PrecisionFP32},
	} {
		o := nst.DefaultOptions()
		o.Compute.Device = nst.DeviceCPU
		c.change(&o)
		tr, err := nst.New(c.weights, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.Precision(); got != c.want {
			t.Errorf("%s: auto is %s, want %s", c.name, got, c.want)
		}
		if c.name == "the default" && usual == nst.PrecisionBF16 {
			o.Optimizer.Method = nst.LBFGSTorch
			if err := tr.Retune(o); !errors.Is(err, nst.ErrRetune) {
				t.Errorf("retuned to another precision: %v", err)
			}
		}
		tr.Close()
	}
}

// TestPrecisionResumed goes on with a run in bf16: in bf16 to the same bytes, and in fp32 not at
// all.
func TestPrecisionResumed(t *testing.T) {
	withBF16(t)
	content := draw(40, 30, 0)
	run := func(p nst.Precision, stop int, from *nst.State) (pix []float32, left bytes.Buffer, err error) {
		t.Helper()
		tr := transfer(t, precise(p))
		s, err := tr.Style(t.Context(), nst.StylePicture{Picture: draw(24, 36, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := tr.Run(ctx, nst.Job{Content: content, Style: s, Resume: from, Checkpoint: func(s *nst.State) {
			if err := s.Write(&left); err != nil {
				t.Error(err)
			}
		}, Progress: func(p nst.Progress) {
			if p.Done == stop {
				cancel()
			}
		}})
		if r != nil {
			pix = r.Picture.Pix
		}
		return pix, left, err
	}
	want, _, err := run(nst.PrecisionBF16, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []nst.Precision{nst.PrecisionBF16, nst.PrecisionFP32} {
		_, left, err := run(nst.PrecisionBF16, 3, nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("an interrupted run: %v", err)
		}
		state, err := nst.ReadState(bytes.NewReader(left.Bytes()), int64(left.Len()))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := run(p, 0, state)
		differs := new(nst.ResumeError)
		switch {
		case p == nst.PrecisionBF16 && (err != nil || !slices.Equal(got, want)):
			t.Errorf("a run that goes on paints other bytes: %v", err)
		case p == nst.PrecisionFP32 && (!errors.As(err, &differs) || differs.What != "processor"):
			t.Errorf("a run in bf16 goes on in fp32: %v", err)
		}
	}
}
