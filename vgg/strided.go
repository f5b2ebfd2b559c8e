package vgg

import (
	"errors"
	"fmt"
	"math"

	"nst/vgg/safetensors"
)

// rebuildTensor takes (storage, first, shape, stride, ...).
func rebuildTensor(args []any) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("a tensor of %d parts: %w", len(args), errPickle)
	}
	v, okV := args[0].(view)
	first, okF := args[1].(int)
	shape, okS := ints(args[2])
	stride, okT := ints(args[3])
	if !okV || !okF || !okS || !okT || len(shape) != len(stride) || first < 0 || first > v.n {
		return nil, fmt.Errorf("a tensor without storage, shape or strides: %w", errPickle)
	}
	v.first += first
	t := strided{v, shape, stride}
	n := safetensors.Count(shape)
	if n < 0 || n > 0 && t.last() >= v.n {
		return nil, fmt.Errorf("tensor %s reaches beyond its storage of %d values", safetensors.Dims(shape), v.n)
	}
	return t, nil
}

func ints(v any) ([]int, bool) {
	t, ok := v.(tuple)
	if len(t) > 32 {
		return nil, false
	}
	out := make([]int, len(t))
	for i, x := range t {
		n, isInt := x.(int)
		if !isInt || n < 0 {
			return nil, false
		}
		out[i] = n
	}
	return out, ok
}

// last returns the highest index into the storage that t uses, or math.MaxInt if that
// overflows.
func (t strided) last() int {
	last := t.first
	for i, d := range t.shape {
		if t.stride[i] > 0 && d-1 > (math.MaxInt-last)/t.stride[i] {
			return math.MaxInt
		}
		last += (d - 1) * t.stride[i]
	}
	return last
}

// read gathers the values of t in the order of its shape.
func (t strided) read(dst []float32) error {
	if t.r == nil {
		return errors.New("its storage is not in the file")
	}
	if err := t.verify(); err != nil {
		return err
	}
	off := t.off + int64(t.first)*int64(t.dtype.Size)
	if t.contiguous() {
		return t.dtype.ReadAt(t.r, off, dst)
	}
	src := make([]float32, t.last()-t.first+1)
	if err := t.dtype.ReadAt(t.r, off, src); err != nil {
		return err
	}
	at := make([]int, len(t.shape))
	for i := range dst {
		from := 0
		for d, x := range at {
			from += x * t.stride[d]
		}
		dst[i] = src[from]
		for d := len(at) - 1; d >= 0; d-- { // next index, last dimension first
			if at[d]++; at[d] < t.shape[d] {
				break
			}
			at[d] = 0
		}
	}
	return nil
}

func (t strided) contiguous() bool {
	n := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.stride[i] != n {
			return false
		}
		n *= t.shape[i]
	}
	return true
}
