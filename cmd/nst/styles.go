package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nst/nst/instant"
)

func newStylesCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "styles",
		Short: "Show and install styles for nst apply",
		Long: `styles shows the styles that nst apply can name, and installs networks that nst
train has made. They are kept in $NST_HOME/styles. If NST_HOME is not set, they
are in the data folder of the system. nst styles path shows the folder.`,
		Example: `  nst styles list
  nst styles sheet photo.jpg -o sheet.jpg
  nst styles import mine.safetensors`,
		Args:                       subcommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newStylesListCmd(e), newStylesShowCmd(e), newStylesImportCmd(e), newStylesPathCmd(e), newStylesSheetCmd(e, nil))
	return cmd
}

// styleEntry is one line of nst styles list.
type styleEntry struct {
	Name    string `json:"name,omitempty"`
	Title   string `json:"title,omitempty"`
	Painter string `json:"painter,omitempty"`
	Year    string `json:"year,omitempty"`
	SHA256  string `json:"sha256,omitempty"` // of the painting's file
	Model   string `json:"model,omitempty"`  // the imported network that has it
	Path    string `json:"path,omitempty"`
	Builtin bool   `json:"builtin,omitempty"`
	Any     bool   `json:"any,omitempty"`   // the network for any painting, which no STYLE names
	Error   string `json:"error,omitempty"` // why the network cannot be used
}

// styleEntries lists all styles.
func (e *env) styleEntries() ([]styleEntry, error) {
	all, err := e.models()
	if err != nil {
		return nil, err
	}
	out := []styleEntry{}
	for _, m := range all {
		entry := styleEntry{Model: m.name, Path: m.path, Builtin: m.path == ""}
		if m.err != nil {
			entry.Error = (&fileError{"network", m.path, m.err}).Error()
			out = append(out, entry)
			continue
		}
		for _, s := range m.model.Styles() {
			entry.Name, entry.Title, entry.Painter, entry.Year, entry.SHA256 = s.Name, s.Title, s.Painter, s.Year, s.SHA256
			out = append(out, entry)
		}
	}
	return append(out, styleEntry{Name: universalName, Builtin: true, Any: true}), nil
}

// universalName is what nst styles calls the network for any painting. It has no style of its
// own, so that nst apply cannot name it.
const universalName = "universal"

// painting describes the painting of a style: its painter, title and year, as far as they are
// known.
func (s styleEntry) painting() string {
	if s.Any {
		return "for any painting: nst apply PAINTING CONTENT"
	}
	words := []string{s.Painter, s.Title, s.Year}
	known := words[:0]
	for _, w := range words {
		if w != "" {
			known = append(known, w)
		}
	}
	return strings.Join(known, ", ")
}

// origin says where a style is kept.
func (s styleEntry) origin() string {
	if s.Builtin {
		return "part of nst"
	}
	return "network " + s.Model
}

func newStylesListCmd(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the styles",
		Long: `list shows the styles that nst apply can name: those that are part of nst, and
those of imported networks. The last line is the network that paints like any
painting. --json prints one JSON object a line.`,
		Example: `  nst styles list
  nst styles list --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			all, err := e.styleEntries()
			if err != nil {
				return err
			}
			if asJSON {
				return e.printJSON(all)
			}
			if len(all) == 0 {
				fmt.Fprintln(e.Stderr, "nst: there are no styles; nst train makes a network, nst styles import installs it")
			}
			tw := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
			for _, s := range all {
				if s.Error != "" {
					fprintf(tw, "-\tunusable: %s\n", s.Error)
					continue
				}
				fprintf(tw, "%s\t%s\t%s\n", s.Name, cmp.Or(s.painting(), "-"), s.origin())
			}
			return tw.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// printJSON prints entries as lines of JSON.
func (e *env) printJSON(all []styleEntry) error {
	for _, s := range all {
		if err := json.NewEncoder(e.Stdout).Encode(s); err != nil {
			return err
		}
	}
	return nil
}

func newStylesPathCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "path [NAME]",
		Short: "Print where networks are kept",
		Long: `path prints the folder of imported networks or, with NAME, the file of that
network. Styles that are part of nst have no file.`,
		Example: `  nst styles path
  nst styles path mine`,
		Args: arguments(0, 1, "[NAME]"),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := e.stylesFolder()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if path, err = e.importedPath(path, args[0]); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintln(e.Stdout, path)
			return err
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return e.modelNames(len(args) == 0), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// importedPath returns the file of an imported network.
func (e *env) importedPath(folder, name string) (string, error) {
	path := storedPath(folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if s, err := e.named(name); err == nil {
		if s.path == "" {
			return "", &fileError{"style", name, errBuiltin}
		}
		return s.path, nil
	}
	return "", &instant.UnknownStyleError{Name: name, Known: nearestFirst(name, e.modelNames(true))}
}

// modelNames lists the imported networks, for completion, if wanted.
func (e *env) modelNames(wanted bool) []string {
	all, err := e.models()
	if err != nil || !wanted {
		return nil
	}
	var names []string
	for _, m := range all {
		if m.name != "" {
			names = append(names, m.name)
		}
	}
	return names
}
