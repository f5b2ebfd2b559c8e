package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/internal/film"
	"nst/vgg"
)

// videoOptions are the arguments and flags of nst video.
type videoOptions struct {
	settings
	input  string
	styles []string // paintings, names, files of networks
}

// newVideoCmd returns nst video. If runF is not nil, it runs instead of the work.
func newVideoCmd(e *env, runF func(context.Context, *videoOptions) error) *cobra.Command {
	o := &videoOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "video IN --style STYLE [-o OUT]",
		Short: "Paint a film",
		Long: `video paints the frames of a film, each in one pass of a network as in nst apply.
STYLE is a painting, a style that nst styles list shows, or a network that nst
train has made. Audio, times of frames, shape of pixels and colours are those of
IN. It needs the programs ffmpeg and ffprobe, except for GIF and --sequence.

Ctrl-C leaves a film of what is done; the same command goes on from there.`,
		Annotations: map[string]string{moreKey: `Flicker: the colours by which the network adapts to a frame change slowly within
a scene. --smooth also mixes the last frame into the next, moved along with what
it shows. Where something is newly seen, nothing is mixed in. nst finds the cuts
between scenes and begins anew there.

Going on: what is done is kept in the folder OUT.parts, in pieces of some
seconds, until the film is whole. The same command goes on after the last piece,
and the film is the same as without a break. With other flags it begins anew.

Several styles: --style may be repeated; --style-blend gives the share of each.`},
		Example: `  nst video holiday.mp4 --style starry-night -o painted.mp4
  nst video holiday.mov --style painting.jpg --size 720
  nst video dance.gif --style mine.safetensors -o painted.gif
  nst video frames/ --sequence --style udnie -o painted/`,
		Args: arguments(1, 1, "IN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.input = args[0]
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return video(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringArrayVar(&o.styles, "style", nil, "a `STYLE`; may be repeated")
	complete(cmd, "style", func() ([]string, cobra.ShellCompDirective) {
		return e.styleNames(), cobra.ShellCompDirectiveDefault
	})
	bindFlags(cmd, e, &o.settings, inVideo, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself, and names the output.
func (o *videoOptions) check(cmd *cobra.Command) error {
	if len(o.styles) == 0 {
		return &usageError{cmd, errors.New("--style is missing")}
	}
	errs := []error{o.checkPass(cmd)}
	bad := func(flag string, value any, reason string) { errs = append(errs, &valueError{flag, value, reason}) }
	f := &o.film
	if !(f.smooth >= 0 && f.smooth <= 0.95) {
		bad("--smooth", f.smooth, "must be between 0 and 0.95")
	}
	flags := cmd.Flags()
	if flags.Changed("crf") && !(f.crf >= 0) {
		bad("--crf", f.crf, "must be 0 or more")
	}
	if flags.Changed("codec") && !slices.Contains(film.Codecs(), f.codec) {
		bad("--codec", fmt.Sprintf("%q", f.codec), "must be one of "+strings.Join(film.Codecs(), ", "))
	}
	for _, flag := range []string{"iterations", "network", "draft", "precision"} {
		if flags.Changed(flag) && !f.paint {
			bad("--"+flag, flags.Lookup(flag).Value, "is only for --paint")
		}
	}
	if f.paint && flags.Changed("strength") {
		bad("--strength", o.pass.strength, "is not for --paint")
	}
	if f.iterations < 1 {
		bad("--iterations", f.iterations, "must be 1 or more")
	}
	if o.draft {
		o.network = vgg.EmbeddedName
	}
	if o.output == "" {
		o.output = o.name()
	}
	ext := strings.ToLower(filepath.Ext(o.output))
	for _, flag := range []string{"codec", "crf"} {
		if flags.Changed(flag) && (f.sequence || ext == ".gif") {
			bad("--"+flag, flags.Lookup(flag).Value, "is not for frames and GIF")
		}
	}
	if !f.sequence && ext != ".gif" {
		if _, err := film.Extension(o.output); err != nil {
			bad("--output", fmt.Sprintf("%q", o.output), "must end in "+strings.Join(append(film.Containers(), ".gif"), ", "))
		}
	}
	return errors.Join(errs...)
}

// name returns the name of the output after those of the inputs.
func (o *videoOptions) name() string {
	var names []string
	for _, s := range o.styles {
		if path, style, named := strings.Cut(s, modelExtension+":"); named {
			s = path + "-" + style
		}
		names = append(names, batch.Stem(s))
	}
	ext := strings.ToLower(filepath.Ext(o.input))
	switch _, err := film.Extension(o.input); {
	case o.film.sequence:
		ext = ""
	case err != nil && ext != ".gif":
		ext = ".mp4"
	}
	return batch.Stem(filepath.Clean(o.input)) + "-" + strings.Join(names, "-") + ext
}

// errIsFolder means that a folder stands where a film belongs.
var errIsFolder = errors.New("is a folder")

// errIsFile means that a file stands where a folder of frames belongs.
var errIsFile = errors.New("is no folder")

// checkInput returns an error if the input is of another kind than the flags say.
func (o *videoOptions) checkInput() error {
	stat, err := os.Stat(o.input)
	switch {
	case err != nil:
		return &fileError{"film", o.input, err}
	case stat.IsDir() && !o.film.sequence:
		return &fileError{"film", o.input, errIsFolder}
	case !stat.IsDir() && o.film.sequence:
		return &fileError{"folder of frames", o.input, errIsFile}
	case isModel(o.input):
		return &fileError{"film", o.input, errors.New("is a network, not a film")}
	}
	return nil
}
