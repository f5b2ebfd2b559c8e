package main

import (
	"github.com/spf13/pflag"

	"nst/nst"
)

// styleRows are the flags of what is minimised, and those of colour.
func styleRows() []flagRow {
	noStrength := rule{func(s *settings) bool { return s.strength == "" }, "cannot go with --strength, which sets it"}
	return []flagRow{
		{
			name: "strength", field: "Strength", group: groupStyle, everyday: true, in: measures, list: true,
			usage:    "how much of the painting, 0 to 100; +20 multiplies the style weight by 10; replaces both weight flags",
			fallback: "50",
			bind:     func(s *settings) pflag.Value { return &strengthValue{&s.Options, &s.strength} },
		},
		{
			name: "style-scale", field: "Objective.StyleScale", group: groupStyle, everyday: true, in: measures | inTexture, list: true,
			usage: "size of the style picture relative to the result, 0.05 to 20; less gives smaller strokes",
		},
		{
			name: "color", field: "Color", group: groupColour, everyday: true, in: paints,
			usage: "colours of the result: those of the style; of the content (luma, post); or of the style, fitted to the content (match, histogram)",
		},
		{
			name: "preset", field: "preset", group: groupStyle, everyday: true, in: measures,
			usage: "start from another program's settings, see nst presets; other flags override them",
			bind:  func(s *settings) pflag.Value { return &presetValue{&s.preset} },
			offer: func(*env) []string { return presetNames() },
		},
		{
			name: "content-weight", field: "Objective.ContentWeight", group: groupStyle, in: measures, list: true, only: noStrength,
			usage: "weight of the content loss",
		},
		{
			name: "style-weight", field: "Objective.StyleWeight", group: groupStyle, in: measures, list: true, only: noStrength,
			usage: "weight of the style loss; its ratio to --content-weight decides how much of the content stays",
		},
		{
			name: "auto-balance", old: "steady", field: "Schedule.AutoBalance", group: groupStyle, in: paints,
			usage: "adapt the content weight at each larger size, so that every size reaches the same degree of stylisation",
		},
		{
			name: "content-layers", field: "Objective.ContentLayers", group: groupStyle, in: measures,
			usage: "layers whose features are compared with those of the content, each with a weight, 1 if none is given",
		},
		{
			name: "style-layers", field: "Objective.StyleLayers", group: groupStyle, in: measures | inTexture,
			usage:    "layers whose statistics are compared with those of the style, each with a weight, 1 if none is given; slim has weights of its own, see docs/slim.md",
			fallback: "relu1_1 to relu5_1",
		},
		{
			name: "style-blend", group: groupStyle, in: paintsOne | inSweep | inScore,
			usage:    "shares of the styles, one for each",
			fallback: "equal shares",
			bind:     func(s *settings) pflag.Value { return &numbersValue{&s.blend} },
		},
		{
			name: "style-mix", field: "Objective.StyleMix", group: groupStyle, in: measures,
			usage: "how several styles combine: mean paints one style between them, sum adds a loss for each",
		},
		{
			name: "style-loss", field: "Objective.StyleLoss", group: groupStyle, in: measures,
			usage: "what is compared: gram, Gram matrices; meanstd, also means and deviations; w2, the Wasserstein distance, which is slower",
		},
		{
			name: "tv-weight", field: "Objective.TVWeight", group: groupStyle, in: measures | inTexture, list: true,
			usage: "weight of the total variation, which makes the picture smoother; try 10 against noise",
		},
		{
			name: "tv-form", field: "Objective.TVForm", group: groupStyle, in: measures,
			usage: "form of the total variation: squared or absolute differences, as a mean or a sum; nine-point includes diagonals",
		},
		{
			name: "normalize-gradients", field: "Objective.NormalizeGradients", group: groupStyle, in: measures,
			usage: "give each layer the same pull, times its weight; needs --optimizer adam or lbfgs-torch",
		},
	}
}

// regionRows are the flags of masks.
func regionRows() []flagRow {
	return []flagRow{
		{
			name: "content-mask", group: groupRegions, in: inStylize | inSweep | inScore,
			usage: "one mask over CONTENT for each style, white where that style goes; the word rest stands for what the others leave",
			bind:  func(s *settings) pflag.Value { return &filesValue{&s.masks.content} },
		},
		{
			name: "style-mask", group: groupRegions, in: paintsOne | inSweep | inScore,
			usage: "one mask over each style, white where the style is taken from; an empty name takes all of it",
			bind:  func(s *settings) pflag.Value { return &filesValue{&s.masks.style} },
		},
		{
			name: "protect", group: groupRegions, in: inStylize,
			usage: "a mask over CONTENT: white pixels stay as they are, grey ones are blended",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.masks.protect, "FILE"} },
		},
	}
}

