package main

import (
	"github.com/spf13/pflag"

	"nst/nst"
	"nst/vgg"
)

// styleRows are the flags of what is minimised, and those of colour.
func styleRows() []flagRow {
	noStrength := rule{func(s *settings) bool { return s.strength == "" }, "cannot go with --strength, which sets it"}
	return []flagRow{
		{
			name: "strength", field: "Strength", group: groupStyle, everyday: true, in: measures, list: true,
			usage:    "strength of the style: 0 is the photograph, 100 all of the style, and equal steps look alike; sets the style weight, so it cannot go with the weight flags",
			fallback: "75, with slim 95",
			bind:     func(s *settings) pflag.Value { return &strengthValue{s} },
		},
		{
			name: "style-scale", field: "Objective.StyleScale", group: groupStyle, everyday: true, in: measures | inTexture, list: true,
			usage: "size of the style picture relative to the result, 0.05 to 20; a smaller value gives smaller strokes",
		},
		{
			name: "color", field: "Color", group: groupColour, everyday: true, in: paints | onePass,
			usage: "colours of the result: style takes those of the style, which are grey if it is grey; luma and post keep those of the content; match and histogram fit the style's to the content's",
		},
		{
			name: "preset", field: "preset", group: groupStyle, everyday: true, in: measures,
			usage: "start from settings that nst presets lists; other flags override them; --strength goes with our own only",
			bind:  func(s *settings) pflag.Value { return &presetValue{&s.preset} },
			offer: func(*env) []string { return presetNames() },
		},
		{
			name: "content-weight", field: "Objective.ContentWeight", group: groupStyle, in: measures, list: true, only: noStrength,
			usage: "weight of the content loss",
		},
		{
			name: "style-weight", field: "Objective.StyleWeight", group: groupStyle, in: measures, list: true, only: noStrength,
			usage: "weight of the style loss; the larger it is relative to --content-weight, the less of the content stays",
		},
		{
			name: "auto-balance", old: "steady", field: "Schedule.AutoBalance", group: groupStyle, in: paints,
			usage: "adapt the content weight at each size after the first, so that all sizes look equally stylised",
		},
		{
			name: "content-layers", field: "Objective.ContentLayers", group: groupStyle, in: measures,
			usage: "layers where the picture is compared with the content; a layer without a weight has weight 1",
		},
		{
			name: "style-layers", field: "Objective.StyleLayers", group: groupStyle, in: measures | inTexture,
			usage:    "layers where the picture is compared with the style; a layer without a weight has that of the network: 1 with vgg19 and vgg16, others with slim, see docs/slim.md",
			fallback: "relu1_1 to relu5_1",
			bind:     func(s *settings) pflag.Value { return styleLayersValue(&s.Objective.StyleLayers) },
		},
		{
			name: "style-blend", field: "blend", group: groupStyle, in: paintsOne | inSweep | inScore | inApply | inVideo,
			usage:    "share of each style in the blend, such as 2,1",
			fallback: "equal shares",
			bind:     func(s *settings) pflag.Value { return &numbersValue{&s.blend} },
		},
		{
			name: "style-mix", field: "Objective.StyleMix", group: groupStyle, in: measures,
			usage: "how several styles combine: mean averages them into one style, sum adds a loss for each; with --style-loss gram they paint alike, and their losses differ",
		},
		{
			name: "style-loss", field: "Objective.StyleLoss", group: groupStyle, in: measures,
			usage: "how styles are compared: gram, by Gram matrices; meanstd, also by means and deviations; w2, by the Wasserstein distance, which is slower and needs the processor; neighbours, each position with the most similar one of the style, which needs the processor; gram+neighbours, by both",
		},
		{
			name: "match-every", field: "Objective.MatchEvery", group: groupStyle, in: paints,
			usage:  "iterations after which --style-loss neighbours or gram+neighbours looks for the most similar positions again; 0 is 10, or 20 with a line search, which needs at least 20",
			former: func(map[string]string) string { return "" }, // the default changes nothing else
		},
		{
			name: "calibrate", field: "Objective.Calibrate", group: groupStyle, in: measures | inTexture,
			usage: "weigh the losses of networks with far larger or smaller features, as torchvision's are, so that they paint like Oxford's VGG-19; presets of other programs have it off",
			former: func(settings map[string]string) string {
				if _, err := vgg.ByName(settings["network"]); err == nil {
					return "" // it does not change these
				}
				return "off"
			},
		},
		{
			name: "mirror-styles", field: "Objective.MirrorStyles", group: groupStyle, in: measures | inTexture,
			usage:  "continue a style that is smaller than the picture, as with --style-scale 0.5, by its mirror images; without that it is painted as a frame around a pale middle, as the presets of other programs do",
			former: func(map[string]string) string { return "off" },
		},
		{
			name: "tv-weight", field: "Objective.TVWeight", group: groupStyle, in: measures | inTexture, list: true,
			usage: "weight of the total variation loss, which makes the picture smoother; try 10 against noise; 1000 leaves only soft blots",
		},
		{
			name: "tv-form", field: "Objective.TVForm", group: groupStyle, in: measures | inTexture,
			usage: "form of the total variation, which counts only with a --tv-weight above 0: smooth; or those of other programs: quadratic, a thousandth of it; absolute differences; both as a sum, which grows with the picture; nine-point, which includes diagonals",
			former: func(settings map[string]string) string { // of a texture
				if weight := settings["tv-weight"]; weight == "" || weight == "0" {
					return ""
				}
				return string(nst.TVQuadratic)
			},
		},
		{
			name: "normalize-gradients", field: "Objective.NormalizeGradients", group: groupStyle, in: measures,
			usage: "scale the gradients so that each layer counts by its weight alone; needs --optimizer adam or lbfgs-torch",
		},
	}
}

