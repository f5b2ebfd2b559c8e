package exec_test

import (
	"os"
	"strconv"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/loss"
	"nst/vgg"
)

var styleLayers = []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}

// torchGuide is the guide (h, w) of testdata/torch/terms.py.
func torchGuide(h, w, a, b int) []float32 {
	g := make([]float32, h*w)
	for i := range g {
		g[i] = float32((a*(i/w)+b*(i%w))%5) / 4
	}
	return g
}

// torchStyle is a style loss as terms.py has it: how a picture is measured, and
// how what was measured is compared.
type torchStyle struct {
	statistic func(name string, f, guide *exec.Node) (*exec.Node, error)
	distance  func(name string, f, guide, target *exec.Node) (*exec.Node, error)
}

// torchCase is a case of terms.py.
type torchCase struct {
	name    string
	style   torchStyle
	guided  bool
	options vgg.FeatureOptions
}

func torchCases() []torchCase {
	gram := torchStyle{loss.GuidedGram, loss.GuidedStyle}
	meanStd := torchStyle{loss.Moments, loss.StyleMeanStd}
	w2 := torchStyle{loss.MeanGram, loss.W2}
	return []torchCase{
		{"meanstd", meanStd, false, vgg.FeatureOptions{}},
		{"guided-meanstd", meanStd, true, vgg.FeatureOptions{}},
		{"guided-gram", gram, true, vgg.FeatureOptions{}},
		{"w2", w2, false, vgg.FeatureOptions{}},
		{"guided-w2", w2, true, vgg.FeatureOptions{}},
		{"crowsonkb", w2, false, vgg.FeatureOptions{Pooling: op.L2, Rescale: true, Padding: op.Replicate}},
		{"avg", gram, false, vgg.FeatureOptions{Pooling: op.Avg, Rescale: true}},
		{"l2", gram, false, vgg.FeatureOptions{Pooling: op.L2, Rescale: true}},
		{"replicate", gram, false, vgg.FeatureOptions{Padding: op.Replicate}},
	}
}

// image is the number of the picture that the file has for a network.
func image(t *testing.T, ref *reftest.File, o vgg.FeatureOptions) uint64 {
	t.Helper()
	key := "image." + o.Pooling.String() + map[op.Padding]string{op.Zero: ".False", op.Replicate: ".True"}[o.Padding]
	n, err := strconv.Atoi(ref.Meta[key])
	if err != nil {
		t.Fatalf("metadata %s: %v", key, err)
	}
	return uint64(n)
}

// builder draws the features of a picture and leaves errors to the test.
type builder struct {
	t        *testing.T
	weights  *vgg.Weights
	pixels   *exec.Node
	features map[string]*exec.Node
	given    map[*exec.Node][]float32
}

