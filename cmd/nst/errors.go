package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// The exit codes of nst.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a command line that cannot be read; it is answered with the
// usage of the command.
type usageError struct {
	cmd *cobra.Command
	err error
}

// Error is the mistake itself.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns what cobra said.
func (e *usageError) Unwrap() error { return e.err }

// valueError is a flag or argument whose value cannot be.
type valueError struct {
	flag   string // as in --size
	value  any
	reason string // what would do
}

// Error names the flag and its value.
func (e *valueError) Error() string { return fmt.Sprintf("%s is %v: %s", e.flag, e.value, e.reason) }

// fileError is a file that the run cannot do without, or must not touch.
type fileError struct {
	what string // content image, output, ...
	path string
	err  error
}

// Error names the file and says what is the matter with it, each once.
func (e *fileError) Error() string {
	why, path, mask := reason(e.err), new(fs.PathError), new(nst.MaskError)
	if errors.As(e.err, &mask) {
		why = mask.Reason()
	}
	if errors.As(e.err, &path) && !errors.Is(e.err, fs.ErrExist) {
		why = path.Err.Error()
	}
	if _, after, said := strings.Cut(why, strconv.Quote(e.path)+": "); said {
		why = after
	}
	return fmt.Sprintf("%s %q: %s", e.what, e.path, why)
}

// Unwrap returns the reason.
func (e *fileError) Unwrap() error { return e.err }

// flag returns the flag that names the file, where it is one that is written.
func (e *fileError) flag() string {
	switch e.what {
	case "plot", "gif", "strip":
		return "--" + e.what
	case "result", "output folder", "sweep folder":
		return "--out-dir"
	}
	return "-o"
}

// errIsInput is a reason not to write a file.
var errIsInput = errors.New("is one of the inputs")

// interrupted is a run that was told to stop. What was saved has been said.
type interrupted struct{ err error }

// Error is not shown: what was saved has been said.
func (e *interrupted) Error() string { return "interrupted" }

// Unwrap returns what ended the run.
func (e *interrupted) Unwrap() error { return e.err }

// silent is a failure of which all has been said.
type silent struct{}

// Error is not shown.
func (silent) Error() string { return "failed" }

// report says what went wrong, if anything, and returns the exit code.
func report(e *env, err error) int {
	code := exitDone
	for _, err := range flatten(err) {
		code = max(code, reportOne(e, err))
	}
	return code
}

func reportOne(e *env, err error) int {
	if errors.As(err, new(silent)) {
		return exitFailed
	}
	if stop := new(interrupted); errors.As(err, &stop) {
		return exitInterrupted
	}
	if errors.Is(err, context.Canceled) {
		e.fail("interrupted; nothing was written")
		return exitInterrupted
	}
	e.fail(message(err), hints(err)...)
	usage := new(usageError)
	if errors.As(err, &usage) {
		line, path := usage.cmd.UseLine(), usage.cmd.CommandPath()
		if usage.cmd.HasSubCommands() {
			line = path + " COMMAND"
		}
		fmt.Fprintf(e.Stderr, "usage: %s\nRun '%s --help' for help.\n", line, path)
	}
	if isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

// flatten returns the errors that err joins, or err itself.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, flatten(err)...)
	}
	return all
}

// isUsage reports whether the command line alone shows that err had to come.
func isUsage(err error) bool {
	return errors.As(err, new(*usageError)) || errors.As(err, new(*valueError)) ||
		errors.As(err, new(*nst.OptionError)) || errors.As(err, new(*vgg.UnknownLayerError))
}

// message puts err in the words of the command line.
func message(err error) string {
	file, option, layer := new(fileError), new(nst.OptionError), new(vgg.UnknownLayerError)
	switch {
	case errors.As(err, &file):
		return file.Error()
	case errors.As(err, &option):
		field, layer, _ := strings.Cut(option.Field, " ")
		return strings.TrimRight(fmt.Sprintf("%s %s", flagName(field), layer), " ") +
			fmt.Sprintf(" is %v: %s", option.Value, option.Reason)
	case errors.As(err, &layer):
		return fmt.Sprintf("network %s has no layer %q", layer.Network, layer.Layer)
	}
	return reason(err)
}

