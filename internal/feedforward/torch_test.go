package feedforward_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/internal/optim"
	"nst/internal/reftest"
	"nst/vgg"
)

// torchLesson is the training of testdata/torch/feedforward.py: a network of two styles that
// slim teaches for ten steps.
type torchLesson struct {
	*reftest.File
	feedforward.Lesson
}

func openTorchLesson(t *testing.T) *torchLesson {
	t.Helper()
	ref, err := reftest.Load("../../testdata/torch/feedforward.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	slim, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	l := &torchLesson{File: ref}
	numbers := func(key string) (all []float64) {
		for s := range strings.SplitSeq(ref.Meta[key], ",") {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatalf("metadata %s: %v", key, err)
			}
			all = append(all, v)
		}
		return all
	}
	widths, weights := numbers("widths"), numbers("weights")
	var style []vgg.StyleLayer
	for i, share := range numbers("shares") {
		style = append(style, vgg.StyleLayer{Layer: slim.Network.StyleLayers[i].Layer, Weight: share})
	}
	l.Lesson = feedforward.Lesson{
		Architecture: feedforward.Architecture{
			Widths: [3]int{int(widths[0]), int(widths[1]), int(widths[2])}, Blocks: int(numbers("blocks")[0]),
		},
		Loss: slim, Content: "relu4_2", Style: style,
		Batch: 2, Size: int(numbers("size")[0]),
		ContentWeight: weights[0], StyleWeight: weights[1], TVWeight: weights[2],
	}
	return l
}

// batch returns the examples of a step.
func (l *torchLesson) batch(step int) []feedforward.Example {
	batch := make([]feedforward.Example, l.Batch)
	for i := range batch {
		at := step*l.Batch + i
		batch[i].Photo = reftest.Picture(l.Size, l.Size, uint64(l.Tensors["train.photos"].F64[at]))
		batch[i].Style = int(l.Tensors["train.styles"].F64[at])
	}
	return batch
}

// targets measures the styles in each orientation, and the photographs.
func (l *torchLesson) targets(t *testing.T, d exec.Device) (all [vgg.Orientations]feedforward.Targets) {
	t.Helper()
	photos := slices.Compact(slices.Sorted(slices.Values(l.Tensors["train.photos"].F64)))
	var content float64
	for _, n := range photos {
		photo := reftest.Picture(l.Size, l.Size, uint64(n))
		mean, err := l.MeasureContent(context.Background(), d, photo, l.Size, l.Size)
		if err != nil {
			t.Fatal(err)
		}
		content += mean / float64(len(photos))
	}
	for orientation := range all {
		all[orientation].Content = content
		for _, s := range torchStyles() {
			turned, w, h := make([]float32, len(s.pix)), s.w, s.h
			feedforward.OrientPicture(turned, s.pix, w, h, orientation)
			if orientation >= 4 {
				w, h = h, w
			}
			grams, err := l.MeasureStyle(context.Background(), d, turned, w, h)
			if err != nil {
				t.Fatal(err)
			}
			all[orientation].Grams = append(all[orientation].Grams, grams)
		}
	}
	return all
}

type torchStyle struct {
	pix  []float32
	w, h int
}

// torchStyles draws the style pictures: noise, and a mosaic of 4x4 pixels.
func torchStyles() []torchStyle {
	const w, h, tile = 24, 16, 4
	small := reftest.Picture(w, h, 2)
	var mosaic []float32
	for row := range 3 * h * tile {
		for x := range w * tile {
			mosaic = append(mosaic, small[row/tile*w+x/tile])
		}
	}
	return []torchStyle{{reftest.Picture(80, 72, 1), 80, 72}, {mosaic, w * tile, h * tile}}
}

