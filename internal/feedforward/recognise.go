package feedforward

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/safetensors"
)

// open opens a file that must be of the given format, in a version that is known.
func open(r io.ReaderAt, size int64, format string) (*safetensors.File, error) {
	if err := checkStart(r); err != nil {
		return nil, err
	}
	f, err := safetensors.Open(r, size)
	if err != nil {
		return nil, err
	}
	if f.Meta["format"] != format {
		return nil, fmt.Errorf("%w: it seems to be %s", ErrForeign, seems(f))
	}
	v, err := strconv.Atoi(f.Meta["version"])
	switch {
	case err != nil || v < 1:
		return nil, fmt.Errorf("metadata: version is %.20q, want a number from 1", f.Meta["version"])
	case v > version:
		return nil, fmt.Errorf("%w: the file has version %d, this program reads versions up to %d: update nst", ErrNewer, v, version)
	}
	return f, nil
}

// checkStart returns an error if a file does not begin as a safetensors file does: with the
// length of the header, then the header's opening brace.
func checkStart(r io.ReaderAt) error {
	var start [16]byte
	n, err := r.ReadAt(start[:], 0)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return errors.New("file is empty")
	case err != nil && !errors.Is(err, io.EOF):
		return withoutPath(err)
	case n > 8 && start[8] == '{':
		return nil
	}
	for _, known := range []struct {
		at    int
		magic string
		kind  string
	}{
		{0, "\xff\xd8\xff", "a JPEG picture"},
		{0, "\x89PNG", "a PNG picture"},
		{0, "GIF8", "a GIF picture"},
		{0, "BM", "a BMP picture"},
		{0, "II*\x00", "a TIFF picture"},
		{0, "MM\x00*", "a TIFF picture"},
		{0, "\x89HDF", "a file of Keras (HDF5)"},
		{0, "PK\x03\x04", "a file of PyTorch, or another zip file"},
		{0, "\x80\x02", "a file of PyTorch"},
		{0, "{", "a text in JSON"},
		{8, "WEBP", "a WebP picture"},
		{4, "ftyp", "a picture or a film"}, // HEIC, AVIF, MP4
	} {
		if strings.HasPrefix(string(start[min(known.at, n):n]), known.magic) {
			return fmt.Errorf("%w: it seems to be %s", ErrForeign, known.kind)
		}
	}
	return fmt.Errorf("%w: it is not in safetensors format", ErrForeign)
}

// seems says what a safetensors file is that has not the format that was asked for.
func seems(f *safetensors.File) string {
	format := f.Meta["format"]
	switch format {
	case modelFormat:
		return "a model, not a checkpoint: the training is over"
	case universalFormat:
		return "a network for any painting, not one that was taught styles"
	case checkpointFormat:
		return "a checkpoint of a training, not a model"
	}
	// The first convolution of a VGG network, by the names of several programs.
	for _, name := range []string{"conv1_1.weight", "features.0.weight", "0.weight", "block1_conv1.weight"} {
		if _, ok := f.Tensors[name]; ok {
			return "the weights of a VGG network"
		}
	}
	if strings.HasPrefix(format, "nst-") {
		return fmt.Sprintf("a file of nst of another kind (%.40q)", format)
	}
	names := slices.Sorted(maps.Keys(f.Tensors))
	if len(names) == 0 {
		return "a safetensors file without tensors"
	}
	return fmt.Sprintf("the safetensors file of another program (%d tensors, such as %.80q)", len(names), names[0])
}
