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
)

// TestFilmPainter compares frames of a film with pictures that are painted one by one: the
// first of a scene is the same, and with a share of 1 all others are normalised as the first.
func TestFilmPainter(t *testing.T) {
	a := Architecture{Widths: [3]int{8, 16, 20}, Blocks: 2}
	const w, h = 44, 36
	r := rand.New(rand.NewPCG(1, 3))
	first, second := make([]float32, 3*w*h), make([]float32, 3*w*h)
	for i := range first {
		first[i] = float32(math.Sin(float64(i)/50))*0.3 + 0.4 + 0.3*r.Float32()
		second[i] = first[i] * 0.5
	}
	params := a.Init(1, 7)
	for i := range params {
		params[i] *= 1 + 0.2*r.Float32()
	}
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	alone, err := NewPainter(d, a, w, h)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	film, err := NewFilmPainter(d, a, w, h)
	if err != nil {
		t.Fatal(err)
	}
	defer film.Close()
	for _, p := range []*Painter{alone, &film.Painter} {
		if err := p.Teach(params[:a.Shared()], params[a.Shared():]); err != nil {
			t.Fatal(err)
		}
	}
	byItself := func(photo []float32) []float32 {
		out := make([]float32, len(photo))
		if err := alone.Paint(context.Background(), out, photo); err != nil {
			t.Fatal(err)
		}
		return out
	}
	next := func(photo []float32, keep float64) []float32 {
		out := make([]float32, len(photo))
		if err := film.PaintNext(context.Background(), out, photo, keep); err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(what string, got, want []float32, limit float64) {
		t.Helper()
		worst := 0.0
		for i := range got {
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
		if !(worst <= limit) {
			t.Errorf("%s: %v off", what, worst)
		}
	}
	same("the first frame", next(first, 0.9), byItself(first), 1e-4)
	before := film.Memory()
	steady := next(second, 1)
	if !slices.Equal(before, film.Memory()) {
		t.Error("a share of 1 changes the memory")
	}
	slow := next(second, 0.5)
	same("no share", next(second, 0), byItself(second), 1e-4)
	film.Cut()
	same("after a cut", next(second, 0.9), byItself(second), 1e-4)

	if err := film.Remember(before); err != nil {
		t.Fatal(err)
	}
	same("from the memory", next(second, 1), steady, 0)
	same("from the memory, later", next(second, 0.5), slow, 0)
	if slices.Equal(steady, byItself(second)) || slices.Equal(slow, steady) {
		t.Error("the memory has no effect")
	}
	if err := film.Remember(before[1:]); err == nil {
		t.Error("a memory of another length is accepted")
	}
}

// TestSteadyOracle compares the lowering with the definition, which Gorgonia's own machine runs.
func TestSteadyOracle(t *testing.T) {
	a := Architecture{Widths: [3]int{5, 8, 6}, Blocks: 1}
	const w, h = 12, 20
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	film, err := NewFilmPainter(d, a, w, h)
	if err != nil {
		t.Fatal(err)
	}
	defer film.Close()
	r := rand.New(rand.NewPCG(4, 3))
	values := map[*exec.Node][]float32{film.steady.keep: {0.3}}
	fill := func(low float32, nodes ...*exec.Node) {
		for _, n := range nodes {
			v := make([]float32, n.Shape().TotalSize())
			for i := range v {
				v[i] = low + r.Float32()
			}
			values[n] = v
		}
	}
	fill(0, film.photo)
	fill(-0.5, film.sharedInputs...)
	fill(0.5, film.normsInputs...)
	fill(0.1, film.steady.past...)
	for n, v := range values {
		if err := film.machine.Set(n, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := film.machine.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3*w*h)
	if err := film.machine.Get(got, film.painted); err != nil {
		t.Fatal(err)
	}
	want := oracle(t, film.steady.graph, values, film.painted)
	for i := range got {
		if diff := math.Abs(float64(got[i] - want[i])); !(diff < 1e-4) {
			t.Fatalf("pixel %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// oracle evaluates a node on Gorgonia's machine.
func oracle(t *testing.T, g *exec.Graph, values map[*exec.Node][]float32, n *exec.Node) []float32 {
	t.Helper()
	for n, v := range values {
		var err error
		if n.IsScalar() {
			err = G.Let(n, v[0])
		} else {
			err = G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(slices.Clone(v))))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m := G.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	return op.Floats(n.Value())
}
