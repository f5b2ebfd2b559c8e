package exec_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/loss"
)

// TestSearch holds what is done before an objective of neighbours is built against the plain
// definitions: samples, and the nearest of them.
func TestSearch(t *testing.T) {
	const c, h, w, rows = 21, 13, 19, 37
	r := rand.New(rand.NewPCG(8, 8))
	values := map[string]*tensor.Dense{}
	draw := func(name string, draw func() float32, shape ...int) {
		d := make([]float32, tensor.Shape(shape).TotalSize())
		for i := range d {
			d[i] = draw()
		}
		values[name] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d))
	}
	normal := func() float32 { return float32(r.NormFloat64()) }
	draw("x", normal, 1, c, h, w)
	draw("target", normal, 1+rows, c)
	draw("guide", r.Float32, h, w)
	draw("positions", func() float32 { return float32(r.IntN(h * w)) }, 2*rows)
	for name, tt := range map[string]struct {
		op     G.Op
		inputs []string
	}{
		"sample":         {op.NewSample(), []string{"x", "positions"}},
		"nearest":        {op.NewNearest(false), []string{"x", "target"}},
		"guided nearest": {op.NewNearest(true), []string{"x", "target", "guide"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := exec.OpenCPU(2, os.Getenv)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			graph := exec.NewGraph()
			var nodes []*exec.Node
			var given []G.Value
			for _, in := range tt.inputs {
				nodes = append(nodes, exec.Input(graph, in, values[in].Shape()...))
				given = append(given, values[in])
			}
			n, err := op.Apply(name, tt.op, nodes...)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := d.Plan(n)
			if err != nil {
				t.Fatal(err)
			}
			m, err := exec.New(d, n)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.Plan() != plan {
				t.Errorf("the machine takes %+v, planned were %+v", m.Plan(), plan)
			}
			for i, in := range tt.inputs {
				if err := m.Set(nodes[i], op.Floats(values[in])); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, n.Shape().TotalSize())
			if err := m.Get(got, n); err != nil {
				t.Fatal(err)
			}
			want, err := tt.op.Do(given...)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, op.Floats(want)) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// TestNeighboursAllocations looks that an evaluation of the loss of neighbours and its gradient
// leaves nothing to collect.
func TestNeighboursAllocations(t *testing.T) {
	const c, h, w, rows = 21, 13, 70, 9
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, graph := rand.New(rand.NewPCG(9, 9)), exec.NewGraph()
	given := map[*exec.Node][]float32{}
	input := func(name string, draw func() float32, shape ...int) *exec.Node {
		n := exec.Input(graph, name, shape...)
		given[n] = make([]float32, n.Shape().TotalSize())
		for i := range given[n] {
			given[n][i] = draw()
		}
		return n
	}
	x := input("x", r.Float32, 1, c, h, w)
	matches := input("matches", func() float32 { return float32(r.IntN(rows)) }, h, w)
	term, err := loss.Neighbours("loss", x, input("guide", r.Float32, h, w), input("target", r.Float32, 1+rows, c), matches)
	if err != nil {
		t.Fatal(err)
	}
	gradient, err := exec.Gradient(term, x)
	if err != nil {
		t.Fatal(err)
	}
	m, err := exec.New(d, term, gradient)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for n, data := range given {
		if err := m.Set(n, data); err != nil {
			t.Fatal(err)
		}
	}
	n := testing.AllocsPerRun(3, func() {
		if err := m.RunAll(); err != nil || m.Scalar(term) == 0 {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations an evaluation, want none", n)
	}
}
