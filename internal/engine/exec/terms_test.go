package exec_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/loss"
	"nst/vgg"
)

// termTest is an objective of one kind of term over the layers of a network.
type termTest struct {
	name   string
	layers []string
	term   func(p *problem, layer string, f *exec.Node) (*exec.Node, error)

	options vgg.FeatureOptions
	maps    bool // the network stands in for one with twice the channels
}

// input adds an input of random numbers in [-0.5, 0.5) times size, plus middle.
func (p *problem) input(r *rand.Rand, like *exec.Node, name string, middle, size float32, shape ...int) *exec.Node {
	n := exec.Input(like.Graph(), name, shape...)
	d := make([]float32, n.Shape().TotalSize())
	for i := range d {
		d[i] = middle + size*(r.Float32()-0.5)
	}
	p.given[n] = d
	return n
}

// matches adds an input of whole numbers below rows, one for each position of features.
func (p *problem) matches(r *rand.Rand, features *exec.Node, name string, rows int) *exec.Node {
	n := p.input(r, features, "matches/"+name, 0, 1, features.Shape()[2:]...)
	for i := range p.given[n] {
		p.given[n][i] = float32(r.IntN(rows))
	}
	return n
}

func termTests() []termTest {
	r := rand.New(rand.NewPCG(3, 3))
	target := func(p *problem, l string, f *exec.Node, shape ...int) *exec.Node {
		return p.input(r, f, "target/"+l, 20, 40, shape...)
	}
	guide := func(p *problem, l string, f *exec.Node) *exec.Node {
		g := p.input(r, f, "guide/"+l, 0.3, 1, f.Shape()[2:]...)
		for i, v := range p.given[g] {
			p.given[g][i] = max(v, 0)
		}
		return g
	}
	usual := []string{"relu1_1", "relu2_1", "relu3_1"}
	var tests []termTest
	for _, form := range []op.TVForm{op.Absolute, op.QuadraticSum, op.AbsoluteSum, op.NinePoint} {
		tests = append(tests, termTest{form.String() + " tv", []string{"relu1_1"}, func(p *problem, _ string, _ *exec.Node) (*exec.Node, error) {
			return loss.TVOf("tv", form, p.pixels)
		}, vgg.FeatureOptions{}, false})
	}
	style := func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
		return loss.Style(l, f, target(p, l, f, f.Shape()[1], f.Shape()[1]))
	}
	for _, o := range []vgg.FeatureOptions{
		{Padding: op.Replicate}, {Pooling: op.Avg, Rescale: true}, {Pooling: op.L2}, {Pooling: op.L2, Rescale: true, Padding: op.Replicate},
	} {
		name := fmt.Sprintf("%+v", o)
		tests = append(tests, termTest{name, usual, style, o, false}, termTest{name + ", pools as taps", []string{"pool1", "conv2_1", "relu2_2"}, style, o, false})
	}
	return append(tests, []termTest{
		{"guided gram", usual, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			return loss.GuidedStyle(l, f, guide(p, l, f), target(p, l, f, f.Shape()[1], f.Shape()[1]))
		}, vgg.FeatureOptions{}, false},
		{"w2", usual[:2], func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			want, err := loss.MeanGram(l+"/other", p.input(r, f, "other/"+l, 20, 40, f.Shape()...), nil)
			if err != nil {
				return nil, err
			}
			return loss.W2(l, f, guide(p, l, f), want)
		}, vgg.FeatureOptions{}, false},
		{"neighbours", usual, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			return loss.Neighbours(l, f, nil, target(p, l, f, 6, f.Shape()[1]), p.matches(r, f, l, 5))
		}, vgg.FeatureOptions{}, false},
		{"guided neighbours", usual, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			return loss.Neighbours(l, f, guide(p, l, f), target(p, l, f, 4, f.Shape()[1]), p.matches(r, f, l, 3))
		}, vgg.FeatureOptions{}, false},
		{"normalised gradients", append([]string{"relu2_2"}, usual...), func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			n, err := loss.NormalizeGrad("normalise/"+l, f, 100)
			if err != nil {
				return nil, err
			}
			return style(p, l, n)
		}, vgg.FeatureOptions{}, false},
		{"mean and deviation", usual, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			return loss.StyleMeanStd(l, f, nil, target(p, l, f, 2, f.Shape()[1]))
		}, vgg.FeatureOptions{}, false},
		{"guided mean and deviation", usual, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			return loss.StyleMeanStd(l, f, guide(p, l, f), target(p, l, f, 2, f.Shape()[1]))
		}, vgg.FeatureOptions{}, false},
	}...)
}

