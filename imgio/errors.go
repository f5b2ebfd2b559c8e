package imgio

import (
	"errors"
	"strings"

	"nst/internal/atomicfile"
)

// Causes of errors, for errors.Is, beside those of package fs.
var (
	// ErrFormat is matched by every [FormatError].
	ErrFormat = errors.New("unsupported format")
	// ErrCorrupt means that the file has a known format but is damaged, cut short or
	// empty. The error of the decoder is wrapped too.
	ErrCorrupt = errors.New("corrupt or truncated picture")
	// ErrTooSmall means a picture with a side of 0 or 1 pixels.
	ErrTooSmall = errors.New("picture too small")
	// ErrTooLarge means a picture or a file beyond a [Limit]. The header of the file is
	// checked, before memory is allocated.
	ErrTooLarge = errors.New("picture too large")
	// ErrFolder means that a path names a folder where a file is wanted.
	ErrFolder = atomicfile.ErrFolder
	// ErrNoFolder means that the folder to write to does not exist.
	ErrNoFolder = atomicfile.ErrNoFolder
	// ErrSpecial means that a path names a device, a pipe or a socket where a file is wanted.
	ErrSpecial = atomicfile.ErrSpecial
)

// FormatError means that this package does not support the format of a file, or a feature
// that the file uses. It matches [ErrFormat].
type FormatError struct {
	Format    string   // format of the file or extension of its name, such as "HEIC" or ".gif"; "" if unknown
	Supported []string // supported formats or name extensions
	Advice    string   // what to do about it, or ""
	Err       error    // the decoder's reason, or nil
}

// Error names the format and the supported formats.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString(ErrFormat.Error())
	if e.Format != "" {
		b.WriteString(" " + e.Format)
	}
	if e.Err != nil {
		b.WriteString(": " + strings.TrimPrefix(e.Err.Error(), e.Format+": unsupported "))
	}
	if len(e.Supported) > 0 {
		b.WriteString(" (supported: " + strings.Join(e.Supported, ", ") + ")")
	}
	return b.String()
}

// Is reports whether target is [ErrFormat].
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// Unwrap returns the decoder's reason, or nil.
func (e *FormatError) Unwrap() error { return e.Err }
