// Package safetensors reads and writes files of named tensors in Hugging Face's
// safetensors format. [Open] reads the header of a file and [Tensor.Read] the numbers of
// one tensor; [Write] writes a file.
//
// A file is the length of the header (8 bytes, little-endian), the header (JSON) and
// the numbers. Open takes nothing on trust: the tensors must fill the file exactly,
// without gaps or overlaps, and sizes are checked before memory is allocated.
//
// The package also has what readers of other formats need: types of numbers ([DType])
// and float16 ([ToHalf], [FromHalf]).
package safetensors

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// Limits of what Open reads. The header of a VGG network takes a few thousand bytes.
const (
	maxHeader  = 16 << 20 // bytes
	maxEntries = 1 << 16  // tensors and metadata
	maxSpan    = 1 << 12  // bytes about one tensor
)

// metadataKey is the entry of the header that is not a tensor.
const metadataKey = "__metadata__"

// File is the header of a file.
type File struct {
	Tensors map[string]Tensor
	Meta    map[string]string

	r           io.ReaderAt
	start, size int64 // of the numbers, and of the file
}

// Tensor is an array in a file. Its numbers are read on demand.
type Tensor struct {
	Shape []int
	DType DType

	r   io.ReaderAt
	off int64 // of the first number, from the start of the file
}

// span is what the header says about one tensor.
type span struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // bytes from the end of the header: [from, to)
}

// Read fills dst with the numbers of t, of which there are Count(t.Shape).
func (t Tensor) Read(dst []float32) error { return t.DType.ReadAt(t.r, t.off, dst) }

// Read64 is [Tensor.Read] without rounding, for numbers of type F64 alone.
func (t Tensor) Read64(dst []float64) error {
	if t.DType.Name != "F64" {
		return fmt.Errorf("numbers are of type %s, want F64", t.DType.Name)
	}
	return readPieces(t.r, t.off, dst, t.DType.Size, func(dst []float64, src []byte) {
		for i := range dst {
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		}
	})
}

// Open reads the header of a file of the given size in bytes, and checks it. The
// tensors keep r.
func Open(r io.ReaderAt, size int64) (*File, error) {
	spans, meta, start, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	names := slices.SortedFunc(maps.Keys(spans), func(a, b string) int {
		x, y := spans[a], spans[b]
		return cmp.Or(cmp.Compare(x.Offsets[0], y.Offsets[0]), cmp.Compare(x.Offsets[1], y.Offsets[1]))
	})
	f, end := &File{map[string]Tensor{}, meta, r, start, size}, int64(0)
	for _, name := range names {
		s := spans[name]
		d, err := DTypeByName(s.DType)
		if err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		from, to, n := s.Offsets[0], s.Offsets[1], Count(s.Shape)
		switch {
		case n < 0 || from < 0 || to-from != int64(n)*int64(d.Size):
			return nil, fmt.Errorf("safetensors: tensor %q: bytes %d to %d do not hold %s values of %s", name, from, to, Dims(s.Shape), s.DType)
		case from < end:
			return nil, fmt.Errorf("safetensors: tensor %q overlaps another one at byte %d", name, from)
		case from > end:
			return nil, fmt.Errorf("safetensors: bytes %d to %d, before tensor %q, belong to no tensor", end, from, name)
		case to > size-start:
			return nil, fmt.Errorf("safetensors: file is cut short: tensor %q needs %d bytes of data, there are %d", name, to, size-start)
		}
		end = to
		f.Tensors[name] = Tensor{s.Shape, d, r, start + from}
	}
	if end != size-start {
		return nil, fmt.Errorf("safetensors: %d bytes at the end belong to no tensor", size-start-end)
	}
	return f, nil
}

// readHeader returns what the header says, and the position of the first number.
func readHeader(r io.ReaderAt, size int64) (spans map[string]span, meta map[string]string, start int64, err error) {
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, nil, 0, errors.New("safetensors: file is shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, nil, 0, fmt.Errorf("safetensors: header of %d bytes does not fit a file of %d: it is cut short or damaged", n, size)
	}
	h := headerReader{json.NewDecoder(io.NewSectionReader(r, 8, int64(n))), maxEntries}
	spans = map[string]span{}
	if err := h.object(func(name string) error {
		if name == metadataKey {
			meta, err = h.metadata()
			return err
		}
		spans[name], err = h.span()
		return err
	}); err != nil {
		return nil, nil, 0, fmt.Errorf("safetensors: header: %w", err)
	}
	if _, err := h.json.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, 0, errors.New("safetensors: header: something follows the JSON object")
	}
	return spans, meta, 8 + int64(n), nil
}

// headerReader decodes a header entry by entry, so that it takes little more memory than
// its tensors.
type headerReader struct {
	json *json.Decoder
	left int // entries that may still come
}

// object reads an object, and calls value for each key to read its value.
func (h *headerReader) object(value func(key string) error) error {
	if t, err := h.json.Token(); err != nil || t != json.Delim('{') {
		return cmp.Or(err, errors.New("not a JSON object"))
	}
	for h.json.More() {
		key, err := h.json.Token()
		if err != nil {
			return err
		}
		if h.left--; h.left < 0 {
			return fmt.Errorf("more than %d entries", maxEntries)
		}
		name, _ := key.(string) // JSON has no other keys
		if err := value(name); err != nil {
			return fmt.Errorf("%.100q: %w", name, err)
		}
	}
	_, err := h.json.Token()
	return err
}

// metadata reads an object of strings.
func (h *headerReader) metadata() (map[string]string, error) {
	meta := map[string]string{}
	err := h.object(func(key string) error {
		var value string
		err := h.json.Decode(&value)
		meta[key] = value
		return err
	})
	return meta, err
}

// span reads what the header says about one tensor.
func (h *headerReader) span() (s span, err error) {
	var raw json.RawMessage
	if err := h.json.Decode(&raw); err != nil {
		return s, err
	}
	if len(raw) > maxSpan {
		return s, fmt.Errorf("%d bytes about one tensor", len(raw))
	}
	return s, json.Unmarshal(raw, &s)
}
