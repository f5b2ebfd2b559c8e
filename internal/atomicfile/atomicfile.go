// Package atomicfile writes files that are complete or not there at all. [Write]
// replaces a file, [Create] refuses to, and [Check] reports early whether they would fail.
//
// Errors do not name the package or the path: callers add what the file was for.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes the file at path hold what write writes. The bytes go to a temporary
// file in the same folder, which is flushed to disk and renamed; then the folder is
// flushed. If anything fails, path keeps what it held and the temporary file is removed.
//
// A file that exists passes its permissions on to the new one; other files get the
// permissions of [os.Create]. A symbolic link is followed, also one that leads to no file
// yet. Errors match [ErrNoFolder], [ErrFolder] or [ErrSpecial], or come from write or
// package os.
func Write(path string, write func(io.Writer) error) error {
	return place(path, true, write)
}

// Create is [Write] for a file that must not exist yet: otherwise the error matches
// fs.ErrExist, and the file keeps what it held, also if it appeared after the call.
func Create(path string, write func(io.Writer) error) error {
	return place(path, false, write)
}

// place writes a temporary file and moves it to path.
func place(path string, overwrite bool, write func(io.Writer) error) (err error) {
	path = resolve(path)
	if err := checkTarget(path, overwrite); err != nil {
		return err
	}
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // closing twice does no harm
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if old, statErr := os.Stat(path); statErr == nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// The path may have become something else in the meantime.
	if err := checkTarget(path, overwrite); err != nil {
		return err
	}
	move := link
	if overwrite {
		move = os.Rename
	}
	if err := move(f.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// link moves a file to a path that must be free. A hard link fails if something
// took the path in the meantime; a rename would replace it. File systems without
// hard links get the rename, after one more look.
func link(temp, path string) error {
	err := os.Link(temp, path)
	switch {
	case err == nil:
		return os.Remove(temp)
	case errors.Is(err, fs.ErrExist):
		return fs.ErrExist
	}
	if err := checkTarget(path, false); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// syncFolder flushes the entries of a folder to disk, so that a new name outlives a loss of
// power. Some systems cannot do that. The file is complete in any case, so there is no error.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}
