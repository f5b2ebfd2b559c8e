package nst

import (
	"context"
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/vgg"
)

// tensor is a value on its way from one graph to another.
type tensor struct {
	shape []int
	data  []float32
}

// measure adds to the graph of features what is wanted of them.
type measure func(layer string, features *exec.Node) ([]*exec.Node, error)

// forward returns, for each layer, what m makes of the features of a picture; given
// has, once m has been called, the numbers of further inputs.
func (t *Transfer) forward(ctx context.Context, p *imgio.Planar, layers []LayerWeight, given map[*exec.Node][]float32, m measure) (map[string][]tensor, error) {
	if len(layers) == 0 {
		return nil, nil
	}
	out := map[string][]tensor{}
	pixels, nodes, err := t.measured(p.W, p.H, layers, m)
	if err != nil {
		return nil, err
	}
	machine, err := exec.New(t.device, slices.Concat(nodes...)...)
	if err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	defer machine.Close()
	difference := make([]float32, len(p.Pix))
	t.centre.subtract(difference, p.Pix)
	if err := machine.Set(pixels, difference); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	for n, data := range given {
		if err := machine.Set(n, data); err != nil {
			return nil, fmt.Errorf("nst: %w", err)
		}
	}
	if err := machine.Run(ctx); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	for i, l := range layers {
		for _, n := range nodes[i] {
			f := tensor{shape: n.Shape(), data: make([]float32, n.Shape().TotalSize())}
			if err := machine.Get(f.data, n); err != nil {
				return nil, fmt.Errorf("nst: %w", err)
			}
			out[l.Layer] = append(out[l.Layer], f)
		}
	}
	return out, nil
}

// measured returns the graph of forward for a picture of w x h pixels: its input and,
// for each layer, what m makes of the features.
func (t *Transfer) measured(w, h int, layers []LayerWeight, m measure) (pixels *exec.Node, nodes [][]*exec.Node, err error) {
	if len(layers) == 0 {
		return nil, nil, nil
	}
	nodes = make([][]*exec.Node, len(layers))
	err = exec.Build(func() (err error) {
		pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
		features, err := t.centred.Features(pixels, layerNames(layers), t.features)
		for i, l := range layers {
			if err == nil {
				nodes[i], err = m(l.Layer, features[l.Layer])
			}
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("nst: %w", err)
	}
	return pixels, nodes, nil
}

// whole measures the features as they are.
func whole(_ string, features *exec.Node) ([]*exec.Node, error) { return []*exec.Node{features}, nil }

// features returns how the network departs from the one that was trained.
func (o *Options) features() (f vgg.FeatureOptions, err error) {
	if f.Pooling, err = vgg.ParsePooling(string(o.Objective.Pooling)); err != nil {
		return f, err
	}
	f.Padding, err = vgg.ParsePadding(string(o.Objective.Padding))
	f.Rescale = o.Objective.Rescale
	return f, err
}

// prepared returns the weights with the pictures made ready for them as the options
// say.
func (o *Options) prepared(w *vgg.Weights) *vgg.Weights {
	if o.Objective.Preprocessing == PrepareTrained {
		return w
	}
	own := *w
	c := &own.Convention
	if o.Objective.Preprocessing == PrepareLevels256 {
		c.Scale *= 256. / 255
		return &own
	}
	for i := range c.Mean {
		c.Mean[i] *= levels / c.Scale
		c.Std[i] = 1
	}
	c.Scale = levels
	return &own
}

func layerNames(layers []LayerWeight) []string {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.Layer
	}
	return names
}