func newBuilder(t *testing.T, w, h int, picture uint64, o vgg.FeatureOptions, layers ...string) *builder {
	t.Helper()
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv5_1", reftest.Seed)
	b := &builder{t: t, weights: weights, given: map[*exec.Node][]float32{}}
	b.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
	b.given[b.pixels] = reftest.Picture(w, h, picture)
	if err == nil {
		b.features, err = weights.Features(b.pixels, layers, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *builder) must(n *exec.Node, err error) *exec.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *builder) guide(layer string, guided bool, y, x int) *exec.Node {
	if !guided {
		return nil
	}
	s := b.features[layer].Shape()
	n := exec.Input(b.pixels.Graph(), "guide/"+layer, s[2], s[3])
	b.given[n] = torchGuide(s[2], s[3], y, x)
	return n
}

// evaluate runs the graph of outputs and returns their values.
func (b *builder) evaluate(outputs ...*exec.Node) [][]float32 {
	b.t.Helper()
	d, err := exec.OpenCPU(2, os.Getenv)
	if err != nil {
		b.t.Fatal(err)
	}
	defer d.Close()
	m, err := exec.New(d, outputs...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer m.Close()
	for n, v := range b.given {
		if err := m.Set(n, v); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := m.RunAll(); err != nil {
		b.t.Fatal(err)
	}
	all := make([][]float32, len(outputs))
	for i, n := range outputs {
		all[i] = make([]float32, max(1, n.Shape().TotalSize()))
		if err := m.Get(all[i], n); err != nil {
			b.t.Fatal(err)
		}
	}
	return all
}

func terms(t *testing.T) *reftest.File {
	t.Helper()
	ref, err := reftest.Load("../../../testdata/torch/terms.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// sampled is what terms.py keeps of a gradient.
func sampled(g []float32) []float32 {
	out := make([]float32, 2048)
	for i := range out {
		out[i] = g[i*len(g)/len(out)]
	}
	return out
}

// TestTorchStyle holds every style loss, its targets measured by our machine, and
// the gradient of their sum against PyTorch's.
func TestTorchStyle(t *testing.T) {
	reftest.NumbersOnly(t)
	ref := terms(t)
	for _, c := range torchCases() {
		t.Run(c.name, func(t *testing.T) {
			style := newBuilder(t, 80, 72, 1, c.options, styleLayers...)
			measured := make([]*exec.Node, len(styleLayers))
			for i, l := range styleLayers {
				measured[i] = style.must(c.style.statistic("statistic/"+l, style.features[l], style.guide(l, c.guided, 3, 2)))
			}
			targets := style.evaluate(measured...)

			b := newBuilder(t, 64, 48, image(t, ref, c.options), c.options, styleLayers...)
			var nodes []*exec.Node
			var sum []loss.Term
			for i, l := range styleLayers {
				target := exec.Input(b.pixels.Graph(), "target/"+l, measured[i].Shape()...)
				b.given[target] = targets[i]
				n := b.must(c.style.distance(l, b.features[l], b.guide(l, c.guided, 1, 2), target))
				nodes = append(nodes, n)
				sum = append(sum, loss.Term{Node: n, Weight: ref.Tensors[c.name+".factors"].F64[i]})
			}
			total := b.must(loss.Sum("total", sum...))
			got := b.evaluate(append(nodes, b.must(exec.Gradient(total, b.pixels)))...)
			for i, l := range styleLayers {
				if d := reftest.Rel(float64(got[i][0]), ref.Tensors[c.name+".losses"].F64[i]); d > 1e-4 {
					t.Errorf("%s is %v, %.2g off", l, got[i][0], d)
				}
			}
			d := reftest.RelMax(sampled(got[len(got)-1]), ref.Tensors[c.name+".gradient"].Data)
			t.Logf("gradient is %.2g off", d)
			if d > 1e-4 {
				t.Errorf("gradient is %.2g off", d)
			}
		})
	}
}

// TestTorchTV holds every form of total variation against PyTorch's.
func TestTorchTV(t *testing.T) {
	ref := terms(t)
	for _, form := range []op.TVForm{op.Quadratic, op.Absolute, op.QuadraticSum, op.AbsoluteSum, op.NinePoint} {
		t.Run(form.String(), func(t *testing.T) {
			b := newBuilder(t, 17, 13, 0, vgg.FeatureOptions{})
			n := b.must(loss.TVOf("tv", form, b.pixels))
			got := b.evaluate(n, b.must(exec.Gradient(n, b.pixels)))
			if d := reftest.Rel(float64(got[0][0]), ref.Tensors["tv."+form.String()+".loss"].F64[0]); d > 1e-5 {
				t.Errorf("loss is %v, %.2g off", got[0][0], d)
			}
			if d := reftest.RelMax(got[1], ref.Tensors["tv."+form.String()+".gradient"].Data); d > 1e-5 {
				t.Errorf("gradient is %.2g off", d)
			}
		})
	}
}

// TestTorchNormalized holds the gradient of Gram losses with normalised gradients
// against PyTorch's, by weights that must not matter.
func TestTorchNormalized(t *testing.T) {
	ref, o := terms(t), vgg.FeatureOptions{Pooling: op.Avg, Rescale: true}
	style := newBuilder(t, 80, 72, 1, o, styleLayers...)
	grams := make([]*exec.Node, len(styleLayers))
	for i, l := range styleLayers {
		grams[i] = style.must(loss.Gram("gram/"+l, style.features[l]))
	}
	targets := style.evaluate(grams...)
	b := newBuilder(t, 64, 48, image(t, ref, o), o, styleLayers...)
	var sum []loss.Term
	for i, l := range styleLayers {
		target := exec.Input(b.pixels.Graph(), "target/"+l, grams[i].Shape()...)
		b.given[target] = targets[i]
		f := b.must(loss.NormalizeGrad("normalise/"+l, b.features[l], 3))
		sum = append(sum, loss.Term{Node: b.must(loss.Style(l, f, target)), Weight: float64(i + 1)})
	}
	total := b.must(loss.Sum("total", sum...))
	got := b.evaluate(b.must(exec.Gradient(total, b.pixels)))
	if d := reftest.RelMax(sampled(got[0]), ref.Tensors["normalised.gradient"].Data); d > 1e-4 {
		t.Errorf("gradient is %.2g off", d)
	}
}
