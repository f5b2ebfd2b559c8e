package imgio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Save writes p to the file at path in the format that [FormatOf] gives. The
// picture goes to a temporary file in the same folder first, which is flushed
// to disk and then renamed: path holds either the whole picture or what it held
// before, and on failure nothing else is left behind. A file that is there
// already is replaced and lends the new one its permissions; others get those
// of os.Create. A symbolic link is followed.
//
// Errors match [ErrFormat], [ErrNoFolder] or [ErrFolder], or are those of the
// options and of package os.
func Save(path string, p *Planar, opts ...Option) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	e, err := encodingFor(format, opts)
	if err == nil {
		err = checkTarget(path, true)
	}
	if err == nil {
		err = replaceFile(path, func(w io.Writer) error { return e.write(w, p, format) })
	}
	if err != nil {
		return fmt.Errorf("imgio: saving %q: %w", path, err)
	}
	return nil
}

// CheckWritable tells, before the work that leads to a picture, whether [Save]
// to path with the same options is going to fail for a reason that shows
// already. It leaves no trace. Errors match [ErrFormat] (name extension),
// [ErrNoFolder], [ErrFolder] (path is one), fs.ErrExist (there is such a file
// and overwrite is false) or fs.ErrPermission, or are those of the options.
func CheckWritable(path string, overwrite bool, opts ...Option) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	if _, err = encodingFor(format, opts); err != nil {
		return fmt.Errorf("imgio: cannot write %q: %w", path, err)
	}
	return CheckFile(path, overwrite)
}

// checkTarget looks at what is at path now.
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
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // a rename would not mind a file that is read-only
	if err != nil {
		return err
	}
	return f.Close()
}

// tryFolder reports whether a file can be made in dir.
func tryFolder(dir string) error {
	f, err := createTemp(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// resolve returns the file that path leads to if it is a symbolic link.
func resolve(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// replaceFile makes the file at path hold what write writes, or leaves it alone.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	path = resolve(path)
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // twice does no harm
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if old, statErr := os.Stat(path); statErr == nil {
		if err = f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// createTemp makes a new file in dir with the permissions of os.Create, which
// those of os.CreateTemp are not.
func createTemp(dir string) (*os.File, error) {
	for tries := 0; ; tries++ {
		name := filepath.Join(dir, fmt.Sprintf(".imgio-%016x.tmp", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || tries == 100 {
			return f, err
		}
	}
}

// SameFile tells whether a and b are one file, be it by different names or
// through links. A path that leads to no file is the same as none.
func SameFile(a, b string) bool {
	sa, errA := os.Stat(a)
	sb, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(sa, sb)
}
