package loss_test

import (
	"strings"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/loss"
)

// TestTorch holds each loss of features and its gradient against PyTorch's.
func TestTorch(t *testing.T) {
	ref, err := reftest.Load("../testdata/torch/losses.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	c := ref.Tensors["features"].Shape[0]
	input := func(g *graph, name string, shape ...int) *exec.Node {
		if shape == nil {
			shape = ref.Tensors[name].Shape
		}
		return g.input(name, ref.Tensors[name].Data, shape...)
	}
	guide := func(g *graph, name string) *exec.Node {
		if !strings.HasPrefix(name, "guided-") {
			return nil
		}
		return input(g, "guide")
	}
	losses := map[string]func(g *graph, name string, x *exec.Node) (*exec.Node, error){
		"content": func(g *graph, name string, x *exec.Node) (*exec.Node, error) {
			return loss.Content(name, x, input(g, "content", x.Shape()...))
		},
		"gram": func(g *graph, name string, x *exec.Node) (*exec.Node, error) {
			return loss.GuidedStyle(name, x, guide(g, name), input(g, "gram.target", c, c))
		},
		"meanstd": func(g *graph, name string, x *exec.Node) (*exec.Node, error) {
			return loss.StyleMeanStd(name, x, guide(g, name), input(g, "meanstd.target", 2, c))
		},
		"w2": func(g *graph, name string, x *exec.Node) (*exec.Node, error) {
			return loss.W2(name, x, guide(g, name), input(g, "w2.target", 1+c, c))
		},
		"normalised": func(g *graph, name string, x *exec.Node) (*exec.Node, error) {
			f, err := loss.NormalizeGrad(name, x, 3)
			if err != nil {
				return nil, err
			}
			return loss.Style("gram", f, input(g, "gram.target", c, c))
		},
	}
	for _, name := range []string{"content", "gram", "guided-gram", "meanstd", "guided-meanstd", "w2", "guided-w2", "normalised"} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			x := input(g, "features", append([]int{1}, ref.Tensors["features"].Shape...)...)
			term := g.must(losses[strings.TrimPrefix(name, "guided-")](g, name, x))
			got := g.evaluate(term, g.must(exec.Gradient(term, x)))
			key := strings.Replace(name, "normalised", "gram", 1) // has the loss of gram
			loss := reftest.Rel(float64(got[0][0]), ref.Tensors[key+".loss"].F64[0])
			gradient := reftest.RelMax(got[1], ref.Tensors[name+".gradient"].Data)
			t.Logf("the loss is %.2g off, the gradient %.2g", loss, gradient)
			if loss > 1e-5 || gradient > 1e-5 {
				t.Errorf("the loss is %v, %.2g off; the gradient is %.2g off", got[0][0], loss, gradient)
			}
		})
	}
}
