package vgg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"nst/vgg/safetensors"
)

// h5 reads the part of HDF5 that h5py, and so Keras, writes by default: superblock 0 or 1,
// groups as symbol tables, object headers of version 1, and arrays of floating point numbers
// in one piece. Section numbers refer to the HDF5 file format specification, version 3.
type h5 struct {
	r    io.ReaderAt
	size int64
	left int // objects that may still be visited: a limit for circular files
}

const (
	h5Magic   = "\x89HDF\r\n\x1a\n"
	h5Objects = 4000
	h5Depth   = 16 // groups within groups; B-trees within B-trees
)

var errH5 = errors.New("hdf5: file is damaged")

// walkH5 calls visit for each array in the file, with its path: a/b/c.
func walkH5(r io.ReaderAt, size int64, visit func(path string, t tensor)) error {
	f := &h5{r, size, h5Objects}
	head, err := f.at(0, 16) // II.A
	if err != nil {
		return err
	}
	if head[8] > 1 || head[13] != 8 || head[14] != 8 {
		return fmt.Errorf("hdf5: superblock version %d with addresses of %d bytes is not supported (h5py writes 0 and 8)", head[8], head[13])
	}
	at := int64(24) + 4*int64(head[8])
	rest, err := f.at(at, 72)
	if err != nil {
		return err
	}
	if base, end := word(rest), word(rest[16:]); base != 0 {
		return errors.New("hdf5: a file within a file is not supported")
	} else if end > uint64(size) {
		return fmt.Errorf("hdf5: file is cut short: it has %d bytes of %d", size, end)
	}
	return f.object(word(rest[40:]), "", 0, visit)
}

// at returns n bytes of the file.
func (f *h5) at(off int64, n int) ([]byte, error) {
	if off < 0 || off > f.size-int64(n) {
		return nil, errH5
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, off); err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return b, nil
}

// block reads n bytes that start with a signature, and returns those after it.
func (f *h5) block(addr uint64, signature string, n int) ([]byte, error) {
	b, err := f.at(int64(addr), n)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte(signature)) {
		return nil, errH5
	}
	return b[len(signature):], nil
}

// word decodes the first 8 bytes of b, an address or a length.
func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// message is one part of the header of an object.
type message struct {
	data []byte
	at   int64 // where data lies in the file
}

// messages returns the first message of each type in the header of an object: IV.A.1.
func (f *h5) messages(addr uint64) (map[uint16]message, error) {
	b, err := f.at(int64(addr), 16)
	if err != nil {
		return nil, err
	}
	if b[0] != 1 {
		return nil, fmt.Errorf("hdf5: object header version %d is not supported (h5py writes 1)", b[0])
	}
	out := map[uint16]message{}
	type run struct{ at, n int64 }
	runs := []run{{int64(addr) + 16, int64(binary.LittleEndian.Uint32(b[8:]))}}
	for i := 0; i < len(runs) && i < h5Depth; i++ {
		r := runs[i]
		if r.n < 0 || r.n > 1<<18 {
			return nil, errH5
		}
		b, err := f.at(r.at, int(r.n))
		if err != nil {
			return nil, err
		}
		for p := 0; p+8 <= len(b); {
			kind, n := binary.LittleEndian.Uint16(b[p:]), int(binary.LittleEndian.Uint16(b[p+2:]))
			p += 8
			if p+n > len(b) {
				return nil, errH5
			}
			m := message{b[p : p+n], r.at + int64(p)}
			if kind == 0x10 && n >= 16 { // the header continues there
				runs = append(runs, run{int64(word(m.data)), int64(word(m.data[8:]))})
			}
			if _, ok := out[kind]; !ok {
				out[kind] = m
			}
			p += n
		}
	}
	return out, nil
}

// object visits the array at addr, or all arrays of the group there.
func (f *h5) object(addr uint64, path string, depth int, visit func(string, tensor)) error {
	if f.left--; f.left < 0 || depth > h5Depth {
		return fmt.Errorf("%w: too many objects", errH5)
	}
	m, err := f.messages(addr)
	if err != nil {
		return err
	}
	if table, ok := m[0x11]; ok { // symbol table: a group
		if len(table.data) < 16 {
			return errH5
		}
		heap, err := f.block(word(table.data[8:]), "HEAP", 32) // III.D
		if err != nil {
			return err
		}
		return f.group(word(table.data), int64(word(heap[20:])), path, depth, visit)
	}
	if _, ok := m[0x08]; !ok {
		return nil // neither a group nor an array
	}
	visit(path, f.array(m))
	return nil
}

