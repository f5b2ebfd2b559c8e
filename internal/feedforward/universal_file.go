package feedforward

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"nst/internal/atomicfile"
	"nst/vgg/safetensors"
)

// maxHidden bounds the width of a predictor's hidden layers, as the other bounds do.
const maxHidden = 1024

// Write writes u to w. Filters and the weights of the predictor are float16 if half, else
// float32; all else, a hundredth of the file, is float32 always. The same network gives the
// same bytes. It is an error if u cannot be read again, if w fails, or if a value is too large
// for float16.
func (u *Universal) Write(w io.Writer, half bool) error {
	if err := u.write(w, half); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func (u *Universal) write(w io.Writer, half bool) error {
	if err := u.check(); err != nil {
		return err
	}
	meta := map[string]string{
		"format": universalFormat, "version": strconv.Itoa(version), "created_by": "nst", "licence": u.Licence,
	}
	for key, value := range map[string]any{
		"architecture": u.Architecture, "hidden": u.Hidden, "training": u.Training, "losses": u.Losses,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("metadata: %s: %w", key, err)
		}
		meta[key] = string(text)
	}
	var entries []safetensors.Entry
	for _, t := range u.tensors() {
		entries = append(entries, safetensors.Entry{Name: t.Name, Shape: t.Shape, Values: t.values, Half: half && len(t.Shape) > 1})
	}
	return safetensors.Write(w, entries, meta)
}

// Save writes u to a file, which appears whole or not at all. Errors are those of
// [Universal.Write] and of package atomicfile.
func (u *Universal) Save(path string, half bool) error {
	if err := atomicfile.Write(path, func(w io.Writer) error { return u.write(w, half) }); err != nil {
		return fmt.Errorf("feedforward: writing network %q: %w", path, err)
	}
	return nil
}

// ReadUniversal reads a network from a file of the given size in bytes. It refuses what [Read]
// refuses.
func ReadUniversal(r io.ReaderAt, size int64) (*Universal, error) {
	u, err := readUniversal(r, size)
	if err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return u, nil
}

// LoadUniversal is [ReadUniversal] of the file at path.
func LoadUniversal(path string) (*Universal, error) {
	u, err := load(path, readUniversal)
	if err != nil {
		return nil, fmt.Errorf("feedforward: reading network %q: %w", path, err)
	}
	return u, nil
}

func readUniversal(r io.ReaderAt, size int64) (*Universal, error) {
	f, err := open(r, size, universalFormat)
	if err != nil {
		return nil, err
	}
	u := &Universal{Licence: f.Meta["licence"]}
	for _, field := range []struct {
		key string
		dst any
	}{{"architecture", &u.Architecture}, {"hidden", &u.Hidden}, {"training", &u.Training}, {"losses", &u.Losses}} {
		text, ok := f.Meta[field.key]
		if !ok {
			return nil, fmt.Errorf("metadata: %s is missing", field.key)
		}
		if err := json.Unmarshal([]byte(text), field.dst); err != nil {
			return nil, fmt.Errorf("metadata: %s: %w", field.key, err)
		}
	}
	if err := u.checkText(); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if err := u.readTensors(f.Tensors); err != nil {
		return nil, err
	}
	return u, u.checkSpread()
}

// readTensors reads all numbers. All shapes are checked first, as in [Model.readParams].
func (u *Universal) readTensors(found map[string]safetensors.Tensor) error {
	known := map[string]bool{}
	for _, p := range u.layout() {
		known[p.Name] = true
		if err := checkTensor(found, p.Name, p.Shape); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !known[name] {
			return fmt.Errorf("tensor %.80q does not belong to a network of this architecture", name)
		}
	}
	u.Centre, u.Spread = make([]float32, DescriptorLen), make([]float32, DescriptorLen)
	u.Params = make([]float32, u.Shared()+u.Predictor().Len())
	for _, t := range u.tensors() {
		if err := readTensor(found[t.Name], t.values); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return nil
}

// layout returns the tensors of a file in order: the parameters that all styles share, those
// of the predictor, and what normalises descriptors. Offsets of the first two count from the
// start of Params.
func (u *Universal) layout() []Parameter {
	all := u.Parameters()
	for _, p := range u.Predictor().Parameters() {
		all = append(all, Parameter{"predictor." + p.Name, p.Shape, u.Shared() + p.Offset})
	}
	for _, name := range []string{"centre", "spread"} {
		all = append(all, Parameter{"descriptor." + name, []int{DescriptorLen}, 0})
	}
	return all
}

// stored is a parameter with its values.
type stored struct {
	Parameter
	values []float32
}

func (u *Universal) tensors() []stored {
	var all []stored
	layout := u.layout()
	n := len(layout) - 2
	for _, p := range layout[:n] {
		all = append(all, stored{p, p.Of(u.Params)})
	}
	return append(all, stored{layout[n], u.Centre}, stored{layout[n+1], u.Spread})
}

func (u *Universal) check() error {
	if err := u.checkText(); err != nil {
		return err
	}
	if n := u.Shared() + u.Predictor().Len(); len(u.Params) != n {
		return fmt.Errorf("network has %d parameters, want %d", len(u.Params), n)
	}
	if len(u.Centre) != DescriptorLen || len(u.Spread) != DescriptorLen {
		return fmt.Errorf("network for descriptors of %d and %d values, want %d", len(u.Centre), len(u.Spread), DescriptorLen)
	}
	for _, t := range u.tensors() {
		if err := safetensors.Finite(t.values); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return u.checkSpread()
}

// checkText is check without the numbers.
func (u *Universal) checkText() error {
	if err := u.validate(); err != nil {
		return err
	}
	if u.Hidden < 1 || u.Hidden > maxHidden {
		return fmt.Errorf("hidden layers of width %d, want 1 to %d", u.Hidden, maxHidden)
	}
	return checkAbout(u.Training, u.Losses, u.Licence)
}

// checkSpread refuses what a descriptor cannot be divided by.
func (u *Universal) checkSpread() error {
	for i, s := range u.Spread {
		if !(s > 0) {
			return fmt.Errorf("descriptor.spread: value %d is %v, want more than 0", i, s)
		}
	}
	return nil
}