// regionRows are the flags of masks.
func regionRows() []flagRow {
	return []flagRow{
		{
			name: "content-mask", group: groupRegions, in: inStylize | inSweep | inScore | inApply,
			usage: "one mask over CONTENT for each style, white where that style goes; the word rest is the area that the other masks leave",
			bind:  func(s *settings) pflag.Value { return &filesValue{&s.masks.content} },
		},
		{
			name: "style-mask", group: groupRegions, in: paintsOne | inSweep | inScore | inApply,
			usage: "one mask for each style, white on the part to use; an empty name uses the whole style",
			bind:  func(s *settings) pflag.Value { return &filesValue{&s.masks.style} },
		},
		{
			name: "protect", group: groupRegions, in: inStylize | inBatch | inApply,
			usage: "a mask over CONTENT: white pixels stay as they are, grey ones are blended; in batch a folder of masks, each with the name of its CONTENT",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.masks.protect, "FILE"} },
		},
		{
			name: "calm", field: "Objective.Calm", group: groupRegions, in: measures, list: true,
			usage:  "how calm flat parts of the content stay, such as skies and faces, 0 to 100; the style counts a tenth in the flattest at 50, a hundredth at 100",
			former: func(map[string]string) string { return "0" },
		},
	}
}

// scheduleRows are the flags of sizes, start and end.
func scheduleRows() []flagRow {
	return []flagRow{
		{
			name: "size", field: "Size", group: groupSchedule, everyday: true, in: measures | inTexture, list: true,
			usage:   "longest side of the result in pixels; original takes the size of the content",
			texture: "longest side of the result in pixels",
			bind:    func(s *settings) pflag.Value { return &sizeValue{size: &s.Size} },
		},
		{
			name: "iterations", field: "Schedule.Iterations", group: groupSchedule, everyday: true, in: paints | inTexture, list: true,
			usage: "number of iterations at the first size, the smallest",
		},
		{
			name: "time", field: "Schedule.Time", group: groupSchedule, everyday: true, in: paints,
			usage: "time limit for each picture, such as 90s or 5m; nst reduces the iterations to meet it",
		},
		{
			name: "fine-iterations", field: "Schedule.FineIterations", group: groupSchedule, in: paints, list: true,
			usage: "number of iterations at each size after the first; 0 is --iterations at the last size and a third of it at the sizes between",
			only:  rule{func(s *settings) bool { return s.Schedule.Scales != 1 }, "is only for more than one of --scales"},
		},
		{
			name: "scales", field: "Schedule.Scales", group: groupSchedule, in: paints, list: true,
			usage: "number of sizes, each 1.41 times the one before; 1 uses --size alone, 0 uses all sizes from --min-scale up",
		},
		{
			name: "min-scale", field: "Schedule.MinScale", group: groupSchedule, in: paints, list: true,
			usage: "with --scales 0, the smallest size, in pixels of the longest side",
			only:  rule{func(s *settings) bool { return s.Schedule.Scales == 0 }, "is only for --scales 0"},
		},
		{
			name: "tolerance", field: "Schedule.Tolerance", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "stop at a size early if the mean loss of the last ten iterations (eighty with slim) differs by less than this fraction from the mean of the ten (eighty) before, which takes --iterations 20 (160) at least; 0 never stops early",
		},
		{
			name: "init", field: "Schedule.Init", group: groupSchedule, in: paints,
			usage: "picture to start from: content; noise; mean, the mean colour of the network's training set with very little noise; instant, what nst apply paints; or a file, whose middle is used if it has another shape",
			bind: func(s *settings) pflag.Value {
				return &wordValue[nst.Init]{
					word: &s.Schedule.Init, words: []nst.Init{nst.InitContent, nst.InitNoise, nst.InitMean},
					other: &s.start, otherWord: nst.InitImage, special: []string{instantStart},
				}
			},
		},
		{
			name: "seed", field: "Schedule.Seed", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "seed of the random noise that the picture starts from",
			only: rule{func(s *settings) bool {
				return s.Schedule.Init == nst.InitNoise || s.Schedule.Init == nst.InitMean
			}, "is only for --init noise and mean"},
		},
	}
}

