package nst

import (
	"fmt"
	"slices"
	"time"

	"nst/vgg"
)

// Options says how a picture is painted. Start from [DefaultOptions]: the zero value is
// not valid, because 0 is a meaningful weight.
type Options struct {
	// Size is the longest side of the result in pixels, 16 to 16384, or [OriginalSize]
	// for the size of the content. The content is scaled to it. Styles are scaled down
	// to Size times Objective.StyleScale, but never up.
	Size int

	// Color says whose colours the result has. The losses that a run reports are those
	// of the pictures it optimises, which are grey with luma. [Transfer.Score] takes
	// pictures as they are.
	Color Colour

	Objective Objective // what is minimised
	Schedule  Schedule  // at which sizes, from what start, and for how long
	Optimizer Optimizer // how the pixels move
	Compute   Compute   // what computes
}

// Objective is the function of the picture that a run minimises: a weighted sum of
// content, style and total variation losses over the features of a network.
type Objective struct {
	// ContentWeight and StyleWeight are alpha and beta of Gatys et al. (2016),
	// equation 7, over losses that are means. TVWeight is the weight of the total
	// variation, as TVForm measures it. Each is 0 or more; content and style cannot
	// both be 0.
	ContentWeight, StyleWeight, TVWeight float64

	// ContentLayers and StyleLayers are the layers whose features are compared. The
	// loss of a content layer is multiplied by its weight. StyleLoss says what the
	// weight of a style layer multiplies. A nil StyleLayers takes those of the network,
	// see [Objective.StyleLayersOf]; an empty one takes none.
	ContentLayers, StyleLayers []LayerWeight

	// StyleLoss says which statistics of the features of a style layer are compared.
	StyleLoss StyleLoss

	// MatchEvery is the number of evaluations after which StyleNeighbours and
	// StyleGramNeighbours match positions anew, 1 or more. 0 takes 10, 20 with a line search,
	// and fewer at the sizes of few iterations of a distilled network, which turns to its next
	// orientation then.
	MatchEvery int

	// Calibrate divides the losses of content and style by the power of the scale of the
	// features that they grow with, if the features of the network are more than 4 times
	// larger or smaller than those of Oxford's VGG-19: torchvision's are a fiftieth. The same
	// weights then paint alike. The presets of other programs leave it off. It does not
	// change normalised gradients.
	Calibrate bool

	// MirrorStyles continues a style picture that is smaller than the painted one by its mirror
	// images. Without that the edges of a small style are a large part of its features, and are
	// painted as a frame around a pale middle. The presets of other programs leave it off.
	MirrorStyles bool

	// StyleMix says how several styles are combined: mean compares with one style whose
	// statistics are the weighted mean of all; sum adds a loss for each. It has no effect
	// where each style has a region of its own, see [Job].
	StyleMix StyleMix

	// StyleScale is the longest side of a style picture divided by that of the picture at
	// each scale, 0.05 to 20. A style is never enlarged beyond its own pixels. Larger
	// values give larger strokes.
	StyleScale float64

	// Calm is how calm the flat parts of the content stay, 0 to 100. There the weight of the
	// style losses falls, to a tenth at 50 and to a hundredth at 100, as if the strength were
	// 0.4 Calm lower. 0 makes no difference between the parts. It needs a ContentWeight.
	Calm float64

	// TVForm is the form of the total variation. The sums grow with the picture, the
	// others are means. smooth, the default, is a thousand times quadratic; the others are
	// those of other programs. Values of nine-point are in 0..1, where the others use 8-bit
	// levels: its weight must be about 65025 times larger than that of quadratic.
	TVForm TVForm

	// NormalizeGradients divides the gradient of each content and style layer, at its
	// features, by its L1 norm, and multiplies it by the weight of the layer, without
	// 1/c²: jcjohnson/neural-style. The result is the gradient of no function, so that
	// losses cannot be compared: it requires the methods adam or lbfgs-torch and a
	// Tolerance of 0.
	NormalizeGradients bool

	// Pooling is max, as VGG was trained; avg, the mean of four features; or l2, the
	// root of the sum of their squares.
	Pooling Pooling

	// Rescale multiplies pooled features so that they keep about the magnitude that max
	// pooling gives: by 2 for avg and 0.78 for l2, the factors of
	// crowsonkb/style-transfer-pytorch, and by 1 for max.
	Rescale bool

	// Preprocessing is how a picture is prepared for the network.
	Preprocessing Preprocessing

	// Padding is what the first convolution sees beyond the edges of the picture:
	// zero, as VGG was trained, or replicate, the nearest pixel.
	Padding Padding

	// Orientations is the number of rotations and flips of a distilled network that a run
	// cycles through, 1 to [vgg.Orientations]. 0 takes all that the network has: eight
	// for a distilled network, one for any other. More of them leave less of the style
	// unpainted; an iteration takes the same time. See docs/slim.md.
	Orientations int
}

