package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// file is a file of an archive.
type file struct {
	name    string // with slashes
	data    []byte
	program bool
}

func (f *file) mode() fs.FileMode {
	if f.program {
		return 0o755
	}
	return 0o644
}

// collect reads files and folders, which are named by what they are called in an archive.
func collect(sources map[string]string) ([]file, error) {
	var files []file
	for name, source := range sources {
		err := filepath.WalkDir(source, func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			below, err := filepath.Rel(source, at)
			files = append(files, file{name: path.Join(name, filepath.ToSlash(below)), data: data})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// sorted returns files by name: archives are the same whatever the order was.
func sorted(files []file) []file {
	return slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
}

// tarred returns a compressed tar of the files below a folder, all of one date, of no user.
func tarred(folder string, files []file, date time.Time) ([]byte, error) {
	var b bytes.Buffer
	squeezed, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(squeezed)
	for _, f := range sorted(files) {
		h := &tar.Header{Name: path.Join(folder, f.name), Mode: int64(f.mode()), Size: int64(len(f.data)), ModTime: date, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := squeezed.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// zipped returns a zip of the files below a folder, all of one date.
func zipped(folder string, files []file, date time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range sorted(files) {
		h := &zip.FileHeader{Name: path.Join(folder, f.name), Method: zip.Deflate, Modified: date}
		h.SetMode(f.mode())
		to, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(to, bytes.NewReader(f.data)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
