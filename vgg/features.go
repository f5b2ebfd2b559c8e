package vgg

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	T "gorgonia.org/tensor"

	"nst/internal/engine/op"
)

// Pooling says how the network pools: max, avg or l2.
type Pooling = op.Pooling

// ParsePooling returns the pooling called max, avg or l2.
func ParsePooling(name string) (Pooling, error) {
	for _, p := range []Pooling{op.Max, op.Avg, op.L2} {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("vgg: unknown pooling %q (known: max, avg, l2)", name)
}

// FeatureOptions are departures from the network as it was trained.
type FeatureOptions struct {
	Pooling Pooling // how four features become one
	Rescale bool    // multiply what is pooled by Pooling.Rescale, which changes nothing for max
	Padding Padding // of the picture, by the first convolution; the others pad with zeros

	// Origin is the colour, RGB in [0, 1], that x is a difference to: x plus Origin is the
	// picture. The zero value is black, which makes x the picture. With
	// [Convention.Centre] nothing is subtracted from x, which then has the full precision
	// of float32 near 0.
	Origin [3]float32
}

// Padding says what lies beyond the edge of a picture: zeros or its nearest pixel.
type Padding = op.Padding

// ParsePadding returns the padding called zero or replicate.
func ParsePadding(name string) (Padding, error) {
	for _, p := range []Padding{op.Zero, op.Replicate} {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("vgg: unknown padding %q (known: zero, replicate)", name)
}

// Features adds to the graph of x the part of the network that computes the
// layers named in taps, no deeper than the deepest of them, and returns the node
// of each. o says how it departs from the network as it was trained; the zero
// value is no departure.
//
// x is a picture (1, 3, h, w), RGB in [0, 1], minus o.Origin; a feature node is (1, c, h', w').
// Node names are the layer names below "vgg/". Where the network has maps, what is
// returned is the features times [Map].R, from which losses come out as its teacher
// has them; the network itself goes on from the features. The error is an
// [UnknownLayerError] for a tap that the network lacks, and a [TapError] for one
// that it has no map of.
func (w *Weights) Features(x *G.Node, taps []string, o FeatureOptions) (map[string]*G.Node, error) {
	b := &builder{weights: w, wanted: map[string]bool{}, maps: map[string]*Map{}}
	deepest := -1
	for _, name := range taps {
		i, m, err := w.tap(name)
		if err != nil {
			return nil, err
		}
		b.wanted[name], b.maps[name] = true, m
		deepest = max(deepest, i)
	}
	found := map[string]*G.Node{}
	n := b.prepare(x, o.Origin)
	scale := float32(1)
	if o.Rescale {
		scale = o.Pooling.Rescale()
	}
	layers := w.Network.Layers[:deepest+1]
	for i, l := range layers {
		switch l.Kind {
		case Conv:
			// The ReLU that follows is done in passing, unless the convolution
			// itself is wanted.
			fused := i+1 < len(layers) && !b.wanted[l.Name]
			pad := op.Zero
			if i == 0 {
				pad = o.Padding
			}
			n = b.conv(n, l, op.NewConv(fused, pad))
		case ReLU:
			if b.wanted[layers[i-1].Name] {
				n = b.apply(l.Name, op.NewReLU(), n)
			}
		case Pool:
			n = b.apply(l.Name, op.NewPool(o.Pooling, scale), n)
		}
		if b.err != nil {
			return nil, b.err
		}
		if b.wanted[l.Name] {
			found[l.Name] = b.mapped(n, l)
		}
	}
	return found, b.err
}

// builder adds layers to a graph; after the first error it does nothing.
type builder struct {
	weights *Weights
	wanted  map[string]bool
	maps    map[string]*Map // of those wanted; nil where there is none
	err     error
}

func (b *builder) apply(layer string, o G.Op, inputs ...*G.Node) *G.Node {
	if b.err != nil {
		return nil
	}
	n, err := op.Apply("vgg/"+layer, o, inputs...)
	if err != nil {
		b.err = fmt.Errorf("vgg: %s: %w", layer, err)
	}
	return n
}

// prepare turns RGB in [0, 1], minus origin, into what the network was trained on.
func (b *builder) prepare(x *G.Node, origin [3]float32) *G.Node {
	c := b.weights.Convention.from(origin)
	var mul, add [3]float32
	for i := range 3 {
		mul[i] = c.Scale / c.Std[i]
		add[i] = -c.Mean[i] / c.Std[i]
	}
	return b.apply("input", op.NewAffine(mul, add, c.BGR), x)
}

func (b *builder) conv(x *G.Node, l Layer, o *op.Conv) *G.Node {
	if b.err != nil {
		return nil
	}
	f, ok := b.weights.Filters[l.Name]
	if !ok {
		b.err = fmt.Errorf("vgg: the %s weights end before %s", b.weights.Network.Name, l.Name)
		return nil
	}
	w := b.input(x.Graph(), "vgg/"+l.Name+"/w", f.W, l.K, l.C, 3, 3)
	bias := b.input(x.Graph(), "vgg/"+l.Name+"/b", f.B, l.K)
	return b.apply(l.Name, o, x, w, bias)
}

// mapped returns the features x of a layer as losses are to see them.
func (b *builder) mapped(x *G.Node, l Layer) *G.Node {
	m := b.maps[l.Name]
	if m == nil || b.err != nil {
		return x
	}
	r := b.input(x.Graph(), "vgg/"+l.Name+"/r", m.R, m.C, m.C)
	return b.apply(l.Name+"/map", op.NewPointwise(), x, r)
}

// input adds fixed numbers to the graph, or finds them there if another picture
// of the same graph uses them too. The backing is shared, not copied.
func (b *builder) input(g *G.ExprGraph, name string, data []float32, shape ...int) *G.Node {
	for _, n := range g.ByName(name) {
		return n
	}
	t := T.New(T.WithShape(shape...), T.WithBacking(data))
	return G.NewTensor(g, T.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(t))
}
