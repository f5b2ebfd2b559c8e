package nst

import (
	"fmt"
	"time"

	"nst/vgg"
)

// Options says how a picture is painted. Start from [DefaultOptions]; a zero
// value is not a default, since 0 is a weight that somebody may want.
type Options struct {
	// Size is the longest side of the result in pixels, 16 to 16384, or
	// [OriginalSize] for that of the content as it is. The content picture is scaled
	// to it, styles are scaled down to it, times StyleScale, but never up.
	Size int

	// Scales is the number of sizes that a picture is painted at, each 1/sqrt(2)
	// of the next, from the smallest to Size; every one starts from the result of
	// the one before. 1 paints at Size alone; 0 takes all sizes whose longest side
	// is MinScale pixels or more and that the network can see.
	Scales int

	// StyleScale is the longest side of a style picture over that of the picture at
	// the scale being painted, 0.05 to 20; a style is never enlarged beyond its own
	// pixels. Strokes grow with it.
	StyleScale float64

	// MinScale is the least longest side that Scales 0 takes, 16 or more pixels.
	MinScale int

	// ContentWeight and StyleWeight are alpha and beta of Gatys et al. (2016),
	// equation 7, over losses that are means; TVWeight belongs to the total
	// variation, as TVForm measures it. Each is 0 or more, and content and style not
	// both 0.
	ContentWeight, StyleWeight, TVWeight float64

	// Steady keeps what the weights amount to at every size: they are those of the
	// first scale, and at the others ContentWeight follows the picture, so that the same
	// part of the photograph's style loss is left as there. A run at one scale has nothing
	// to follow. Where views of the network take turns, the loss is that of the view whose
	// turn ends, and it holds less well: see docs/slim.md.
	Steady bool

	// ContentLayers and StyleLayers are the taps. The loss of a content layer
	// counts with its weight; what that of a style layer counts with, StyleLoss says.
	ContentLayers, StyleLayers []LayerWeight

	// TVForm is the form of the total variation: quadratic, absolute, quadratic-sum,
	// absolute-sum or nine-point, which are those of [loss.TVForm]. The sums grow with
	// the picture, the others are means; nine-point is of values in 0..1, where the
	// others are of 8-bit levels, and wants a weight some 65025 times larger.
	TVForm string

	// StyleLoss is what makes the style of a layer, by its features over all
	// positions. gram is the Gram matrix, which counts with the weight of the layer
	// over c², c being its channels (its teacher's, for a network with maps): Gatys'
	// own program. meanstd adds the mean and deviation of each channel, with ten times
	// the weight of the layer (Galerne et al. 2023): a Gram matrix leaves open how
	// features are spread about their mean. With maps the deviations are those of as
	// many mixtures of the teacher's channels as the network has channels. w2 is the
	// Wasserstein distance of [loss.W2], with the weight of the layer, as in
	// crowsonkb/style-transfer-pytorch; an iteration takes longer.
	StyleLoss string

	// NormalizeGradients divides the gradient of each content and style layer, at its
	// features, by its L1 norm, and multiplies it by the weight of the layer, not over
	// c²: jcjohnson/neural-style. The picture then follows the gradient of no
	// function, so that nothing may compare losses: the Optimizer must be adam or
	// lbfgs-torch, the Tolerance 0.
	NormalizeGradients bool

	// StyleMix says what several styles make together: mean, one style whose
	// statistics lie between theirs, or sum, a loss for each, all of which the
	// picture has to please at once. Where each style has a region of its own, see
	// [Job], there is nothing to mix.
	StyleMix string

	// Pooling is max, as VGG was trained; avg, the mean of four features; or l2, the
	// root of the sum of their squares.
	Pooling string

	// Rescale multiplies what is pooled so that the features keep about the size
	// that they have with max: by 2 for avg, 0.78 for l2, which are the factors of
	// crowsonkb/style-transfer-pytorch, and 1 for max.
	Rescale bool

	// Preprocessing is how a picture is made ready for the network: trained, as its
	// weights were trained; levels, minus their mean colour, in 8-bit levels,
	// though the weights may have been trained with another unit, as
	// gordicaleksa/pytorch-neural-style-transfer does with torchvision's; or
	// levels256, as trained but for a range of 256 where the weights want 255, which
	// is jcjohnson/neural-style. With Oxford's weights levels is trained.
	Preprocessing string

	// Padding is what the first convolution finds beyond the edges of a picture:
	// zero, as VGG was trained, or replicate, the nearest pixel.
	Padding string

	// Views is how many views of a network that stands in for a larger one (its Maps) take
	// turns, 1 to [vgg.Views]; 0 is all that a network has, which is one for any other. Fewer
	// leave more of the style, for an iteration of the same time: see docs/slim.md.
	Views int

	// Iterations is the number of evaluations of loss and gradient at the first
	// scale, 1 or more; FineIterations that at each other, where 0 is a third of
	// Iterations, rounded up, and all of them at the last.
	Iterations, FineIterations int

	// Time ends the run: once the pace is known, the iterations of the scales that
	// are left are made fewer, all in one proportion, so as to fit. 0 does not.
	Time time.Duration

	// Optimizer is adam; lbfgs, which is L-BFGS with a bound on its steps that
	// goes back to the best picture when the loss explodes, preconditioned by a
	// pyramid that lets what is coarse take longer steps; lbfgs-torch, which
	// follows torch.optim.LBFGS wherever that leads; or lbfgs-wolfe, the same with
	// its line search. One evaluation is one iteration with all of them. A line
	// search spends one or more on each step; some are trials that make the loss
	// larger, so what it hands over is the best picture that it has seen, and it is
	// from there that it goes on when the loss ceases to be a number.
	Optimizer string

	// LearningRate is the step of the optimiser: for adam in 8-bit levels an
	// iteration, for lbfgs a factor of its own step, or with lbfgs-wolfe of the
	// first trial. 0 takes the usual one: 10 for adam, 1 for lbfgs. It is halved by
	// every rollback.
	LearningRate float64

	// Beta2 is how much of the mean squared gradient adam keeps at a step, in [0, 1).
	Beta2 float64

	// Epsilon is what adam adds to the root of the mean squared gradient, 0 or more, in
	// units of the loss for an 8-bit level. Gradients that are not far above it make
	// short steps.
	Epsilon float64

	// Average is the decay, in [0, 1), of the mean of the pictures of a scale that
	// adam hands over in the place of the last of them, which is noisier; weights
	// fall by this factor for each step back. 0 hands over the last.
	Average float64

	// Clamp keeps the pixels within 0..1: adam's after each step, while lbfgs sees the
	// nearest picture there is. Else writing a picture loses what lies outside.
	Clamp bool

	// History is the number of pairs that lbfgs remembers, 1 or more; each takes
	// 24 bytes a pixel. torch's, and that of the programs before us, is 100.
	History int

	// Tolerance ends a scale when the mean loss of the last ten iterations is
	// within this fraction of that of the ten before; 0 never does. Where views of the
	// network take turns (docs/slim.md) it is those of all their turns, eighty by default.
	Tolerance float64

	// Init is what the picture starts as: content; noise, a grey of independent
	// pixels; mean, the mean colour that the network was trained with, all but even;
	// or image, which is then given to [Transfer.Run]. It is what the first scale
	// starts from, which may be small. Each other starts from the picture of the one
	// before, enlarged, or with content from the content there, to which the enlarged
	// change that was painted is added.
	Init string

	// Seed is the start of the random numbers of Init noise and mean. One seed gives one
	// picture, byte for byte, whatever the number of threads.
	Seed uint64

	// Threads is the number of processors used; 0 takes all there are.
	Threads int

	// Device is what computes: cpu; cuda or cuda:N, an NVIDIA card, by its number from 0,
	// in builds that can; or auto or auto:N, which is that card if it can be used, has room
	// for the picture and knows the StyleLoss, else the processor. A card
	// and the processor give pictures that are alike, not the same bytes.
	Device string

	// Precision is how a card multiplies: tf32, with 10 bits of fraction, or fp32, as
	// exact as the processor at about a third of the speed. Sums are exact either way.
	Precision string

	// Color says whose colours the result has, as one of the words of [Colours]. The
	// losses that a run reports are those of the pictures that it sees, which are
	// grey with luma; [Transfer.Score] takes pictures as they are.
	Color string
}

