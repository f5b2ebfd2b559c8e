package hdf5

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// dense visits the members of a group whose links are in a fractal heap, as groups with more
// than 8 members of the new kind have them. info is a link info message: IV.A.2.c.
func (f *File) dense(info []byte, path string, depth int, visit func(string, *Dataset)) error {
	at := 2
	if len(info) > 1 && info[1]&1 != 0 { // order of creation
		at += 8
	}
	if len(info) < at+16 {
		return errDamaged
	}
	heapAddr, tree := word(info[at:]), word(info[at+8:])
	if heapAddr == undefined || tree == undefined {
		return nil // all links are in the header
	}
	h, err := f.heap(heapAddr)
	if err != nil {
		return err
	}
	return f.records(tree, func(record []byte) error {
		if len(record) < 4+h.id {
			return errDamaged
		}
		link, err := h.get(f, record[4:][:h.id]) // after a hash of the name
		if err != nil {
			return err
		}
		return f.link(link, path, depth, visit)
	})
}

// records visits the records of a B-tree of version 2 (III.A.2) of at most two levels, which
// hold some hundred links.
func (f *File) records(addr uint64, visit func([]byte) error) error {
	b, err := f.block(addr, "BTHD", 38)
	if err != nil {
		return err
	}
	node, size := int(binary.LittleEndian.Uint32(b[2:])), int(binary.LittleEndian.Uint16(b[6:]))
	depth, root, n := binary.LittleEndian.Uint16(b[8:]), word(b[12:]), int(binary.LittleEndian.Uint16(b[20:]))
	if node < 32 || node > maxHeader || size == 0 || n*size+10 > node {
		return errDamaged
	}
	if depth == 0 {
		return f.leaf(root, n, size, visit)
	}
	if depth > 1 {
		return errors.New("hdf5: a group with so many members is not supported")
	}
	b, err = f.block(root, "BTIN", node)
	if err != nil {
		return err
	}
	counts := (bits.Len(uint((node-10)/size)) + 7) / 8 // bytes for the number of records in a leaf
	children := b[2+n*size:]
	for i := range n + 1 {
		if len(children) < 8+counts {
			return errDamaged
		}
		if err := f.leaf(word(children), int(number(children[8:][:counts])), size, visit); err != nil {
			return err
		}
		if children = children[8+counts:]; i < n {
			if err := visit(b[2+i*size:][:size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaf visits the records of a leaf.
func (f *File) leaf(addr uint64, n, size int, visit func([]byte) error) error {
	if err := f.visited(0); err != nil {
		return err
	}
	b, err := f.block(addr, "BTLF", 6+n*size)
	if err != nil {
		return err
	}
	for i := range n {
		if err := visit(b[2+i*size:][:size]); err != nil {
			return err
		}
	}
	return nil
}

// heap is a fractal heap: III.G. Its objects lie in blocks of a table: the first two rows
// have blocks of the starting size, each further row has blocks of twice the size.
type heap struct {
	id           int // bytes of the identity of an object
	offset       int // of which give its offset
	width        int // of the table
	start        int64
	direct       int64 // size of the largest direct block
	root         uint64
	rows         int // 0 if root is the only block
	blockAddress int // bytes in front of the addresses of an indirect block
}

func (f *File) heap(addr uint64) (heap, error) {
	b, err := f.block(addr, "FRHP", 142)
	if err != nil {
		return heap{}, err
	}
	if binary.LittleEndian.Uint16(b[3:]) != 0 {
		return heap{}, errors.New("hdf5: compressed names of members are not supported")
	}
	bitsOfOffset := int(binary.LittleEndian.Uint16(b[124:]))
	h := heap{
		id: int(binary.LittleEndian.Uint16(b[1:])), offset: (bitsOfOffset + 7) / 8,
		width: int(binary.LittleEndian.Uint16(b[106:])), start: int64(word(b[108:])), direct: int64(word(b[116:])),
		root: word(b[128:]), rows: int(binary.LittleEndian.Uint16(b[136:])),
	}
	h.blockAddress = 13 + h.offset
	if h.id < 2+h.offset || h.id > 16 || h.offset > 8 || h.width < 1 || h.width > 1<<10 || h.start < 1 || h.start > 1<<30 || h.rows > 64 {
		return heap{}, errDamaged
	}
	return h, nil
}

// get returns the object with an identity: its offset and its length in the heap.
func (h heap) get(f *File, id []byte) ([]byte, error) {
	if id[0]&0x30 != 0 {
		return nil, errors.New("hdf5: a member of a group with an unusually long name is not supported")
	}
	off, n := number(id[1:][:h.offset]), number(id[1+h.offset:])
	if n > maxHeader || off > 1<<40 {
		return nil, errDamaged
	}
	if h.rows == 0 {
		return f.at(int64(h.root+off), int(n))
	}
	at, size := int64(off), h.start
	for row := range h.rows {
		if row > 1 {
			size *= 2
		}
		if size > h.direct {
			break
		}
		if at < int64(h.width)*size {
			entry := int64(row*h.width) + at/size
			b, err := f.at(int64(h.root)+int64(h.blockAddress)+8*entry, 8)
			if err != nil {
				return nil, err
			}
			return f.at(int64(word(b))+at%size, int(n))
		}
		at -= int64(h.width) * size
	}
	return nil, errors.New("hdf5: a group with too many members is not supported")
}
