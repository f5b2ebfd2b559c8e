package vgg_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/engine/op"
	"nst/internal/reftest"
	"nst/vgg"
	"nst/vgg/safetensors"
)

// numbers returns n random numbers.
func numbers(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64())
	}
	return out
}

// mapped returns the tiny network with random weights down to last, and a projection to twice
// as many channels for every ReLU layer.
func mapped(t testing.TB, last string) *vgg.Weights {
	t.Helper()
	ws := tiny(t, last)
	r := rand.New(rand.NewPCG(1, 1))
	ws.Projections = map[string]vgg.Projection{}
	for i, l := range ws.Network.Layers {
		if l.Kind != vgg.ReLU || ws.Filters[ws.Network.Layers[i-1].Name].K == 0 {
			continue
		}
		m, err := vgg.NewProjection(2*l.K, l.K, numbers(r, 2*l.K*l.K))
		if err != nil {
			t.Fatal(err)
		}
		ws.Projections[l.Name] = m
	}
	return ws
}

// product returns a (n, k) times b (k, m) in float64.
func product(a, b []float64, n, k, m int) []float64 {
	out := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for l := range k {
				out[i*m+j] += a[i*k+l] * b[l*m+j]
			}
		}
	}
	return out
}

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func turned(a []float64, n, m int) []float64 {
	out := make([]float64, len(a))
	for i, x := range a {
		out[i%m*n+i/m] = x
	}
	return out
}

func meanSquare(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return sum / float64(len(v))
}

// TestProjection checks that R gives the same means over channels as W, of features and of
// Gram matrices, even if W has not full rank.
func TestProjection(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, c := range []struct {
		name string
		k, c int
		flat bool // two columns are the same
		tol  float64
	}{{"square", 7, 7, false, 1e-5}, {"to more", 64, 16, false, 1e-5}, {"to fewer", 5, 12, false, 1e-4}, {"no full rank", 20, 6, true, 1e-4}, {"one", 1, 1, false, 1e-5}} {
		w := numbers(r, c.k*c.c)
		if c.flat {
			for i := range c.k {
				w[i*c.c+1] = w[i*c.c]
			}
		}
		m, err := vgg.NewProjection(c.k, c.c, w)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, v := range m.R {
			if i/c.c > i%c.c && v != 0 {
				t.Fatalf("%s: R is not upper triangular", c.name)
			}
		}
		f := wide(numbers(r, c.c*9)) // nine positions
		large, small := product(wide(w), f, c.k, c.c, 9), product(wide(m.R), f, c.c, c.c, 9)
		if d := reftest.Rel(meanSquare(small), meanSquare(large)); d > c.tol {
			t.Errorf("%s: mean square of features is %.2g off", c.name, d)
		}
		large, small = product(large, turned(large, c.k, 9), c.k, 9, c.k), product(small, turned(small, c.c, 9), c.c, 9, c.c)
		if d := reftest.Rel(meanSquare(small), meanSquare(large)); d > c.tol {
			t.Errorf("%s: mean square of a Gram matrix is %.2g off", c.name, d)
		}
	}
	for _, w := range [][]float32{nil, make([]float32, 6), {1, 2, 3, 4, 5, float32(math.NaN())}, {1, 2, 3, 4, 5, float32(math.Inf(1))}} {
		if _, err := vgg.NewProjection(3, 2, w); err == nil {
			t.Errorf("%v: no error", w)
		}
	}
}

// TestMappedFeatures checks that a tap of a distilled network is its features times R. A pool
// uses the projection of the ReLU before it.
func TestMappedFeatures(t *testing.T) {
	ws := mapped(t, "conv3_1")
	plain := *ws
	plain.Projections = nil
	taps := []string{"relu1_1", "relu1_2", "pool1", "relu2_2", "pool2", "relu3_1"}
	p := reftest.Picture(19, 22, 0)
	got, want := run(t, ws, p, 19, 22, taps, op.Max), run(t, &plain, p, 19, 22, taps, op.Max)
	for _, l := range taps {
		m := ws.Projections[map[string]string{"pool1": "relu1_2", "pool2": "relu2_2"}[l]]
		if m.C == 0 {
			m = ws.Projections[l]
		}
		n := len(want[l]) / m.C
		rf := product(wide(m.R), wide(want[l]), m.C, m.C, n)
		for i, v := range rf {
			if d := math.Abs(v - float64(got[l][i])); d > 1e-4*(1+math.Abs(v)) {
				t.Fatalf("%s: value %d is %v, want %v", l, i, got[l][i], v)
			}
		}
		if ws.Channels(l) != 2*m.C || plain.Channels(l) != m.C {
			t.Errorf("%s stands for %d channels, and without projections for %d", l, ws.Channels(l), plain.Channels(l))
		}
	}
}

