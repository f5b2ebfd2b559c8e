package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nst/nst/instant"
)

func newStylesShowCmd(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Show what is known about a style or a network",
		Long: `show prints the size of a network, its styles, and how it was taught: the loss
network, the weights, the number of steps, and the losses at the end. With the
name of one style it shows that style and its network. The name universal shows
the network for any painting.`,
		Example: `  nst styles show starry-night
  nst styles show universal
  nst styles show mine.safetensors --json`,
		Args: arguments(1, 1, "NAME|FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == universalName {
				m, err := instant.Universal()
				if err != nil {
					return err
				}
				return printNetwork(e.Stdout, "", nil, m.About(), asJSON)
			}
			s, err := e.style(cmd.Context(), &console{e: e}, args[0])
			if err != nil {
				return err
			}
			if s.model == nil {
				return &fileError{"network", args[0], errPainting}
			}
			return printNetwork(e.Stdout, s.path, s.shown(), s.model.About(), asJSON)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return slices.Concat(e.styleNames(), e.modelNames(true), []string{universalName}), cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// errPainting means that a picture stands where a network belongs.
var errPainting = errors.New("is a picture, not a network")

// pictures says how many pictures a network was taught with.
func pictures(t instant.Training) string {
	text := count(t.Photographs, "photograph")
	if t.Paintings > 0 {
		text += " and " + count(t.Paintings, "painting")
	}
	return text
}

// shown returns the styles to show: the one that was named, or all.
func (s *styleRef) shown() []instant.StyleInfo {
	all := s.model.Styles()
	if s.index >= 0 {
		return all[s.index : s.index+1]
	}
	return all
}

// printNetwork prints what is known about a network and some of its styles. One that is part
// of nst has no path, and the network for any painting has no styles.
func printNetwork(w io.Writer, path string, styles []instant.StyleInfo, about instant.About, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			Path       string              `json:"path,omitempty"`
			Styles     []instant.StyleInfo `json:"styles,omitempty"`
			Widths     [3]int              `json:"widths"`
			Blocks     int                 `json:"blocks"`
			Parameters int                 `json:"parameters"`
			Training   instant.Training    `json:"training"`
			Losses     instant.Losses      `json:"losses"`
			Licence    string              `json:"licence,omitempty"`
		}{path, styles, about.Widths, about.Blocks, about.Parameters, about.Training, about.Losses, about.Licence})
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, a ...any) { fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, a...)) }
	row("file", "%s", cmp.Or(path, "none: part of nst"))
	row("network", "%d-%d-%d channels, %s, %s", about.Widths[0], about.Widths[1], about.Widths[2],
		count(about.Blocks, "residual block"), count(about.Parameters, "parameter"))
	if len(styles) == 0 {
		row("style", "predicted from any painting")
	}
	for _, one := range styles {
		entry := styleEntry{Title: one.Title, Painter: one.Painter, Year: one.Year}
		row("style", "%s", one.Name)
		if text := entry.painting(); text != "" {
			row("  painting", "%s", text)
		}
		if one.SHA256 != "" {
			row("  SHA-256", "%s", one.SHA256)
		}
	}
	if t := about.Training; t.Steps > 0 {
		row("taught by", "%s, %s of %s of %d pixels", t.Network, count(t.Steps, "step"), count(t.Batch, "photograph"), t.Size)
		row("from", "%s, seed %d", pictures(t), t.Seed)
		row("weights", "content %g, style %g, tv %g", t.ContentWeight, t.StyleWeight, t.TVWeight)
		if t.Seconds > 0 {
			row("time", "%s", time.Duration(t.Seconds*float64(time.Second)).Round(time.Second))
		}
		if t.Program != "" {
			row("program", "%s", t.Program)
		}
	}
	for _, l := range []struct {
		name  string
		terms instant.Terms
	}{{"training", about.Losses.Training}, {"validation", about.Losses.Validation}} {
		if l.terms != (instant.Terms{}) {
			row(l.name, "content %.4g, style %.4g, tv %.4g", l.terms.Content, l.terms.Style, l.terms.TV)
		}
	}
	if about.Licence != "" {
		row("licence", "%s", about.Licence)
	}
	return tw.Flush()
}
