package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// hints returns advice about err. All hints are in this file, by the kind of error.
func hints(err error) []string {
	for _, of := range []func(error) []string{resumeHints, batchHints, flagHints, deviceHints, recipeHints, styleHints, filmHints, fileHints, networkHints, maskHints} {
		if advice := of(err); advice != nil {
			return advice
		}
	}
	return nil
}

// flagHints returns advice about values of flags and what follows from them.
func flagHints(err error) []string {
	var (
		small    = new(nst.TooSmallError)
		diverged = new(nst.DivergedError)
		invalid  = new(pflag.InvalidValueError)
		option   = new(nst.OptionError)
	)
	switch {
	case errors.As(err, &option) && option.Field == "Objective.NormalizeGradients":
		return []string{"normalised gradients belong to no single loss: use --optimizer adam, without --tolerance"}
	case errors.As(err, &small) && small.Size > 0:
		return []string{fmt.Sprintf("the smallest size for these pictures is --size %d; or use shallower layers", small.Size)}
	case errors.As(err, &small) && small.What == "style":
		return []string{"use a style that is larger or less narrow, a larger --size or --style-scale, or shallower layers"}
	case errors.As(err, &small):
		return []string{"use a picture that is less narrow, a larger --size, or shallower layers"}
	case errors.As(err, &diverged):
		return []string{"lower --learning-rate, or use --optimizer adam"}
	case errors.Is(err, errOtherSweep):
		return []string{"use another --out-dir, or paint all again with --overwrite"}
	case errors.As(err, &invalid) && strings.Contains(invalid.GetValue(), ",") && listable(invalid.GetFlag().Name):
		return []string{"nst sweep paints a picture for each value of a list"}
	}
	return nil
}

// deviceHints returns advice about cards, drivers and memory.
func deviceHints(err error) []string {
	var (
		option = new(nst.OptionError)
		memory = new(nst.MemoryError)
		room   = new(memoryError)
	)
	switch {
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
	case errors.As(err, &option) && option.Field == "Objective.StyleLoss" && option.Value != nst.StyleGram && option.Value != nst.StyleMeanStd:
		return []string{"use --device cpu"}
	case errors.As(err, &room):
		return room.hints()
	case errors.As(err, new(*nst.OutOfMemoryError)):
		return []string{"use a smaller --size; nst info --plan shows what a run takes"}
	case errors.As(err, &memory) && memory.Size > 0:
		return []string{fmt.Sprintf("the largest size that fits is --size %d; or use --device cpu", memory.Size)}
	case errors.As(err, &memory):
		return []string{"use --device cpu"}
	}
	return nil
}

// fileHints returns advice about pictures, folders and outputs.
func fileHints(err error) []string {
	var (
		format  = new(imgio.FormatError)
		file    = new(fileError)
		picture = new(batch.PictureError)
	)
	switch {
	case errors.As(err, &format) && format.Err == nil && (strings.Contains(format.Format, "HEIC") || strings.Contains(format.Format, "AVIF")):
		return []string{format.Advice, "nst does that itself where heif-convert or ImageMagick 7 is installed, and on a Mac"}
	case errors.As(err, &format) && format.Advice != "":
		return []string{format.Advice}
	case errors.As(err, &format) && len(format.Supported) > 0:
		return []string{"convert it to one of " + strings.Join(format.Supported, ", ")}
	case errors.Is(err, imgio.ErrTooLarge):
		return []string{"make it smaller with another program; --max-pixels allows more where the memory suffices"}
	case errors.As(err, &file) && strings.Contains(file.path, "://") || errors.As(err, &picture) && strings.Contains(picture.Path, "://"):
		return []string{"nst reads files: download it first"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrFolder) && file.what == "content image":
		return []string{"nst batch takes folders"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrFolder) && strings.HasSuffix(file.what, " image"):
		return []string{"name one picture in it"}
	case errors.As(err, &file) && errors.Is(err, imgio.ErrNoFolder):
		return []string{"create the folder first, or choose another place with " + file.flag()}
	case errors.As(err, &file) && errors.Is(err, fs.ErrExist):
		return []string{"--overwrite replaces it"}
	case errors.As(err, &file) && (errors.Is(err, errIsInput) || errors.As(err, new(*twiceError)) || errors.Is(err, imgio.ErrSpecial)):
		return []string{"choose another file with " + file.flag()}
	}
	return nil
}

// networkHints returns advice about weights and their layers.
func networkHints(err error) []string {
	var (
		layer = new(vgg.UnknownLayerError)
		none  = new(vgg.NotFoundError)
		short = new(vgg.DepthError)
		tap   = new(vgg.TapError)
		alien = new(vgg.FormatError)
		part  = new(vgg.PartialError)
	)
	switch {
	case errors.As(err, &layer):
		return []string{"its layers are " + strings.Join(layer.Known, ", ")}
	case errors.As(err, &none) && isFile(none.Name):
		return []string{"nst weights list shows the installed networks"}
	case errors.As(err, &none):
		pull := "vgg19"
		if slices.Contains(networks(), none.Name) {
			pull = none.Name
		}
		return []string{"download them with: nst weights pull " + pull, "or import a file of weights with: nst weights import FILE"}
	case errors.As(err, &short) && short.Network == vgg.EmbeddedName:
		return []string{"slim ends before that layer; nst weights pull vgg19 --full installs all of VGG-19, for --network vgg19"}
	case errors.As(err, &tap) && tap.Instead != "":
		return []string{"use " + tap.Instead + ", or another --network"}
	case errors.As(err, &tap):
		return []string{"use another --network; nst weights pull vgg19 installs one"}
	case errors.As(err, &short):
		return []string{"nst weights pull and nst weights import keep all layers with --full"}
	case errors.As(err, &alien) && alien.Instead != "":
		return []string{alien.Instead}
	case errors.As(err, &part):
		return []string{"if it is one of several parts, save them as one file; if the weights are to end there, name them: nst weights import FILE --network " + part.Network}
	case errors.As(err, new(*installedError)):
		return []string{"--name installs this one under another name; --overwrite replaces the other"}
	case errors.Is(err, vgg.ErrDamaged), errors.Is(err, nst.ErrBlind):
		return []string{"install the network again: nst weights pull, or nst weights import FILE --overwrite"}
	case errors.As(err, new(*pullError)):
		return []string{"download the weights by other means, then: nst weights import FILE"}
	}
	return nil
}

// maskHints returns advice about masks.
func maskHints(err error) []string {
	unknown := new(pflag.NotExistError)
	switch {
	case errors.As(err, &unknown) && slices.Contains([]string{"content-mask", "style-mask", "protect"}, unknown.GetSpecifiedName()):
		return []string{"a mask fits one picture only: use nst stylize"}
	case errors.Is(err, nst.ErrMaskShape):
		return []string{"draw the mask over the picture itself, so that it has the same shape"}
	case errors.Is(err, nst.ErrMaskEmpty):
		return []string{"white selects, black does not; is the mask inverted?"}
	case errors.Is(err, nst.ErrMaskSmall):
		return []string{"make the white part larger; with nst stylize, a larger --size or a shallower layer in --style-layers helps too"}
	case errors.Is(err, nst.ErrMaskFull):
		return []string{"white is protected: a mask that is all white leaves nothing to paint"}
	}
	return nil
}
