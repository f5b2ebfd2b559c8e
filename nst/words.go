package nst

import (
	"fmt"
	"slices"
	"strings"
)

// The options that take one of a few words. Each type lists its words, and implements
// [encoding.TextMarshaler] and [encoding.TextUnmarshaler]: a word that does not exist is an
// error that names those that do.
type (
	// Method is the optimiser.
	Method string
	// Init is what the first picture is.
	Init string
	// StyleMix says how several styles are combined.
	StyleMix string
	// Pooling is how four features become one.
	Pooling string
	// TVForm is the form of the total variation: TVSmooth, or see [nst/loss.TVForm].
	TVForm string
	// StyleLoss says which statistics of the features make a style.
	StyleLoss string
	// Preprocessing is how a picture is prepared for the network.
	Preprocessing string
	// Padding is what lies beyond the edges of a picture.
	Padding string
	// Precision is how convolutions multiply.
	Precision string
	// Colour says whose colours the result has.
	Colour string
)

// The optimisers.
const (
	// Adam is Adam of Kingma and Ba (2015).
	Adam Method = "adam"

	// LBFGS is L-BFGS with a bound on its steps. It returns to the best picture when the
	// loss explodes, and is preconditioned by a pyramid that gives coarse changes longer
	// steps.
	LBFGS Method = "lbfgs"

	// LBFGSTorch follows torch.optim.LBFGS step by step, without safeguards.
	LBFGSTorch Method = "lbfgs-torch"

	// LBFGSWolfe is LBFGSTorch with PyTorch's strong-Wolfe line search. A search takes one or
	// more evaluations for each step. Some of them raise the loss, so the run
	// returns the best picture, and resumes from it when the loss is not finite.
	LBFGSWolfe Method = "lbfgs-wolfe"
)

// The first pictures.
const (
	InitContent Init = "content"
	InitNoise   Init = "noise"
	InitMean    Init = "mean"
	InitImage   Init = "image"
)

// The ways to combine styles.
const (
	MixMean StyleMix = "mean"
	MixSum  StyleMix = "sum"
)

// The kinds of pooling.
const (
	PoolMax Pooling = "max"
	PoolAvg Pooling = "avg"
	PoolL2  Pooling = "l2"
)

// The forms of the total variation.
const (
	// TVSmooth is a thousand times TVQuadratic: nst's own, on a scale where a weight of 10
	// takes the noise away and 100 blurs.
	TVSmooth TVForm = "smooth"

	TVQuadratic    TVForm = "quadratic"
	TVAbsolute     TVForm = "absolute"
	TVQuadraticSum TVForm = "quadratic-sum"
	TVAbsoluteSum  TVForm = "absolute-sum"
	TVNinePoint    TVForm = "nine-point"
)

// The statistics that make a style.
const (
	// StyleGram compares Gram matrices. The weight of a layer is divided by c², c being
	// its channels (those of the teacher, for a distilled network): Gatys' own program.
	StyleGram StyleLoss = "gram"

	// StyleMeanStd adds the mean and deviation of each channel, with ten times the weight
	// of the layer (Galerne et al. 2023): a Gram matrix does not determine how features
	// spread about their mean. With a distilled network these are the deviations of
	// as many mixtures of the teacher's channels as the network has channels.
	StyleMeanStd StyleLoss = "meanstd"

	// StyleW2 is the Wasserstein distance of [nst/loss.W2], with the weight of the layer, as
	// in crowsonkb/style-transfer-pytorch. An iteration takes longer.
	StyleW2 StyleLoss = "w2"

	// StyleNeighbours compares every position with the one of the style that is most like it,
	// by the cosine of features less their mean (Kolkin et al. 2022): [nst/loss.Neighbours].
	// The features of the style are those of up to 2048 positions of a layer, drawn by
	// Schedule.Seed from the pictures and their rotations by quarter turns. The weight of a
	// layer is multiplied by the mean square of the content's features, so that strengths mean
	// the same for every network.
	StyleNeighbours StyleLoss = "neighbours"

	// StyleGramNeighbours is the sum of StyleNeighbours and of StyleGram. Neighbours say
	// which stroke stands where, Gram matrices how much there is of each. The Gram matrix of a
	// layer has the weight of [nst/vgg.Network.StyleLayers] besides, and StyleMix is for the
	// Gram matrices as always.
	StyleGramNeighbours StyleLoss = "gram+neighbours"
)

