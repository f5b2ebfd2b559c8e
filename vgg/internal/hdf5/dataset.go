package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"nst/vgg/safetensors"
)

// Class is what the elements of an array are.
type Class int

// The classes that matter to weights: floating point and whole numbers, and references to
// other objects of the file.
const (
	Other Class = iota
	Float
	Integer
	Reference
)

// Dataset is an array. Its elements are read on demand, and so are errors about it, because
// nobody may ask for this array.
type Dataset struct {
	Shape []int
	Class Class

	f       *File
	size    int               // of an element, in bytes
	dtype   safetensors.DType // of class Float
	layout  layout
	filters []filter
	err     error
}

// dataset describes an array by its header.
func (f *File) dataset(h header) *Dataset {
	d := &Dataset{f: f}
	space, _ := h.first(msgDataspace)
	kind, _ := h.first(msgDatatype)
	place, _ := h.first(msgLayout)
	pipeline, filtered := h.first(msgFilters)
	for _, m := range []message{space, kind, place, pipeline} {
		if m.shared {
			d.err = errors.New("hdf5: an array with a type of its own name is not supported")
			return d
		}
	}
	if d.Shape, d.err = shape(space.data); d.err != nil {
		return d
	}
	if d.err = d.setType(kind.data); d.err != nil {
		return d
	}
	if d.layout, d.err = parseLayout(place, len(d.Shape)); d.err == nil && filtered {
		d.filters, d.err = parseFilters(pipeline.data)
	}
	return d
}

// Read fills dst with an array of floating point numbers. The length of dst is the product of
// the shape.
func (d *Dataset) Read(dst []float32) error {
	switch {
	case d.err != nil:
		return d.err
	case d.Class != Float:
		return errors.New("hdf5: numbers are not floating point")
	case len(dst) != safetensors.Count(d.Shape):
		return errDamaged
	case d.layout.class == chunked:
		return d.chunks(func(from, to, n int, chunk []byte) error {
			return d.dtype.ReadAt(bytes.NewReader(chunk), int64(from*d.size), dst[to:][:n])
		})
	}
	r, off, err := d.plain(int64(len(dst)) * int64(d.size))
	if err != nil {
		return err
	}
	return d.dtype.ReadAt(r, off, dst)
}

// maxWhole is the largest array in bytes that Words reads.
const maxWhole = 1 << 20

// Words returns the elements of a small array of whole numbers or references.
func (d *Dataset) Words() ([]uint64, error) {
	n := safetensors.Count(d.Shape)
	switch {
	case d.err != nil:
		return nil, d.err
	case d.Class != Integer && d.Class != Reference || d.size > 8:
		return nil, errors.New("hdf5: elements are not whole numbers")
	case n < 0 || n > maxWhole/8:
		return nil, fmt.Errorf("hdf5: array of shape %s is too large", safetensors.Dims(d.Shape))
	}
	whole := make([]byte, n*d.size)
	var err error
	if d.layout.class == chunked {
		err = d.chunks(func(from, to, n int, chunk []byte) error {
			copy(whole[to*d.size:][:n*d.size], chunk[from*d.size:])
			return nil
		})
	} else {
		var r io.ReaderAt
		var off int64
		if r, off, err = d.plain(int64(len(whole))); err == nil {
			_, err = r.ReadAt(whole, off)
		}
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = number(whole[i*d.size:][:d.size])
	}
	return out, err
}

// plain returns where an array in one piece of n bytes lies.
func (d *Dataset) plain(n int64) (io.ReaderAt, int64, error) {
	off := d.layout.at
	if d.layout.addr == undefined {
		return nil, 0, errors.New("hdf5: array has no values")
	}
	if off < 0 || off > d.f.size-n {
		return nil, 0, errDamaged
	}
	return d.f.r, off, nil
}

// shape decodes a dataspace message: IV.A.2.b.
func shape(b []byte) ([]int, error) {
	if len(b) < 4 || b[0] < 1 || b[0] > 2 {
		return nil, errDamaged
	}
	rank, at := int(b[1]), 8
	if b[0] == 2 {
		at = 4
	}
	if len(b) < at+8*rank || rank > 32 {
		return nil, errDamaged
	}
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = int(word(b[at+8*i:]))
	}
	if safetensors.Count(shape) < 0 {
		return nil, errDamaged
	}
	return shape, nil
}

// setType decodes a datatype message: IV.A.2.d. For floating point, it gives the sizes of
// exponent and mantissa.
func (d *Dataset) setType(b []byte) (err error) {
	if len(b) < 8 {
		return errDamaged
	}
	d.size = int(binary.LittleEndian.Uint32(b[4:]))
	if d.size < 1 || d.size > 1<<16 {
		return errDamaged
	}
	switch class := b[0] & 15; {
	case class == 0 && b[1]&1 == 0:
		d.Class = Integer
	case class == 7 && b[1]&15 == 0 && d.size == 8:
		d.Class = Reference
	case class == 1:
		d.Class = Float
		d.dtype, err = float(b, d.size)
	}
	return err
}

func float(b []byte, size int) (safetensors.DType, error) {
	if len(b) < 20 {
		return safetensors.DType{}, errDamaged
	}
	if b[1]&0x41 != 0 {
		return safetensors.DType{}, errors.New("hdf5: numbers are not little-endian")
	}
	exponent, mantissa := b[13], b[15]
	switch {
	case size == 4 && exponent == 8 && mantissa == 23:
		return safetensors.DTypeByName("F32")
	case size == 8 && exponent == 11 && mantissa == 52:
		return safetensors.DTypeByName("F64")
	case size == 2 && exponent == 5 && mantissa == 10:
		return safetensors.DTypeByName("F16")
	case size == 2 && exponent == 8 && mantissa == 7:
		return safetensors.DTypeByName("BF16")
	}
	return safetensors.DType{}, fmt.Errorf("hdf5: floating point numbers of %d bytes with %d bits of exponent are not supported", size, exponent)
}
