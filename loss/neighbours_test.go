package loss_test

import (
	"slices"
	"strings"
	"testing"

	"nst/internal/engine/exec"
	"nst/internal/reftest"
	"nst/loss"
)

// TestNeighboursTorch holds matches, the loss of neighbours and its gradient against PyTorch's.
func TestNeighboursTorch(t *testing.T) {
	ref, err := reftest.Load("../testdata/torch/neighbours.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"neighbours", "guided-neighbours"} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			input := func(name string) *exec.Node { return g.input(name, ref.Tensors[name].Data, ref.Tensors[name].Shape...) }
			x := g.input("features", ref.Tensors["features"].Data, append([]int{1}, ref.Tensors["features"].Shape...)...)
			var guide *exec.Node
			if strings.HasPrefix(name, "guided-") {
				guide = input("guide")
			}
			target := input("target")
			matches := g.must(loss.Nearest("nearest", x, guide, target))
			term := g.must(loss.Neighbours("neighbours", x, guide, target, input(name+".matches")))
			got := g.evaluate(matches, term, g.must(exec.Gradient(term, x)))
			if !slices.Equal(got[0], ref.Tensors[name+".matches"].Data) {
				t.Errorf("the matches are %v, want %v", got[0], ref.Tensors[name+".matches"].Data)
			}
			loss := reftest.Rel(float64(got[1][0]), ref.Tensors[name+".loss"].F64[0])
			gradient := reftest.RelMax(got[2], ref.Tensors[name+".gradient"].Data)
			t.Logf("the loss is %.2g off, the gradient %.2g", loss, gradient)
			if loss > 1e-5 || gradient > 1e-5 {
				t.Errorf("the loss is %v, %.2g off; the gradient is %.2g off", got[1][0], loss, gradient)
			}
		})
	}
}
