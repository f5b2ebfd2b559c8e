package hdf5

import (
	"encoding/binary"
	"fmt"
)

// Types of messages in the header of an object: IV.A.2.
const (
	msgDataspace    = 0x01
	msgLinkInfo     = 0x02
	msgDatatype     = 0x03
	msgLink         = 0x06
	msgLayout       = 0x08
	msgFilters      = 0x0b
	msgContinuation = 0x10
	msgSymbolTable  = 0x11
)

// message is one part of the header of an object.
type message struct {
	kind   uint16
	data   []byte
	at     int64 // where data lies in the file
	shared bool  // data only say where the message is
}

// header is the messages of an object.
type header []message

// first returns the first message of a type.
func (h header) first(kind uint16) (message, bool) {
	for _, m := range h {
		if m.kind == kind {
			return m, true
		}
	}
	return message{}, false
}

// run is a part of the file with messages.
type run struct {
	at, n int64
}

// header reads the header of an object, of version 1 (IV.A.1.a) or 2 (IV.A.1.b).
func (f *File) header(addr uint64) (header, error) {
	b, err := f.at(int64(addr), 16)
	if err != nil {
		return nil, err
	}
	if string(b[:4]) == "OHDR" {
		return f.header2(addr, b)
	}
	if b[0] != 1 {
		return nil, fmt.Errorf("%w: an object starts with %d", errDamaged, b[0])
	}
	var out header
	runs := []run{{int64(addr) + 16, int64(binary.LittleEndian.Uint32(b[8:]))}}
	for i := 0; i < len(runs) && i < maxDepth; i++ {
		b, err := f.run(runs[i])
		if err != nil {
			return nil, err
		}
		for p := 0; p+8 <= len(b); {
			kind, n, flags := binary.LittleEndian.Uint16(b[p:]), int(binary.LittleEndian.Uint16(b[p+2:])), b[p+4]
			p += 8
			if p+n > len(b) {
				return nil, errDamaged
			}
			m := message{kind, b[p : p+n], runs[i].at + int64(p), flags&2 != 0}
			out, runs = out.add(m, runs)
			p += n
		}
	}
	return out, nil
}

// header2 reads a header of version 2, which starts with b.
func (f *File) header2(addr uint64, b []byte) (header, error) {
	flags, at := b[5], int64(6)
	if flags&0x20 != 0 { // times
		at += 16
	}
	if flags&0x10 != 0 { // limits of compact storage
		at += 4
	}
	width := int64(1) << (flags & 3)
	size, err := f.at(int64(addr)+at, int(width))
	if err != nil {
		return nil, err
	}
	prefix := 4
	if flags&0x04 != 0 { // order of creation
		prefix = 6
	}
	var out header
	runs := []run{{int64(addr) + at + width, int64(min(number(size), maxHeader+1))}}
	for i := 0; i < len(runs) && i < maxDepth; i++ {
		r := runs[i]
		if i > 0 {
			if _, err := f.block(uint64(r.at), "OCHK", 4); err != nil {
				return nil, err
			}
			r = run{r.at + 4, r.n - 8} // signature and checksum
		}
		b, err := f.run(r)
		if err != nil {
			return nil, err
		}
		for p := 0; p+prefix <= len(b); {
			kind, n, flags := uint16(b[p]), int(binary.LittleEndian.Uint16(b[p+1:])), b[p+3]
			p += prefix
			if p+n > len(b) {
				return nil, errDamaged
			}
			m := message{kind, b[p : p+n], r.at + int64(p), flags&2 != 0}
			out, runs = out.add(m, runs)
			p += n
		}
	}
	return out, nil
}

func (f *File) run(r run) ([]byte, error) {
	if r.n < 0 || r.n > maxHeader {
		return nil, errDamaged
	}
	return f.at(r.at, int(r.n))
}

// add adds a message, and the run with more messages that it may point to.
func (h header) add(m message, runs []run) (header, []run) {
	if m.kind == msgContinuation && len(m.data) >= 16 {
		runs = append(runs, run{int64(word(m.data)), int64(word(m.data[8:]))})
	}
	return append(h, m), runs
}
