package vgg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// tensor is an array in a file that has been opened but not read.
type tensor struct {
	shape []int
	read  func(dst []float32) error // fills dst, which is as long as shape says
}

// dtype is a type of number that files hold.
type dtype struct {
	name   string // as in safetensors
	size   int    // bytes
	decode func(dst []float32, src []byte)
}

// dtypes returns the types that can be read, all of them little-endian.
func dtypes() []dtype {
	le := binary.LittleEndian
	return []dtype{
		{"F32", 4, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
			}
		}},
		{"F16", 2, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = fromHalf(le.Uint16(src[2*i:]))
			}
		}},
		{"BF16", 2, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(uint32(le.Uint16(src[2*i:])) << 16)
			}
		}},
		{"F64", 8, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
			}
		}},
		{"U8", 1, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(src[i])
			}
		}},
		// Files with these hold them beside the weights, as counters.
		{"I64", 8, nil},
		{"I32", 4, nil},
		{"I16", 2, nil},
		{"I8", 1, nil},
		{"BOOL", 1, nil},
		{"U64", 8, nil},
		{"U32", 4, nil},
		{"U16", 2, nil},
	}
}

// dtypeByName returns the type that safetensors calls name.
func dtypeByName(name string) (dtype, error) {
	for _, d := range dtypes() {
		if d.name == name {
			return d, nil
		}
	}
	return dtype{}, fmt.Errorf("unknown type of number %q", name)
}

// readAt fills dst with the numbers that lie in r from byte off on, a piece at
// a time, so that no second copy of them is ever held.
func (d dtype) readAt(r io.ReaderAt, off int64, dst []float32) error {
	if d.decode == nil {
		return fmt.Errorf("numbers are of type %s, want floating point", d.name)
	}
	const piece = 64 << 10
	buf := make([]byte, min(len(dst)*d.size, piece))
	for len(dst) > 0 {
		n := min(len(dst), len(buf)/d.size)
		b := buf[:n*d.size]
		if m, err := r.ReadAt(b, off); m < len(b) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		d.decode(dst[:n], b)
		dst, off = dst[n:], off+int64(len(b))
	}
	return nil
}

// values reads the whole of t and refuses what is not finite.
func (t tensor) values() ([]float32, error) {
	dst := make([]float32, count(t.shape))
	if err := t.read(dst); err != nil {
		return nil, err
	}
	for i, v := range dst {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return nil, fmt.Errorf("value %d is %v, want finite numbers", i, v)
		}
	}
	return dst, nil
}

// count returns how many values an array of a shape holds, or -1 for a shape
// that is negative or whose size in bytes would not fit an int64.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt64/16/d {
			return -1
		}
		n *= d
	}
	return n
}

// dims writes a shape as Python does, as files' own tools do: (64, 3, 3, 3).
func dims(shape []int) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(s, ", ") + ")"
}
