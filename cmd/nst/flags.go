package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/nst"
	"nst/vgg"
)

// settings is what the flags that several commands share are bound to. Its
// start is [defaults], the one place where a default is.
type settings struct {
	nst.Options
	preset     string // its name; empty for none
	network    string // a name, or a file of weights; empty for vgg19 if it is there, else slim
	draft      bool   // take slim
	keepLayers bool   // the style layers are as they are, where our own settings let the network have a say
	start      string // the file of --init FILE

	output    string
	overwrite bool
	quality   int // of JPEG

	progress string
	quiet    bool
	log      string
}

func defaults() settings {
	return settings{Options: nst.DefaultOptions(), quality: 95, progress: "auto"}
}

func progressModes() []string { return []string{"auto", "bar", "plain", "json", "none"} }

// flagName returns the flag, with its dashes, that sets a field of
// [nst.Options]: --style-weight for Objective.StyleWeight.
func flagName(field string) string {
	field = field[strings.LastIndexByte(field, '.')+1:]
	if name, ok := map[string]string{"Method": "--optimizer", "AutoBalance": "--steady", "Orientations": "--views"}[field]; ok {
		return name
	}
	var b strings.Builder
	b.WriteByte('-')
	for _, r := range field {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return strings.Replace(b.String(), "--t-v-", "--tv-", 1)
}

// lossFlags binds what the objective is made of.
func (s *settings) lossFlags(cmd *cobra.Command, e *env) {
	f := cmd.Flags()
	f.Var(&presetValue{&s.preset}, "preset", "start from the settings of another program; other flags count on top. See nst presets")
	complete(cmd, "preset", func() ([]string, cobra.ShellCompDirective) {
		return presetNames(), cobra.ShellCompDirectiveNoFileComp
	})
	f.Var(&strengthValue{o: &s.Options}, "strength", "how much the style counts against the content, 0 to 100, in the place of their weights")
	f.Var(&numberValue{&s.Objective.ContentWeight}, "content-weight", "how much the content counts")
	f.Var(&numberValue{&s.Objective.StyleWeight}, "style-weight", "how much the style counts")
	f.Var(&numberValue{&s.Objective.TVWeight}, "tv-weight", "how much smoothness (total variation) counts")
	words(cmd, &s.Objective.TVForm, nst.TVForms(), "tv-form", "differences that make the total variation: of neighbours, squared or not, their mean or sum; nine-point has diagonals too")
	f.Var(&layersValue{&s.Objective.ContentLayers}, "content-layers", "layers that hold the content")
	f.Var(&layersValue{&s.Objective.StyleLayers}, "style-layers", "layers that hold the style; with slim the lower ones weigh more, unless this is given")
	f.Var(&numberValue{&s.Objective.StyleScale}, "style-scale", "size of the style against that of the picture, by the longest side; strokes grow with it, but never beyond the style's own pixels")
	words(cmd, &s.Objective.StyleMix, nst.StyleMixes(), "style-mix", "what several styles make: one that lies between, or a loss for each")
	words(cmd, &s.Objective.StyleLoss, nst.StyleLosses(), "style-loss", "what makes a style: Gram matrices, with means and deviations besides, or w2, the Wasserstein distance")
	f.BoolVar(&s.Objective.NormalizeGradients, "normalize-gradients", s.Objective.NormalizeGradients, "let every layer pull as hard as its weight says, however large its loss; with adam or lbfgs-torch")
	f.Var(&sizeValue{&s.Size}, "size", "scale the longest side of the picture to so many pixels; original is that of the content")
	words(cmd, &s.Objective.Pooling, nst.Poolings(), "pooling", "pooling of the network")
	f.BoolVar(&s.Objective.Rescale, "rescale", s.Objective.Rescale, "give pooled features the size that max has, with avg and l2")
	words(cmd, &s.Objective.Preprocessing, nst.Preprocessings(), "preprocessing", "how pictures are made ready for the network: as trained; in 8-bit levels, whatever the deviation it was trained with; or with 256 levels for 255")
	words(cmd, &s.Objective.Padding, nst.Paddings(), "padding", "what the network sees beyond the edges of a picture: its mean colour, as trained, or the nearest pixel")
	f.IntVar(&s.Compute.Threads, "threads", s.Compute.Threads, "use `N` processors; 0 is all")
	f.Var(&deviceValue{&s.Compute.Device}, "device", "compute on the processor or on the NVIDIA card of a number, from 0; auto takes card 0, auto:N card N, if it can be used, else the processor; where none is named batch takes all cards")
	complete(cmd, "device", func() ([]string, cobra.ShellCompDirective) {
		return []string{nst.DeviceAuto, nst.DeviceCPU, nst.DeviceCUDA}, cobra.ShellCompDirectiveNoFileComp
	})
	words(cmd, &s.Compute.Precision, nst.Precisions(), "precision", "how a card multiplies: fast, or as exactly as the processor")
	f.Var(&textValue{&s.network, "{vgg19|vgg16|slim|NAME|FILE}"}, "network", "network that looks at the picture: one of nst weights list, or a file (default vgg19 if it is there, else slim)")
	complete(cmd, "network", func() ([]string, cobra.ShellCompDirective) {
		names := append(append(networks(), vgg.EmbeddedName), e.kept()...)
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveDefault
	})
}

// paintFlags binds how the objective is brought down.
func (s *settings) paintFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.draft, "draft", s.draft, "take the network slim, which comes with the program: some six times faster than vgg19, and rougher")
	f.IntVar(&s.Objective.Orientations, "views", s.Objective.Orientations, "let `N` views of slim take turns, 1 to 8: turned and mirrored, it sees more of a picture; 0 is all that a network has")
	f.IntVar(&s.Schedule.Iterations, "iterations", s.Schedule.Iterations, "evaluate the loss and its gradient `N` times at the first scale; each trial of a line search is one")
	f.IntVar(&s.Schedule.FineIterations, "fine-iterations", s.Schedule.FineIterations, "and `N` times at each other scale; 0 is a third of --iterations, and all of them at the last")
	f.IntVar(&s.Schedule.Scales, "scales", s.Schedule.Scales, "paint at `N` sizes, from coarse to fine; 1 is at --size alone, 0 as many as there are from --min-scale")
	f.IntVar(&s.Schedule.MinScale, "min-scale", s.Schedule.MinScale, "begin where the longest side has `PIXELS` or more")
	f.BoolVar(&s.Schedule.AutoBalance, "steady", s.Schedule.AutoBalance, "let the weights be those of the smallest scale, and that of the content follow at the others, so that they amount to the same at every size")
	f.DurationVar(&s.Schedule.Time, "time", s.Schedule.Time, "end after `TIME`, as in 90s or 5m, with fewer iterations at each scale left; 0 takes all")
	words(cmd, &s.Optimizer.Method, nst.Methods(), "optimizer", "optimiser of the pixels: adam; L-BFGS with safeguards and a preconditioner, by PyTorch's rules, or with its strong-Wolfe line search")
	f.Var(&numberValue{&s.Optimizer.LearningRate}, "learning-rate", "step of the optimiser: 8-bit levels for adam, a factor for lbfgs; 0 is the usual one")
	f.Var(&numberValue{&s.Optimizer.Beta2}, "beta2", "how much of the mean squared gradient adam keeps at each step")
	f.Var(&numberValue{&s.Optimizer.Epsilon}, "epsilon", "what adam adds to the root of the mean squared gradient")
	f.Var(&numberValue{&s.Optimizer.Average}, "average", "decay of the mean of adam's pictures that is the result; 0 is the last picture")
	f.BoolVar(&s.Optimizer.Clamp, "clamp", s.Optimizer.Clamp, "keep the pixels in the range of a picture, with adam or lbfgs")
	f.IntVar(&s.Optimizer.History, "history", s.Optimizer.History, "let lbfgs remember `N` steps, at 24 bytes a pixel each")
	f.Var(&numberValue{&s.Schedule.Tolerance}, "tolerance", "leave a scale when the loss of ten iterations is within this fraction of that of the ten before; 0 never does")
	wordFlag(cmd, &wordValue[nst.Init]{
		word: &s.Schedule.Init, words: []nst.Init{nst.InitContent, nst.InitNoise, nst.InitMean},
		other: &s.start, otherWord: nst.InitImage,
	}, "init", "what the picture starts as")
	f.Uint64Var(&s.Schedule.Seed, "seed", s.Schedule.Seed, "grow --init noise and mean from the number `N`")
	words(cmd, &s.Color, nst.Colours(), "color", "whose colours: the style's; the content's, painted in light and dark (luma) or put back (post); the style's made alike to the content's (match, histogram)")
}