// reason returns what err says, without the names of the package that says it
// and of the file, which have been said.
func reason(err error) string {
	var (
		format  = new(imgio.FormatError)
		picture = new(batch.PictureError)
		none    = new(vgg.NotFoundError)
		invalid = new(pflag.InvalidValueError)
		number  = new(strconv.NumError)
	)
	switch {
	case errors.As(err, &invalid) && errors.As(err, &number): // pflag's own flags leave it to strconv
		want := map[string]string{"ParseBool": "true or false", "ParseUint": "a whole number of 0 or more"}[number.Func]
		if want == "" {
			want = "a whole number"
		}
		return fmt.Sprintf("invalid argument %q for %q flag: %q must be %s", invalid.GetValue(), "--"+invalid.GetFlag().Name, number.Num, want)
	case errors.As(err, &picture):
		return (&fileError{picture.What + " image", picture.Path, picture.Err}).Error()
	case errors.As(err, &none) && isFile(none.Name):
		return fmt.Sprintf("no weights: the file %q does not exist", none.Name)
	case errors.As(err, &none):
		return fmt.Sprintf("no weights %q: neither %q nor a file of that name exists", none.Name, none.Path)
	case errors.As(err, &format):
		bare := *format
		bare.Supported = nil // said as a hint
		return bare.Error()
	case errors.Is(err, imgio.ErrNoFolder):
		return imgio.ErrNoFolder.Error()
	case errors.Is(err, imgio.ErrFolder):
		return imgio.ErrFolder.Error()
	case errors.Is(err, fs.ErrExist):
		return "exists already"
	}
	text := err.Error()
	for _, pkg := range []string{"imgio: ", "nst: ", "vgg: ", "batch: "} {
		text = strings.TrimPrefix(text, pkg)
	}
	return text
}

// isFile reports whether --network names a file, not what is in the folder of weights.
func isFile(name string) bool { return filepath.Base(name) != name || filepath.Ext(name) != "" }

