package vgg_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/reftest"
	"nst/vgg"
)

// stylePooled returns the features of a layer of a picture, pooled for the style and plain.
func stylePooled(t *testing.T, ws *vgg.Weights, layer string, w, h int) (seen, plain []float32, shape tensor.Shape) {
	t.Helper()
	g := G.NewGraph()
	v := tensor.New(tensor.WithShape(1, 3, h, w), tensor.WithBacking(reftest.Picture(w, h, 3)))
	x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 3, h, w), G.WithName("pixels"), G.WithValue(v))
	f, err := ws.Features(x, []string{layer}, vgg.FeatureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := ws.StylePooled(layer, f[layer])
	if err != nil {
		t.Fatal(err)
	}
	var values [2]G.Value
	G.Read(n, &values[0])
	G.Read(f[layer], &values[1])
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	return values[0].Data().([]float32), values[1].Data().([]float32), n.Shape()
}

// TestStylePooled checks that features are averaged over squares, with and without a
// projection, and that two positions are left along each side.
func TestStylePooled(t *testing.T) {
	for _, c := range []struct {
		name          string
		stylePooling  int
		projections   bool
		w, h          int // of the picture; the layer has half as many positions
		cw, ch, times int
	}{
		{"twice", 2, true, 44, 27, 5, 3, 4},
		{"without a projection", 2, false, 44, 27, 5, 3, 4},
		{"once, since it is small", 2, true, 30, 15, 7, 3, 2},
		{"not, since it is smaller", 2, true, 40, 7, 20, 3, 1},
		{"twice, as narrow as can be", 2, true, 44, 17, 5, 2, 4},
		{"not at all", 0, true, 44, 38, 22, 19, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ws := mapped(t, "conv3_1")
			own := *ws.Network
			own.Layers = append([]vgg.Layer(nil), own.Layers...)
			ws.Network = &own
			i, err := own.Index("relu2_1")
			if err != nil {
				t.Fatal(err)
			}
			own.Layers[i].StylePooling = c.stylePooling
			if !c.projections {
				ws.Projections = nil
			}
			if w, h := ws.StylePooledSize("relu2_1", c.w/2, c.h/2); w != c.cw || h != c.ch {
				t.Errorf("size is %dx%d, want %dx%d", w, h, c.cw, c.ch)
			}
			seen, plain, shape := stylePooled(t, ws, "relu2_1", c.w, c.h)
			if shape[2] != c.ch || shape[3] != c.cw {
				t.Fatalf("shape is %v, want %d by %d positions", shape, c.ch, c.cw)
			}
			for i, got := range seen {
				x, y, ch := i%c.cw, i/c.cw%c.ch, i/(c.cw*c.ch)
				want := 0.0
				for dy := range c.times {
					for dx := range c.times {
						at := (ch*(c.h/2)+y*c.times+dy)*(c.w/2) + x*c.times + dx
						want += float64(plain[at]) / float64(c.times*c.times)
					}
				}
				if d := math.Abs(float64(got) - want); d > 1e-4*(1+math.Abs(want)) {
					t.Fatalf("value %d is %v, want %v", i, got, want)
				}
			}
		})
	}
}

// TestStylePooledUntouched checks that features of other and unknown layers stay as they are.
func TestStylePooledUntouched(t *testing.T) {
	ws := mapped(t, "conv3_1")
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(1, 4, 16, 16), G.WithName("x"))
	for _, l := range []string{"relu1_1", "relu9_9"} {
		if got, err := ws.StylePooled(l, x); err != nil || got != x {
			t.Errorf("%s: got %v, %v", l, got, err)
		}
	}
}
