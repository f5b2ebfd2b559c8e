package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
name of one style it shows that style and its network.`,
		Example: `  nst styles show starry-night
  nst styles show mine.safetensors --json`,
		Args: arguments(1, 1, "NAME|FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := e.style(cmd.Context(), &console{e: e}, args[0])
			if err != nil {
				return err
			}
			if s.model == nil {
				return &fileError{"network", args[0], errPainting}
			}
			return s.print(e.Stdout, asJSON)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return append(e.styleNames(), e.modelNames(len(args) == 0)...), cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// errPainting means that a picture stands where a network belongs.
var errPainting = errors.New("is a picture, not a network")

// shown returns the styles to show: the one that was named, or all.
func (s *styleRef) shown() []instant.StyleInfo {
	all := s.model.Styles()
	if s.index >= 0 {
		return all[s.index : s.index+1]
	}
	return all
}

// print prints what is known about a style and its network.
func (s *styleRef) print(w io.Writer, asJSON bool) error {
	about := s.model.About()
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			Path       string              `json:"path,omitempty"`
			Styles     []instant.StyleInfo `json:"styles"`
			Widths     [3]int              `json:"widths"`
			Blocks     int                 `json:"blocks"`
			Parameters int                 `json:"parameters"`
			Training   instant.Training    `json:"training"`
			Losses     instant.Losses      `json:"losses"`
			Licence    string              `json:"licence,omitempty"`
		}{s.path, s.shown(), about.Widths, about.Blocks, about.Parameters, about.Training, about.Losses, about.Licence})
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, a ...any) { fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, a...)) }
	row("file", "%s", cmp.Or(s.path, "none: part of nst"))
	row("network", "%d-%d-%d channels, %s, %s", about.Widths[0], about.Widths[1], about.Widths[2],
		count(about.Blocks, "residual block"), count(about.Parameters, "parameter"))
	for _, one := range s.shown() {
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
		row("from", "%s, seed %d", count(t.Photographs, "photograph"), t.Seed)
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