// hints returns what may cure err. This is the one place that knows.
func hints(err error) []string {
	var (
		format   = new(imgio.FormatError)
		layer    = new(vgg.UnknownLayerError)
		small    = new(nst.TooSmallError)
		diverged = new(nst.DivergedError)
		none     = new(vgg.NotFoundError)
		file     = new(fileError)
		invalid  = new(pflag.InvalidValueError)
		unknown  = new(pflag.NotExistError)
		short    = new(shortError)
		tap      = new(vgg.TapError)
		option   = new(nst.OptionError)
		memory   = new(nst.MemoryError)
		picture  = new(batch.PictureError)
	)
	switch {
	case errors.As(err, &option) && option.Field == "Objective.NormalizeGradients":
		return []string{"normalised gradients belong to no single loss: use --optimizer adam, without --tolerance"}
	case errors.As(err, new(*nst.DeviceError)) && !nst.BuiltWithCUDA():
		return []string{"make gpu builds an nst that can use a card; this one needs --device cpu"}
	case errors.Is(err, nst.ErrDriverUnknown):
		return []string{"is the kernel module of the driver loaded? nvidia-smi shows it", "or use --device cpu"}
	case errors.As(err, new(*nst.DeviceError)):
		return []string{"nst info shows the cards and the driver; NST_LIBCUDA can name the driver's libcuda.so.1", "or use --device cpu"}
	case errors.Is(err, errNotTogether):
		return []string{"name one of them, such as --device cuda:0"}
	case errors.As(err, new(*nst.CardError)):
		return []string{"nst gpu selftest shows whether the card works; or use --device cpu"}
	case errors.As(err, new(*nst.UnsupportedError)):
		return []string{"use --device cpu"}
	case errors.As(err, &option) && option.Field == "Objective.StyleLoss" && option.Value == nst.StyleW2:
		return []string{"use --device cpu"}
	case errors.As(err, &memory) && memory.Size > 0:
		return []string{fmt.Sprintf("the largest size that fits is --size %d; or use --device cpu", memory.Size)}
	case errors.As(err, &memory):
		return []string{"use --device cpu"}
	case errors.As(err, &format) && len(format.Supported) > 0:
		return []string{"convert it to one of " + strings.Join(format.Supported, ", ")}
	case errors.As(err, &file) && strings.Contains(file.path, "://") || errors.As(err, &picture) && strings.Contains(picture.Path, "://"):
		return []string{"nst reads files: download it first"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrFolder) && file.what == "content image":
		return []string{"nst batch takes folders"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrFolder) && strings.HasSuffix(file.what, " image"):
		return []string{"name one picture in it"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrNoFolder):
		return []string{"create the folder first, or choose another place with " + file.flag()}
	case errors.As(err, &layer):
		return []string{"its layers are " + strings.Join(layer.Known, ", ")}
	case errors.As(err, &small) && small.Size > 0:
		return []string{fmt.Sprintf("the smallest size for these pictures is --size %d; or use shallower layers", small.Size)}
	case errors.As(err, &small) && small.What == "style":
		return []string{"use a style that is larger or less narrow, a larger --size or --style-scale, or shallower layers"}
	case errors.As(err, &small):
		return []string{"use a picture that is less narrow, a larger --size, or shallower layers"}
	case errors.As(err, &diverged):
		return []string{"lower --learning-rate, or use --optimizer adam"}
	case errors.As(err, &none) && isFile(none.Name):
		return []string{"nst weights list shows the installed networks"}
	case errors.As(err, &none):
		pull := "vgg19"
		if slices.Contains(networks(), none.Name) {
			pull = none.Name
		}
		return []string{"download them with: nst weights pull " + pull, "or import a file of weights with: nst weights import FILE"}
	case errors.As(err, &short) && short.network == vgg.EmbeddedName:
		return []string{"slim ends before that layer; nst weights pull vgg19 --full installs all of VGG-19, for --network vgg19"}
	case errors.As(err, &tap) && tap.Instead != "":
		return []string{"use " + tap.Instead + ", or another --network"}
	case errors.As(err, &tap):
		return []string{"use another --network; nst weights pull vgg19 installs one"}
	case errors.As(err, &short):
		return []string{"nst weights pull and nst weights import keep all layers with --full"}
	case errors.As(err, new(*pullError)):
		return []string{"download the weights by other means, then: nst weights import FILE"}
	case errors.As(err, &file) && errors.Is(err, fs.ErrExist):
		return []string{"--overwrite replaces it"}
	case errors.Is(err, errOtherSweep):
		return []string{"use another --out-dir, or paint all again with --overwrite"}
	case errors.As(err, &invalid) && strings.Contains(invalid.GetValue(), ",") && listable(invalid.GetFlag().Name):
		return []string{"nst sweep paints a picture for each value of a list"}
	case errors.As(err, &unknown) && slices.Contains([]string{"content-mask", "style-mask", "protect"}, unknown.GetSpecifiedName()):
		return []string{"a mask fits one picture only: use nst stylize"}
	case errors.As(err, &file) && errors.Is(err, errIsInput):
		return []string{"choose another file with " + file.flag()}
	case errors.Is(err, nst.ErrMaskShape):
		return []string{"draw the mask over the picture itself, so that it has the same shape"}
	case errors.Is(err, nst.ErrMaskEmpty):
		return []string{"white selects, black does not; is the mask inverted?"}
	case errors.Is(err, nst.ErrMaskSmall):
		return []string{"make the white part larger, raise --size, or add a shallower layer to --style-layers"}
	case errors.Is(err, nst.ErrMaskFull):
		return []string{"white is protected: a mask that is all white leaves nothing to paint"}
	}
	return nil
}
