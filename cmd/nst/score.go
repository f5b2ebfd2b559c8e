package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nst/imgio"
	"nst/nst"
)

// scoreOptions are the arguments and flags of nst score.
type scoreOptions struct {
	settings
	content string
	styles  []string
	images  []string
	json    bool
}

// newScoreCmd returns nst score. If runF is not nil, it runs
// instead of the work.
func newScoreCmd(e *env, runF func(context.Context, *scoreOptions) error) *cobra.Command {
	o := &scoreOptions{settings: defaults()}
	var more []string
	cmd := &cobra.Command{
		Use:   "score CONTENT STYLE IMAGE...",
		Short: "Measure the loss of any picture, layer by layer",
		Long: `score measures how far each IMAGE is from the content of CONTENT and the style of
STYLE: it evaluates the loss that stylize minimises, layer by layer. An IMAGE may
come from any program, but must have the aspect ratio of CONTENT. Both are scaled
to --size.

The table on stdout has the loss of each layer, its weight, and its share of the
total. The total is the sum of loss times weight. --json prints one object a line
instead.

The total is the score that stylize prints for its result, if all flags that score
has are the same. The loss that stylize prints is another number, because the
optimiser may have used another content weight (--auto-balance) and another
orientation of slim, and because it measured the picture before its last step.
With --auto-balance off --orientations 1 the two are close, unless --color
changes the colours.`,
		Example: `  nst score photo.jpg painting.jpg out.png
  nst score photo.jpg painting.jpg out.png other.png --json
  nst score photo.jpg monet.jpg out.png --style klimt.jpg --size 256`,
		Args: arguments(3, -1, "CONTENT STYLE IMAGE..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content, o.images = args[0], args[2:]
			o.styles = append([]string{args[1]}, more...)
			if err := errors.Join(o.check(cmd), o.masks.check(cmd, len(o.styles)), o.checkBlend(len(o.styles))); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return score(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&more, "style", nil, "another style, a `FILE`; may be repeated")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line instead of the table")
	bindFlags(cmd, e, &o.settings, inScore, nil)
	return cmd
}

func score(ctx context.Context, e *env, o *scoreOptions) error {
	t := newConsole(e, &o.settings)
	_, err := o.checkRun(t, &pictureFiles{
		contents: []string{o.content}, styles: o.styles, masks: o.masks.paths(), scored: o.images,
		regions: len(o.masks.content) > 0, keeps: true,
	}, []nst.Options{o.Options})
	if err != nil {
		return err
	}
	defer unconfine()
	var errs []error
	read := func(what, path string) *imgio.Planar {
		p, err := t.openFor(ctx, what, path, map[string]int{"content": o.reading.content, "style": o.reading.style}[what])
		errs = append(errs, err)
		return p
	}
	content := read("content", o.content)
	var styles []nst.StylePicture
	for i, path := range o.styles {
		styles = append(styles, nst.StylePicture{Picture: read("style", path), Weight: o.share(i)})
	}
	regions, _ := o.masks.open(read, content, styles)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	transfer, err := o.transfer(e)
	if err != nil {
		return err
	}
	defer transfer.Close()
	style, err := transfer.Style(ctx, styles...)
	if err != nil {
		return o.masks.named(err)
	}
	for i, path := range o.images {
		picture := read("scored", path)
		if picture == nil {
			continue
		}
		s, err := transfer.Score(ctx, content, style, picture, regions...)
		if errors.As(err, new(*nst.SizeError)) {
			errs = append(errs, &fileError{"scored image", path, err})
			continue
		}
		if err != nil {
			return errors.Join(append(errs, o.masks.named(err))...)
		}
		if i > 0 && !o.json {
			fmt.Fprintln(e.Stdout)
		}
		if err := printScore(e.Stdout, path, s, o.json); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// printScore prints a score as a table or as one line of JSON.
func printScore(w io.Writer, path string, s *nst.Score, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			Image string `json:"image"`
			*nst.Score
		}{path, s})
	}
	fprintf(w, "%s: total %.6g\n", path, s.Total)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "term\tlayer\tloss\tweight\tshare\t")
	row := func(term, layer string, loss, weight float64) {
		share := 0.0
		if s.Total != 0 {
			share = 100 * loss * weight / s.Total
		}
		fmt.Fprintf(tw, "%s\t%s\t%.6g\t%.6g\t%.1f %%\t\n", term, layer, loss, weight, share)
	}
	for _, x := range s.Content {
		row("content", x.Layer, x.Loss, x.Weight)
	}
	for _, x := range s.Style {
		name := "style"
		if x.Region > 0 {
			name += fmt.Sprintf(" %d", x.Region)
		}
		row(strings.TrimSpace(name+" "+x.Statistic), x.Layer, x.Loss, x.Weight)
	}
	row("tv", "", s.TV.Loss, s.TV.Weight)
	return tw.Flush()
}
