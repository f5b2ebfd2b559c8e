// Package protobuf reads the fields of messages in the wire format of Protocol Buffers. It
// knows no schema: callers know the numbers of the fields that they want.
package protobuf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Wire types: how the value of a field is stored.
const (
	Varint  = 0
	Fixed64 = 1
	Bytes   = 2 // a text, a message, or packed numbers
	Fixed32 = 5
)

// maxFields is how many fields a file may have, in all its messages together. A VGG has a
// few thousand.
const maxFields = 1 << 20

// ErrDamaged is matched by errors about bytes that are no message.
var ErrDamaged = errors.New("protobuf: file is damaged")

// File is a file with one message.
type File struct {
	r    io.ReaderAt
	size int64
	left int // fields that may still be read

	window [4096]byte // bytes of the file from start on
	start  int64
	filled int
}

// Open returns the file of the given size in bytes, and its message.
func Open(r io.ReaderAt, size int64) *File { return &File{r: r, size: size, left: maxFields} }

// Field is a field of a message.
type Field struct {
	Number, Wire int
	Value        uint64 // of the types Varint, Fixed64 and Fixed32
	Off, Len     int64  // of type Bytes: where it lies in the file
}

// Message returns the message of the whole file, as a field.
func (f *File) Message() Field { return Field{Wire: Bytes, Len: f.size} }

// Each calls visit for each field of message m, in order, until visit returns an error.
func (f *File) Each(m Field, visit func(Field) error) error {
	if m.Wire != Bytes {
		return fmt.Errorf("%w: field %d is not a message", ErrDamaged, m.Number)
	}
	for at, end := m.Off, m.Off+m.Len; at < end; {
		field, next, err := f.field(at, end)
		if err != nil {
			return err
		}
		if err := visit(field); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// field reads the field at a position of the file, and returns where the next one starts.
func (f *File) field(at, end int64) (Field, int64, error) {
	if f.left--; f.left < 0 {
		return Field{}, 0, fmt.Errorf("%w: too many fields", ErrDamaged)
	}
	tag, at, err := f.varint(at, end)
	if err != nil {
		return Field{}, 0, err
	}
	out := Field{Number: int(tag >> 3 & math.MaxInt32), Wire: int(tag & 7)}
	if out.Number == 0 {
		return Field{}, 0, ErrDamaged
	}
	switch out.Wire {
	case Varint:
		out.Value, at, err = f.varint(at, end)
	case Fixed64, Fixed32:
		size := int64(8)
		if out.Wire == Fixed32 {
			size = 4
		}
		var b []byte
		if b, err = f.at(at, end, size); err == nil && len(b) < int(size) {
			err = cut(end)
		}
		if err == nil {
			var wide [8]byte
			copy(wide[:], b)
			out.Value = binary.LittleEndian.Uint64(wide[:])
		}
		at += size
	case Bytes:
		var n uint64
		n, at, err = f.varint(at, end)
		if err == nil && n > uint64(end-at) {
			err = cut(end)
		}
		out.Off, out.Len = at, int64(n)
		at += out.Len
	default:
		err = ErrDamaged
	}
	return out, at, err
}

func cut(end int64) error {
	return fmt.Errorf("%w: a field goes beyond byte %d: is the file cut short?", ErrDamaged, end)
}

// varint reads a number of variable length.
func (f *File) varint(at, end int64) (uint64, int64, error) {
	b, err := f.at(at, end, binary.MaxVarintLen64)
	if err != nil {
		return 0, 0, err
	}
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, cut(end)
	}
	return v, at + int64(n), nil
}

// at returns up to n bytes, at most 16, from the window.
func (f *File) at(at, end, n int64) ([]byte, error) {
	n = min(n, end-at)
	if at < f.start || at+n > f.start+int64(f.filled) {
		m, err := f.r.ReadAt(f.window[:min(int64(len(f.window)), f.size-at)], at)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("protobuf: %w", err)
		}
		f.start, f.filled = at, m
	}
	from := at - f.start
	return f.window[from:min(from+n, int64(f.filled))], nil
}

// Text returns a field of type Bytes of at most 1000 bytes as a text; of longer ones, the
// first 1000 bytes.
func (f *File) Text(field Field) string {
	b := make([]byte, min(field.Len, 1000))
	if n, err := f.r.ReadAt(b, field.Off); n < len(b) && err != nil {
		return ""
	}
	return string(b)
}

// Ints appends the numbers of a repeated field of integers to dst, whether they are packed or
// not. More than 64 in all are an error.
func (f *File) Ints(dst []int, field Field) ([]int, error) {
	switch field.Wire {
	case Varint:
		dst = append(dst, int(field.Value))
	case Bytes:
		for at, end := field.Off, field.Off+field.Len; at < end && len(dst) <= 64; {
			v, next, err := f.varint(at, end)
			if err != nil {
				return nil, err
			}
			dst, at = append(dst, int(v)), next
		}
	}
	if len(dst) > 64 {
		return nil, fmt.Errorf("%w: too many dimensions", ErrDamaged)
	}
	return dst, nil
}