// Schedule says at which sizes a picture is painted, what it starts from, and when the
// run ends.
type Schedule struct {
	// Scales is the number of sizes that a picture is painted at, each 1/sqrt(2) of
	// the next, the last one being Size. Each starts from the result of the one before.
	// 1 paints at Size only. 0 takes all sizes whose longest side is MinScale pixels or
	// more and that are large enough for the network.
	Scales int

	// MinScale is the smallest longest side that Scales 0 takes, 16 or more pixels.
	MinScale int

	// Iterations is the number of evaluations of loss and gradient at the first scale,
	// 1 or more. FineIterations is the number at each other scale; 0 means Iterations at
	// the last and a third of Iterations, rounded up, at those between.
	Iterations, FineIterations int

	// Time limits the duration of the run: once the speed is known, the remaining
	// iterations of all scales are reduced in proportion. 0 is no limit.
	Time time.Duration

	// Tolerance ends a scale when the mean loss of the last ten iterations is
	// within this fraction of that of the ten before. 0 never does. Where a run cycles
	// through orientations it compares whole cycles: eighty iterations for eight. It is an
	// error if no scale has as many iterations as the two together.
	Tolerance float64

	// AutoBalance adapts the content weight at each scale after the first, so that every
	// scale reaches the same degree of stylisation: the same share of the photograph's
	// own style loss is left. If the run starts from noise or mean, the content weight is a
	// thousand times larger in the first half of the first scale, so that the picture finds
	// the content. With one scale it does only that. With orientations it holds less well: see
	// docs/slim.md. It has no effect where the style is compared with neighbours, whose loss
	// is limited.
	AutoBalance bool

	// Init is the first picture: content; noise, independent grey pixels;
	// mean, the mean colour of the network's training set with very little noise; or
	// image, which is then given in [Job]. The first scale starts from it.
	// Each later scale starts from the enlarged picture of the one before; with content
	// it adds the enlarged change to the content of that size.
	Init Init

	// Seed starts the random numbers of noise and mean. The same seed gives the same
	// bytes, whatever the number of threads.
	Seed uint64
}

// Optimizer says how the pixels move. One evaluation of loss and gradient is one
// iteration with every method.
type Optimizer struct {
	Method Method

	// LearningRate is the step: 8-bit levels per iteration for adam, a factor of its
	// own step for lbfgs, of the first trial for lbfgs-wolfe. 0 takes the usual one: 10
	// for adam, 1 for lbfgs. Each rollback halves it.
	LearningRate float64

	// Beta2 is the decay of adam's mean squared gradient, in [0, 1).
	Beta2 float64

	// Epsilon is what adam adds to the root of the mean squared gradient, 0 or more, in
	// units of the loss per 8-bit level. Gradients that are not far above it make short
	// steps.
	Epsilon float64

	// Average is the decay, in [0, 1), of the running mean of adam's pictures, which
	// is returned instead of the last picture. 0 returns the last.
	Average float64

	// Clamp keeps the pixels within 0..1: adam's after each step; lbfgs evaluates the
	// nearest valid picture. Otherwise values outside are clipped on saving.
	Clamp bool

	// History is the number of pairs that L-BFGS stores, 1 or more; each takes
	// 24 bytes per pixel. PyTorch's default is 100.
	History int
}