// saveFlags binds how a picture is written.
func (s *settings) saveFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.overwrite, "overwrite", s.overwrite, "replace a picture that is there")
	f.IntVar(&s.quality, "quality", s.quality, "write a JPEG of quality `Q`, 1 to 100")
}

// consoleFlags binds what is said on the way.
func (s *settings) consoleFlags(cmd *cobra.Command) {
	s.showFlags(cmd)
	cmd.Flags().StringVar(&s.log, "log", s.log, "write one JSON line per iteration to `FILE`, replacing it")
}

// showFlags binds what is said on stderr.
func (s *settings) showFlags(cmd *cobra.Command) {
	words(cmd, &s.progress, progressModes(), "progress", "how progress is shown, on stderr; auto is bar on a terminal, else plain")
	cmd.Flags().BoolVarP(&s.quiet, "quiet", "q", s.quiet, "say nothing but errors")
}

// words adds a flag that takes one of a few words, and completes to them.
func words[T ~string](cmd *cobra.Command, word *T, all []T, name, usage string) {
	wordFlag(cmd, &wordValue[T]{word: word, words: all}, name, usage)
}

// wordFlag adds a flag that takes one of a few words, or a file, and completes to them.
func wordFlag[T ~string](cmd *cobra.Command, v *wordValue[T], name, usage string) {
	cmd.Flags().Var(v, name, usage)
	directive := cobra.ShellCompDirectiveNoFileComp
	if v.other != nil {
		directive = cobra.ShellCompDirectiveDefault
	}
	complete(cmd, name, func() ([]string, cobra.ShellCompDirective) {
		return strings.Split(joined(v.words, ","), ","), directive
	})
}