func TestTapError(t *testing.T) {
	ws := mapped(t, "conv3_1")
	delete(ws.Projections, "relu1_1")
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(1, 3, 16, 16), G.WithName("pixels"))
	for layer, instead := range map[string]string{"conv2_1": "relu2_1", "relu1_1": "", "conv1_1": ""} {
		_, err := ws.Features(x, []string{"relu1_2", layer}, vgg.FeatureOptions{})
		tap := new(vgg.TapError)
		if !errors.As(err, &tap) || tap.Layer != layer || tap.Instead != instead {
			t.Errorf("%s: got %v, want an error with %q in its place", layer, err, instead)
		}
		if err := ws.CheckTap(layer); !errors.As(err, &tap) {
			t.Errorf("%s: check says %v", layer, err)
		}
	}
	if err := ws.CheckTap("pool1"); err != nil {
		t.Error(err)
	}
	if err := ws.CheckTap("relu7_1"); !errors.As(err, new(*vgg.UnknownLayerError)) {
		t.Errorf("unknown layer: %v", err)
	}
}

func TestProjectionsThereAndBack(t *testing.T) {
	ws := mapped(t, "conv3_1")
	got, err := read(write(t, ws, false))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, ws) {
		t.Error("got other weights back")
	}
	b := write(t, ws, true)
	if got, err = read(b); err != nil {
		t.Fatal(err)
	}
	for i, x := range ws.Projections["relu2_1"].W {
		if y := got.Projections["relu2_1"].W[i]; y != safetensors.FromHalf(safetensors.ToHalf(x)) {
			t.Fatalf("value %d: %v became %v", i, x, y)
		}
	}
	for name, c := range map[string]struct {
		change func(h map[string]any)
		want   string
	}{
		"shape": {func(h map[string]any) { h["map.relu1_1"].(map[string]any)["shape"] = []int{4, 8} }, "relu1_1: projection is (4, 8), want (K, 4)"},
		"flat":  {func(h map[string]any) { h["map.relu1_1"].(map[string]any)["shape"] = []int{32} }, "relu1_1: projection is (32), want (K, 4)"},
		"layer": {func(h map[string]any) { h["map.relu9_1"] = h["map.relu1_1"]; delete(h, "map.relu1_1") }, `"map.relu9_1" that is not of this network`},
		"pool":  {func(h map[string]any) { h["map.pool1"] = h["map.relu1_1"]; delete(h, "map.relu1_1") }, "pool1: projection is"},
	} {
		if _, err := read(edit(t, b, c.change)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckProjections(t *testing.T) {
	for name, c := range map[string]struct {
		change func(ws *vgg.Weights)
		want   string
	}{
		"another layer's": {func(ws *vgg.Weights) { ws.Projections["relu1_1"] = ws.Projections["relu3_1"] }, "projection is (12, 6) with 72 values"},
		"not made":        {func(ws *vgg.Weights) { ws.Projections["relu1_1"] = vgg.Projection{K: 8, C: 4, W: make([]float32, 32)} }, "0 of its root"},
		"convolution":     {func(ws *vgg.Weights) { ws.Projections["conv1_1"] = ws.Projections["relu1_1"] }, "want projections of ReLU layers"},
		"unknown":         {func(ws *vgg.Weights) { ws.Projections["relu8_1"] = ws.Projections["relu1_1"] }, "1 projections of layers that are not"},
		"too deep":        {func(ws *vgg.Weights) { ws.Projections["relu3_4"] = ws.Projections["relu3_1"] }, "but end before it"},
	} {
		ws := mapped(t, "conv3_1")
		c.change(ws)
		if err := ws.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestEmbedded checks that the weights that come with the program are what their docs say.
func TestEmbedded(t *testing.T) {
	ws, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Check(); err != nil {
		t.Fatal(err)
	}
	teacher := vgg.VGG19()
	for _, l := range ws.Network.Layers {
		if l.Kind == vgg.ReLU && l.Name <= "relu5_1" {
			i, err := teacher.Index(l.Name)
			if err != nil || ws.CheckTap(l.Name) != nil || ws.Channels(l.Name) != teacher.Layers[i].K {
				t.Errorf("%s does not stand for that of VGG-19: %v", l.Name, ws.CheckTap(l.Name))
			}
		}
	}
	e := vgg.EmbeddedEntry()
	if e.Err != nil || e.Name != vgg.EmbeddedName || e.Path != "" || e.Last != "conv5_1" || !e.Half || e.Size > 4<<20 {
		t.Errorf("%+v", e)
	}
	if !strings.Contains(ws.Licence, "CC BY 4.0") || !strings.Contains(ws.Source, "Simonyan and Zisserman") || ws.Convention != vgg.Caffe() {
		t.Errorf("licence %q, source %q, convention %s", ws.Licence, ws.Source, ws.Convention.Name)
	}
	s := vgg.Store{Dir: t.TempDir()}
	if got, err := s.Load(vgg.EmbeddedName); err != nil || !reflect.DeepEqual(got, ws) {
		t.Errorf("a store has other weights of that name: %v", err)
	}
	if _, err := s.Save("", ws, true); err == nil {
		t.Error("other weights were saved under that name")
	}
}
