package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// lesson are the flags of nst train.
type lesson struct {
	instant.Options
	steps  bool          // --steps was given
	time   time.Duration // for the training; 0 if the number of steps counts
	photos []string      // folders, files, patterns
	from   string        // network to start from; empty for none

	network     string // that compares pictures
	checkpoint  string
	resume      bool
	sample      string // file; empty for none
	sampleEvery int    // steps

	names                []string // of the styles; nil is from their files
	title, painter, year string
}

func defaultLesson() lesson {
	return lesson{Options: instant.DefaultOptions(), network: vgg.EmbeddedName, sampleEvery: 250}
}

// trainOptions are the arguments and flags of nst train.
type trainOptions struct {
	settings
	styles []string
	json   bool
}

// newTrainCmd returns nst train. If runF is not nil, it runs instead of the work.
func newTrainCmd(e *env, runF func(context.Context, *trainOptions) error) *cobra.Command {
	o := &trainOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "train STYLE [STYLE...] --photos DIR [-o MODEL]",
		Short: "Teach a network a style",
		Long: `train teaches a network to paint in the style of STYLE, a painting, or in several
styles that share one network. It learns from photographs of any kind, one in ten
of which is held back to measure it. nst apply paints with the result. The 4000
steps of the default take about eight minutes on two cores. For a first look, 500
steps are enough: they leave nearly twice the style loss.

Ctrl-C saves the state of the training; the same command with --resume goes on.
At the end, a table on stdout has the losses on the photographs held back.`,
		Annotations: map[string]string{moreKey: `Losses: the style loss compares Gram matrices, as that of stylize does. It is
relative to the style, so that a picture without any of the style has about 1.
The content loss is relative to the photograph in the same way. Messages show a
running mean of both.

Files: MODEL is written at the end, and replaced only with --overwrite. Until
then the state is in the file of --checkpoint. The same --seed gives the same
network with any number of --threads; with --time it depends on the speed of the
machine, because the number of steps does.

Photographs: those that cannot be read, or are smaller than 64 pixels, are named
and left out. Folders within a folder are not searched. Their order counts for
--seed and --resume.`},
		Example: `  nst train painting.jpg --photos holiday/ --time 20m -o mine.safetensors
  nst train monet.jpg klimt.jpg --photos holiday/ -o both.safetensors
  nst train painting.jpg --photos holiday/ --from both.safetensors
  nst apply mine.safetensors photo.jpg`,
		Args: arguments(1, -1, "STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.styles = args
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return train(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the losses at the end as one JSON object a line")
	bindFlags(cmd, e, &o.settings, inTrain, nil)
	return cmd
}

// check sets what is named after other arguments, and returns an error for every value that
// is wrong by itself.
func (o *trainOptions) check(cmd *cobra.Command) error {
	l := &o.lesson
	if len(l.photos) == 0 {
		return &usageError{cmd, errors.New("--photos is missing")}
	}
	if l.names == nil {
		for _, path := range o.styles {
			l.names = append(l.names, instant.StyleName(path))
		}
	}
	if o.output == "" {
		o.output = l.names[0] + modelExtension
	}
	if l.checkpoint == "" {
		l.checkpoint = o.output + ".training"
	}
	var errs []error
	bad := func(flag string, value any, reason string) { errs = append(errs, &valueError{flag, value, reason}) }
	if !strings.EqualFold(filepath.Ext(o.output), modelExtension) {
		bad("--output", fmt.Sprintf("%q", o.output), "must end in "+modelExtension)
	}
	flags := cmd.Flags()
	if flags.Changed("time") && l.time <= 0 {
		bad("--time", l.time, "must be above 0")
	}
	l.steps = flags.Changed("steps")
	if flags.Changed("time") && l.steps {
		bad("--steps", l.Steps, "cannot go with --time, which sets it")
	}
	if l.sampleEvery < 1 {
		bad("--sample-every", l.sampleEvery, "must be 1 or more")
	}
	if flags.Changed("sample-every") && l.sample == "" {
		bad("--sample-every", l.sampleEvery, "is only for --sample")
	}
	if _, err := imgio.FormatOf(l.sample); l.sample != "" && err != nil {
		bad("--sample", fmt.Sprintf("%q", l.sample), "must end in "+endings())
	}
	for _, flag := range []string{"title", "painter", "year"} {
		if flags.Changed(flag) && len(o.styles) > 1 {
			bad("--"+flag, fmt.Sprintf("%q", flags.Lookup(flag).Value), "is only for one STYLE")
		}
	}
	return errors.Join(append(errs, o.checkNames(), o.lesson.checkOptions(), o.checkThreads(), o.noteDevice(cmd))...)
}

// checkNames returns an error unless each style has a name of its own.
func (o *trainOptions) checkNames() error {
	names := o.lesson.names
	if len(names) != len(o.styles) {
		return &valueError{"--name", strings.Join(names, ","), fmt.Sprintf("must be one name for each STYLE, of which there are %d", len(o.styles))}
	}
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case name != instant.StyleName(name+modelExtension):
			return &valueError{"--name", fmt.Sprintf("%q", name), fmt.Sprintf("must be letters, digits and -, such as %q", instant.StyleName(name+modelExtension))}
		case seen[name]:
			return &valueError{"--name", fmt.Sprintf("%q", name), "is the name of two styles; --name gives each its own"}
		}
		seen[name] = true
	}
	return nil
}

// checkOptions returns what the library finds wrong, in terms of the flags of nst train.
func (l *lesson) checkOptions() error {
	var errs []error
	for _, err := range flatten(l.Validate()) {
		if option := new(nst.OptionError); errors.As(err, &option) {
			renamed := *option
			renamed.Field = lessonFields + option.Field
			err = &renamed
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
