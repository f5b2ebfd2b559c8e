// Package hdf5 reads arrays from HDF5 files of any version that h5py, Keras and MATLAB
// write: contiguous, compact and chunked arrays, plain or compressed by gzip.
//
// Section numbers in comments refer to "HDF5 File Format Specification", version 3.0.
package hdf5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Magic is what every file starts with, at byte 0, 512, 1024, 2048 ...
const Magic = "\x89HDF\r\n\x1a\n"

const (
	maxObjects = 1 << 14
	maxDepth   = 16      // groups within groups; B-trees within B-trees
	maxHeader  = 1 << 18 // bytes
	undefined  = ^uint64(0)
)

var errDamaged = errors.New("hdf5: file is damaged")

// File is an open file.
type File struct {
	r    io.ReaderAt // from the base address on
	size int64
	root uint64
	left int // objects that may still be visited: a limit for circular files
}

// Open reads the superblock (II) of a file of the given size in bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	start, err := find(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{r: r, size: size, left: maxObjects}
	head, err := f.at(start, 16)
	if err != nil {
		return nil, err
	}
	version, sizes, at := head[8], head[13:15], start+24
	switch version {
	case 0:
	case 1:
		at += 4
	case 2, 3:
		sizes, at = head[9:11], start+12
	default:
		return nil, fmt.Errorf("hdf5: superblock version %d is not supported", version)
	}
	if sizes[0] != 8 || sizes[1] != 8 {
		return nil, fmt.Errorf("hdf5: addresses of %d and lengths of %d bytes are not supported", sizes[0], sizes[1])
	}
	b, err := f.at(at, 72)
	if version >= 2 {
		b, err = f.at(at, 32)
	}
	if err != nil {
		return nil, err
	}
	base, end := word(b), word(b[16:])
	if base > uint64(size) {
		return nil, errDamaged
	}
	if end > uint64(size) {
		return nil, fmt.Errorf("hdf5: file is cut short: it has %d bytes of %d", size, end)
	}
	f.root = word(b[24:])
	if version < 2 {
		f.root = word(b[40:])
	}
	f.r, f.size = io.NewSectionReader(r, int64(base), size-int64(base)), size-int64(base)
	return f, nil
}

// find returns where the superblock starts.
func find(r io.ReaderAt, size int64) (int64, error) {
	var b [8]byte
	for at := int64(0); at+8 <= size && at <= 1<<16; at = max(512, 2*at) {
		if _, err := r.ReadAt(b[:], at); err != nil {
			return 0, fmt.Errorf("hdf5: %w", err)
		}
		if string(b[:]) == Magic {
			return at, nil
		}
	}
	return 0, errDamaged
}

// Walk calls visit for each array in the file, with its path: a/b/c.
func (f *File) Walk(visit func(path string, d *Dataset)) error { return f.WalkAt(f.root, "", visit) }

// WalkAt is [File.Walk] for the group or the array to which a reference points. The path of
// that is the one given.
func (f *File) WalkAt(reference uint64, path string, visit func(path string, d *Dataset)) error {
	return f.object(reference, path, 0, visit)
}

// at returns n bytes of the file.
func (f *File) at(off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size-int64(n) {
		return nil, errDamaged
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, off); err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return b, nil
}

// block reads n bytes that start with a signature, and returns those after it.
func (f *File) block(addr uint64, signature string, n int) ([]byte, error) {
	b, err := f.at(int64(addr), n)
	if err != nil {
		return nil, err
	}
	if string(b[:len(signature)]) != signature {
		return nil, errDamaged
	}
	return b[len(signature):], nil
}

// visited counts an object or a node of a tree.
func (f *File) visited(depth int) error {
	if f.left--; f.left < 0 || depth > maxDepth {
		return fmt.Errorf("%w: too many objects", errDamaged)
	}
	return nil
}

// word decodes the first 8 bytes of b, an address or a length.
func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// number decodes a number of up to 8 bytes.
func number(b []byte) uint64 {
	var wide [8]byte
	copy(wide[:], b)
	return word(wide[:])
}
