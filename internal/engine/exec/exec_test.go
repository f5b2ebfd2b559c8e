package exec_test

import (
	"context"
	"errors"
	"fmt"
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
	"nst/vgg"
)

// problem is a whole objective in a graph, with random targets.
type problem struct {
	pixels, total, gradient *exec.Node
	terms                   []*exec.Node
	given                   map[*exec.Node][]float32
}

// newProblem builds content loss, style losses and total variation over a
// network with seeded weights, for a picture w x h.
func newProblem(t testing.TB, net *vgg.Network, w, h int, pooling op.Pooling, content, style []string, picture uint64) *problem {
	t.Helper()
	weights, err := vgg.Seeded(net, vgg.Caffe(), "conv5_1", 3)
	if err != nil {
		t.Fatal(err)
	}
	p := &problem{given: map[*exec.Node][]float32{}}
	r := rand.New(rand.NewPCG(1, 1))
	p.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
	p.given[p.pixels] = reftest.Picture(w, h, picture)
	must := func(n *exec.Node, err error) *exec.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	target := func(name string, like *exec.Node, shape ...int) *exec.Node {
		n := exec.Input(like.Graph(), name, shape...)
		d := make([]float32, n.Shape().TotalSize())
		for i := range d {
			d[i] = 50 * r.Float32()
		}
		p.given[n] = d
		return n
	}
	features, err := weights.Features(p.pixels, slices.Concat(content, style), vgg.FeatureOptions{Pooling: pooling})
	if err != nil {
		t.Fatal(err)
	}
	var sum []loss.Term
	add := func(n *exec.Node, w float64) {
		p.terms = append(p.terms, n)
		sum = append(sum, loss.Term{Node: n, Weight: w})
	}
	for _, l := range content {
		f := features[l]
		add(must(loss.Content("content/"+l, f, target("p/"+l, f, f.Shape()...))), 3)
	}
	for _, l := range style {
		f := must(weights.StylePooled(l, features[l]))
		c := f.Shape()[1]
		add(must(loss.Style("style/"+l, f, target("a/"+l, f, c, c))), 0.01)
	}
	add(must(loss.TV("tv", p.pixels)), 0.5)
	p.total = must(loss.Sum("total", sum...))
	p.gradient = must(exec.Gradient(p.total, p.pixels))
	return p
}

