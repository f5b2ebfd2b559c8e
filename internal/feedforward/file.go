package feedforward

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"nst/internal/atomicfile"
	"nst/vgg/safetensors"
)

// What the metadata of a file say it is. Version is that of the metadata and the names of
// the tensors; a program reads all versions up to its own.
const (
	modelFormat      = "nst-feedforward"
	checkpointFormat = "nst-training"
	universalFormat  = "nst-universal"
	version          = 1
)

var (
	// ErrForeign is matched by the error for a file that is something else than what was to
	// be read: a picture, the weights of a VGG network, or a checkpoint instead of a model.
	// The error says what the file seems to be.
	ErrForeign = errors.New("wrong kind of file")
	// ErrNewer is matched by the error for a file that a newer nst made.
	ErrNewer = errors.New("made by a newer nst")
)

// Write writes m to w. Filters are float16 if half, else float32; the bias, scales and
// shifts, a hundredth of the file, are float32 always. The same model gives the same bytes.
// Errors are those of [Model.Check], and of w. It is also an error if a filter's value is too
// large for float16.
func (m *Model) Write(w io.Writer, half bool) error {
	if err := m.write(w, half); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func (m *Model) write(w io.Writer, half bool) error {
	if err := m.check(); err != nil {
		return err
	}
	meta, err := m.metadata(modelFormat)
	if err != nil {
		return err
	}
	return safetensors.Write(w, m.entries(half), meta)
}

// Save writes m to a file, which appears whole or not at all. Errors are those of
// [Model.Write] and of package atomicfile.
func (m *Model) Save(path string, half bool) error {
	if err := atomicfile.Write(path, func(w io.Writer) error { return m.write(w, half) }); err != nil {
		return fmt.Errorf("feedforward: writing model %q: %w", path, err)
	}
	return nil
}

// Read reads a model from a file of the given size in bytes. Beside the model it needs memory
// for the file's header alone. The error matches [ErrForeign] if the file is something else,
// [ErrNewer] if it has to be read by a newer program. Otherwise it says what is wrong with it.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	m, err := readModel(r, size)
	if err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return m, nil
}

// Load is [Read] of the file at path.
func Load(path string) (*Model, error) {
	m, err := load(path, readModel)
	if err != nil {
		return nil, fmt.Errorf("feedforward: reading model %q: %w", path, err)
	}
	return m, nil
}

// load opens a regular file for read. Errors do not name the path.
func load[T any](path string, read func(io.ReaderAt, int64) (T, error)) (T, error) {
	var none T
	info, err := os.Stat(path) // before Open, which would wait for the other end of a pipe
	switch {
	case err != nil:
		return none, withoutPath(err)
	case info.IsDir():
		return none, fmt.Errorf("%w: it is a folder", ErrForeign)
	case !info.Mode().IsRegular():
		return none, fmt.Errorf("%w: it is not a regular file", ErrForeign)
	}
	f, err := os.Open(path)
	if err != nil {
		return none, withoutPath(err)
	}
	defer f.Close()
	return read(f, info.Size())
}

func withoutPath(err error) error {
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func readModel(r io.ReaderAt, size int64) (*Model, error) {
	f, err := open(r, size, modelFormat)
	if err != nil {
		return nil, err
	}
	m, err := parseMetadata(f.Meta)
	if err != nil {
		return nil, err
	}
	if err := m.readParams(f.Tensors, 0); err != nil {
		return nil, err
	}
	return m, nil
}

// entries returns the tensors of a file in order.
func (m *Model) entries(half bool) []safetensors.Entry {
	var all []safetensors.Entry
	for p := range m.tensors(len(m.Styles)) {
		filters := len(p.Shape) == 4
		all = append(all, safetensors.Entry{Name: p.Name, Shape: p.Shape, Values: p.Of(m.Params), Half: half && filters})
	}
	return all
}

// readParams is the inverse of entries. The file also has the vectors of an optimiser, which
// are not read. All shapes are checked first, so that a file does not claim memory for tensors
// that it does not hold.
func (m *Model) readParams(found map[string]safetensors.Tensor, vectors int) error {
	known := make(map[string]bool, len(found))
	for i := range vectors {
		known[vectorName(i)] = true
	}
	for p := range m.tensors(len(m.Styles)) {
		known[p.Name] = true
		if err := checkTensor(found, p.Name, p.Shape); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !known[name] {
			return fmt.Errorf("tensor %.80q does not belong to a network of this architecture, with this number of styles", name)
		}
	}
	m.Params = make([]float32, m.Count(len(m.Styles)))
	for p := range m.tensors(len(m.Styles)) {
		if err := readTensor(found[p.Name], p.Of(m.Params)); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

func checkTensor(found map[string]safetensors.Tensor, name string, want []int) error {
	t, ok := found[name]
	switch {
	case !ok:
		return fmt.Errorf("tensor %s is missing", name)
	case !slices.Equal(t.Shape, want):
		return fmt.Errorf("tensor %s is %s, want %s", name, safetensors.Dims(t.Shape), safetensors.Dims(want))
	case t.DType.Name != "F16" && t.DType.Name != "F32":
		return fmt.Errorf("tensor %s has numbers of type %s, want F16 or F32", name, t.DType.Name)
	}
	return nil
}

func readTensor(t safetensors.Tensor, dst []float32) error {
	if err := t.Read(dst); err != nil {
		return err
	}
	return safetensors.Finite(dst)
}