// group visits the members of a group that lie below a node of its B-tree (III.A.1). Their
// names are in the heap.
func (f *h5) group(addr uint64, heap int64, path string, depth int, visit func(string, tensor)) error {
	if f.left--; f.left < 0 || depth > h5Depth {
		return fmt.Errorf("%w: too many objects", errH5)
	}
	head, err := f.block(addr, "TREE", 24)
	if err != nil {
		return err
	}
	level, n := head[1], int(binary.LittleEndian.Uint16(head[2:]))
	children, err := f.at(int64(addr)+24, 16*n) // key, child, key, child ...
	if err != nil {
		return err
	}
	for i := range n {
		child := word(children[16*i+8:])
		if level > 0 {
			err = f.group(child, heap, path, depth+1, visit)
		} else {
			err = f.symbols(child, heap, path, depth, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// symbols visits the members in one symbol table node: III.B and III.C.
func (f *h5) symbols(addr uint64, heap int64, path string, depth int, visit func(string, tensor)) error {
	head, err := f.block(addr, "SNOD", 8)
	if err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint16(head[2:]))
	entries, err := f.at(int64(addr)+8, 40*n)
	if err != nil {
		return err
	}
	for i := range n {
		e := entries[40*i:]
		if binary.LittleEndian.Uint32(e[16:]) == 2 {
			continue // a symbolic link
		}
		name, err := f.name(heap + int64(word(e)))
		if err != nil {
			return err
		}
		if path != "" {
			name = path + "/" + name
		}
		if err := f.object(word(e[8:]), name, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// name reads a zero-terminated string.
func (f *h5) name(off int64) (string, error) {
	if off < 0 || off >= f.size {
		return "", errH5
	}
	b, err := f.at(off, int(min(256, f.size-off)))
	if err != nil {
		return "", err
	}
	s, _, ok := bytes.Cut(b, []byte{0})
	if !ok {
		return "", errH5
	}
	return string(s), nil
}

// array describes an array by the messages of its header. Errors come out when it is read,
// because nobody may ask for this array.
func (f *h5) array(m map[uint16]message) tensor {
	shape, err := h5Shape(m[0x01].data)
	var d safetensors.DType
	if err == nil {
		d, err = h5Type(m[0x03].data)
	}
	var off int64
	if err == nil {
		off, err = h5Layout(m[0x08])
	}
	if _, filtered := m[0x0b]; err == nil && filtered {
		err = errors.New("hdf5: compressed arrays are not supported")
	}
	return tensor{shape, func(dst []float32) error {
		if err != nil {
			return err
		}
		return d.ReadAt(f.r, off, dst)
	}}
}

// h5Shape decodes a dataspace message: IV.A.2.b.
func h5Shape(b []byte) ([]int, error) {
	if len(b) < 4 || b[0] < 1 || b[0] > 2 {
		return nil, errH5
	}
	rank, at := int(b[1]), 8
	if b[0] == 2 {
		at = 4
	}
	if len(b) < at+8*rank {
		return nil, errH5
	}
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = int(word(b[at+8*i:]))
	}
	return shape, nil
}

// h5Type decodes a datatype message: IV.A.2.d. Class 1 is floating point; the message gives
// the sizes of exponent and mantissa.
func h5Type(b []byte) (safetensors.DType, error) {
	if len(b) < 20 || b[0]&15 != 1 {
		return safetensors.DType{}, errors.New("hdf5: numbers are not floating point")
	}
	if b[1]&0x41 != 0 {
		return safetensors.DType{}, errors.New("hdf5: numbers are not little-endian")
	}
	size, exponent, mantissa := binary.LittleEndian.Uint32(b[4:]), b[13], b[15]
	switch {
	case size == 4 && exponent == 8 && mantissa == 23:
		return safetensors.DTypeByName("F32")
	case size == 8 && exponent == 11 && mantissa == 52:
		return safetensors.DTypeByName("F64")
	case size == 2 && exponent == 5 && mantissa == 10:
		return safetensors.DTypeByName("F16")
	}
	return safetensors.DType{}, fmt.Errorf("hdf5: floating point numbers of %d bytes with %d bits of exponent are not supported", size, exponent)
}

// h5Layout returns where the values of an array lie: IV.A.2.i.
func h5Layout(m message) (int64, error) {
	b := m.data
	if len(b) < 4 || b[0] < 3 || b[0] > 4 {
		return 0, errors.New("hdf5: layout of an array is of an unsupported version")
	}
	switch {
	case b[1] == 0: // compact: in the message itself
		return m.at + 4, nil
	case b[1] == 1 && len(b) >= 18: // contiguous
		return int64(word(b[2:])), nil
	}
	return 0, errors.New("hdf5: arrays in pieces are not supported")
}
