package atomicfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

var (
	// ErrFolder means that the path names a folder where a file is wanted.
	ErrFolder = errors.New("is a folder")
	// ErrNoFolder means that the folder to write to does not exist.
	ErrNoFolder = errors.New("folder does not exist")
	// ErrSpecial means that the path names a device, a pipe or a socket. The error says
	// which.
	ErrSpecial = errors.New("not a file")
)

// Check reports whether [Write] (or [Create], if not overwrite) would fail for a reason
// that shows already. It removes temporary files that ended processes left in the folder,
// and leaves no other trace. Errors are those of Write and Create.
func Check(path string, overwrite bool) error {
	path = resolve(path)
	if err := checkTarget(path, overwrite); err != nil {
		return err
	}
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	removeStale(f)
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// checkTarget checks the folder of path, and the file at path if there is one. It opens
// nothing but a regular file: to open a pipe could take for ever.
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
	}
	if err := CheckKind(stat); err != nil {
		return err
	}
	if !overwrite {
		return fs.ErrExist
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // a rename would replace a read-only file
	if err != nil {
		return err
	}
	return f.Close()
}

// CheckKind returns an error unless a file is a regular one. It matches [ErrFolder] or
// [ErrSpecial].
func CheckKind(file fs.FileInfo) error {
	switch mode := file.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return ErrFolder
	case mode&fs.ModeNamedPipe != 0:
		return fmt.Errorf("is a pipe, %w", ErrSpecial)
	case mode&fs.ModeSocket != 0:
		return fmt.Errorf("is a socket, %w", ErrSpecial)
	}
	return fmt.Errorf("is a device, %w", ErrSpecial)
}

// mostLinks is how many symbolic links are followed from a path.
const mostLinks = 40

// resolve returns the file that path leads to if it is a symbolic link, whether or not that
// file exists, by the true name of its folder. A circle of links, or a path through a folder
// that does not exist, is returned as it is: every use of it is an error.
func resolve(path string) string {
	to := path
	for range mostLinks {
		// The folder may be a link, and then .. behind it is not what the text says.
		dir, base := filepath.Split(to)
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil || base == "" || base == "." || base == ".." {
			return to
		}
		to = filepath.Join(dir, base)
		next, err := os.Readlink(to)
		if err != nil {
			return to
		}
		if !filepath.IsAbs(next) {
			next = dir + string(filepath.Separator) + next
		}
		to = next
	}
	return path
}