// The ways to prepare a picture.
const (
	// PrepareTrained prepares a picture as the weights were trained.
	PrepareTrained Preprocessing = "trained"

	// PrepareLevels subtracts the mean colour from 8-bit levels and divides by nothing,
	// whatever deviation the weights were trained with:
	// gordicaleksa/pytorch-neural-style-transfer does so with torchvision's. With Oxford's
	// weights it is the same as PrepareTrained.
	PrepareLevels Preprocessing = "levels"

	// PrepareLevels256 is PrepareTrained with a range of 256 where the weights expect
	// 255: jcjohnson/neural-style.
	PrepareLevels256 Preprocessing = "levels256"
)

// What lies beyond the edges of a picture.
const (
	PadZero      Padding = "zero"
	PadReplicate Padding = "replicate"
)

// How convolutions multiply.
const (
	// PrecisionAuto is tf32 on a card. On the processor it is bf16 where that is faster and
	// the pictures are as good, else fp32; see [Transfer.Precision].
	PrecisionAuto Precision = "auto"

	// PrecisionTF32 has 10 bits of fraction. It is for cards.
	PrecisionTF32 Precision = "tf32"

	// PrecisionFP32 has 24 bits. A card takes three times as long.
	PrecisionFP32 Precision = "fp32"

	// PrecisionMixed has 24 bits for features, and so for losses, and 8 bits for gradients. It
	// is for processors with AVX-512 BF16, which multiply twice as many numbers of 8 bits.
	PrecisionMixed Precision = "mixed"

	// PrecisionBF16 has 8 bits, also for features, except in a score. It is for the same
	// processors as PrecisionMixed.
	PrecisionBF16 Precision = "bf16"
)

// needsCPU reports whether only the processor has kernels for a style loss.
func (s StyleLoss) needsCPU() bool { return s == StyleW2 || s.matches() }

// Methods lists the optimisers.
func Methods() []Method { return []Method{Adam, LBFGS, LBFGSTorch, LBFGSWolfe} }

// Inits lists the first pictures.
func Inits() []Init { return []Init{InitContent, InitNoise, InitMean, InitImage} }

// StyleMixes lists the ways to combine styles.
func StyleMixes() []StyleMix { return []StyleMix{MixMean, MixSum} }

// Poolings lists the kinds of pooling.
func Poolings() []Pooling { return []Pooling{PoolMax, PoolAvg, PoolL2} }

// TVForms lists the forms of the total variation.
func TVForms() []TVForm {
	return []TVForm{TVSmooth, TVQuadratic, TVAbsolute, TVQuadraticSum, TVAbsoluteSum, TVNinePoint}
}

// matches reports whether s compares the style feature by feature.
func (s StyleLoss) matches() bool { return s == StyleNeighbours || s == StyleGramNeighbours }

// StyleLosses lists the statistics that make a style.
func StyleLosses() []StyleLoss {
	return []StyleLoss{StyleGram, StyleMeanStd, StyleW2, StyleNeighbours, StyleGramNeighbours}
}

// Preprocessings lists the ways to prepare a picture.
func Preprocessings() []Preprocessing {
	return []Preprocessing{PrepareTrained, PrepareLevels, PrepareLevels256}
}

// Paddings lists what can lie beyond the edges of a picture.
func Paddings() []Padding { return []Padding{PadZero, PadReplicate} }

// Precisions lists how convolutions can multiply.
func Precisions() []Precision {
	return []Precision{PrecisionAuto, PrecisionTF32, PrecisionFP32, PrecisionMixed, PrecisionBF16}
}

// CardPrecisions lists how a card can multiply.
func CardPrecisions() []Precision { return []Precision{PrecisionTF32, PrecisionFP32} }

// checkWord returns an error that lists words unless w is one of them.
func checkWord[T ~string](w T, words []T) error {
	if slices.Contains(words, w) {
		return nil
	}
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = string(word)
	}
	return fmt.Errorf("must be one of %s", strings.Join(names, ", "))
}

// marshalWord returns w as text.
func marshalWord[T ~string](w T, words []T) ([]byte, error) { return []byte(w), checkWord(w, words) }

// unmarshalWord sets w to text, which must be one of words.
func unmarshalWord[T ~string](w *T, text []byte, words []T) error {
	if err := checkWord(T(text), words); err != nil {
		return err
	}
	*w = T(text)
	return nil
}
