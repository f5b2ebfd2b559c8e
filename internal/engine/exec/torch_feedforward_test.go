package exec_test

import (
	"fmt"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"

	"nst/internal/engine/exec"
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
	"nst/internal/reftest"
)

// torchOperation builds a case of testdata/torch/feedforward.py.
func torchOperation(name string, in []*exec.Node) (*exec.Node, error) {
	switch {
	case strings.HasPrefix(name, "conv-stride2"):
		return op.Apply("y", op.NewMirrorConv(2), in...)
	case strings.HasPrefix(name, "conv"):
		return op.Apply("y", op.NewMirrorConv(1), in...)
	case strings.HasPrefix(name, "norm"):
		return op.Apply("y", op.NewInstanceNorm(name == "norm-relu"), in...)
	case name == "upsample":
		return op.Apply("y", op.NewUpsample(), in...)
	case name == "picture":
		// Inputs of three channels are pictures, and a sigmoid takes features.
		x, err := op.Apply("x", op.NewMirrorConv(1), in[:2]...)
		if err != nil {
			return nil, err
		}
		return op.Apply("y", op.NewSigmoid(), x, in[2])
	case strings.HasPrefix(name, "orient"):
		return op.Apply("y", op.NewOrient(), in...)
	}
	return nil, fmt.Errorf("no operation for case %q", name)
}

// torchOperands returns inputs with the values that the file has for a case. Those that
// PyTorch differentiates come first; the orientation of a picture is in the name.
func torchOperands(ref *reftest.File, name string, g *exec.Graph, given map[*exec.Node][]float32) (in []*exec.Node, differentiated int) {
	for {
		key := fmt.Sprintf("%s.x%d", name, len(in))
		x, ok := ref.Tensors[key]
		if !ok {
			break
		}
		n := exec.Input(g, key, x.Shape...)
		in, given[n] = append(in, n), x.Data
	}
	differentiated = len(in)
	var orientation float32
	if _, err := fmt.Sscanf(name, "orient%f", &orientation); err == nil {
		n := exec.Input(g, "orientation")
		in, given[n] = append(in, n), []float32{orientation}
	}
	return in, differentiated
}

// TestTorchFeedForward holds every operation of feed-forward networks, and its gradients to
// everything that is taught, against PyTorch's, on each instruction set of this machine.
func TestTorchFeedForward(t *testing.T) {
	ref, err := reftest.Load("../../../testdata/torch/feedforward.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, cpu := range kernel.Supported() {
		d, err := exec.OpenCPU(2, func(string) string { return cpu.Name() })
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for name := range strings.FieldsSeq(ref.Meta["operations"]) {
			t.Run(cpu.Name()+"/"+name, func(t *testing.T) { holdsOperation(t, ref, d, name) })
		}
	}
}

// holdsOperation compares the output and the gradients of a case.
func holdsOperation(t *testing.T, ref *reftest.File, d exec.Device, name string) {
	g, given := exec.NewGraph(), map[*exec.Node][]float32{}
	in, differentiated := torchOperands(ref, name, g, given)
	seed := exec.Input(g, "dy", ref.Tensors[name+".dy"].Shape...)
	given[seed] = ref.Tensors[name+".dy"].Data
	y, err := torchOperation(name, in)
	if err != nil {
		t.Fatal(err)
	}
	gradients, err := G.Backpropagate(G.Nodes{y}, G.Nodes{seed}, in[:differentiated])
	if err != nil {
		t.Fatal(err)
	}
	outputs := append([]*exec.Node{y}, gradients...)
	m, err := exec.New(d, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for n, v := range given {
		if err := m.Set(n, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for i, n := range outputs {
		key := name + ".y"
		if i > 0 {
			key = fmt.Sprintf("%s.d%d", name, i-1)
		}
		got := make([]float32, n.Shape().TotalSize())
		if err := m.Get(got, n); err != nil {
			t.Fatal(err)
		}
		off := reftest.RelMax(got, ref.Tensors[key].Data)
		t.Logf("%s is %.1g off", key, off)
		if off > 1e-4 {
			t.Errorf("%s is %.2g off", key, off)
		}
	}
}
