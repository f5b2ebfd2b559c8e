package vgg_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/vgg"
)

// TestFeatures compares the taps of both networks, run by Gorgonia's own machine, with those
// of PyTorch for the same weights and pixels.
func TestFeatures(t *testing.T) {
	for _, name := range []string{"vgg19", "vgg16"} {
		for _, size := range []string{"64x64", "97x61"} {
			for _, pooling := range []op.Pooling{op.Max, op.Avg} {
				file := fmt.Sprintf("%s-%s-%v", name, size, pooling)
				t.Run(file, func(t *testing.T) {
					if testing.Short() && file != "vgg16-64x64-max" {
						t.Skip("one case is enough in short mode")
					}
					testFeatures(t, file, pooling)
				})
			}
		}
	}
}

func testFeatures(t *testing.T, file string, pooling op.Pooling) {
	ref, err := reftest.Load("../testdata/torch/" + file + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	net, err := vgg.ByName(ref.Meta["network"])
	if err != nil {
		t.Fatal(err)
	}
	weights, err := vgg.Seeded(net, vgg.Caffe(), "conv5_1", reftest.Seed)
	if err != nil {
		t.Fatal(err)
	}
	pixels, w, h, err := ref.Picture("image")
	if err != nil {
		t.Fatal(err)
	}
	var taps []string
	for key := range ref.Tensors {
		if layer, ok := strings.CutPrefix(key, "features."); ok {
			taps = append(taps, layer)
		}
	}
	if len(taps) != 6 {
		t.Fatalf("reference file has taps %v, want six", taps)
	}
	found := run(t, weights, pixels, w, h, taps, pooling)
	for _, layer := range taps {
		got := found[layer]
		sum, squares := reftest.Sums(got)
		for i, v := range []float64{sum, squares} {
			if d := reftest.Rel(v, ref.Tensors["sums."+layer].F64[i]); d > 1e-4 {
				t.Errorf("%s: sum %d is %.2g off", layer, i, d)
			}
		}
		if d := reftest.RelMax(reftest.Sample(got), ref.Tensors["features."+layer].Data); d > 1e-4 {
			t.Errorf("%s is %.2g off", layer, d)
		}
	}
}

// run computes taps of a picture (3, h, w) with gorgonia.TapeMachine.
func run(t *testing.T, weights *vgg.Weights, pixels []float32, w, h int, taps []string, pooling op.Pooling) map[string][]float32 {
	t.Helper()
	g := G.NewGraph()
	v := tensor.New(tensor.WithShape(1, 3, h, w), tensor.WithBacking(pixels))
	x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 3, h, w), G.WithName("pixels"), G.WithValue(v))
	nodes, err := weights.Features(x, taps, vgg.FeatureOptions{Pooling: pooling})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]*G.Value{}
	for layer, n := range nodes {
		values[layer] = new(G.Value)
		G.Read(n, values[layer])
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float32{}
	for layer, v := range values {
		out[layer] = (*v).Data().([]float32)
	}
	return out
}

// TestFeaturesDepth checks that nothing is built below the deepest tap, and that a convolution
// that is a tap comes without its ReLU.
func TestFeaturesDepth(t *testing.T) {
	weights, err := vgg.Seeded(vgg.VGG19(), vgg.Caffe(), "conv2_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, weights, reftest.Picture(16, 16, 0), 16, 16, []string{"conv1_1", "relu1_1", "pool1"}, op.Max)
	negative := false
	for i, v := range out["conv1_1"] {
		negative = negative || v < 0
		if want := max(v, 0); out["relu1_1"][i] != want {
			t.Fatalf("relu1_1 is %v where conv1_1 is %v", out["relu1_1"][i], v)
		}
	}
	if !negative {
		t.Error("conv1_1 has no negative value: it came with its ReLU")
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(1, 3, 16, 16), G.WithName("pixels"))
	if _, err := weights.Features(x, []string{"relu1_1"}, vgg.FeatureOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := len(x.Graph().ByName("vgg/conv1_2")); got != 0 {
		t.Errorf("tap relu1_1 built %d nodes of conv1_2", got)
	}
	_, err = weights.Features(x, []string{"relu9_9"}, vgg.FeatureOptions{})
	var unknown *vgg.UnknownLayerError
	if !errors.As(err, &unknown) || unknown.Layer != "relu9_9" {
		t.Errorf("unknown layer: got %v", err)
	}
	if _, err = weights.Features(x, []string{"relu5_1"}, vgg.FeatureOptions{}); err == nil || !strings.Contains(err.Error(), "end before conv2_2") {
		t.Errorf("weights too short: got %v", err)
	}
}
