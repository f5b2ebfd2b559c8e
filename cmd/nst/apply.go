package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
)

// standard stands for standard input as a CONTENT, and for standard output as an output.
const standard = "-"

// applyOptions are the arguments and flags of nst apply.
type applyOptions struct {
	settings
	contents []string // files, folders, patterns; or standard alone
	styles   []string // paintings, names, files of networks
	dir      string
	json     bool
}

// newApplyCmd returns nst apply. If runF is not nil, it runs instead of the work.
func newApplyCmd(e *env, runF func(context.Context, *applyOptions) error) *cobra.Command {
	o := &applyOptions{settings: defaults()}
	var more []string
	cmd := &cobra.Command{
		Use:   "apply STYLE CONTENT... [-o OUT | --out-dir DIR]",
		Short: "Paint pictures at once, in one pass of a network",
		Long: `apply paints each CONTENT in one pass of a network, much faster than stylize. STYLE
is a painting, a style that nst styles list shows, or a network that nst train
has made, as MODEL or MODEL:NAME. CONTENT is a picture, a folder, a pattern such
as 'in/*.jpg', or - for standard input. The result is OUT, or CONTENT-STYLE.png
in the current folder. If there are several, --out-dir is needed.`,
		Annotations: map[string]string{moreKey: `Several styles: --style adds a style, and --style-blend gives the share of each.
They are all paintings, or all styles of one network. After a network with
several styles, --style names those that are wanted.

Regions: --content-mask gives each style a region of CONTENT, white where that
style goes. With one style it is the part that is painted. --style-mask selects
the part of each painting that is used. --protect keeps white parts of CONTENT
exactly as they are.

Files: --out-dir is created if necessary, and results in it that exist are
skipped, as in nst batch. If a CONTENT cannot be read, the others are painted. A
file that -o names is replaced only with --overwrite.
-o - writes the picture to standard output, in the format of --format. --json
prints one JSON object a line for each result on standard output.`},
		Example: `  nst apply painting.jpg photo.jpg -o out.png
  nst apply starry-night holiday/ --out-dir painted --format jpg
  nst apply mine.safetensors - < photo.jpg > out.png`,
		Args: arguments(2, -1, "STYLE CONTENT..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.styles, o.contents = append([]string{args[0]}, more...), args[1:]
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return apply(cmd.Context(), e, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return e.styleNames(), cobra.ShellCompDirectiveDefault
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&more, "style", nil, "another style, a `STYLE`; may be repeated")
	complete(cmd, "style", func() ([]string, cobra.ShellCompDirective) {
		return e.styleNames(), cobra.ShellCompDirectiveDefault
	})
	folderFlag(cmd, &o.dir, "out-dir", "folder `DIR` for the results, created if necessary")
	words(cmd, &o.format, imgio.Formats(), "format", "format of results in DIR and on standard output")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line for each result")
	bindFlags(cmd, e, &o.settings, inApply, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself.
func (o *applyOptions) check(cmd *cobra.Command) error {
	flags := cmd.Flags()
	piped := slices.Contains(o.contents, standard)
	switch {
	case o.dir != "" && o.output != "":
		return &usageError{cmd, errors.New("-o and --out-dir cannot go together")}
	case piped && len(o.contents) > 1:
		return &usageError{cmd, errors.New("- (standard input) must be the only CONTENT")}
	case piped && o.dir != "":
		return &usageError{cmd, errors.New("--out-dir cannot go with standard input, which has no name")}
	case piped && o.output == "":
		o.output = standard
	}
	errs := []error{o.checkPass(cmd)}
	format, err := imgio.FormatOf("result." + o.format)
	if o.dir == "" && o.output != "" {
		format, err = o.formatOf(o.output)
	}
	if err != nil {
		errs = append(errs, &valueError{"--output", fmt.Sprintf("%q", o.output), "must end in " + endings() + ", or be -"})
	} else {
		errs = append(errs, o.checkStorage(cmd, format))
	}
	if flags.Changed("format") && o.dir == "" && o.output != standard {
		errs = append(errs, &valueError{"--format", o.format, "is only for --out-dir and -o -"})
	}
	if o.json && o.output == standard {
		errs = append(errs, &valueError{"--json", true, "cannot go with -o -: the picture goes to standard output"})
	}
	return errors.Join(errs...)
}

// plan returns the jobs, whose results are named after style.
func (o *applyOptions) plan(style string) ([]batch.Job, error) {
	if o.contents[0] == standard {
		return []batch.Job{{Content: standard, Style: style, Output: o.output}}, nil
	}
	for _, c := range o.contents {
		if o.dir != "" && imgio.SameFile(c, o.dir) {
			return nil, &fileError{"output folder", o.dir, errors.New("is one of the content folders: results would become contents")}
		}
	}
	contents, err := batch.Contents(o.contents, pictureExtensions())
	if err != nil {
		return nil, err
	}
	switch {
	case o.dir != "":
		return batch.Plan(contents, []string{style}, o.dir, "."+o.format)
	case len(contents) > 1 && o.output == "":
		return nil, &valueError{"--out-dir", "missing", fmt.Sprintf("there are %d contents", len(contents))}
	case len(contents) > 1:
		return nil, &valueError{"--output", fmt.Sprintf("%q", o.output), fmt.Sprintf("must be a folder, with --out-dir, for %d contents", len(contents))}
	case o.output == "":
		o.output = batch.Stem(contents[0]) + "-" + style + ".png"
	}
	return []batch.Job{{Content: contents[0], Style: style, Output: o.output}}, nil
}

// styleLabel is how messages and the names of results call a blend of styles. It has no
// extension that batch.Plan would cut off.
func styleLabel(styles []styleRef) string {
	var names []string
	for _, s := range styles {
		names = append(names, s.name)
	}
	return strings.ReplaceAll(strings.Join(names, "-"), ".", "-")
}
