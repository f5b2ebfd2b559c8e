package vgg

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	T "gorgonia.org/tensor"

	"nst/internal/engine/op"
)

// Pooling is how the network pools: max, avg or l2.
type Pooling = op.Pooling

// ParsePooling returns the pooling with a name: max, avg or l2.
func ParsePooling(name string) (Pooling, error) {
	for _, p := range []Pooling{op.Max, op.Avg, op.L2} {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("vgg: unknown pooling %q (known: max, avg, l2)", name)
}

// FeatureOptions change the network from what it was trained as. The zero value changes nothing.
type FeatureOptions struct {
	Pooling Pooling // how four features become one; trained with max
	Rescale bool    // multiply pooled features by Pooling.Rescale, which is 1 for max
	Padding Padding // of the picture in the first convolution; the others pad with zeros

	// Origin is the colour, RGB in [0, 1], that was subtracted from the picture to get x.
	// The zero value, black, means that x is the picture itself. With [Convention.Centre]
	// the network subtracts nothing more, and x has the full precision of float32 near 0.
	Origin [3]float32
}

// Padding is what lies beyond the edge of a picture: zeros or the nearest pixel.
type Padding = op.Padding

// ParsePadding returns the padding with a name: zero or replicate.
func ParsePadding(name string) (Padding, error) {
	for _, p := range []Padding{op.Zero, op.Replicate} {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("vgg: unknown padding %q (known: zero, replicate)", name)
}

// Features adds the network to the graph of x, down to the deepest layer in taps, and
// returns a node for each layer in taps.
//
// x is a picture (1, 3, h, w), RGB in [0, 1], minus o.Origin. A feature node is
// (1, c, h', w') and is named "vgg/" and the layer. A distilled network returns its features
// times [Projection].R, with which losses come out as for its teacher; its next layer gets
// the features themselves. The error is an [UnknownLayerError] if the network lacks a layer,
// or a [TapError] if it has no projection of a layer.
func (w *Weights) Features(x *G.Node, taps []string, o FeatureOptions) (map[string]*G.Node, error) {
	b := &builder{weights: w, wanted: map[string]bool{}, projections: map[string]*Projection{}}
	deepest := -1
	for _, name := range taps {
		i, m, err := w.tap(name)
		if err != nil {
			return nil, err
		}
		b.wanted[name], b.projections[name] = true, m
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
			// The convolution also does the ReLU that follows, unless its own
			// output is wanted.
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

// builder adds layers to a graph. After the first error it does nothing.
type builder struct {
	weights     *Weights
	wanted      map[string]bool
	projections map[string]*Projection // of the wanted layers; nil without one
	err         error
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

// prepare turns RGB in [0, 1], minus origin, into the input that the network was trained with.
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

// mapped returns the features x of a layer as losses use them.
func (b *builder) mapped(x *G.Node, l Layer) *G.Node {
	m := b.projections[l.Name]
	if m == nil || b.err != nil {
		return x
	}
	r := b.input(x.Graph(), "vgg/"+l.Name+"/r", m.R, m.C, m.C)
	return b.apply(l.Name+"/projection", op.NewPointwise(), x, r)
}

// input adds constants to the graph. If another picture in the graph uses them already,
// it returns their node. data is shared, not copied.
func (b *builder) input(g *G.ExprGraph, name string, data []float32, shape ...int) *G.Node {
	for _, n := range g.ByName(name) {
		return n
	}
	t := T.New(T.WithShape(shape...), T.WithBacking(data))
	return G.NewTensor(g, T.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(t))
}
