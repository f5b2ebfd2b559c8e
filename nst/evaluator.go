package nst

import (
	"context"
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// evaluator computes features and losses with one orientation of a network, on one device.
type evaluator struct {
	*network
	orientation int
	device      exec.Device
}

// tensor is a value on its way from one graph to another.
type tensor struct {
	shape []int
	data  []float32
}

// inputs are the numbers of the inputs of a graph.
type inputs map[*exec.Node][]float32

// set gives the inputs to a machine.
func (in inputs) set(m *exec.Machine) error {
	for n, data := range in {
		if err := m.Set(n, data); err != nil {
			return fmt.Errorf("nst: %w", err)
		}
	}
	return nil
}

// measure adds to the graph of the features of a layer what is wanted of them, and to in the
// numbers of further inputs.
type measure func(layer string, features *exec.Node, in inputs) ([]*exec.Node, error)

// whole measures the features as they are.
func whole(_ string, features *exec.Node, _ inputs) ([]*exec.Node, error) {
	return []*exec.Node{features}, nil
}

// measurement is the graph of a measure for pictures of one size.
type measurement struct {
	pixels *exec.Node
	wanted [][]*exec.Node // for each layer
	inputs inputs
}

// features adds the layers of the network to the graph of pixels, differences to the centre.
func (e evaluator) features(pixels *exec.Node, layers []string) (map[string]*exec.Node, error) {
	o, err := e.featureOptions()
	if err != nil {
		return nil, err
	}
	return e.oriented[e.orientation].Features(pixels, layers, o)
}

// graphOf returns the graph that measures layers of a picture of w by h pixels.
func (e evaluator) graphOf(w, h int, layers []LayerWeight, m measure) (g measurement, err error) {
	if len(layers) == 0 {
		return g, nil
	}
	g.wanted, g.inputs = make([][]*exec.Node, len(layers)), inputs{}
	err = exec.Build(func() (err error) {
		g.pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
		features, err := e.features(g.pixels, layerNames(layers))
		for i, l := range layers {
			if err == nil {
				g.wanted[i], err = m(l.Layer, features[l.Layer], g.inputs)
			}
		}
		return err
	})
	if err != nil {
		return measurement{}, fmt.Errorf("nst: %w", err)
	}
	return g, nil
}

// measure returns, for each layer, what m makes of the features of a picture.
func (e evaluator) measure(ctx context.Context, p *imgio.Planar, layers []LayerWeight, m measure) (map[string][]tensor, error) {
	if len(layers) == 0 {
		return nil, nil
	}
	difference := make([]float32, len(p.Pix))
	e.centre.subtract(difference, p.Pix)
	return e.measureDifference(ctx, difference, p.W, p.H, layers, m)
}

// measureDifference is measure for a picture of w by h pixels, given as its difference to the
// centre.
func (e evaluator) measureDifference(ctx context.Context, difference []float32, w, h int, layers []LayerWeight, m measure) (map[string][]tensor, error) {
	if len(layers) == 0 {
		return nil, nil
	}
	g, err := e.graphOf(w, h, layers, m)
	if err != nil {
		return nil, err
	}
	machine, err := exec.New(e.device, slices.Concat(g.wanted...)...)
	if err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	defer machine.Close()
	if err := machine.Set(g.pixels, difference); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	if err := g.inputs.set(machine); err != nil {
		return nil, err
	}
	if err := machine.Run(ctx); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	out := map[string][]tensor{}
	for i, l := range layers {
		for _, n := range g.wanted[i] {
			f := tensor{shape: n.Shape(), data: make([]float32, n.Shape().TotalSize())}
			if err := machine.Get(f.data, n); err != nil {
				return nil, fmt.Errorf("nst: %w", err)
			}
			out[l.Layer] = append(out[l.Layer], f)
		}
	}
	return out, nil
}
