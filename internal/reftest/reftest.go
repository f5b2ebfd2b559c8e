// Package reftest helps tests to compare with the reference numbers in testdata/torch.
// Start with [Load], which reads a file of tensors. [File.Picture] draws the pictures that
// they were computed from, and [RelMax] returns the distance of two vectors. Only tests and
// the programs in testdata import it.
package reftest

import (
	"bytes"
	"fmt"
	"math"
	"os"

	"nst/vgg/safetensors"
)

// Tensor is one named array of a file. Data or F64 is nil, by its type.
type Tensor struct {
	Shape []int
	Data  []float32 // for type F32
	F64   []float64 // for type F64
}

// File is a safetensors file in memory.
type File struct {
	Tensors map[string]Tensor
	Meta    map[string]string
}

// Load reads the safetensors file at path: F32 and F64 tensors and metadata.
func Load(path string) (*File, error) {
	blob, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reftest: %w", err)
	}
	opened, err := safetensors.Open(bytes.NewReader(blob), int64(len(blob)))
	if err != nil {
		return nil, fmt.Errorf("reftest: reading %q: %w", path, err)
	}
	f := &File{Tensors: map[string]Tensor{}, Meta: opened.Meta}
	for name, t := range opened.Tensors {
		if f.Tensors[name], err = read(t); err != nil {
			return nil, fmt.Errorf("reftest: reading %q: tensor %q: %w", path, name, err)
		}
	}
	return f, nil
}

// read returns the numbers of a tensor in the precision that it has.
func read(t safetensors.Tensor) (Tensor, error) {
	out, n := Tensor{Shape: t.Shape}, safetensors.Count(t.Shape)
	switch t.DType.Name {
	case "F32":
		out.Data = make([]float32, n)
		return out, t.Read(out.Data)
	case "F64":
		out.F64 = make([]float64, n)
		return out, t.Read64(out.F64)
	}
	return Tensor{}, fmt.Errorf("type %q is neither F32 nor F64", t.DType.Name)
}

// RelMax returns max|got-want| / max|want|, the largest error relative to the largest value.
// It is +Inf if the lengths differ or got has a NaN, and 0 for two vectors of zeros.
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

// Rel returns |got-want| / |want|, or 0 if they are equal.
func Rel(got, want float64) float64 {
	if got == want {
		return 0
	}
	if math.IsNaN(got) {
		return math.Inf(1)
	}
	return math.Abs(got-want) / math.Abs(want)
}

// Sample returns the part of x that the reference files keep: all of up to 4096 values, else
// the values at i*len(x)/4096, rounded down, for i in 0..4095.
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
