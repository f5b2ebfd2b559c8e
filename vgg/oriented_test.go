package vgg_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/reftest"
	"nst/vgg"
)

// featuresAt returns the features of a layer of a picture (3, h, w).
func featuresAt(t *testing.T, ws *vgg.Weights, layer string, pixels []float32, w, h int) ([]float32, tensor.Shape) {
	t.Helper()
	g := G.NewGraph()
	v := tensor.New(tensor.WithShape(1, 3, h, w), tensor.WithBacking(pixels))
	f, err := ws.Features(G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 3, h, w), G.WithName("pixels"), G.WithValue(v)), []string{layer}, vgg.FeatureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var value G.Value
	G.Read(f[layer], &value)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	return value.Data().([]float32), f[layer].Shape()
}

// asSeen returns planes of w by h numbers in an orientation: transposed, then mirrored left to
// right and top to bottom.
func asSeen(planes []float32, w, h, orientation int) (out []float32, ow, oh int) {
	ow, oh = w, h
	if orientation&4 != 0 {
		ow, oh = h, w
	}
	out = make([]float32, len(planes))
	for at := 0; at < len(planes); at += w * h {
		for y := range h {
			for x := range w {
				ty, tx := y, x
				if orientation&4 != 0 {
					ty, tx = tx, ty
				}
				if orientation&1 != 0 {
					tx = ow - 1 - tx
				}
				if orientation&2 != 0 {
					ty = oh - 1 - ty
				}
				out[at+ty*ow+tx] = planes[at+y*w+x]
			}
		}
	}
	return out, ow, oh
}

// TestOriented checks that each oriented network has the features, turned back, that the
// network has of the turned picture, and that these differ from those of the network itself.
func TestOriented(t *testing.T) {
	const w, h = 24, 16
	ws := mapped(t, "conv3_1")
	pixels := reftest.Picture(w, h, 3)
	for orientation := range vgg.Orientations {
		ours, err := ws.Oriented(orientation)
		if err != nil {
			t.Fatal(err)
		}
		for _, layer := range []string{"relu1_2", "relu3_1"} {
			got, shape := featuresAt(t, ours, layer, pixels, w, h)
			got, _, _ = asSeen(got, shape[3], shape[2], orientation)
			other, ow, oh := asSeen(pixels, w, h, orientation)
			want, _ := featuresAt(t, ws, layer, other, ow, oh)
			plain, _ := featuresAt(t, ws, layer, pixels, w, h)
			plain, _, _ = asSeen(plain, shape[3], shape[2], orientation)
			var far, size, off float64
			for i := range want {
				far = max(far, math.Abs(float64(got[i]-want[i])))
				off = max(off, math.Abs(float64(plain[i]-want[i])))
				size = max(size, math.Abs(float64(want[i])))
			}
			if far > 1e-5*size {
				t.Errorf("orientation %d, %s: off by %v of %v", orientation, layer, far, size)
			}
			if orientation > 0 && off < 1e-3*size {
				t.Errorf("orientation %d, %s: the network itself has the same features", orientation, layer)
			}
		}
	}
}

// TestOrientedNot checks that there are eight orientations, the first being the network itself.
func TestOrientedNot(t *testing.T) {
	ws := mapped(t, "conv3_1")
	if got, err := ws.Oriented(0); got != ws || err != nil {
		t.Errorf("orientation 0 is another network: %v", err)
	}
	for _, orientation := range []int{-1, vgg.Orientations} {
		if _, err := ws.Oriented(orientation); err == nil {
			t.Errorf("there is a orientation %d", orientation)
		}
	}
}