// teach takes all steps and returns the terms before each, the gradient of the first, and
// the parameters after the last.
func (l *torchLesson) teach(t *testing.T, threads int) (seen []feedforward.Terms, gradient, params []float32) {
	t.Helper()
	d, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	targets := l.targets(t, d)
	if off := reftest.Rel(targets[0].Content, l.Tensors["train.content"].F64[0]); off > 1e-5 {
		t.Errorf("mean square of the features of photographs is %.2g off", off)
	}
	teacher, err := feedforward.NewTeacher(d, l.Lesson)
	if err != nil {
		t.Fatal(err)
	}
	defer teacher.Close()
	params = slices.Clone(l.Tensors["train.first"].Data)
	if len(params) != l.Count(2) {
		t.Fatalf("%d parameters, want %d", len(params), l.Count(2))
	}
	adam, err := optim.NewAdam(len(params), optim.DefaultAdam(), d.Vectors())
	if err != nil {
		t.Fatal(err)
	}
	g := make([]float32, len(params))
	for step, rate := range l.Tensors["train.rates"].F64 {
		orientation := int(l.Tensors["train.orientations"].F64[step])
		terms, err := teacher.Step(context.Background(), params, g, l.batch(step), orientation, targets[orientation])
		if err != nil {
			t.Fatal(err)
		}
		if gradient == nil {
			gradient = slices.Clone(g)
		}
		adam.SetRate(rate)
		total := l.ContentWeight*terms.Content + l.StyleWeight*terms.Style + l.TVWeight*terms.TV
		if err := adam.Step(params, g, total); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, terms)
	}
	return seen, gradient, params
}

// TestTorchTraining holds ten steps of a training against PyTorch's: every term before each
// step, the gradient of the first, and how far the parameters have moved at the end.
func TestTorchTraining(t *testing.T) {
	reftest.NumbersOnly(t)
	l := openTorchLesson(t)
	seen, gradient, params := l.teach(t, 2)
	want := l.Tensors["train.losses"]
	var worst float64
	for i, terms := range seen {
		for j, got := range []float64{terms.Content, terms.Style, terms.TV} {
			off := reftest.Rel(got, want.F64[3*i+j])
			worst = max(worst, off)
			if off > 1e-3 {
				t.Errorf("step %d: term %d is %v, %.2g off", i+1, j+1, got, off)
			}
		}
	}
	for _, p := range l.tensors() {
		if off := reftest.RelMax(p.Of(gradient), p.Of(l.Tensors["train.gradient"].Data)); off > 1e-4 {
			t.Errorf("gradient to %s is %.2g off", p.Name, off)
		}
	}
	moved := l.offMotion(params)
	t.Logf("losses are at most %.1g off, the gradient of the first step %.1g, the motion %.1g",
		worst, reftest.RelMax(gradient, l.Tensors["train.gradient"].Data), moved)
	if moved > 0.01 {
		t.Errorf("the motion in ten steps is %.2g off", moved)
	}
}

// tensors lists all parameters, those of the second style with offsets of their own.
func (l *torchLesson) tensors() []feedforward.Parameter {
	all := l.Parameters()
	for style := range 2 {
		for _, p := range l.Norms() {
			p.Name, p.Offset = fmt.Sprintf("style.%d.%s", style, p.Name), p.Offset+l.Shared()+style*l.PerStyle()
			all = append(all, p)
		}
	}
	return all
}

// offMotion returns how far the motion of the parameters from the first step to the end is
// off: the root of the mean squared error over that of the motion wanted. The shifts at the
// end of residual blocks do not count. A shift of a whole channel reaches a normalisation
// through convolutions alone, and reflection keeps it the same at every position, so it is
// subtracted again: their gradient is 0, and Adam makes steps of what rounding leaves of it.
func (l *torchLesson) offMotion(params []float32) float64 {
	var off, motion float64
	for _, p := range l.tensors() {
		got, want, from := p.Of(params), p.Of(l.Tensors["train.last"].Data), p.Of(l.Tensors["train.first"].Data)
		if strings.HasSuffix(p.Name, ".b.norm") {
			got = got[:len(got)/2]
		}
		for i, v := range got {
			d, m := float64(v-want[i]), float64(want[i]-from[i])
			off, motion = off+d*d, motion+m*m
		}
	}
	return math.Sqrt(off / motion)
}

// TestTrainingThreads looks that the number of threads changes no bit of what is taught.
func TestTrainingThreads(t *testing.T) {
	l := openTorchLesson(t)
	_, _, want := l.teach(t, 1)
	for _, threads := range []int{2, 3} {
		if _, _, got := l.teach(t, threads); !slices.Equal(got, want) {
			t.Errorf("%d threads teach other parameters than one", threads)
		}
	}
}
