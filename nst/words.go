package nst

// The words that options take.
const (
	Adam       = "adam"
	LBFGS      = "lbfgs"
	LBFGSTorch = "lbfgs-torch"
	LBFGSWolfe = "lbfgs-wolfe"

	InitContent = "content"
	InitNoise   = "noise"
	InitMean    = "mean"
	InitImage   = "image"

	MixMean = "mean"
	MixSum  = "sum"

	PoolMax = "max"
	PoolAvg = "avg"
	PoolL2  = "l2"

	TVQuadratic    = "quadratic"
	TVAbsolute     = "absolute"
	TVQuadraticSum = "quadratic-sum"
	TVAbsoluteSum  = "absolute-sum"
	TVNinePoint    = "nine-point"

	StyleGram    = "gram"
	StyleMeanStd = "meanstd"
	StyleW2      = "w2"

	PrepareTrained   = "trained"
	PrepareLevels    = "levels"
	PrepareLevels256 = "levels256"

	PadZero      = "zero"
	PadReplicate = "replicate"
)

// Optimizers, Inits and Poolings list the words that the options of those names
// take.
func Optimizers() []string { return []string{Adam, LBFGS, LBFGSTorch, LBFGSWolfe} }

// Inits lists the ways to start; see [Optimizers].
func Inits() []string { return []string{InitContent, InitNoise, InitMean, InitImage} }

// Poolings lists the poolings; see [Optimizers].
func Poolings() []string { return []string{PoolMax, PoolAvg, PoolL2} }

// Preprocessings lists the ways to prepare a picture; see [Optimizers].
func Preprocessings() []string { return []string{PrepareTrained, PrepareLevels, PrepareLevels256} }

// Paddings lists the paddings; see [Optimizers].
func Paddings() []string { return []string{PadZero, PadReplicate} }

// TVForms lists the forms of the total variation; see [Optimizers].
func TVForms() []string {
	return []string{TVQuadratic, TVAbsolute, TVQuadraticSum, TVAbsoluteSum, TVNinePoint}
}

// StyleLosses lists what makes a style; see [Optimizers].
func StyleLosses() []string { return []string{StyleGram, StyleMeanStd, StyleW2} }

// StyleMixes lists the ways to mix styles; see [Optimizers].
func StyleMixes() []string { return []string{MixMean, MixSum} }
