// Package reftest holds what tests need to compare with the reference numbers
// of testdata/torch: [Load] reads a file of tensors, [File.Picture] draws the
// pictures that they were computed from, [RelMax] says how far apart two
// vectors are. Only tests import it.
package reftest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
)

// Tensor is one named array of a file. Data or F64 is nil, by its type.
type Tensor struct {
	Shape []int
	Data  []float32 // of type F32
	F64   []float64 // of type F64
}

// File is a safetensors file in memory.
type File struct {
	Tensors map[string]Tensor
	Meta    map[string]string
}

// entry is what the header says of one tensor.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Load reads the safetensors file at path: F32 and F64 tensors and metadata.
func Load(path string) (*File, error) {
	blob, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reftest: %w", err)
	}
	f, err := parse(blob)
	if err != nil {
		return nil, fmt.Errorf("reftest: reading %q: %w", path, err)
	}
	return f, nil
}

// parse splits a file into the length of its header (u64, little endian), the
// header (JSON) and the data.
func parse(blob []byte) (*File, error) {
	if len(blob) < 8 {
		return nil, fmt.Errorf("%d bytes are no safetensors file", len(blob))
	}
	n, rest := binary.LittleEndian.Uint64(blob), blob[8:]
	if n > uint64(len(rest)) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", n, len(blob))
	}
	header, data := map[string]json.RawMessage{}, rest[n:]
	if err := json.Unmarshal(rest[:n], &header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	f := &File{Tensors: map[string]Tensor{}, Meta: map[string]string{}}
	for name, raw := range header {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &f.Meta); err != nil {
				return nil, fmt.Errorf("metadata: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		t, err := e.decode(data)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		f.Tensors[name] = t
	}
	return f, nil
}

// decode cuts the tensor out of the data of its file.
func (e entry) decode(data []byte) (Tensor, error) {
	count := int64(1)
	for _, s := range e.Shape {
		count *= int64(s)
	}
	size := map[string]int64{"F32": 4, "F64": 8}[e.DType]
	if size == 0 {
		return Tensor{}, fmt.Errorf("type %q is neither F32 nor F64", e.DType)
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || to > int64(len(data)) || to-from != count*size {
		return Tensor{}, fmt.Errorf("bytes %d to %d of %d for %d values of %s", from, to, len(data), count, e.DType)
	}
	t, raw := Tensor{Shape: e.Shape}, data[from:to]
	if e.DType == "F64" {
		t.F64 = make([]float64, count)
		for i := range t.F64 {
			t.F64[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		return t, nil
	}
	t.Data = make([]float32, count)
	for i := range t.Data {
		t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return t, nil
}

// RelMax returns max|got-want| / max|want|: the largest error on the scale of
// the vector. It is +Inf where lengths differ or got has a NaN, and 0 for two
// vectors of zeros.
func RelMax(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	diff, size := 0.0, 0.0
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		diff = max(diff, d)
		size = max(size, math.Abs(float64(w)))
	}
	if diff == 0 {
		return 0
	}
	return diff / size
}

// Rel returns |got-want| / |want|, and 0 where they are equal.
func Rel(got, want float64) float64 {
	if got == want {
		return 0
	}
	if math.IsNaN(got) {
		return math.Inf(1)
	}
	return math.Abs(got-want) / math.Abs(want)
}

// Sample returns what the reference files keep of x: x itself up to 4096
// values, else its values i*len(x)/4096, rounded down, for i in 0..4095.
func Sample(x []float32) []float32 {
	const n = 4096
	if len(x) <= n {
		return x
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = x[i*len(x)/n]
	}
	return out
}

// Sums returns the sum of x and the sum of its squares.
func Sums(x []float32) (sum, squares float64) {
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	return sum, squares
}
