package hdf5

import (
	"bytes"
	"encoding/binary"
)

// object visits the array at addr, or all arrays of the group there.
func (f *File) object(addr uint64, path string, depth int, visit func(string, *Dataset)) error {
	if err := f.visited(depth); err != nil {
		return err
	}
	h, err := f.header(addr)
	if err != nil {
		return err
	}
	if table, ok := h.first(msgSymbolTable); ok { // a group of the old kind
		if len(table.data) < 16 {
			return errDamaged
		}
		heap, err := f.block(word(table.data[8:]), "HEAP", 32) // III.D
		if err != nil {
			return err
		}
		return f.tree(word(table.data), int64(word(heap[20:])), path, depth, visit)
	}
	if _, ok := h.first(msgLayout); ok {
		visit(path, f.dataset(h))
		return nil
	}
	for _, m := range h {
		switch m.kind {
		case msgLink:
			err = f.link(m.data, path, depth, visit)
		case msgLinkInfo:
			err = f.dense(m.data, path, depth, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// child visits a member of a group.
func (f *File) child(addr uint64, path, name string, depth int, visit func(string, *Dataset)) error {
	if path != "" {
		name = path + "/" + name
	}
	return f.object(addr, name, depth+1, visit)
}

// tree visits the members of a group that lie below a node of its B-tree (III.A.1). Their
// names are in the heap.
func (f *File) tree(addr uint64, heap int64, path string, depth int, visit func(string, *Dataset)) error {
	if err := f.visited(depth); err != nil {
		return err
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
			err = f.tree(child, heap, path, depth+1, visit)
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
func (f *File) symbols(addr uint64, heap int64, path string, depth int, visit func(string, *Dataset)) error {
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
		if err := f.child(word(e[8:]), path, name, depth, visit); err != nil {
			return err
		}
	}
	return nil
}

// name reads a zero-terminated string.
func (f *File) name(off int64) (string, error) {
	if off < 0 || off >= f.size {
		return "", errDamaged
	}
	b, err := f.at(off, int(min(256, f.size-off)))
	if err != nil {
		return "", err
	}
	s, _, ok := bytes.Cut(b, []byte{0})
	if !ok {
		return "", errDamaged
	}
	return string(s), nil
}

// link visits the member of a group that a link message names: IV.A.2.g. Symbolic and
// external links are left out.
func (f *File) link(b []byte, path string, depth int, visit func(string, *Dataset)) error {
	if len(b) < 2 || b[0] != 1 {
		return errDamaged
	}
	flags, at := b[1], 2
	kind := byte(0)
	if flags&0x08 != 0 && at < len(b) {
		kind = b[at]
		at++
	}
	if flags&0x04 != 0 { // order of creation
		at += 8
	}
	if flags&0x10 != 0 { // character set
		at++
	}
	width := 1 << (flags & 3)
	if at+width > len(b) {
		return errDamaged
	}
	n := number(b[at:][:width])
	at += width
	if n > uint64(len(b)-at) {
		return errDamaged
	}
	name := string(b[at:][:n])
	if at += int(n); kind != 0 {
		return nil
	}
	if at+8 > len(b) {
		return errDamaged
	}
	return f.child(word(b[at:]), path, name, depth, visit)
}
