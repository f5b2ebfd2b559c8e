package hdf5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"nst/vgg/safetensors"
)

// Classes of layout.
const (
	compact    = 0
	contiguous = 1
	chunked    = 2
)

// Kinds of index of the chunks.
const (
	btree      = 0 // of layout version 3
	single     = 1
	implicit   = 2
	fixedArray = 3
)

const maxChunk = 1 << 26 // bytes

// layout says where the values of an array lie.
type layout struct {
	class byte
	addr  uint64
	at    int64 // of class compact and contiguous
	chunk []int // shape of a chunk
	index byte
	size  uint64 // of a single chunk that is filtered, in the file
}

// parseLayout decodes a layout message (IV.A.2.i) of an array with so many dimensions.
func parseLayout(m message, rank int) (l layout, err error) {
	b := m.data
	if len(b) < 4 || b[0] < 3 || b[0] > 5 {
		return l, errors.New("hdf5: layout of an array is of an unsupported version")
	}
	switch l.class = b[1]; {
	case l.class == compact:
		l.at = m.at + 4
		return l, nil
	case l.class == contiguous && len(b) >= 18:
		l.addr = word(b[2:])
		l.at = int64(l.addr)
		return l, nil
	case l.class != chunked:
		return l, errors.New("hdf5: layout of an array is not supported")
	case b[0] == 3:
		return l, l.chunked3(b, rank)
	}
	return l, l.chunked4(b, rank)
}

// chunked3 decodes a layout of version 3. The last dimension is the size of an element.
func (l *layout) chunked3(b []byte, rank int) error {
	if int(b[2]) != rank+1 || len(b) < 11+4*rank {
		return errDamaged
	}
	l.addr = word(b[3:])
	for i := range rank {
		l.chunk = append(l.chunk, int(binary.LittleEndian.Uint32(b[11+4*i:])))
	}
	return l.check()
}

// chunked4 decodes a layout of version 4 or 5, which HDF5 1.10 and 2.0 write on demand.
func (l *layout) chunked4(b []byte, rank int) error {
	if len(b) < 5 || int(b[3]) != rank+1 || b[4] < 1 || b[4] > 8 {
		return errDamaged
	}
	flags, width := b[2], int(b[4])
	at := 5 + width*(rank+1)
	if len(b) < at+1 {
		return errDamaged
	}
	for i := range rank {
		l.chunk = append(l.chunk, int(min(number(b[5+width*i:][:width]), math.MaxInt32)))
	}
	l.index = b[at]
	at++
	switch {
	case l.index == single && flags&2 != 0: // filtered: size and mask of filters
		if len(b) < at+12 {
			return errDamaged
		}
		l.size = word(b[at:])
		at += 12
	case l.index == single, l.index == implicit:
	case l.index == fixedArray:
		at++ // bits of a page, which are in the array too
	default:
		return errors.New("hdf5: an array that can grow is not supported")
	}
	if len(b) < at+8 {
		return errDamaged
	}
	l.addr = word(b[at:])
	return l.check()
}

func (l *layout) check() error {
	for _, d := range l.chunk {
		if d < 1 {
			return errDamaged
		}
	}
	if n := safetensors.Count(l.chunk); n < 0 || n > maxChunk {
		return fmt.Errorf("hdf5: chunks of shape %s are not supported", safetensors.Dims(l.chunk))
	}
	return nil
}

// entry says where a chunk lies in the file.
type entry struct {
	addr, size uint64
	mask       uint32 // of filters that were left out
	at         []int  // its first element
}

// chunks reads all chunks. For each run of elements it calls put: n elements from element
// from of the chunk on go to element to of the array.
func (d *Dataset) chunks(put func(from, to, n int, chunk []byte) error) error {
	plain := safetensors.Count(d.layout.chunk) * d.size
	if plain > maxChunk {
		return fmt.Errorf("hdf5: chunks of %d bytes are not supported", plain)
	}
	if len(d.Shape) == 0 {
		return errDamaged
	}
	if d.layout.addr == undefined {
		return errors.New("hdf5: array has no values")
	}
	found, want := 0, 1
	for i, n := range d.Shape {
		if d.layout.chunk[i] > n {
			return fmt.Errorf("hdf5: chunks of shape %s in an array of shape %s are not supported",
				safetensors.Dims(d.layout.chunk), safetensors.Dims(d.Shape))
		}
		want *= (n + d.layout.chunk[i] - 1) / d.layout.chunk[i]
	}
	err := d.entries(uint64(plain), func(e entry) error {
		if found++; found > want || e.addr == undefined {
			return errDamaged
		}
		b, err := d.decode(e, plain)
		if err != nil {
			return err
		}
		return d.scatter(e.at, b, put)
	})
	if err == nil && found < want {
		err = errors.New("hdf5: array has no values in places")
	}
	return err
}