// complete sets what the shell offers for a flag. It panics if cmd has no such
// flag, or it is set twice.
func complete(cmd *cobra.Command, name string, offer func() ([]string, cobra.ShellCompDirective)) {
	err := cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return offer()
	})
	if err != nil {
		panic(err)
	}
}

// folderFlag binds a flag that takes a folder, and completes to folders.
func folderFlag(cmd *cobra.Command, p *string, name, usage string) {
	cmd.Flags().StringVar(p, name, *p, usage)
	complete(cmd, name, func() ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

// check puts the flags on top of the preset, if there is one, and returns every
// setting that the command line alone shows to be wrong.
func (s *settings) check(cmd *cobra.Command) error {
	if err := s.applyPreset(cmd); err != nil {
		return err
	}
	s.keepLayers = cmd.Flags().Changed("style-layers") || s.preset != "" && s.preset != "default" || s.Objective.StyleLoss != nst.StyleGram || s.Objective.NormalizeGradients
	var errs []error
	if s.quality < 1 || s.quality > 100 {
		errs = append(errs, &valueError{"--quality", s.quality, "must be between 1 and 100"})
	}
	network := cmp.Or(s.network, usualNetwork)
	if s.draft {
		network = vgg.EmbeddedName
	}
	if net, err := vgg.ByName(network); err == nil { // a file is looked at later
		errs = append(errs, s.Validate(net))
	}
	adam := s.Optimizer.Method == nst.Adam
	for _, f := range []struct {
		name    string
		applies bool
		reason  string
	}{
		{"precision", s.Compute.Device != nst.DeviceCPU, "is only for a card; --device is cpu"},
		{"history", !adam, "is only for --optimizer lbfgs"},
		{"beta2", adam, "is only for --optimizer adam"},
		{"epsilon", adam, "is only for --optimizer adam"},
		{"average", adam, "is only for --optimizer adam"},
		{"clamp", adam || s.Optimizer.Method == nst.LBFGS, "is only for --optimizer adam or lbfgs"},
		{"min-scale", s.Schedule.Scales == 0, "is only for --scales 0"},
		{"fine-iterations", s.Schedule.Scales != 1, "is only for more than one of --scales"},
		{"content-weight", !cmd.Flags().Changed("strength"), "cannot go with --strength, which sets it"},
		{"style-weight", !cmd.Flags().Changed("strength"), "cannot go with --strength, which sets it"},
		{"network", !s.draft, "cannot go with --draft, which takes slim"},
		{"rescale", s.Objective.Pooling != nst.PoolMax, "is only for --pooling avg and l2"},
		{"seed", s.Schedule.Init == nst.InitNoise || s.Schedule.Init == nst.InitMean, "is only for --init noise and mean"},
	} {
		if cmd.Flags().Changed(f.name) && !f.applies {
			if s.preset != "" {
				f.reason += fmt.Sprintf("; --preset %s has --optimizer %s, --scales %d, --pooling %s, --init %s", s.preset, s.Optimizer.Method, s.Schedule.Scales, s.Objective.Pooling, s.Schedule.Init)
			}
			errs = append(errs, &valueError{"--" + f.name, cmd.Flag(f.name).Value.String(), f.reason})
		}
	}
	if s.draft {
		s.network = network
	}
	return errors.Join(errs...)
}
