package vgg

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"nst/vgg/safetensors"
)

// A native file is a safetensors file with tensors conv1_1.weight (K, C, 3, 3) and
// conv1_1.bias (K) ..., and map.relu1_1 (K, C) ... if there are projections. Its metadata
// say which network they are for and how to prepare a picture.
const (
	nativeFormat     = "nst"
	projectionPrefix = "map." // of the names of projections
)

// Write writes ws to w in the native format. Weights and projections are float16 if half,
// else float32; biases, a thousandth of the file, are float32 always. It is an error if a
// weight is not finite or is too large for float16.
func Write(w io.Writer, ws *Weights, half bool) error {
	if err := ws.Check(); err != nil {
		return err
	}
	entries, meta := ws.entries(half), metadata(ws)
	var err error
	if meta[safetensors.ChecksumKey], err = safetensors.Checksum(entries); err == nil {
		err = safetensors.Write(w, entries, meta)
	}
	if err != nil {
		return fmt.Errorf("vgg: %w", err)
	}
	return nil
}

// entries returns the tensors of a file in order: convolutions, then projections.
func (w *Weights) entries(half bool) []safetensors.Entry {
	var all []safetensors.Entry
	for _, l := range w.Network.Convs() {
		f, ok := w.Filters[l.Name]
		if !ok {
			break
		}
		all = append(
			all,
			safetensors.Entry{Name: l.Name + ".weight", Shape: []int{l.K, l.C, 3, 3}, Values: f.W, Half: half},
			safetensors.Entry{Name: l.Name + ".bias", Shape: []int{l.K}, Values: f.B},
		)
	}
	for _, l := range w.Network.Layers {
		if m, ok := w.Projections[l.Name]; ok {
			all = append(all, safetensors.Entry{Name: projectionPrefix + l.Name, Shape: []int{m.K, m.C}, Values: m.W, Half: half})
		}
	}
	return all
}

// Read reads a native file of the given size in bytes. Beside the result it needs 64 KB of
// memory. [Import] reads the files of other programs. The error matches [ErrDamaged] if the
// file is not what [Write] wrote.
func Read(r io.ReaderAt, size int64) (*Weights, error) {
	a, err := openSafetensors(r, size)
	if err != nil {
		return nil, fmt.Errorf("vgg: %w", err)
	}
	ws, err := readNative(a)
	if err != nil {
		return nil, fmt.Errorf("vgg: %w", err)
	}
	return ws, nil
}

// ErrDamaged is matched by errors about native files whose numbers have changed since they
// were written.
var ErrDamaged = safetensors.ErrChecksum

func readNative(a archive) (*Weights, error) {
	if err := a.verify(); err != nil {
		return nil, err
	}
	tensors := a.tensors
	ws, err := parseMetadata(a.meta)
	if err != nil {
		return nil, err
	}
	if ws.Filters, err = readFilters(ws.Network, tensors, nativeStem, ""); err != nil {
		return nil, err
	}
	if ws.Projections, err = readProjections(ws.Network, tensors); err != nil {
		return nil, err
	}
	if 2*len(ws.Filters)+len(ws.Projections) != len(tensors) {
		for _, name := range slices.Sorted(maps.Keys(tensors)) {
			if _, ok := ws.Projections[strings.TrimPrefix(name, projectionPrefix)]; ok {
				continue
			}
			if _, ok := ws.Filters[strings.TrimSuffix(strings.TrimSuffix(name, ".weight"), ".bias")]; !ok {
				return nil, fmt.Errorf("%s weights hold a tensor %q that is not of this network", ws.Network.Name, name)
			}
		}
	}
	return ws, nil
}

