package vgg

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The native file is safetensors (an 8-byte little-endian length, that much
// JSON, the numbers): tensors conv1_1.weight (K, C, 3, 3) and conv1_1.bias (K),
// for a network with projections map.relu1_1 (K, C), and in __metadata__ all that makes the
// numbers usable.
const (
	nativeFormat     = "nst"
	maxHeader        = 16 << 20 // bytes; a VGG's header takes a few thousand
	projectionPrefix = "map."   // of tensors that are projections
)

// span is what the header says of one tensor.
type span struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // bytes from the end of the header: [from, to)
}

// Write writes ws to w in the native format, with weights and projections as float16 if
// half and float32 if not; biases, a thousandth of the file, are float32 always. It
// is an error if a weight is not finite or too large for float16.
func Write(w io.Writer, ws *Weights, half bool) error {
	if err := ws.Check(); err != nil {
		return err
	}
	header := map[string]any{"__metadata__": metadata(ws)}
	end := int64(0)
	all := ws.entries(half)
	for _, e := range all {
		from, d, size := end, "F32", int64(4)
		if e.half {
			d, size = "F16", 2
		}
		end += size * int64(len(e.values))
		header[e.name] = span{d, e.shape, [2]int64{from, end}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("vgg: writing the header: %w", err)
	}
	for len(text)%8 != 0 { // keeps the numbers aligned
		text = append(text, ' ')
	}
	b := bufio.NewWriterSize(w, 64<<10)
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) // errors stay until Flush
	b.Write(text)
	for _, e := range all {
		if err := writeValues(b, e.values, e.half); err != nil {
			return fmt.Errorf("vgg: tensor %s: %w", e.name, err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("vgg: writing weights: %w", err)
	}
	return nil
}

// written is a tensor of a file, as it is to be written.
type written struct {
	name   string
	shape  []int
	values []float32
	half   bool
}

// entries returns the tensors of a file in order: each convolution, then the projections.
func (w *Weights) entries(half bool) []written {
	var all []written
	for _, l := range w.Network.Convs() {
		f, ok := w.Filters[l.Name]
		if !ok {
			break
		}
		all = append(all, written{l.Name + ".weight", []int{l.K, l.C, 3, 3}, f.W, half}, written{l.Name + ".bias", []int{l.K}, f.B, false})
	}
	for _, l := range w.Network.Layers {
		if m, ok := w.Projections[l.Name]; ok {
			all = append(all, written{projectionPrefix + l.Name, []int{m.K, m.C}, m.W, half})
		}
	}
	return all
}

func writeValues(w *bufio.Writer, v []float32, half bool) error {
	buf := make([]byte, 0, 4)
	for i, x := range v {
		if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
			return fmt.Errorf("value %d is %v, want finite numbers", i, x)
		}
		if half {
			h := toHalf(x)
			if h&0x7c00 == 0x7c00 {
				return fmt.Errorf("value %d is %v, too large for float16", i, x)
			}
			buf = binary.LittleEndian.AppendUint16(buf[:0], h)
		} else {
			buf = binary.LittleEndian.AppendUint32(buf[:0], math.Float32bits(x))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// Read reads a native file of the given size in bytes. It reads tensor by
// tensor: what it holds at any time is what it returns and 64 KB. Files of
// other makers, safetensors too, are for [Import].
func Read(r io.ReaderAt, size int64) (*Weights, error) {
	tensors, meta, err := openSafetensors(r, size)
	if err != nil {
		return nil, fmt.Errorf("vgg: %w", err)
	}
	ws, err := readNative(tensors, meta)
	if err != nil {
		return nil, fmt.Errorf("vgg: %w", err)
	}
	return ws, nil
}

func readNative(tensors map[string]tensor, meta map[string]string) (*Weights, error) {
	ws, err := parseMetadata(meta)
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

// readProjections reads the projections of n, nil for none.
func readProjections(n *Network, tensors map[string]tensor) (map[string]Projection, error) {
	var found map[string]Projection
	for _, l := range n.Layers {
		t, ok := tensors[projectionPrefix+l.Name]
		if !ok {
			continue
		}
		if len(t.shape) != 2 || t.shape[1] != l.K || l.Kind != ReLU {
			return nil, fmt.Errorf("%s: projection is %s, want (K, %d), after a ReLU", l.Name, dims(t.shape), l.K)
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

// openSafetensors reads the header of a safetensors file and checks that its
// tensors fill the rest of the file without a gap, as the format demands.
func openSafetensors(r io.ReaderAt, size int64) (map[string]tensor, map[string]string, error) {
	spans, meta, start, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	names := slices.SortedFunc(maps.Keys(spans), func(a, b string) int {
		x, y := spans[a], spans[b]
		return cmp.Or(cmp.Compare(x.Offsets[0], y.Offsets[0]), cmp.Compare(x.Offsets[1], y.Offsets[1]))
	})
	tensors, end := map[string]tensor{}, int64(0)
	for _, name := range names {
		s := spans[name]
		d, err := dtypeByName(s.DType)
		if err != nil {
			return nil, nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		from, to, n := s.Offsets[0], s.Offsets[1], count(s.Shape)
		switch {
		case n < 0 || from < 0 || to-from != int64(n)*int64(d.size):
			return nil, nil, fmt.Errorf("safetensors: tensor %q: bytes %d to %d do not hold %s values of %s", name, from, to, dims(s.Shape), s.DType)
		case from < end:
			return nil, nil, fmt.Errorf("safetensors: tensor %q overlaps another one at byte %d", name, from)
		case from > end:
			return nil, nil, fmt.Errorf("safetensors: bytes %d to %d, before tensor %q, belong to no tensor", end, from, name)
		case to > size-start:
			return nil, nil, fmt.Errorf("safetensors: file is cut short: tensor %q needs %d bytes of data, there are %d", name, to, size-start)
		}
		end = to
		tensors[name] = tensor{s.Shape, func(dst []float32) error { return d.readAt(r, start+from, dst) }}
	}
	if end != size-start {
		return nil, nil, fmt.Errorf("safetensors: %d bytes at the end belong to no tensor", size-start-end)
	}
	return tensors, meta, nil
}

// readHeader returns what the header says, and where the numbers start.
func readHeader(r io.ReaderAt, size int64) (spans map[string]span, meta map[string]string, start int64, err error) {
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, nil, 0, errors.New("safetensors: file is shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, nil, 0, fmt.Errorf("safetensors: header of %d bytes does not fit a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 8); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, 0, fmt.Errorf("safetensors: reading the header: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, nil, 0, fmt.Errorf("safetensors: header: %w", err)
	}
	spans = make(map[string]span, len(raw))
	for name, msg := range raw {
		if name == "__metadata__" {
			err = json.Unmarshal(msg, &meta)
		} else {
			var s span
			err = json.Unmarshal(msg, &s)
			spans[name] = s
		}
		if err != nil {
			return nil, nil, 0, fmt.Errorf("safetensors: header: %q: %w", name, err)
		}
	}
	return spans, meta, 8 + int64(n), nil
}

// metadata spells out what the numbers of ws mean. The convention's name is for
// people; the values beside it are what counts.
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
		return nil, fmt.Errorf("safetensors: not a native file: its metadata lack format %q", nativeFormat)
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

// triple writes numbers so that parseTriple gets the same ones back.
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
