package main

import (
	"bytes"
	"context"
	"io"
	"os"

	"nst/imgio"
)

// fetch reads the bytes of a content that can be read only once, standard input or a pipe, so
// that its header can be looked at before there are pixels. It does nothing for other files.
func (t *console) fetch(ctx context.Context, path string) error {
	if !isOnce(path) || t.fetched[path] != nil {
		return nil
	}
	data, err := await(ctx, func() ([]byte, error) {
		var in io.Reader = t.e.Stdin
		if path != standard {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			in = f
		}
		return imgio.ReadOnce(in, t.shrinking(1)...) // the size is looked at again later
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &fileError{"content image", path, err}
	}
	if t.fetched == nil {
		t.fetched = map[string][]byte{}
	}
	t.fetched[path] = data
	return nil
}

// isOnce reports whether a file can be read only once.
func isOnce(path string) bool {
	if path == standard {
		return true
	}
	stat, err := os.Stat(path)
	return err == nil && !stat.Mode().IsRegular() && !stat.IsDir()
}

// stat reads the header of a picture that is wanted at a size, as in [reading].
func (t *console) stat(path string, size int) (imgio.Header, error) {
	if data := t.fetched[path]; data != nil {
		return imgio.StatReader(bytes.NewReader(data), int64(len(data)), t.shrinking(size)...)
	}
	return imgio.Stat(path, t.shrinking(size)...)
}
