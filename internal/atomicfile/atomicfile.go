// Package atomicfile writes files that are complete or not there at all. [Write]
// replaces a file, [Create] refuses to, and [Check] reports early whether they would fail.
//
// Errors do not name the package or the path: callers add what the file was for.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

var (
	// ErrFolder means that the path names a folder where a file is wanted.
	ErrFolder = errors.New("is a folder")
	// ErrNoFolder means that the folder to write to does not exist.
	ErrNoFolder = errors.New("folder does not exist")
)

// Write makes the file at path hold what write writes. The bytes go to a temporary
// file in the same folder, which is flushed to disk and renamed. If anything fails,
// path keeps what it held and the temporary file is removed.
//
// A file that exists passes its permissions on to the new one; other files get the
// permissions of [os.Create]. A symbolic link is followed. Errors match [ErrNoFolder]
// or [ErrFolder], or come from write or package os.
func Write(path string, write func(io.Writer) error) error {
	return place(path, true, write)
}

// Create is [Write] for a file that must not exist yet: otherwise the error matches
// fs.ErrExist.
func Create(path string, write func(io.Writer) error) error {
	return place(path, false, write)
}

// Check reports whether [Write] (or [Create], if not overwrite) would fail for a reason
// that shows already. It leaves no trace. Errors are those of Write and Create.
func Check(path string, overwrite bool) error {
	if err := checkTarget(path, overwrite); err != nil {
		return err
	}
	f, err := createTemp(resolve(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// checkTarget checks the folder of path, and the file at path if there is one.
func checkTarget(path string, overwrite bool) error {
	dir := filepath.Dir(path)
	if stat, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !stat.IsDir() {
		return fmt.Errorf("%w: %q", ErrNoFolder, dir)
	}
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case stat.IsDir():
		return ErrFolder
	case !overwrite:
		return fs.ErrExist
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // a rename would replace a read-only file
	if err != nil {
		return err
	}
	return f.Close()
}

// place writes a temporary file and moves it to path.
func place(path string, overwrite bool, write func(io.Writer) error) (err error) {
	if err := checkTarget(path, overwrite); err != nil {
		return err
	}
	path = resolve(path)
	f, err := createTemp(path)
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
	if overwrite {
		return os.Rename(f.Name(), path)
	}
	return link(f.Name(), path)
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

// resolve returns the file that path leads to if it is a symbolic link.
func resolve(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// createTemp creates a file beside path. Its permissions are those of [os.Create];
// [os.CreateTemp] has others.
func createTemp(path string) (*os.File, error) {
	for tries := 0; ; tries++ {
		name := fmt.Sprintf(".nst-%016x.tmp", rand.Uint64())
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || tries == 100 {
			return f, err
		}
	}
}
