package loss_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/loss"
)

// graph is a graph under test, with the values of its inputs.
type graph struct {
	t     *testing.T
	g     *exec.Graph
	given map[*exec.Node][]float32
}

func newGraph(t *testing.T) *graph {
	return &graph{t: t, g: exec.NewGraph(), given: map[*exec.Node][]float32{}}
}

// input adds an input with the values data.
func (g *graph) input(name string, data []float32, shape ...int) *exec.Node {
	n := exec.Input(g.g, name, shape...)
	g.given[n] = data
	return n
}

// constant adds an input whose values are known when the graph is built, such as weights.
func (g *graph) constant(name string, data []float32, shape ...int) *exec.Node {
	n := exec.Input(g.g, name, shape...)
	if err := G.Let(n, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))); err != nil {
		g.t.Fatal(err)
	}
	return n
}

// must returns a node, and ends the test if there is none.
func (g *graph) must(n *exec.Node, err error) *exec.Node {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

// evaluate returns the values of nodes on our machine, and checks them against those of
// Gorgonia's machine, which runs the plain operations.
func (g *graph) evaluate(nodes ...*exec.Node) [][]float32 {
	g.t.Helper()
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		g.t.Fatal(err)
	}
	defer d.Close()
	m, err := exec.New(d, nodes...)
	if err != nil {
		g.t.Fatal(err)
	}
	defer m.Close()
	for n, v := range g.given {
		if err := m.Set(n, v); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := m.RunAll(); err != nil {
		g.t.Fatal(err)
	}
	plain := g.plain(nodes)
	all := make([][]float32, len(nodes))
	for i, n := range nodes {
		all[i] = make([]float32, len(plain[i]))
		if err := m.Get(all[i], n); err != nil {
			g.t.Fatal(err)
		}
		if d := reftest.RelMax(all[i], plain[i]); d > 1e-5 {
			g.t.Errorf("%s is %.2g off what Gorgonia's machine computes", n.Name(), d)
		}
	}
	return all
}

// plain returns the values of nodes on Gorgonia's machine.
func (g *graph) plain(nodes []*exec.Node) [][]float32 {
	g.t.Helper()
	values := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &values[i])
	}
	for n, v := range g.given {
		if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(slices.Clone(v)))); err != nil {
			g.t.Fatal(err)
		}
	}
	vm := G.NewTapeMachine(g.g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		g.t.Fatal(err)
	}
	out := make([][]float32, len(values))
	for i, v := range values {
		out[i] = slices.Clone(op.Floats(v))
	}
	return out
}

// values returns n random numbers in middle-0.5..middle+0.5.
func values(seed uint64, n int, middle float32) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = middle + r.Float32() - 0.5
	}
	return x
}

// holds checks the value of a term and its gradient to x against a function in float64.
// The gradient of the function is taken by central differences.
func (g *graph) holds(term, x *exec.Node, want func(x []float64) float64) {
	g.t.Helper()
	got := g.evaluate(term, g.must(exec.Gradient(term, x)))
	at := doubles(g.given[x])
	if v := want(at); reftest.Rel(float64(got[0][0]), v) > 2e-6 {
		g.t.Errorf("the loss is %v, want %v", got[0][0], v)
	}
	if d := reftest.RelMax(got[1], slope(want, at)); d > 1e-5 {
		g.t.Errorf("the gradient is %.2g off", d)
	}
}

// slope returns the gradient of f at x by central differences.
func slope(f func([]float64) float64, x []float64) []float32 {
	const h = 1e-5
	out := make([]float32, len(x))
	for i, v := range x {
		x[i] = v + h
		above := f(x)
		x[i] = v - h
		below := f(x)
		x[i] = v
		out[i] = float32((above - below) / (2 * h))
	}
	return out
}

func doubles(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// meanSquare returns the mean of (a-b)².
func meanSquare(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return sum / float64(len(a))
}

func TestContent(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", values(1, 5*7*9, 0.3), 1, 5, 7, 9)
	target := values(2, 5*7*9, 0)
	term := g.must(loss.Content("content", x, g.input("target", target, 1, 5, 7, 9)))
	g.holds(term, x, func(x []float64) float64 { return meanSquare(x, doubles(target)) })
}

func TestSum(t *testing.T) {
	g := newGraph(t)
	x := g.input("x", values(1, 3*5*4, 0.3), 1, 3, 5, 4)
	a, b := values(2, 3*5*4, 0), values(3, 3*5*4, 1)
	one := g.must(loss.Content("one", x, g.input("a", a, 1, 3, 5, 4)))
	two := g.must(loss.Content("two", x, g.input("b", b, 1, 3, 5, 4)))
	sum := g.must(loss.Sum("sum", loss.Term{Node: one, Weight: 2.5}, loss.Term{Node: two, Weight: 0.75}))
	g.holds(sum, x, func(x []float64) float64 {
		return 2.5*meanSquare(x, doubles(a)) + 0.75*meanSquare(x, doubles(b))
	})
}

// TestErrors looks that inputs of the wrong shape are errors that name the term.
func TestErrors(t *testing.T) {
	g := newGraph(t)
	in := func(name string, shape ...int) *exec.Node { return exec.Input(g.g, name, shape...) }
	f, line := in("f", 1, 5, 7, 9), in("line", 1, 3, 1, 9)
	other, matrix, moments := in("other", 1, 5, 9, 7), in("matrix", 4, 4), in("moments", 2, 4)
	guide := in("guide", 9, 7)
	_, noTerms := loss.Sum("term")
	only := func(_ *exec.Node, err error) error { return err }
	for name, err := range map[string]error{
		"no terms":                          noTerms,
		"content of another size":           only(loss.Content("term", f, other)),
		"style of other channels":           only(loss.Style("term", f, matrix)),
		"moments of other channels":         only(loss.StyleMeanStd("term", f, nil, moments)),
		"w2 of other channels":              only(loss.W2("term", f, nil, matrix)),
		"guide of another size, gram":       only(loss.GuidedGram("term", f, guide)),
		"guide of another size, style":      only(loss.GuidedStyle("term", f, guide, in("a", 5, 5))),
		"guide of another size, moments":    only(loss.Moments("term", f, guide)),
		"guide of another size, mean, gram": only(loss.MeanGram("term", f, guide)),
		"guide of another size, deviation":  only(loss.StyleMeanStd("term", f, guide, in("b", 2, 5))),
		"guide of another size, w2":         only(loss.W2("term", f, guide, in("c", 6, 5))),
		"total variation of one row":        only(loss.TV("term", line)),
		"normalised matrix":                 only(loss.NormalizeGrad("term", matrix, 1)),
		"sum of what is no scalar":          only(loss.Sum("term", loss.Term{Node: f, Weight: 1})),
	} {
		if err == nil || !strings.Contains(err.Error(), "term") {
			t.Errorf("%s: %v, want an error that names the term", name, err)
		}
	}
}