// run evaluates the problem on our machine.
func (p *problem) run(t testing.TB, threads int) (total float64, terms []float64, gradient []float32) {
	t.Helper()
	d, err := exec.OpenCPU(threads, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return p.runOn(t, d)
}

// runOn evaluates the problem on a device.
func (p *problem) runOn(t testing.TB, d exec.Device) (total float64, terms []float64, gradient []float32) {
	t.Helper()
	m, err := exec.New(d, append([]*exec.Node{p.total, p.gradient}, p.terms...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p.set(t, m)
	// Twice, since a buffer that is not left as it was found shows only then.
	for range 2 {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
	}
	gradient = make([]float32, p.gradient.Shape().TotalSize())
	if err := m.Get(gradient, p.gradient); err != nil {
		t.Fatal(err)
	}
	for _, n := range p.terms {
		terms = append(terms, m.Scalar(n))
	}
	return m.Scalar(p.total), terms, gradient
}

func (p *problem) set(t testing.TB, m *exec.Machine) {
	t.Helper()
	for n, d := range p.given {
		if err := m.Set(n, d); err != nil {
			t.Fatal(err)
		}
	}
}

// oracle evaluates the problem on Gorgonia's machine.
func (p *problem) oracle(t *testing.T) (total float64, terms []float64, gradient []float32) {
	t.Helper()
	for n, d := range p.given {
		if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(slices.Clone(d)))); err != nil {
			t.Fatal(err)
		}
	}
	values := make([]G.Value, len(p.terms)+2)
	for i, n := range append([]*exec.Node{p.total, p.gradient}, p.terms...) {
		G.Read(n, &values[i])
	}
	vm := G.NewTapeMachine(p.pixels.Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	for _, v := range values[2:] {
		terms = append(terms, float64(op.Floats(v)[0]))
	}
	return float64(op.Floats(values[0])[0]), terms, slices.Clone(op.Floats(values[1]))
}

// TestOracle holds whole objectives on our machine against Gorgonia's.
func TestOracle(t *testing.T) {
	reftest.NumbersOnly(t)
	style := []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}
	for _, tt := range []struct {
		name           string
		w, h           int
		pooling        op.Pooling
		content, style []string
	}{
		{"slim, usual taps", 53, 37, op.Max, []string{"relu4_2"}, style},
		{"slim, averaged twice", 141, 131, op.Max, []string{"relu4_1"}, style},
		{"slim, averaged once", 61, 77, op.Max, []string{"relu4_2"}, []string{"relu4_1"}},
		{"usual taps", 64, 48, op.Max, []string{"relu4_2"}, style},
		{"average", 64, 48, op.Avg, []string{"relu4_2"}, style},
		{"odd size", 53, 37, op.Max, []string{"relu4_2"}, style},
		{"odd size, average", 37, 53, op.Avg, []string{"relu4_2"}, style},
		{"smallest", 16, 16, op.Max, []string{"relu4_2"}, style},
		{"taps before pooling", 35, 32, op.Max, []string{"relu3_4"}, []string{"relu1_2", "relu2_2"}},
		{"taps before pooling, average", 35, 32, op.Avg, []string{"relu3_4"}, []string{"relu1_2", "relu2_2"}},
		{"pools as taps", 32, 35, op.Max, []string{"pool2"}, []string{"pool1", "pool2", "relu3_1"}},
		{"convolutions as taps", 32, 33, op.Max, []string{"conv4_2"}, []string{"conv1_1", "relu1_1", "conv2_2", "conv5_1"}},
		{"one layer twice", 24, 24, op.Max, []string{"relu3_1"}, []string{"relu3_1"}},
		{"shallow", 20, 17, op.Max, []string{"relu1_1"}, []string{"relu1_1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.w*tt.h > 600 {
				t.Skip("small pictures are enough in short mode")
			}
			net := vgg.VGG19()
			if strings.HasPrefix(tt.name, "slim") {
				net = vgg.Slim()
			}
			compareAll(t, func(picture uint64) *problem {
				return newProblem(t, net, tt.w, tt.h, tt.pooling, tt.content, tt.style, picture)
			})
		})
	}
}

// The bounds on the difference of the two machines, over the largest value. The worst
// that was measured is 2.5e-6 for a loss and 2.4e-6 for a gradient.
const (
	lossBound     = 1e-5
	gradientBound = 1e-5
)

// compareAll holds the two machines against each other for three pictures. Every one
// must agree, and the worst is logged.
func compareAll(t *testing.T, build func(picture uint64) *problem) {
	t.Helper()
	var worst float64
	for picture := uint64(2); picture < 5; picture++ {
		worst = max(worst, build(picture).compare(t, picture))
	}
	t.Logf("the worst gradient is %.2g off", worst)
}

