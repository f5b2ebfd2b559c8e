package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"nst/imgio"
	"nst/internal/atomicfile"
)

// save writes a picture that is made of others in the format and quality that the flags give,
// and returns its file. Unless overwrite, it replaces nothing: if a file took the name during
// the run, the picture gets another.
func (s *settings) save(t *console, path string, overwrite bool, p *imgio.Planar) (string, error) {
	var e imgio.Encoding
	if format, err := imgio.FormatOf(path); err == nil && format == "jpeg" {
		e.Quality = s.quality
	}
	return t.saveAs(path, overwrite, p, e)
}

// saveArtwork is save for a picture that was painted. The file may be standard output.
func (s *settings) saveArtwork(t *console, path string, overwrite bool, a *artwork) (string, error) {
	if path == standard {
		return path, s.send(t, a)
	}
	e, err := s.encodingFor(a, path)
	if err != nil {
		return path, err
	}
	return t.saveAs(path, overwrite, a.picture, e)
}

// saveAs writes a picture in an encoding, and returns its file.
func (t *console) saveAs(path string, overwrite bool, p *imgio.Planar, e imgio.Encoding) (string, error) {
	return t.place("output", path, func(path string) error {
		return t.unlessSame(path, savePicture(path, overwrite, p, e), func(w io.Writer) error {
			format, err := imgio.FormatOf(path)
			if err != nil {
				return err
			}
			return imgio.Encode(w, p, format, e)
		})
	})
}

// savePicture writes a picture. Unless overwrite, the file must not exist yet.
func savePicture(path string, overwrite bool, p *imgio.Planar, e imgio.Encoding) error {
	if overwrite {
		return imgio.Save(path, p, e)
	}
	return imgio.SaveNew(path, p, e)
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

// elsewhereError means that a picture could not be saved at its place, but was at another.
type elsewhereError struct {
	at  string
	err error
}

// Error says why, and where the picture is.
func (e *elsewhereError) Error() string {
	return fmt.Sprintf("%s; the picture is %q instead", cause(e.err), e.at)
}

// Unwrap returns why the picture could not be saved at its place.
func (e *elsewhereError) Unwrap() error { return e.err }

// saveSomewhere is saveArtwork for a picture that must not be lost. If it cannot be saved at its
// place, because the disk is full or the folder is gone, it is saved under a free name in the
// folder for temporary files or in the current one. That is an [elsewhereError] all the same.
func (s *settings) saveSomewhere(t *console, path string, overwrite bool, a *artwork) (string, error) {
	at, err := s.saveArtwork(t, path, overwrite, a)
	if err == nil {
		return at, nil
	}
	name := path
	if path == standard {
		name = "standard-output." + s.storage.format
	}
	e, failed := s.encodingFor(a, name)
	if failed != nil {
		return at, err
	}
	return at, rescue("output", path, name, err, func(path string) error { return savePicture(path, false, a.picture, e) })
}

// rescue saves a picture that could not be saved at its path, because of err, under a free name
// like another in the folder for temporary files or in the current one. It returns an error
// that says so, an [elsewhereError]; if that fails too, err.
func rescue(what, path, name string, err error, save func(path string) error) error {
	for _, dir := range []string{os.TempDir(), "."} {
		if at, failed := atomicfile.Beside(filepath.Join(dir, filepath.Base(name)), save); failed == nil {
			return &fileError{what, path, &elsewhereError{at, err}}
		}
	}
	return err
}

// write is save for a file that is no picture.
func (t *console) write(what, path string, overwrite bool, write func(io.Writer) error) (string, error) {
	return t.place(what, path, func(path string) error {
		if overwrite {
			return atomicfile.Write(path, write)
		}
		return t.unlessSame(path, atomicfile.Create(path, write), write)
	})
}

// unlessSame returns nil in place of an error that the file at path exists already, if a run
// goes on, and the file holds what write writes: it was written before the run was killed.
func (t *console) unlessSame(path string, err error, write func(io.Writer) error) error {
	if !t.resumes || !errors.Is(err, fs.ErrExist) {
		return err
	}
	var b bytes.Buffer
	data, failed := os.ReadFile(path)
	if failed == nil {
		failed = write(&b)
	}
	if failed == nil && bytes.Equal(data, b.Bytes()) {
		return nil
	}
	return err
}

// place calls write with a path, and with other names as long as it finds a file there that
// must not be replaced. It returns the name of the file that was written.
func (t *console) place(what, path string, write func(path string) error) (string, error) {
	at, err := atomicfile.Beside(path, write)
	if err != nil {
		return at, &fileError{what, at, err}
	}
	t.moved(what, path, at)
	t.placed.add(at)
	return at, nil
}

// placed lists the files that were written. Several pictures may be painted at a time.
type placed struct {
	mu    sync.Mutex
	paths []string
}

// add adds a file. It does nothing for nil.
func (p *placed) add(path string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths = append(p.paths, path)
}

// since returns the files after the first n.
func (p *placed) since(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.paths[n:])
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
