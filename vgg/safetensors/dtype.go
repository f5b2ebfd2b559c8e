package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// DType is a type of number that files hold, little-endian.
type DType struct {
	Name string // as files spell it: F32, F16, I64 ...
	Size int    // bytes

	decode func(dst []float32, src []byte) // nil for types that weights never have
}

// dtypes returns the types that a file may hold.
func dtypes() []DType {
	return []DType{
		{"F32", 4, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
			}
		}},
		{"F16", 2, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = FromHalf(binary.LittleEndian.Uint16(src[2*i:]))
			}
		}},
		{"BF16", 2, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
			}
		}},
		{"F64", 8, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
			}
		}},
		{"U8", 1, func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(src[i])
			}
		}},
		// Some files hold counters of these types beside the weights.
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

// DTypeByName returns the type with a name, such as F32.
func DTypeByName(name string) (DType, error) {
	for _, d := range dtypes() {
		if d.Name == name {
			return d, nil
		}
	}
	return DType{}, fmt.Errorf("unknown type of number %q", name)
}

// ReadAt fills dst with the numbers that start at byte off of r. It holds 64 KB of the
// file at a time. Numbers of type F64 are rounded; integers other than U8 are an error.
func (d DType) ReadAt(r io.ReaderAt, off int64, dst []float32) error {
	if d.decode == nil {
		return fmt.Errorf("numbers are of type %s, want floating point", d.Name)
	}
	return readPieces(r, off, dst, d.Size, d.decode)
}

// readPieces decodes a piece of r at a time, so that no second copy of the numbers is held.
func readPieces[T any](r io.ReaderAt, off int64, dst []T, size int, decode func([]T, []byte)) error {
	const piece = 64 << 10
	buf := make([]byte, min(len(dst)*size, piece))
	for len(dst) > 0 {
		n := min(len(dst), len(buf)/size)
		b := buf[:n*size]
		m, err := r.ReadAt(b, off)
		if err == io.EOF {
			err = nil
			if m < len(b) {
				err = io.ErrUnexpectedEOF
			}
		}
		if err != nil {
			return err
		}
		decode(dst[:n], b)
		dst, off = dst[n:], off+int64(len(b))
	}
	return nil
}

// Finite returns an error that names the first value of v that is infinite or not a number.
func Finite(v []float32) error {
	for i, x := range v {
		if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
			return fmt.Errorf("value %d is %v, want finite numbers", i, x)
		}
	}
	return nil
}

// Count returns how many values an array of a shape holds. It is -1 if a dimension is
// negative or the size in bytes does not fit an int64.
func Count(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt64/16/d {
			return -1
		}
		n *= d
	}
	return n
}

// Dims writes a shape as Python does: (64, 3, 3, 3).
func Dims(shape []int) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(s, ", ") + ")"
}
