package mat

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Types of data elements: table 1-1.
const (
	miInt8       = 1
	miUint8      = 2
	miInt16      = 3
	miUint16     = 4
	miInt32      = 5
	miUint32     = 6
	miSingle     = 7
	miDouble     = 9
	miInt64      = 12
	miUint64     = 13
	miMatrix     = 14
	miCompressed = 15
	miUTF16      = 17
	miUTF32      = 18
)

// Classes of arrays: table 1-3.
const (
	mxCell   = 1
	mxStruct = 2
	mxChar   = 4
	mxDouble = 6
	mxUint64 = 15
)

// tag starts a data element: 1.2.2. In the short form, the data of at most 4 bytes are part
// of it.
type tag struct {
	kind, size uint32
	short      bool
	data       [4]byte
}

func readTag(r io.Reader) (tag, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return tag{}, err
	}
	if n := word(b[:]) >> 16; n != 0 {
		if n > 4 {
			return tag{}, errDamaged
		}
		return tag{kind: word(b[:]) & 0xffff, size: n, short: true, data: [4]byte(b[4:])}, nil
	}
	return tag{kind: word(b[:]), size: word(b[4:])}, nil
}

// padding returns the bytes between the data and the next element.
func (t tag) padding() int64 {
	if t.short {
		return 0
	}
	return int64(-t.size & 7)
}

// readData reads a small element of any type.
func readData(r io.Reader) (tag, []byte, error) {
	t, err := readTag(r)
	switch {
	case err != nil:
		return t, nil, err
	case t.short:
		return t, t.data[:t.size], nil
	case t.size > maxHeader:
		return t, nil, errDamaged
	}
	b := make([]byte, int64(t.size)+t.padding())
	_, err = io.ReadFull(r, b)
	return t, b[:t.size], err
}

// readSmall reads an element of bytes.
func readSmall(r io.Reader) ([]byte, error) {
	t, b, err := readData(r)
	if err == nil && t.kind != miInt8 && t.kind != miUint8 {
		err = errDamaged
	}
	return b, err
}

// readInts reads an element of 32-bit integers.
func readInts(r io.Reader) ([]int, error) {
	t, b, err := readData(r)
	if err == nil && (t.kind != miInt32 && t.kind != miUint32 || len(b)%4 != 0) {
		err = errDamaged
	}
	if err != nil {
		return nil, err
	}
	out := make([]int, len(b)/4)
	for i := range out {
		out[i] = int(int32(word(b[4*i:])))
	}
	return out, nil
}

// header is what every array starts with: flags, dimensions and name.
type header struct {
	class   int
	complex bool
	shape   []int
	count   int64 // of elements
	name    string
}

func readHeader(r io.Reader) (h header, err error) {
	flags, err := readInts(r)
	if err != nil {
		return h, err
	}
	if len(flags) != 2 {
		return h, errDamaged
	}
	h.class, h.complex = flags[0]&0xff, flags[0]&0x800 != 0
	if h.class > mxUint64 { // functions and objects of classes have other headers
		return h, nil
	}
	if h.shape, err = readInts(r); err != nil {
		return h, err
	}
	h.count = 1
	for _, d := range h.shape {
		if d < 0 || d > 0 && h.count > math.MaxInt32/int64(d) {
			return h, fmt.Errorf("%w: an array of %v elements", errDamaged, h.shape)
		}
		h.count *= int64(d)
	}
	name, err := readSmall(r)
	h.name = string(name)
	return h, err
}

// decoder returns the function for one number of a type, and its size in bytes; nil if the
// type holds no numbers.
func decoder(kind uint32) (func([]byte) float32, int) {
	e := binary.LittleEndian
	switch kind {
	case miInt8:
		return func(b []byte) float32 { return float32(int8(b[0])) }, 1
	case miUint8:
		return func(b []byte) float32 { return float32(b[0]) }, 1
	case miInt16:
		return func(b []byte) float32 { return float32(int16(e.Uint16(b))) }, 2
	case miUint16:
		return func(b []byte) float32 { return float32(e.Uint16(b)) }, 2
	case miInt32:
		return func(b []byte) float32 { return float32(int32(e.Uint32(b))) }, 4
	case miUint32:
		return func(b []byte) float32 { return float32(e.Uint32(b)) }, 4
	case miSingle:
		return func(b []byte) float32 { return math.Float32frombits(e.Uint32(b)) }, 4
	case miDouble:
		return func(b []byte) float32 { return float32(math.Float64frombits(e.Uint64(b))) }, 8
	case miInt64:
		return func(b []byte) float32 { return float32(int64(e.Uint64(b))) }, 8
	case miUint64:
		return func(b []byte) float32 { return float32(e.Uint64(b)) }, 8
	}
	return nil, 0
}
