package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// settings are the values of the flags that several commands share. [defaults] has their
// defaults.
type settings struct {
	nst.Options
	preset   string    // empty for none
	strength string    // as it was given; empty for none
	network  string    // a name, or a file of weights; empty for vgg19 if it is installed, else slim
	draft    bool      // use slim
	start    string    // the file of --init FILE, or instantStart
	blend    []float64 // weights of the styles; nil is equal
	masks    masks
	pass     onePassSettings // of nst apply
	lesson   lesson          // of nst train
	many     manySettings    // of nst batch
	film     filmSettings    // of nst video

	output          string
	overwrite       bool
	quality         int                     // of JPEG
	saveEvery       int                     // iterations; 0 is never
	checkpointEvery time.Duration           // 0 is never
	resume          *resuming               // nil for a run from the start
	maxPixels       int                     // millions, of a picture that is read
	reading         reading                 // what checkRun found
	opened          *instant.UniversalModel // by checkRun, for --init instant; nil if it is not
	force           bool                    // go on with too little memory
	artifacts
	storage

	progress string
	quiet    bool
	log      string
	notes    notes // wait for the console
}

func defaults() settings {
	return settings{
		Options: nst.DefaultOptions(), pass: defaultPass(), lesson: defaultLesson(), many: defaultMany(), film: defaultFilm(),
		checkpointEvery: time.Minute, quality: 95, storage: storage{format: "png"}, progress: "auto", maxPixels: imgio.DefaultMaxPixels / 1e6,
	}
}

func progressModes() []string { return []string{"auto", "bar", "plain", "json", "none"} }

// notes are remarks about the command line. They wait for the console of the command,
// because --quiet and --progress json apply to them. pflag writes its messages about
// deprecated flags here.
type notes struct{ lines []string }

// Write adds the lines of p. It returns no error.
func (n *notes) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		n.add(strings.TrimSpace(line))
	}
	return len(p), nil
}

// add adds a line, unless it is there already.
func (n *notes) add(line string) {
	if !slices.Contains(n.lines, line) {
		n.lines = append(n.lines, line)
	}
}

// words adds a flag that takes one of a few words, and completes to them.
func words[T ~string](cmd *cobra.Command, word *T, all []T, name, usage string) {
	cmd.Flags().Var(&wordValue[T]{word: word, words: all}, name, usage)
	complete(cmd, name, func() ([]string, cobra.ShellCompDirective) {
		return strings.Split(joined(all, ","), ","), cobra.ShellCompDirectiveNoFileComp
	})
}

// complete sets the completions of a flag. It panics if cmd has no such flag or has
// completions for it already.
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

// share returns the share of a style, by its index.
func (s *settings) share(style int) float64 {
	if s.blend == nil {
		return 1
	}
	return s.blend[style]
}

// checkBlend returns an error unless --style-blend suits a number of styles.
func (s *settings) checkBlend(styles int) error {
	reason := ""
	switch n := len(s.blend); {
	case n > 0 && n != styles:
		reason = fmt.Sprintf("must be one share for each style, of which there are %d", styles)
	case slices.ContainsFunc(s.blend, func(share float64) bool { return share <= 0 }):
		reason = "each share must be above 0"
	default:
		return nil
	}
	return &valueError{"--style-blend", &numbersValue{&s.blend}, reason}
}

// check applies the preset below the flags, if there is one, and returns an error for every
// setting that is wrong by itself.
func (s *settings) check(cmd *cobra.Command) error {
	if err := s.applyPreset(cmd); err != nil {
		return err
	}
	s.noteStrength()
	var errs []error
	if s.quality < 1 || s.quality > 100 {
		errs = append(errs, &valueError{"--quality", s.quality, "must be between 1 and 100"})
	}
	if s.maxPixels < 1 {
		errs = append(errs, &valueError{"--max-pixels", s.maxPixels, "must be 1 or more"})
	}
	if net, err := vgg.ByName(s.networkName()); err == nil { // a file is looked at later
		errs = append(errs, s.Validate(net))
	}
	errs = append(errs, s.checkRules(cmd.Flags())...)
	if s.draft {
		s.network = vgg.EmbeddedName
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.applyStrength()
}

// networkName returns the name of the network that the flags ask for, or a file.
func (s *settings) networkName() string {
	if s.draft {
		return vgg.EmbeddedName
	}
	return cmp.Or(s.network, usualNetwork)
}
