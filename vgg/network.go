package vgg

import (
	"fmt"
	"slices"
	"strings"
)

// Kind tells what a layer of a network does.
type Kind int

// The three kinds of layer that VGG is made of.
const (
	Conv Kind = iota // 3x3 convolution, stride 1, zero padding 1, plus bias
	ReLU             // max(0, x), in place of the convolution it follows
	Pool             // 2x2 pooling, stride 2; odd sizes lose their last row or column
)

// Layer is one line of the table in Simonyan and Zisserman (2015).
type Layer struct {
	Name string // conv3_1, relu3_1 or pool3
	Kind Kind
	C, K int // input and output channels; equal but for Conv

	// Halvings is how often a style sees the features averaged over squares of two by two
	// positions; see [Weights.StylePooled].
	StylePooling int
}

// Network is an architecture as data: its layers in the order in which a
// picture passes through them.
type Network struct {
	Name   string // vgg19, vgg16, slim
	Layers []Layer

	// StyleLayers are the layers that a style loss takes where the user names none, each
	// with its weight in a loss of Gram matrices. Weights for other losses are 1.
	StyleLayers []StyleLayer
}

// StyleLayer is a layer with its weight in a style loss.
type StyleLayer struct {
	Layer  string // as in relu4_1
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

// Slim is VGG19 with far fewer channels: the same layers by the same names. Most has
// conv4_1, whose Gram matrix is nine tenths of a style loss. What slim gets wrong there
// are the means of the features over the picture before all, so that a style sees them
// averaged over four by four positions, which changes no mean and has a sixteenth of the
// work. Its weights are trained to stand in for those of VGG19, with projections from its
// features to theirs, and come with the program; see [Embedded].
func Slim() *Network {
	n := build("slim", [][]int{{16, 16}, {48, 48}, {64, 64, 64, 64}, {256, 64, 64, 64}, {128, 128, 128, 128}})
	for i := range n.Layers {
		if n.Layers[i].Name == "relu4_1" {
			n.Layers[i].StylePooling = 2
		}
	}
	// Slim predicts the Gram matrices of the other layers better than that of relu4_1, which
	// is nine tenths of an unweighted loss. The more alike two pictures are in those layers,
	// the less its errors at relu4_1 differ: measured by VGG-19, pictures with these weights
	// are closer to their style at each layer. All weights are doubled besides, since Gram
	// matrices of averaged features have smaller gradients. See docs/slim.md.
	for i, weight := range []float64{10, 60, 300, 2, 20} {
		n.StyleLayers[i].Weight = weight
	}
	return n
}

// Tiny is VGG19 with 4 to 6 channels in place of 64 to 512, for tests: the
// names, the depth and the strides of the real network in 17 KB of weights.
func Tiny() *Network { return build("tiny", even([]int{4, 4, 6, 6, 6}, []int{2, 2, 4, 4, 4})) }

// ByName returns the architecture called name. The error lists those there are;
// [Tiny] is found under its name but not listed.
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

// known returns the networks that a file of another program can turn out to be for.
func known() []*Network { return []*Network{VGG19(), VGG16()} }

// even returns the output channels of blocks of convs convolutions that have the same
// number of channels each.
func even(channels, convs []int) [][]int {
	blocks := make([][]int, len(channels))
	for b, k := range channels {
		blocks[b] = slices.Repeat([]int{k}, convs[b])
	}
	return blocks
}

// build writes out the layers of a network with the given output channels of the
// convolutions of its blocks.
func build(name string, blocks [][]int) *Network {
	n := &Network{Name: name}
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

// UnknownLayerError is returned when a network has no layer of a name.
type UnknownLayerError struct {
	Network, Layer string
	Known          []string // the names that would have done
}

// Error names the network, the layer, and those that there are.
func (e *UnknownLayerError) Error() string {
	return fmt.Sprintf("vgg: %s has no layer %q (known: %s)", e.Network, e.Layer, strings.Join(e.Known, ", "))
}

// Index returns the position of the layer called name in n.Layers, or an
// [UnknownLayerError].
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

// Stride returns how many pixels of the picture, along one side, one feature of
// layer i stands for: 2 to the number of poolings up to and with it.
func (n *Network) Stride(i int) int {
	s := 1
	for _, l := range n.Layers[:i+1] {
		if l.Kind == Pool {
			s *= 2
		}
	}
	return s
}