// readProjections reads the projections of n. Without any it returns nil.
func readProjections(n *Network, tensors map[string]tensor) (map[string]Projection, error) {
	var found map[string]Projection
	for _, l := range n.Layers {
		t, ok := tensors[projectionPrefix+l.Name]
		if !ok {
			continue
		}
		if len(t.shape) != 2 || t.shape[1] != l.K || l.Kind != ReLU {
			return nil, fmt.Errorf("%s: projection is %s, want (K, %d), after a ReLU", l.Name, safetensors.Dims(t.shape), l.K)
		}
		w, err := t.values()
		if err != nil {
			return nil, fmt.Errorf("%s: projection: %w", l.Name, err)
		}
		m, err := NewProjection(t.shape[0], l.K, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, trimPrefix(err))
		}
		if found == nil {
			found = map[string]Projection{}
		}
		found[l.Name] = m
	}
	return found, nil
}

// openSafetensors opens a safetensors file.
func openSafetensors(r io.ReaderAt, size int64) (archive, error) {
	f, err := safetensors.Open(r, size)
	if err != nil {
		return archive{}, err
	}
	a := archive{format: "safetensors", tensors: make(map[string]tensor, len(f.Tensors)), meta: f.Meta, verify: f.Verify}
	for name, t := range f.Tensors {
		a.tensors[name] = tensor{t.Shape, t.Read}
	}
	return a, nil
}

// metadata says what the numbers of ws mean. The name of the convention is for people;
// readers use the values.
func metadata(ws *Weights) map[string]string {
	c := ws.Convention
	order := "RGB"
	if c.BGR {
		order = "BGR"
	}
	return map[string]string{
		"format": nativeFormat, "created_by": "nst",
		"network": ws.Network.Name, "source": ws.Source, "licence": ws.Licence, "sha256": ws.SHA256,
		"convention": c.Name, "channels": order,
		"scale": triple(c.Scale), "mean": triple(c.Mean[:]...), "std": triple(c.Std[:]...),
	}
}

// parseMetadata is the inverse of metadata, without the filters.
func parseMetadata(meta map[string]string) (*Weights, error) {
	if meta["format"] != nativeFormat {
		return nil, fmt.Errorf("safetensors: not a native file: its metadata have no format %q", nativeFormat)
	}
	n, err := ByName(meta["network"])
	if err != nil {
		return nil, fmt.Errorf("safetensors: metadata: unknown network %q", meta["network"])
	}
	c := Convention{Name: meta["convention"]}
	switch meta["channels"] {
	case "BGR":
		c.BGR = true
	case "RGB":
	default:
		return nil, fmt.Errorf("safetensors: metadata: channels %q, want RGB or BGR", meta["channels"])
	}
	var scale [1]float32
	for _, f := range []struct {
		key string
		dst []float32
	}{{"scale", scale[:]}, {"mean", c.Mean[:]}, {"std", c.Std[:]}} {
		if err := parseTriple(f.dst, meta[f.key]); err != nil {
			return nil, fmt.Errorf("safetensors: metadata: %s %q: %w", f.key, meta[f.key], err)
		}
	}
	c.Scale = scale[0]
	if c.Scale <= 0 || min(c.Std[0], c.Std[1], c.Std[2]) <= 0 {
		return nil, errors.New("safetensors: metadata: scale and std must be above 0")
	}
	return &Weights{Network: n, Convention: c, Source: meta["source"], Licence: meta["licence"], SHA256: meta["sha256"]}, nil
}

// triple writes numbers so that parseTriple returns the same numbers.
func triple(v ...float32) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = strconv.FormatFloat(float64(x), 'g', -1, 32)
	}
	return strings.Join(s, ",")
}

func parseTriple(dst []float32, s string) error {
	parts := strings.Split(s, ",")
	if len(parts) != len(dst) {
		return fmt.Errorf("%d numbers, want %d", len(parts), len(dst))
	}
	for i, p := range parts {
		x, err := strconv.ParseFloat(p, 32)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			return fmt.Errorf("%q is not a finite number", p)
		}
		dst[i] = float32(x)
	}
	return nil
}