// LayerWeight is a layer of the network with the weight of its loss.
type LayerWeight struct {
	Layer  string  // as in relu4_2
	Weight float64 // 0 or more
}

// String returns LAYER:WEIGHT.
func (l LayerWeight) String() string { return fmt.Sprintf("%s:%v", l.Layer, l.Weight) }

// Limits of Options.Size in pixels, and the size of the content as it is.
const (
	MinSize = 16
	MaxSize = 16384

	OriginalSize = -1
)

// Limits of Options.StyleScale.
const (
	MinStyleScale = 0.05
	MaxStyleScale = 20
)

// DefaultOptions returns our own settings: the layers of Gatys' program, L-BFGS from
// coarse to fine. That brings the style much further than a run at one scale, so
// the ratio of style to content that keeps the photograph recognisable, 20 at the
// first scale, is far below the 1000 of that program. At 512 pixels it takes 241
// evaluations, a minute on two cores with AVX-512. Adam ends with a loss a tenth higher
// after as many.
func DefaultOptions() Options {
	return Options{
		Size:          512,
		StyleScale:    1,
		MinScale:      128,
		ContentWeight: 5,
		StyleWeight:   5 * middle,
		Steady:        true,
		ContentLayers: []LayerWeight{{"relu4_2", 1}},
		StyleLayers:   []LayerWeight{{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}, {"relu5_1", 1}},
		TVForm:        TVQuadratic,
		StyleLoss:     StyleGram,
		StyleMix:      MixMean,
		Pooling:       PoolMax,
		Preprocessing: PrepareTrained,
		Padding:       PadZero,
		Iterations:    80,
		Optimizer:     LBFGS,
		Beta2:         0.99,
		Epsilon:       1e-8,
		Average:       0.8,
		Clamp:         true,
		History:       20,
		Init:          InitContent,
		Color:         ColourStyle,
		Device:        DeviceAuto,
		Precision:     PrecisionTF32,
	}
}

// DefaultOptionsFor returns [DefaultOptions] as they suit the network w. Where it stands
// in for a larger one (w.Maps), the lower style layers weigh more. It predicts their Gram
// matrices better than that of relu4_1, which is nine tenths of the loss, and the more
// alike two pictures are below, the less its errors there differ: measured by VGG-19
// itself, pictures come nearer to their style, at each layer; see docs/slim.md. All weigh
// twice as much besides, since Gram matrices of averages ([vgg.Weights.Coarse]) pull
// less. The weights are for Gram matrices, not for another StyleLoss.
func DefaultOptionsFor(w *vgg.Weights) Options {
	o := DefaultOptions()
	if len(w.Maps) > 0 {
		o.StyleLayers = []LayerWeight{{"relu1_1", 10}, {"relu2_1", 60}, {"relu3_1", 300}, {"relu4_1", 2}, {"relu5_1", 20}}
	}
	return o
}
