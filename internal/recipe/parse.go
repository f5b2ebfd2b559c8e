package recipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of what a recipe may hold, far above what a command line has.
const (
	maxEntries = 1000     // files, or settings
	maxText    = 64 << 10 // bytes of a text
)

// ErrCorrupt is matched by the errors of a recipe that is damaged, or that no program wrote.
var ErrCorrupt = errors.New("recipe: damaged")

// errTooLong means that a recipe has more than MaxBytes.
var errTooLong = fmt.Errorf("%w: longer than %d bytes", ErrCorrupt, MaxBytes)

// VersionError means that a recipe has a version that this program does not know.
type VersionError struct{ Version int }

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("recipe: has version %d, this program knows version %d", e.Version, Version)
}

// Parse reads what [Recipe.Marshal] has written. Fields that it does not know are ignored.
// Errors are a [VersionError] or match [ErrCorrupt]: nothing in a recipe that Parse returns
// names a folder, and texts are no longer than what a command line holds.
func Parse(data []byte) (*Recipe, error) {
	if len(data) > MaxBytes {
		return nil, errTooLong
	}
	var head struct {
		Version *int `json:"recipe"`
	}
	if err := decode(data, &head); err != nil {
		return nil, err
	}
	switch {
	case head.Version == nil:
		return nil, fmt.Errorf("%w: no version", ErrCorrupt)
	case *head.Version != Version:
		return nil, &VersionError{*head.Version}
	}
	r := new(Recipe)
	if err := decode(data, r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return r, nil
}

// decode reads one JSON value and nothing after it.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: text after the recipe", ErrCorrupt)
	}
	return nil
}

// check returns an error unless the recipe is one that a program can have written.
func (r *Recipe) check() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, a...)...)
	}
	if r.Version != Version {
		return &VersionError{r.Version}
	}
	if !isName(r.Command) {
		return bad("command %.40q", r.Command)
	}
	for _, text := range []string{r.About, r.SourceType, r.Program, r.Engine.Device, r.Engine.Precision, r.Engine.Kernels, r.Engine.Platform, r.Stopped} {
		if len(text) > maxText {
			return bad("a text of %d bytes", len(text))
		}
	}
	for _, settings := range []map[string]string{r.Settings, r.Short, r.Output} {
		if len(settings) > maxEntries {
			return bad("%d settings", len(settings))
		}
		for name, value := range settings {
			if !isName(name) || len(value) > maxText || strings.Contains(value, "\x00") {
				return bad("setting %.40q", name)
			}
		}
	}
	for _, name := range r.Changed {
		if _, ok := r.Settings[name]; !ok {
			return bad("setting %.40q has no value", name)
		}
	}
	if len(r.Inputs) > maxEntries || len(r.Weights) > maxEntries {
		return bad("%d inputs and %d weights", len(r.Inputs), len(r.Weights))
	}
	for _, in := range r.Inputs {
		if !isName(string(in.Role)) || !in.File.valid() {
			return bad("input %.40q", in.Name)
		}
	}
	for _, w := range r.Weights {
		if !w.valid() || w.SHA256 == "" {
			return bad("weights %.40q", w.Name)
		}
	}
	return nil
}

// isName reports whether s is the name of a command, a flag or a role.
func isName(s string) bool {
	if len(s) < 1 || len(s) > 64 || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' })
}

// valid reports whether the file has a name without a folder, on any system, and a checksum
// that can be one.
func (f *File) valid() bool {
	const hex = "0123456789abcdef"
	digits := len(f.SHA256) == 64 && strings.Trim(f.SHA256, hex) == ""
	named := len(f.Name) <= maxText && f.Name != "." && f.Name != ".." && !strings.ContainsAny(f.Name, "/\\\x00")
	return named && f.Bytes >= 0 && (digits || f.SHA256 == "")
}