// optimizerRows are the flags of how the pixels move.
func optimizerRows() []flagRow {
	adam := func(s *settings) bool { return s.Optimizer.Method == nst.Adam }
	onlyAdam := rule{adam, "is only for --optimizer adam"}
	return []flagRow{
		{
			name: "optimizer", field: "Optimizer.Method", group: groupSchedule, in: paints | inTexture,
			usage: "method: adam; lbfgs, L-BFGS with bounded steps and a preconditioner; lbfgs-torch, L-BFGS as in PyTorch; lbfgs-wolfe, that with a strong-Wolfe line search",
		},
		{
			name: "learning-rate", field: "Optimizer.LearningRate", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "step size: for adam in 8-bit levels, for the others a factor of their own step; 0 is 10 for adam and 1 for the others",
		},
		{
			name: "history", field: "Optimizer.History", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "number of steps that lbfgs stores; each takes 24 bytes per pixel",
			only:  rule{func(s *settings) bool { return !adam(s) }, "is only for --optimizer lbfgs"},
		},
		{
			name: "clamp", field: "Optimizer.Clamp", group: groupSchedule, in: paints,
			usage: "keep pixels between black and white; only for adam and lbfgs",
			only: rule{func(s *settings) bool {
				return adam(s) || s.Optimizer.Method == nst.LBFGS
			}, "is only for --optimizer adam or lbfgs"},
		},
		{
			name: "beta2", field: "Optimizer.Beta2", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "decay of adam's running mean of squared gradients",
		},
		{
			name: "epsilon", field: "Optimizer.Epsilon", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "number that adam adds to the root of the mean squared gradient, before it divides by the sum",
		},
		{
			name: "average", field: "Optimizer.Average", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "adam's result is a running mean of its pictures; this is the decay of the mean; 0 takes the last picture",
		},
	}
}
