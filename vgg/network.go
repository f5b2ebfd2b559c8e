package vgg

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a layer of a network does.
type Kind int

// The three kinds of layer that VGG is made of.
const (
	Conv Kind = iota // 3x3 convolution, stride 1, zero padding 1, plus bias
	ReLU             // max(0, x)
	Pool             // 2x2 pooling, stride 2; odd sizes lose their last row or column
)

// Layer is one line of the table in Simonyan and Zisserman (2015).
type Layer struct {
	Name string // conv3_1, relu3_1 or pool3
	Kind Kind
	C, K int // input and output channels; they differ for Conv only

	// StylePooling is how many times the features are averaged over 2x2 positions before
	// the style is measured; see [Weights.StylePooled].
	StylePooling int
}

// Network is an architecture: its layers from input to output.
type Network struct {
	Name   string // vgg19, vgg16, slim
	Layers []Layer

	// StyleLayers are the style layers if the user names none, with their weights in a loss
	// of Gram matrices. Other losses give all of them the weight 1.
	StyleLayers []StyleLayer

	// NeighbourWeight multiplies a style loss of neighbours: 1 for VGG, above 0.
	NeighbourWeight float64

	// BesideNeighbours multiplies a style loss of Gram matrices that stands beside one of
	// neighbours: 1 for VGG, above 0.
	BesideNeighbours float64
}

// StyleLayer is a layer with its weight in a style loss.
type StyleLayer struct {
	Layer  string // such as relu4_1
	Weight float64
}

// VGG19 is configuration E of Simonyan and Zisserman (2015) without the fully
// connected layers: 16 convolutions.
func VGG19() *Network {
	return build("vgg19", even([]int{64, 128, 256, 512, 512}, []int{2, 2, 4, 4, 4}))
}

// VGG16 is configuration D of Simonyan and Zisserman (2015) without the fully
// connected layers: 13 convolutions.
func VGG16() *Network {
	return build("vgg16", even([]int{64, 128, 256, 512, 512}, []int{2, 2, 3, 3, 3}))
}

// Slim is a distilled VGG19: the same layers with the same names, but far fewer channels.
// Its weights come with the program, see [Embedded].
//
// conv4_1 has the most channels, because its Gram matrix makes nine tenths of a style loss.
// At relu4_1 slim mostly gets the means of the features wrong. The style is therefore
// measured on features averaged over 4x4 positions, which keeps the means and takes a
// sixteenth of the work.
func Slim() *Network {
	n := build("slim", [][]int{{16, 16}, {48, 48}, {64, 64, 64, 64}, {256, 64, 64, 64}, {128, 128, 128, 128}})
	for i := range n.Layers {
		if n.Layers[i].Name == "relu4_1" {
			n.Layers[i].StylePooling = 2
		}
	}
	// Slim predicts the Gram matrix of relu4_1, which is nine tenths of an unweighted loss,
	// less well than those of the other layers. Pictures that agree in the other layers have
	// more similar errors at relu4_1. By the measure of VGG-19, these weights bring pictures
	// closer to their style at every layer. All weights are also doubled, because Gram
	// matrices of averaged features have smaller gradients.
	for i, weight := range []float64{10, 60, 300, 2, 20} {
		n.StyleLayers[i].Weight = weight
	}
	// Slim sees single strokes less well than VGG-19 and leaves more of the photograph at the
	// same weight: with three times the weight pictures look alike.
	n.NeighbourWeight = 3
	// The weights above are much larger than those of VGG-19. With all of them nothing is
	// seen of the neighbours.
	n.BesideNeighbours = 0.15
	return n
}

// Tiny is VGG19 with 4 to 6 channels instead of 64 to 512, for tests. It has the names,
// the depth and the strides of the real network in 17 KB of weights.
func Tiny() *Network { return build("tiny", even([]int{4, 4, 6, 6, 6}, []int{2, 2, 4, 4, 4})) }

// ByName returns the network with a name: vgg19, vgg16, slim or tiny. The error lists the
// names, except tiny.
func ByName(name string) (*Network, error) {
	if name == "tiny" {
		return Tiny(), nil
	}
	nets := append(known(), Slim())
	names := make([]string, len(nets))
	for i, n := range nets {
		if n.Name == name {
			return n, nil
		}
		names[i] = n.Name
	}
	return nil, fmt.Errorf("vgg: unknown network %q (known: %s)", name, strings.Join(names, ", "))
}

// known returns the networks that files of other programs may hold.
func known() []*Network { return []*Network{VGG19(), VGG16()} }

// even returns the output channels of every convolution, by block: block b has convs[b]
// convolutions with channels[b] channels each.
func even(channels, convs []int) [][]int {
	blocks := make([][]int, len(channels))
	for b, k := range channels {
		blocks[b] = slices.Repeat([]int{k}, convs[b])
	}
	return blocks
}

// build returns a network with these output channels of its convolutions, by block.
func build(name string, blocks [][]int) *Network {
	n := &Network{Name: name, NeighbourWeight: 1, BesideNeighbours: 1}
	c := 3
	for b, channels := range blocks {
		for i, k := range channels {
			id := fmt.Sprintf("%d_%d", b+1, i+1)
			n.Layers = append(n.Layers,
				Layer{Name: "conv" + id, Kind: Conv, C: c, K: k},
				Layer{Name: "relu" + id, Kind: ReLU, C: k, K: k})
			c = k
		}
		n.StyleLayers = append(n.StyleLayers, StyleLayer{fmt.Sprintf("relu%d_1", b+1), 1})
		n.Layers = append(n.Layers, Layer{Name: fmt.Sprintf("pool%d", b+1), Kind: Pool, C: c, K: c})
	}
	return n
}

// UnknownLayerError means that a network has no layer with a name.
type UnknownLayerError struct {
	Network, Layer string
	Known          []string // the names that exist
}

// Error names the network, the layer and the layers that exist.
func (e *UnknownLayerError) Error() string {
	return fmt.Sprintf("vgg: %s has no layer %q (known: %s)", e.Network, e.Layer, strings.Join(e.Known, ", "))
}

// Index returns the position of a layer in n.Layers. The error is an [UnknownLayerError].
func (n *Network) Index(name string) (int, error) {
	i := slices.IndexFunc(n.Layers, func(l Layer) bool { return l.Name == name })
	if i < 0 {
		known := make([]string, len(n.Layers))
		for j, l := range n.Layers {
			known[j] = l.Name
		}
		return 0, &UnknownLayerError{n.Name, name, known}
	}
	return i, nil
}

// Convs returns the convolutions of n in order.
func (n *Network) Convs() []Layer {
	var out []Layer
	for _, l := range n.Layers {
		if l.Kind == Conv {
			out = append(out, l)
		}
	}
	return out
}

// Stride returns the distance in pixels between neighbouring features of layer i: 2 to the
// power of the number of poolings up to and including it.
func (n *Network) Stride(i int) int {
	s := 1
	for _, l := range n.Layers[:i+1] {
		if l.Kind == Pool {
			s *= 2
		}
	}
	return s
}
