package vgg_test

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"nst/internal/reftest"
	"nst/vgg"
)

// TestCentre checks the centre of each convention, channel by channel.
func TestCentre(t *testing.T) {
	for _, c := range []struct {
		convention vgg.Convention
		want       [3]float64
	}{
		{vgg.Caffe(), [3]float64{123.68 / 255, 116.779 / 255, 103.939 / 255}},
		{vgg.Caffe().Levels(), [3]float64{123.68 / 255, 116.779 / 255, 103.939 / 255}},
		{vgg.Caffe().Levels256(), [3]float64{123.68 / 256, 116.779 / 256, 103.939 / 256}},
		{vgg.Torchvision(), [3]float64{.485, .456, .406}},
		{vgg.Torchvision().Levels(), [3]float64{.485, .456, .406}},
	} {
		for i, v := range c.convention.Centre() {
			if math.Abs(float64(v)-c.want[i]) > 1e-6 {
				t.Errorf("%+v: channel %d of the centre is %v, want %v", c.convention, i, v, c.want[i])
			}
		}
	}
}

// TestOrigin checks that a picture minus a colour, with that colour as the origin, has the
// features of the picture.
func TestOrigin(t *testing.T) {
	const w, h, layer = 12, 10, "relu1_2"
	for _, c := range []vgg.Convention{vgg.Caffe(), vgg.Torchvision()} {
		ws, err := vgg.Seeded(vgg.Tiny(), c, "conv1_2", 1)
		if err != nil {
			t.Fatal(err)
		}
		picture := reftest.Picture(w, h, 0)
		features := func(origin [3]float32) []float32 {
			g := G.NewGraph()
			difference := slices.Clone(picture)
			for i := range difference {
				difference[i] -= origin[i/(w*h)]
			}
			v := tensor.New(tensor.WithShape(1, 3, h, w), tensor.WithBacking(difference))
			x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 3, h, w), G.WithName("pixels"), G.WithValue(v))
			f, err := ws.Features(x, []string{layer}, vgg.FeatureOptions{Origin: origin})
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
			return value.Data().([]float32)
		}
		want := features([3]float32{})
		for _, origin := range [][3]float32{c.Centre(), {0.45, 0.45, 0.45}, {0, 0, 0.5}} {
			if d := reftest.RelMax(features(origin), want); d > 1e-5 {
				t.Errorf("%s: features of a difference to %v are %.2g off", c.Name, origin, d)
			}
		}
	}
}
