package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"nst/imgio"
	"nst/internal/atomicfile"
)

// save writes a picture that is made of others in the format and quality that the flags give,
// and returns its file. Unless overwrite, it replaces nothing: if a file took the name during
// the run, the picture gets another.
func (s *settings) save(t *console, path string, overwrite bool, p *imgio.Planar) (string, error) {
	return t.place("output", path, func(path string) error { return s.saveOnly(path, overwrite, p) })
}

// saveOnly writes a picture that is made of others in the format and quality that the flags
// give. Unless overwrite, the file must not exist yet.
func (s *settings) saveOnly(path string, overwrite bool, p *imgio.Planar) error {
	var e imgio.Encoding
	if format, err := imgio.FormatOf(path); err == nil && format == "jpeg" {
		e.Quality = s.quality
	}
	return saveAs(path, overwrite, p, e)
}

// saveAs writes a picture. Unless overwrite, the file must not exist yet.
func saveAs(path string, overwrite bool, p *imgio.Planar, e imgio.Encoding) error {
	if overwrite {
		return imgio.Save(path, p, e)
	}
	return imgio.SaveNew(path, p, e)
}

// saveArtwork is save for a picture that was painted. The file may be standard output.
func (s *settings) saveArtwork(t *console, path string, overwrite bool, a *artwork) (string, error) {
	if path == standard {
		return path, s.send(t, a)
	}
	return t.place("output", path, func(path string) error { return s.saveArtworkOnly(path, overwrite, a) })
}

// saveArtworkOnly is saveOnly for a picture that was painted.
func (s *settings) saveArtworkOnly(path string, overwrite bool, a *artwork) error {
	format, err := imgio.FormatOf(path)
	if err != nil {
		return err
	}
	return saveAs(path, overwrite, a.picture, s.encoding(a, format))
}

// send writes a picture to standard output. Nothing is written of one that cannot be encoded.
func (s *settings) send(t *console, a *artwork) error {
	format, err := s.formatOf(standard)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err = imgio.Encode(&b, a.picture, format, s.encoding(a, format)); err == nil {
		_, err = io.Copy(t.e.Stdout, &b)
	}
	if err != nil {
		return &fileError{"output", standard, err}
	}
	return nil
}

// write is save for a file that is no picture.
func (t *console) write(what, path string, overwrite bool, write func(io.Writer) error) (string, error) {
	return t.place(what, path, func(path string) error {
		if overwrite {
			return atomicfile.Write(path, write)
		}
		return atomicfile.Create(path, write)
	})
}

// place calls write with a path, and with other names as long as it finds a file there that
// must not be replaced. It returns the name of the file that was written.
func (t *console) place(what, path string, write func(path string) error) (string, error) {
	at, err := atomicfile.Beside(path, write)
	if err != nil {
		return at, &fileError{what, at, err}
	}
	t.moved(what, path, at)
	return at, nil
}

// moved prints that a file is not at its path but elsewhere, if that is so.
func (t *console) moved(what, path, at string) {
	if at != path {
		t.say("%s appeared during the run and is kept; the new %s is %s", path, what, at)
	}
}

// makeDir creates a folder for pictures and checks that it can be written to.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return &fileError{"output folder", dir, err}
	}
	if err := atomicfile.Check(filepath.Join(dir, ".nst"), true); err != nil {
		return &fileError{"output folder", dir, err}
	}
	return nil
}