// compare holds the losses and the gradients of the two machines against each other
// and returns how far the gradients are apart.
//
// The gradient jumps where a maximum changes place or an activation crosses zero. A few
// pictures lie within rounding of such a kink, and there two correct machines may be on
// different sides. Then our gradient must be the oracle's on the other side, which is
// found by adding noise of rounding size to the picture of the oracle.
func (p *problem) compare(t *testing.T, picture uint64) float64 {
	t.Helper()
	total, terms, gradient := p.run(t, 2)
	wantTotal, wantTerms, want := p.oracle(t)
	for i, n := range p.terms {
		if d := reftest.Rel(terms[i], wantTerms[i]); d > lossBound {
			t.Errorf("picture %d: %s is %v, want %v", picture, n.Name(), terms[i], wantTerms[i])
		}
	}
	if d := reftest.Rel(total, wantTotal); d > lossBound {
		t.Errorf("picture %d: total is %v, want %v", picture, total, wantTotal)
	}
	here := reftest.RelMax(gradient, want)
	nearest := here
	pixels := slices.Clone(p.given[p.pixels])
	r := rand.New(rand.NewPCG(6, 6))
	for try := 0; try < 24 && nearest > gradientBound; try++ {
		for i, v := range pixels {
			p.given[p.pixels][i] = v * (1 + 1e-7*float32(try+1)*(2*r.Float32()-1))
		}
		_, _, nearby := p.oracle(t)
		nearest = min(nearest, reftest.RelMax(gradient, nearby))
	}
	if nearest > gradientBound {
		t.Errorf("picture %d: gradient is %.2g off, and %.2g off the nearest one beyond a kink", picture, here, nearest)
	} else if here > gradientBound {
		t.Logf("picture %d lies at a kink: gradient is %.2g off, %.2g beyond it", picture, here, nearest)
	}
	return nearest
}

// TestThreads looks that the number of threads changes nothing at all.
func TestThreads(t *testing.T) {
	p := newProblem(t, vgg.VGG19(), 61, 43, op.Max, []string{"relu4_2"}, []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}, 2)
	total, _, gradient := p.run(t, 1)
	for _, threads := range []int{2, 3, 5} {
		got, _, g := p.run(t, threads)
		if got != total || !slices.Equal(g, gradient) {
			t.Errorf("%d threads and one do not agree", threads)
		}
	}
}

// TestAllocations looks that an iteration leaves nothing to collect.
func TestAllocations(t *testing.T) {
	p := newProblem(t, vgg.VGG19(), 32, 32, op.Max, []string{"relu4_2"}, []string{"relu1_1", "relu5_1"}, 2)
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	m, err := exec.New(d, p.total, p.gradient)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p.set(t, m)
	ctx, g := context.Background(), make([]float32, p.gradient.Shape().TotalSize())
	n := testing.AllocsPerRun(3, func() {
		err := m.Set(p.pixels, p.given[p.pixels])
		if err == nil {
			err = m.Run(ctx)
		}
		if err == nil {
			err = m.Get(g, p.gradient)
		}
		if err != nil || m.Scalar(p.total) == 0 {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations an iteration, want none", n)
	}
}

// foreign is an operation that no device knows.
type foreign struct{ *op.ReLU }

func (foreign) Do(...G.Value) (G.Value, error) { return nil, errors.New("not to be run") }

func TestErrors(t *testing.T) {
	d, err := exec.OpenCPU(1, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	x := exec.Input(exec.NewGraph(), "x", 1, 16, 8, 8)
	alien, err := op.Apply("alien", foreign{op.NewReLU()}, x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.New(d, alien); err == nil || !strings.Contains(err.Error(), "alien") {
		t.Errorf("operation without a kernel: %v, want an error that names the node", err)
	}
	if _, err := exec.New(d); err == nil {
		t.Error("no outputs: no error")
	}
	y, err := op.Apply("y", op.NewReLU(), exec.Input(exec.NewGraph(), "x", 1, 16, 8, 8))
	if err != nil {
		t.Fatal(err)
	}
	m, err := exec.New(d, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Set(x, make([]float32, 5)); err == nil {
		t.Error("five values for an input of 1024: no error")
	}
	if err := m.Get(make([]float32, 5), y); err == nil {
		t.Error("five values of an output of 1024: no error")
	}
	if err := m.Get(make([]float32, 1024), x); err == nil {
		t.Error("reading what is no output: no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run: %v", err)
	}
	if err := exec.Build(func() error { panic("out of the graph") }); err == nil || !strings.Contains(fmt.Sprint(err), "out of the graph") {
		t.Errorf("panic while building: %v", err)
	}
}