// Compute says what computes. The result does not depend on Threads.
type Compute struct {
	Threads int // of the processor; 0 takes all

	// Device is cpu; cuda or cuda:N, an NVIDIA card by its number from 0, in programs
	// built for it; or auto or auto:N, which takes that card if it is usable, has enough
	// memory and has kernels for the StyleLoss, else the processor. A card and the
	// processor give similar pictures, not the same bytes.
	Device string

	// Precision is how convolutions multiply: on a card tf32 or fp32, on the processor fp32,
	// mixed or bf16; or auto. Sums are those of fp32 with each.
	Precision Precision
}

// LayerWeight is a layer of the network with the weight of its loss.
type LayerWeight struct {
	Layer  string  // as in relu4_2
	Weight float64 // 0 or more, or UsualWeight in Objective.StyleLayers
}

// UsualWeight stands for the weight that a network gives a style layer, as
// [Objective.StyleLayersOf] says.
const UsualWeight = -1

// String returns LAYER:WEIGHT.
func (l LayerWeight) String() string { return fmt.Sprintf("%s:%v", l.Layer, l.Weight) }

// Limits of Options.Size in pixels, and the size of the content as it is.
const (
	MinSize = 16
	MaxSize = 16384

	OriginalSize = -1
)

// Limits of Objective.StyleScale.
const (
	MinStyleScale = 0.05
	MaxStyleScale = 20
)

// DefaultOptions returns nst's own settings: the layers of Gatys' program and L-BFGS from
// coarse to fine. Coarse to fine brings the style much further than a run at one scale, so
// the ratio of style to content that keeps the photograph recognisable is 20 at the first
// scale, far below the 1000 of that program. A picture of 512 pixels takes 241
// evaluations.
func DefaultOptions() Options {
	return Options{
		Size:  512,
		Color: ColourStyle,
		Objective: Objective{
			ContentWeight: 5,
			StyleWeight:   5 * middle,
			ContentLayers: []LayerWeight{{"relu4_2", 1}},
			StyleLoss:     StyleGram,
			Calibrate:     true,
			MirrorStyles:  true,
			StyleMix:      MixMean,
			StyleScale:    1,
			TVForm:        TVSmooth,
			Pooling:       PoolMax,
			Preprocessing: PrepareTrained,
			Padding:       PadZero,
		},
		Schedule: Schedule{
			MinScale:    128,
			Iterations:  80,
			AutoBalance: true,
			Init:        InitContent,
		},
		Optimizer: Optimizer{
			Method:  LBFGS,
			Beta2:   0.99,
			Epsilon: 1e-8,
			Average: 0.8,
			Clamp:   true,
			History: 20,
		},
		Compute: Compute{
			Device:    DeviceAuto,
			Precision: PrecisionAuto,
		},
	}
}

// resolve copies the lists of layers, so that a caller who changes his changes nothing
// here, and names the style layers where none were named.
func (o *Objective) resolve(n *vgg.Network) {
	o.ContentLayers = slices.Clone(o.ContentLayers)
	o.StyleLayers = o.StyleLayersOf(n)
}

// StyleLayersOf returns StyleLayers or, if it is nil, those of the network n
// ([vgg.Network]): the first ReLU of each block for the networks of this program. In place of
// [UsualWeight] it has the weight of the network for the layer, if the network has one,
// StyleLoss compares Gram matrices and gradients are not normalised; else 1.
func (o *Objective) StyleLayersOf(n *vgg.Network) []LayerWeight {
	layers := slices.Clone(o.StyleLayers)
	if layers == nil {
		for _, l := range n.StyleLayers {
			layers = append(layers, LayerWeight{l.Layer, UsualWeight})
		}
	}
	for i, l := range layers {
		if l.Weight == UsualWeight {
			layers[i].Weight = o.usualWeight(n, l.Layer)
		}
	}
	return layers
}

// usualWeight is what [UsualWeight] stands for at a layer.
func (o *Objective) usualWeight(n *vgg.Network, layer string) float64 {
	at := slices.IndexFunc(n.StyleLayers, func(l vgg.StyleLayer) bool { return l.Layer == layer })
	if at < 0 || o.StyleLoss != StyleGram || o.NormalizeGradients {
		return 1
	}
	return n.StyleLayers[at].Weight
}
