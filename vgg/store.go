package vgg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"nst/internal/atomicfile"
	"nst/vgg/safetensors"
)

// Home returns the folder for nst's data: $NST_HOME if that is set, else nst in the
// system's folder for user data: $XDG_DATA_HOME or ~/.local/share on Linux,
// ~/Library/Application Support on macOS, %LocalAppData% on Windows. The folder need not
// exist. getenv is usually [os.Getenv]. The error matches [ErrNoHome] if the variables are
// not set.
func Home(getenv func(string) string) (string, error) { return home(runtime.GOOS, getenv) }

func home(system string, getenv func(string) string) (string, error) {
	if dir := getenv("NST_HOME"); dir != "" {
		return dir, nil
	}
	base, rest := "HOME", filepath.Join(".local", "share")
	switch system {
	case "windows":
		base, rest = "LocalAppData", ""
	case "darwin", "ios":
		rest = filepath.Join("Library", "Application Support")
	default:
		// The specification has relative paths ignored.
		if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, "nst"), nil
		}
	}
	dir := getenv(base)
	if dir == "" {
		return "", fmt.Errorf("%w: neither NST_HOME nor %s is set", ErrNoHome, base)
	}
	return filepath.Join(dir, rest, "nst"), nil
}

// ErrNoHome means that the environment does not say where [Home] is.
var ErrNoHome = errors.New("vgg: no folder for data")

// Store is a folder of weights: native files Dir/weights/NAME.safetensors.
type Store struct {
	Dir string // usually Home
}

// ErrNoWeights is matched by every [NotFoundError].
var ErrNoWeights = errors.New("vgg: no weights")

// NotFoundError means that there are no weights with a name.
type NotFoundError struct {
	Name, Path string // what was asked for, and the file that does not exist
}

// Error names the weights, and the file that does not exist.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("vgg: no weights %q: %q does not exist", e.Name, e.Path)
}

// Is reports whether target is [ErrNoWeights].
func (e *NotFoundError) Is(target error) bool { return target == ErrNoWeights }

const extension = ".safetensors"

// Path returns the file for the weights with a name. The file need not exist.
func (s Store) Path(name string) string { return filepath.Join(s.weights(), name+extension) }

func (s Store) weights() string { return filepath.Join(s.Dir, "weights") }

// Entry describes one file of a store.
type Entry struct {
	Name string // for Load
	Path string
	Size int64    // bytes
	Info *Weights // without filters; nil if Err is set
	Last string   // the deepest convolution in the file
	Half bool     // weights are float16
	Err  error    // why the file cannot be used; nil if it can
}

// List returns what the store holds, sorted by name. It reads only headers. A store that
// does not exist is empty.
func (s Store) List() ([]Entry, error) {
	files, err := os.ReadDir(s.weights())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("vgg: listing weights: %w", err)
	}
	var out []Entry
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), extension)
		if !ok || f.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		e := Entry{Name: name, Path: s.Path(name)}
		if err := e.open(); err != nil {
			e.Info, e.Err = nil, fmt.Errorf("vgg: %q: %w", e.Path, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// open fills in e from the header of its file.
func (e *Entry) open() error {
	f, err := os.Open(e.Path)
	if err != nil {
		return withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return withoutPath(err)
	}
	return e.describe(f, info.Size())
}

// describe fills in e from the header of a file of the given size in bytes.
func (e *Entry) describe(r io.ReaderAt, size int64) error {
	e.Size = size
	f, err := safetensors.Open(r, size)
	if err != nil {
		return err
	}
	if e.Info, err = parseMetadata(f.Meta); err != nil {
		return err
	}
	for _, l := range e.Info.Network.Convs() {
		if t, ok := f.Tensors[l.Name+".weight"]; ok {
			e.Last, e.Half = l.Name, t.DType.Size == 2
		}
	}
	return nil
}

// Load returns the weights with a name. [EmbeddedName] is always the weights that come with
// the program. A name with a path separator is a file. Any other name is looked up in the
// store and then, if the store has no such weights, as a file. A file need not be native:
// [Import] reads it. If nothing is found, the error is a [NotFoundError].
func (s Store) Load(name string) (*Weights, error) {
	if name == EmbeddedName {
		return Embedded()
	}
	path := s.File(name)
	ws, err := Import(context.Background(), path, ImportOptions{})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{name, path}
	}
	return ws, err
}

// File returns the file that [Store.Load] reads for a name. It need not exist. For
// [EmbeddedName], which has no file, it is empty.
func (s Store) File(name string) string {
	if name == EmbeddedName {
		return ""
	}
	if strings.ContainsAny(name, `/`+string(filepath.Separator)) {
		return name
	}
	path := s.Path(name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			return name
		}
	}
	return path
}

// Save writes ws to the store and returns the file. An empty name means the name of the
// network. Weights with that name are replaced, or kept if Save fails. half rounds weights
// to float16: the file has half the size, and losses of layers of VGG-19 change by up to 1.3e-3.
func (s Store) Save(name string, ws *Weights, half bool) (path string, err error) {
	if name == "" {
		name = ws.Network.Name
	}
	if name == EmbeddedName {
		return "", fmt.Errorf("vgg: weights cannot be named %q: that name belongs to those that come with the program", name)
	}
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if strings.ContainsAny(name, `/\:*?"<>|`) || strings.HasPrefix(name, ".") || strings.ContainsFunc(name, unprintable) {
		return "", fmt.Errorf("vgg: weights cannot be named %q", name)
	}
	if err := os.MkdirAll(s.weights(), 0o755); err != nil {
		return "", fmt.Errorf("vgg: saving weights: %w", err)
	}
	path = s.Path(name)
	err = atomicfile.Write(path, func(w io.Writer) error { return Write(w, ws, half) })
	if err != nil {
		return "", fmt.Errorf("vgg: saving %q: %w", path, err)
	}
	return path, nil
}
