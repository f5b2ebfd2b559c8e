package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nst/vgg"
)

const licence = `The weights are those of Simonyan and Zisserman, Visual Geometry Group, University
of Oxford, under the licence CC BY 4.0.`

func newWeightsCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weights",
		Short: "Install and list networks",
		Long: `weights installs networks and lists them. They are kept in $NST_HOME/weights.
If NST_HOME is not set, they are in the data folder of the system. nst weights
path shows the folder.

One network, slim, is part of the program. It is small, and about six times
faster than VGG-19. It was trained to compute the same features. nst uses it if
VGG-19 is not installed.

` + licence,
		Example: `  nst weights pull
  nst weights import vgg19-dcbb9e9d.pth --name torch19
  nst weights list`,
		Args:                       subcommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newPullCmd(e), newImportCmd(e), newListCmd(e), newPathCmd(e))
	return cmd
}

// keepFlags binds the flags for what is kept of a network.
func keepFlags(cmd *cobra.Command, full, half *bool) {
	f := cmd.Flags()
	f.BoolVar(full, "full", false, "also keep the layers after conv5_1, which no default uses")
	f.BoolVar(half, "float16", false, "keep 16 bits per number instead of 32: half the size of the file; losses change by up to 1.3e-3")
	f.Bool("float32", true, "keep 32 bits per number, which is the default")
	if err := f.MarkHidden("float32"); err != nil {
		panic(err) // there is such a flag
	}
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if f.Changed("float16") && f.Changed("float32") {
			return &valueError{"--float16", *half, "cannot go with --float32"}
		}
		return nil
	}
}

// entry is one line of nst weights list, and of nst info.
type entry struct {
	Name       string `json:"name"`
	Path       string `json:"path"`
	Bytes      int64  `json:"bytes"`
	Network    string `json:"network,omitempty"`
	Convention string `json:"convention,omitempty"`
	Last       string `json:"last,omitempty"` // the deepest layer
	Bits       int    `json:"bits,omitempty"`
	Source     string `json:"source,omitempty"`
	Licence    string `json:"licence,omitempty"`
	Embedded   bool   `json:"embedded,omitempty"` // inside the program, without a file
	Error      string `json:"error,omitempty"`
}

// stored lists the weights in the store.
func (e *env) stored() ([]vgg.Entry, error) {
	store, err := e.store()
	if err != nil {
		return nil, err
	}
	return store.List()
}

// entries lists all weights, those inside the program first.
func (e *env) entries() ([]entry, error) {
	files, err := e.stored()
	if err != nil {
		return nil, err
	}
	out := []entry{}
	for _, f := range append([]vgg.Entry{vgg.EmbeddedEntry()}, files...) {
		x := entry{Name: f.Name, Path: f.Path, Bytes: f.Size, Embedded: f.Path == ""}
		if f.Err != nil {
			x.Error = reason(f.Err)
		} else {
			x.Network, x.Convention, x.Last = f.Info.Network.Name, f.Info.Convention.Name, f.Last
			x.Source, x.Licence, x.Bits = f.Info.Source, f.Info.Licence, 32
			if f.Half {
				x.Bits = 16
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// words describes x.
func (x entry) words() string {
	if x.Error != "" {
		return "unusable: " + x.Error
	}
	text := fmt.Sprintf("%s to %s, %s, %d bits, %s, %s", x.Network, x.Last, x.Convention, x.Bits, x.Licence, x.Source)
	if x.Embedded {
		text += "; part of nst"
	}
	return text
}

// rounded says how to get the numbers of a network that was downloaded and then rounded to
// 16 bits. Other networks need no advice: the files that they were imported from may have
// had 16 bits.
func (x entry) rounded() string {
	if x.Bits != 16 || x.Name != x.Network || len(vgg.Sources(x.Name)) == 0 {
		return ""
	}
	pull := "nst weights pull " + x.Name
	if x.Last > "conv5_1" {
		pull += " --full"
	}
	return fmt.Sprintf("%s is rounded to 16 bits; %s installs it as it was published", x.Name, pull)
}

func newListCmd(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the installed networks",
		Long: `list shows the networks that --network can name: their deepest layer, how pictures
are prepared for them, how many bits a number has, and where they come from.
--json prints one JSON object a line.`,
		Example: `  nst weights list
  nst weights list --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			all, err := e.entries()
			if err != nil {
				return err
			}
			if asJSON {
				for _, x := range all {
					if err := json.NewEncoder(e.Stdout).Encode(x); err != nil {
						return err
					}
				}
				return nil
			}
			if len(all) == 1 {
				fmt.Fprintln(e.Stderr, "nst: no other network is installed; nst weights pull downloads VGG-19")
			}
			for _, x := range all {
				if advice := x.rounded(); advice != "" {
					fmt.Fprintln(e.Stderr, "nst: "+advice)
				}
			}
			tw := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
			for _, x := range all {
				fprintf(tw, "%s\t%.1f MB\t%s\n", x.Name, float64(x.Bytes)/1e6, x.words())
			}
			return tw.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func newPathCmd(e *env) *cobra.Command {
	return &cobra.Command{
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return e.kept(), cobra.ShellCompDirectiveNoFileComp
		},
		Use:   "path [NAME]",
		Short: "Print where networks are kept",
		Long: `path prints the folder of the networks or, with NAME, the file of that network.
slim has no file: it is part of the program.`,
		Example: `  nst weights path
  nst weights path vgg19`,
		Args: arguments(0, 1, "[NAME]"),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := e.store()
			if err != nil {
				return err
			}
			return printPath(e, store, args)
		},
	}
}

// errEmbedded means that a network has no file.
var errEmbedded = fmt.Errorf("%s is part of the program: it has no file", vgg.EmbeddedName)

func printPath(e *env, store vgg.Store, args []string) error {
	if len(args) == 0 {
		_, err := fmt.Fprintln(e.Stdout, folder(store))
		return err
	}
	if args[0] == vgg.EmbeddedName {
		return errEmbedded
	}
	path := store.Path(args[0])
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &vgg.NotFoundError{Name: args[0], Path: path}
	} else if err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.Stdout, path)
	return err
}

// folder returns where a store keeps its files.
func folder(store vgg.Store) string { return filepath.Dir(store.Path("any")) }