// scheduleRows are the flags of sizes, start and end.
func scheduleRows() []flagRow {
	return []flagRow{
		{
			name: "size", field: "Size", group: groupSchedule, everyday: true, in: measures | inTexture, list: true,
			usage:   "longest side of the result in pixels; original keeps that of the content",
			texture: "longest side of the result in pixels",
			bind:    func(s *settings) pflag.Value { return &sizeValue{size: &s.Size} },
		},
		{
			name: "iterations", field: "Schedule.Iterations", group: groupSchedule, everyday: true, in: paints | inTexture, list: true,
			usage: "evaluations of loss and gradient at the first size",
		},
		{
			name: "time", field: "Schedule.Time", group: groupSchedule, everyday: true, in: paints,
			usage: "time limit for each picture, such as 90s or 5m; sizes that are left get fewer iterations",
		},
		{
			name: "fine-iterations", field: "Schedule.FineIterations", group: groupSchedule, in: paints, list: true,
			usage: "evaluations at each other size; 0 is a third of --iterations at each size between, and all of them at the last",
			only:  rule{func(s *settings) bool { return s.Schedule.Scales != 1 }, "is only for more than one of --scales"},
		},
		{
			name: "scales", field: "Schedule.Scales", group: groupSchedule, in: paints, list: true,
			usage: "number of sizes, each 1.41 times the one before; 1 is --size alone, 0 is all sizes from --min-scale",
		},
		{
			name: "min-scale", field: "Schedule.MinScale", group: groupSchedule, in: paints, list: true,
			usage: "smallest longest side in pixels that --scales 0 begins with",
			only:  rule{func(s *settings) bool { return s.Schedule.Scales == 0 }, "is only for --scales 0"},
		},
		{
			name: "tolerance", field: "Schedule.Tolerance", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "leave a size when the mean loss of ten iterations is within this fraction of that of the ten before (eighty with slim); 0 never does",
		},
		{
			name: "init", field: "Schedule.Init", group: groupSchedule, in: paints,
			usage: "first picture: content; noise; mean, the mean colour of the network's training set; or a file",
			bind: func(s *settings) pflag.Value {
				return &wordValue[nst.Init]{
					word: &s.Schedule.Init, words: []nst.Init{nst.InitContent, nst.InitNoise, nst.InitMean},
					other: &s.start, otherWord: nst.InitImage,
				}
			},
		},
		{
			name: "seed", field: "Schedule.Seed", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "seed of the noise",
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
			usage: "adam; lbfgs, L-BFGS with bounded steps and a preconditioner; lbfgs-torch, as PyTorch has it; lbfgs-wolfe, the same with a strong-Wolfe line search",
		},
		{
			name: "learning-rate", field: "Optimizer.LearningRate", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "step of the optimiser: 8-bit levels for adam, a factor for lbfgs; 0 is 10 for adam and 1 for lbfgs",
		},
		{
			name: "history", field: "Optimizer.History", group: groupSchedule, in: paints | inTexture, list: true,
			usage: "number of steps that lbfgs stores, at 24 bytes a pixel each",
			only:  rule{func(s *settings) bool { return !adam(s) }, "is only for --optimizer lbfgs"},
		},
		{
			name: "clamp", field: "Optimizer.Clamp", group: groupSchedule, in: paints,
			usage: "keep pixels within the range of a picture, with adam and lbfgs",
			only: rule{func(s *settings) bool {
				return adam(s) || s.Optimizer.Method == nst.LBFGS
			}, "is only for --optimizer adam or lbfgs"},
		},
		{
			name: "beta2", field: "Optimizer.Beta2", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "decay of adam's mean squared gradient",
		},
		{
			name: "epsilon", field: "Optimizer.Epsilon", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "what adam adds to the root of the mean squared gradient",
		},
		{
			name: "average", field: "Optimizer.Average", group: groupSchedule, in: paints, list: true, only: onlyAdam,
			usage: "decay of the running mean of adam's pictures, which is the result; 0 takes the last picture",
		},
	}
}