// mappedTests is the terms that look at features through maps, each for layers that
// it shares with others and for layers of its own.
func mappedTests() []termTest {
	var tests []termTest
	for _, tt := range termTests() {
		switch tt.name {
		case "guided gram", "w2", "neighbours", "normalised gradients", "mean and deviation":
			tt.name, tt.maps = "mapped "+tt.name, true
			tests = append(tests, tt)
		}
	}
	r := rand.New(rand.NewPCG(4, 4))
	target := func(p *problem, l string, f *exec.Node, shape ...int) *exec.Node {
		return p.input(r, f, "target/"+l, 20, 40, shape...)
	}
	style := func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
		return loss.Style(l, f, target(p, l, f, f.Shape()[1], f.Shape()[1]))
	}
	content := func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
		return loss.Content(l, f, target(p, l, f, f.Shape()...))
	}
	return append(tests, []termTest{
		{"mapped gram", []string{"relu1_1", "relu2_1", "relu2_2", "relu3_1"}, style, vgg.FeatureOptions{}, true},
		{"mapped gram of pools", []string{"pool1", "relu2_1", "pool2"}, style, vgg.FeatureOptions{Pooling: op.Avg}, true},
		{"mapped content", []string{"relu1_2", "relu2_1", "relu3_2"}, content, vgg.FeatureOptions{}, true},
		{"mapped content and gram", []string{"relu1_2", "relu2_1"}, func(p *problem, l string, f *exec.Node) (*exec.Node, error) {
			a, err := style(p, l+"/style", f)
			if err != nil {
				return nil, err
			}
			b, err := content(p, l+"/content", f)
			if err != nil {
				return nil, err
			}
			return loss.Sum(l, loss.Term{Node: a, Weight: 2}, loss.Term{Node: b, Weight: 3})
		}, vgg.FeatureOptions{}, true},
	}...)
}

// withMaps returns the slim network with random weights and maps to twice its
// channels.
func withMaps(t *testing.T, r *rand.Rand) *vgg.Weights {
	t.Helper()
	w, err := vgg.Seeded(vgg.Slim(), vgg.Caffe(), "conv3_2", 3)
	if err != nil {
		t.Fatal(err)
	}
	w.Projections = map[string]vgg.Projection{}
	for _, l := range w.Network.Layers[:14] {
		if l.Kind != vgg.ReLU {
			continue
		}
		m := make([]float32, 2*l.K*l.K)
		for i := range m {
			m[i] = float32(r.NormFloat64()) / 4
		}
		if w.Projections[l.Name], err = vgg.NewProjection(2*l.K, l.K, m); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// build makes the problem of a test.
func (tt *termTest) build(t *testing.T, w, h int, picture uint64) *problem {
	t.Helper()
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", 3)
	if err != nil {
		t.Fatal(err)
	}
	if tt.maps {
		weights = withMaps(t, rand.New(rand.NewPCG(5, 5)))
	}
	p := &problem{given: map[*exec.Node][]float32{}}
	p.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
	p.given[p.pixels] = reftest.Picture(w, h, picture)
	err = exec.Build(func() error {
		features, err := weights.Features(p.pixels, tt.layers, tt.options)
		if err != nil {
			return err
		}
		var sum []loss.Term
		for _, l := range tt.layers {
			n, err := tt.term(p, l, features[l])
			if err != nil {
				return err
			}
			p.terms = append(p.terms, n)
			sum = append(sum, loss.Term{Node: n, Weight: 0.5})
		}
		if p.total, err = loss.Sum("total", sum...); err != nil {
			return err
		}
		p.gradient, err = exec.Gradient(p.total, p.pixels)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTerms holds each kind of term on our machine against Gorgonia's.
func TestTerms(t *testing.T) {
	reftest.NumbersOnly(t)
	for _, tt := range slices.Concat(termTests(), mappedTests()) {
		t.Run(tt.name, func(t *testing.T) {
			compareAll(t, func(picture uint64) *problem { return tt.build(t, 37, 26, picture) })
		})
	}
}

// TestTermsAllocations looks that no term leaves anything to collect.
func TestTermsAllocations(t *testing.T) {
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, tt := range slices.Concat(termTests(), mappedTests()) {
		p := tt.build(t, 37, 26, 2)
		m, err := exec.New(d, p.total, p.gradient)
		if err != nil {
			t.Fatal(err)
		}
		p.set(t, m)
		n := testing.AllocsPerRun(2, func() {
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations an iteration, want none", tt.name, n)
		}
		m.Close()
	}
}

// TestTermsThreads looks that the number of threads changes nothing at all.
func TestTermsThreads(t *testing.T) {
	for _, tt := range slices.Concat(termTests(), mappedTests()) {
		p := tt.build(t, 37, 26, 2)
		total, _, gradient := p.run(t, 1)
		got, _, g := p.run(t, 3)
		if got != total || !slices.Equal(g, gradient) {
			t.Errorf("%s: three threads and one do not agree", tt.name)
		}
	}
}
