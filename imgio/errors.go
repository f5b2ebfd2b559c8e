package imgio

import (
	"errors"
	"strings"

	"nst/internal/atomicfile"
)

// What can be wrong with a file beyond the errors of package fs. Every error of
// this package that has one of these causes matches it under errors.Is.
var (
	// ErrFormat is matched by every [FormatError].
	ErrFormat = errors.New("unsupported format")
	// ErrCorrupt means that the file is of a known format but damaged, cut short
	// or empty. The decoder's own error is wrapped beside it.
	ErrCorrupt = errors.New("corrupt or truncated picture")
	// ErrTooSmall means a picture with a side of 0 or 1 pixels.
	ErrTooSmall = errors.New("picture too small")
	// ErrTooLarge means more than [MaxPixels] pixels, told from the file's header
	// before memory is spent on them.
	ErrTooLarge = errors.New("picture too large")
	// ErrFolder means that a path names a folder where a file is wanted.
	ErrFolder = atomicfile.ErrFolder
	// ErrNoFolder means that the folder to write to does not exist.
	ErrNoFolder = atomicfile.ErrNoFolder
)

// FormatError means that a file is not of a format that this package knows, or
// uses a part of one that it does not. It matches [ErrFormat].
type FormatError struct {
	Format    string   // what the file is or its name says, such as "HEIC" or ".gif"; "" if unknown
	Supported []string // formats or name extensions that would have done
	Err       error    // the decoder's reason, or nil
}

// Error says what was found and what would have done.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString(ErrFormat.Error())
	if e.Format != "" {
		b.WriteString(" " + e.Format)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if len(e.Supported) > 0 {
		b.WriteString(" (supported: " + strings.Join(e.Supported, ", ") + ")")
	}
	return b.String()
}

// Is reports whether target is [ErrFormat].
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// Unwrap returns the decoder's reason, if any.
func (e *FormatError) Unwrap() error { return e.Err }
