package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/internal/atomicfile"
)

// ledger lists the files of a run, so that none is written that the run reads or writes for
// another purpose. Files are compared by what they are, not by their names.
type ledger struct {
	ids    atomicfile.Identities
	reads  map[int]bool
	writes []written
}

// written is a file that a run writes.
type written struct {
	what, path string
	mode       writeMode
	id         int
}

// writeMode says what a run does with a file that exists.
type writeMode int

const (
	refuses  writeMode = iota // does not begin
	replaces                  // replaces it
	extends                   // appends to it
	skips                     // decides later, for each file
)

// replacing returns replaces for true, and refuses for false.
func replacing(overwrite bool) writeMode {
	if overwrite {
		return replaces
	}
	return refuses
}

// read adds files that are read. Empty names are none.
func (l *ledger) read(paths ...string) {
	if l.reads == nil {
		l.reads = map[int]bool{}
	}
	for _, path := range paths {
		if path != "" {
			l.reads[l.ids.ID(path)] = true
		}
	}
}

// write adds a file that is written. what is its name in messages. An empty path is none.
func (l *ledger) write(what, path string, mode writeMode) {
	if path != "" {
		l.writes = append(l.writes, written{what, path, mode, l.ids.ID(path)})
	}
}

// errIsInput means that an output would replace an input.
var errIsInput = errors.New("is one of the inputs")

// twiceError means that a file is written for two purposes.
type twiceError struct{ other string }

// Error names the other purpose.
func (e *twiceError) Error() string { return "is also the " + e.other + " of this run" }

// check returns an error for each purpose that has a file which cannot be written.
func (l *ledger) check() error {
	var errs []error
	taken, failed := map[int]string{}, map[string]bool{}
	for _, w := range l.writes {
		other, twice := taken[w.id]
		var err error
		switch {
		case l.reads[w.id]:
			err = errIsInput
		case twice:
			err = &twiceError{other}
		default:
			err = w.check()
		}
		if err != nil && !failed[w.what] {
			failed[w.what] = true
			errs = append(errs, &fileError{w.what, w.path, err})
		}
		taken[w.id] = w.what
	}
	return errors.Join(errs...)
}

// check returns an error unless the file can be written.
func (w *written) check() error {
	if w.mode == refuses || w.mode == replaces {
		return atomicfile.Check(w.path, w.mode == replaces)
	}
	if stat, err := os.Stat(w.path); err == nil {
		return atomicfile.CheckKind(stat)
	}
	return nil
}

// numbered adds the pictures of --save-every, out-0050.png: those that exist already, and those
// whose name another file of the run has.
func (l *ledger) numbered(output string, every int, mode writeMode, others ...string) {
	ext := filepath.Ext(output)
	dir, stem := filepath.Dir(output), strings.TrimSuffix(filepath.Base(output), ext)
	names := map[string]bool{}
	add := func(name string) {
		if n, ok := numberOf(name, stem, ext); ok && n%every == 0 {
			names[numbered(output, n)] = true
		}
	}
	entries, _ := os.ReadDir(dir) // a folder that cannot be read is an error of the output
	for _, e := range entries {
		add(e.Name())
	}
	for _, path := range others {
		add(filepath.Base(path))
	}
	for _, w := range l.writes {
		add(filepath.Base(w.path))
	}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		l.write("picture of --save-every", path, mode)
	}
}

// numberOf returns the number in stem-0050.png, in any case.
func numberOf(name, stem, ext string) (n int, ok bool) {
	digits := len(name) - len(stem) - 1 - len(ext)
	if digits < 4 || !strings.EqualFold(name[:len(stem)], stem) || !strings.EqualFold(name[len(name)-len(ext):], ext) || name[len(stem)] != '-' {
		return 0, false
	}
	for _, c := range name[len(stem)+1 : len(stem)+1+digits] {
		if c < '0' || c > '9' || n > 1e9 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n > 0
}

// checkOutput returns an error unless a run that reads inputs may write a file.
func checkOutput(path string, overwrite bool, inputs []string) error {
	var l ledger
	l.read(inputs...)
	l.write("output", path, replacing(overwrite))
	return l.check()
}

// extending returns replaces for true, and extends for false: the log of a command that goes on
// where it was interrupted goes on too.
func extending(overwrite bool) writeMode {
	if overwrite {
		return replaces
	}
	return extends
}

// open opens a file that is written piece by piece.
func (m writeMode) open(path string) (*os.File, error) {
	how := map[writeMode]int{refuses: os.O_EXCL, replaces: os.O_TRUNC, extends: os.O_APPEND}[m]
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o666)
}

// exists reports whether there is anything at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
