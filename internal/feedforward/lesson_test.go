package feedforward

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/vgg"
)

// smallLesson is a lesson that Gorgonia's machine can compute too.
func smallLesson(t *testing.T) (Lesson, []Example, []Targets) {
	t.Helper()
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv4_2", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	l := Lesson{
		Architecture: Architecture{Widths: [3]int{4, 6, 20}, Blocks: 1},
		Loss:         weights, Content: "relu4_1", Style: []vgg.StyleLayer{{Layer: "relu1_1", Weight: 0.5}, {Layer: "relu2_1", Weight: 0.3}, {Layer: "relu3_1", Weight: 0.2}},
		Batch: 2, Size: 32,
		ContentWeight: 1, StyleWeight: 10, TVWeight: 0.5,
	}
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = r.Float32()
		}
		return x
	}
	examples := []Example{{random(3 * 32 * 32), 1}, {random(3 * 32 * 32), 0}}
	targets := []Targets{{Content: 100}}
	for range 2 {
		var grams [][]float32
		for _, name := range l.styleNames() {
			c := weights.Channels(name)
			grams = append(grams, random(c*c))
		}
		targets[0].Grams = append(targets[0].Grams, grams)
	}
	return l, examples, targets
}

// TestTeacherIsGorgonias compares terms and gradients of a step with those that Gorgonia's
// own machine computes from the same graph.
func TestTeacherIsGorgonias(t *testing.T) {
	l, examples, targets := smallLesson(t)
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	teacher, err := NewTeacher(d, l)
	if err != nil {
		t.Fatal(err)
	}
	defer teacher.Close()
	params := l.Init(2, 3)
	for i := range params {
		params[i] += float32(i%7) * 0.01
	}
	got := make([]float32, len(params))
	terms, err := teacher.Step(context.Background(), params, got, examples, 5, targets[0])
	if err != nil {
		t.Fatal(err)
	}
	oracle := tapeStep(t, teacher, params, 5, targets[0])
	want := make([]float32, len(params))
	if err := teacher.gather(want, teacher.tasks, func(dst []float32, n *exec.Node) error {
		copy(dst, op.Floats(n.Value()))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	teacher.collect(want, examples)
	for i, term := range []float64{terms.Content, terms.Style, terms.TV} {
		if math.Abs(term-oracle[i]) > 1e-4*math.Abs(oracle[i]) {
			t.Errorf("term %d is %v, Gorgonia has %v", i, term, oracle[i])
		}
	}
	for _, p := range append(l.Parameters(), Parameter{"styles", []int{2 * l.PerStyle()}, l.Shared()}) {
		a, b := p.Of(got), p.Of(want)
		var worst, largest float64
		for i := range a {
			worst = max(worst, math.Abs(float64(a[i]-b[i])))
			largest = max(largest, math.Abs(float64(b[i])))
		}
		if !(worst <= 1e-4*largest) {
			t.Errorf("gradient of %s is %v off, the largest is %v", p.Name, worst, largest)
		}
	}
}

// tapeStep runs the graph of a teacher on Gorgonia's machine and returns the terms.
func tapeStep(t *testing.T, teacher *Teacher, params []float32, orientation int, targets Targets) []float64 {
	t.Helper()
	err := teacher.fill(params, teacher.tasks, orientation, targets.Content, func(n *exec.Node, data []float32) error {
		if n.IsScalar() {
			return G.Let(n, data[0])
		}
		return G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(slices.Clone(data))))
	})
	if err != nil {
		t.Fatal(err)
	}
	m := G.NewTapeMachine(teacher.content.Graph())
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	var terms []float64
	for _, n := range []*exec.Node{teacher.content, teacher.style, teacher.tv} {
		terms = append(terms, float64(op.Floats(n.Value())[0]))
	}
	return terms
}