// scatter calls put for each row of a chunk that starts at an element of the array. Rows at
// the edge are cut.
func (d *Dataset) scatter(at []int, chunk []byte, put func(from, to, n int, chunk []byte) error) error {
	last := len(d.Shape) - 1
	for i, a := range at {
		if a < 0 || a >= d.Shape[i] {
			return errDamaged
		}
	}
	n := min(d.layout.chunk[last], d.Shape[last]-at[last])
	row := make([]int, last) // in the chunk
	for {
		from, to := 0, 0
		for i, x := range row {
			from, to = (from+x)*d.layout.chunk[i+1], (to+at[i]+x)*d.Shape[i+1]
		}
		if err := put(from, to+at[last], n, chunk); err != nil {
			return err
		}
		i := last - 1
		for ; i >= 0; i-- { // next row, last dimension first
			if row[i]++; row[i] < d.layout.chunk[i] && at[i]+row[i] < d.Shape[i] {
				break
			}
			row[i] = 0
		}
		if i < 0 {
			return nil
		}
	}
}

// entries calls visit for each chunk. plain is the size of a chunk without filters.
func (d *Dataset) entries(plain uint64, visit func(entry) error) error {
	switch d.layout.index {
	case btree:
		return d.chunkTree(d.layout.addr, 0, visit)
	case single:
		size := plain
		if len(d.filters) > 0 {
			size = d.layout.size
		}
		return visit(entry{addr: d.layout.addr, size: size, at: make([]int, len(d.Shape))})
	case implicit:
		return d.each(func(i int, at []int) error {
			return visit(entry{addr: d.layout.addr + uint64(i)*plain, size: plain, at: at})
		})
	}
	return d.fixedArray(plain, visit)
}

// each calls visit for each place of a chunk, in row-major order.
func (d *Dataset) each(visit func(i int, at []int) error) error {
	at := make([]int, len(d.Shape))
	for n := 0; ; n++ {
		if err := visit(n, at); err != nil {
			return err
		}
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i] += d.layout.chunk[i]; at[i] < d.Shape[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return nil
		}
	}
}

// chunkTree visits the chunks below a node of a B-tree of version 1: III.A.1, node type 1.
func (d *Dataset) chunkTree(addr uint64, depth int, visit func(entry) error) error {
	if err := d.f.visited(depth); err != nil {
		return err
	}
	head, err := d.f.block(addr, "TREE", 24)
	if err != nil {
		return err
	}
	rank := len(d.Shape)
	level, n, key := head[1], int(binary.LittleEndian.Uint16(head[2:])), 8+8*(rank+1)
	if head[0] != 1 {
		return errDamaged
	}
	b, err := d.f.at(int64(addr)+24, n*(key+8))
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[key+8:] {
		child := word(b[key:])
		if level > 0 {
			err = d.chunkTree(child, depth+1, visit)
		} else {
			e := entry{addr: child, size: uint64(binary.LittleEndian.Uint32(b)), mask: binary.LittleEndian.Uint32(b[4:])}
			for i := range rank {
				e.at = append(e.at, int(word(b[8+8*i:])))
			}
			err = visit(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fixedArray visits the chunks of a fixed array: VII.B. Its elements are in pages if there
// are many.
func (d *Dataset) fixedArray(plain uint64, visit func(entry) error) error {
	b, err := d.f.block(d.layout.addr, "FAHD", 28)
	if err != nil {
		return err
	}
	filtered, size, page := b[1] == 1, int(b[2]), 1<<min(b[3], 30)
	n, addr := word(b[4:]), word(b[12:])
	if n > maxHeader || size < 8 || filtered && size < 13 || size > 24 {
		return errDamaged
	}
	at := int64(addr) + 14
	if _, err := d.f.block(addr, "FADB", 14); err != nil {
		return err
	}
	paged := int(n) > page
	if paged { // a bit for each page, and a checksum
		at += int64((int(n)+page-1)/page+7)/8 + 4
	}
	return d.each(func(i int, where []int) error {
		if uint64(i) >= n {
			return errDamaged
		}
		off := at + int64(i*size)
		if paged {
			off += int64(i/page) * 4 // checksums of the pages before
		}
		b, err := d.f.at(off, size)
		if err != nil {
			return err
		}
		e := entry{addr: word(b), size: plain, at: where}
		if filtered {
			e.size, e.mask = number(b[8:size-4]), binary.LittleEndian.Uint32(b[size-4:])
		}
		return visit(e)
	})
}
