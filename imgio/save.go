package imgio

import (
	"fmt"
	"io"
	"os"

	"nst/internal/atomicfile"
)

// Save writes p to the file at path in the format that [FormatOf] gives. The file is
// complete or not there at all: the picture goes to a temporary file in the same folder,
// which is flushed to disk and renamed. If Save fails, path keeps what it held. A file
// that exists is replaced and passes on its permissions. A symbolic link is followed.
//
// Errors match [ErrFormat], [ErrNoFolder], [ErrFolder] or [ErrSpecial], or come from the
// encoding or package os.
func Save(path string, p *Planar, e Encoding) error {
	return save(path, p, atomicfile.Write, e)
}

// SaveNew is [Save] for a file that must not exist yet: otherwise the error matches
// fs.ErrExist, and the file keeps what it held, also if it appeared after the call.
func SaveNew(path string, p *Planar, e Encoding) error {
	return save(path, p, atomicfile.Create, e)
}

func save(path string, p *Planar, place func(string, func(io.Writer) error) error, e Encoding) error {
	f, err := e.checkFor(path)
	if f == nil {
		return err
	}
	if err == nil {
		err = place(path, func(w io.Writer) error { return e.write(w, p, f) })
	}
	if err != nil {
		return fmt.Errorf("imgio: saving %q: %w", path, err)
	}
	return nil
}

// checkFor returns the format of a file, and an error if the encoding does not suit it. It
// returns nil if there is no such format.
func (e *Encoding) checkFor(path string) (*format, error) {
	name, err := FormatOf(path)
	if err != nil {
		return nil, err
	}
	f, err := formatNamed(name)
	if err != nil {
		return nil, err
	}
	return f, e.check(f)
}

// CheckWritable reports whether [Save] (or [SaveNew], if not overwrite) to path with the same
// encoding would fail for a reason that shows already, so that a long run need not end in
// vain. It removes temporary files that ended processes left in the folder, and leaves no
// other trace.
//
// Errors match [ErrFormat] (name extension), [ErrNoFolder], [ErrFolder] (path is one),
// [ErrSpecial] (path is a device, a pipe or a socket), fs.ErrExist (the file exists and
// overwrite is false) or fs.ErrPermission, or come from the encoding.
func CheckWritable(path string, overwrite bool, e Encoding) error {
	f, err := e.checkFor(path)
	if f == nil {
		return err
	}
	if err == nil {
		err = atomicfile.Check(path, overwrite)
	}
	if err != nil {
		return fmt.Errorf("imgio: cannot write %q: %w", path, err)
	}
	return nil
}

// SameFile reports whether a and b are one file, by different names or through links.
// It is false if either does not exist.
func SameFile(a, b string) bool {
	sa, errA := os.Stat(a)
	sb, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(sa, sb)
}
