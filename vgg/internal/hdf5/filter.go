package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// filter is what was done to a chunk before it was written.
type filter struct {
	id     uint16
	values []uint32
}

// The filters that HDF5 itself has: IV.A.2.l.
const (
	deflate    = 1
	shuffle    = 2
	fletcher32 = 3
)

// parseFilters decodes a filter pipeline message.
func parseFilters(b []byte) (out []filter, err error) {
	if len(b) < 2 || b[0] < 1 || b[0] > 2 {
		return nil, errDamaged
	}
	at := 2
	if b[0] == 1 {
		at = 8
	}
	for range b[1] {
		if len(b) < at+8 {
			return nil, errDamaged
		}
		f := filter{id: binary.LittleEndian.Uint16(b[at:])}
		name := 0
		at += 2
		if b[0] == 1 || f.id >= 256 {
			name = int(binary.LittleEndian.Uint16(b[at:]))
			at += 2
		}
		if len(b) < at+4 {
			return nil, errDamaged
		}
		n := int(binary.LittleEndian.Uint16(b[at+2:]))
		at += 4
		if b[0] == 1 {
			name = (name + 7) &^ 7
		}
		if len(b) < at+name+4*n {
			return nil, errDamaged
		}
		label := string(bytes.TrimRight(b[at:][:name], "\x00"))
		at += name
		for range n {
			f.values = append(f.values, binary.LittleEndian.Uint32(b[at:]))
			at += 4
		}
		if b[0] == 1 && n%2 == 1 {
			at += 4
		}
		if f.id < deflate || f.id > fletcher32 {
			return nil, fmt.Errorf("hdf5: arrays compressed by filter %d %q are not supported: save them plain or with gzip", f.id, label)
		}
		out = append(out, f)
	}
	return out, nil
}

// decode reads a chunk and undoes its filters, the last one first. Without filters it has so
// many bytes.
func (d *Dataset) decode(e entry, plain int) ([]byte, error) {
	if e.size > maxChunk+1<<16 {
		return nil, errDamaged
	}
	b, err := d.f.at(int64(e.addr), int(e.size))
	for i := len(d.filters) - 1; i >= 0 && err == nil; i-- {
		if e.mask&(1<<i) != 0 {
			continue
		}
		switch d.filters[i].id {
		case deflate:
			b, err = inflate(b, plain+4) // a checksum may be inside
		case shuffle:
			b = unshuffle(b, d.size)
		case fletcher32:
			b, err = checked(b)
		}
	}
	if err == nil && len(b) != plain {
		err = fmt.Errorf("%w: a chunk has %d bytes, want %d", errDamaged, len(b), plain)
	}
	return b, err
}

// inflate decompresses b, to at most limit bytes.
func inflate(b []byte, limit int) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	if len(out) > limit {
		return nil, errDamaged
	}
	return out, nil
}

// unshuffle puts the bytes of each element together again: first come all their first bytes,
// then all their second bytes.
func unshuffle(b []byte, size int) []byte {
	n := len(b) / size
	out := make([]byte, len(b))
	for i := range n {
		for j := range size {
			out[i*size+j] = b[j*n+i]
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

// checked removes the checksum from the end of b, after comparing it.
func checked(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errDamaged
	}
	b, want := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if got := fletcher(b); got != want {
		return nil, errors.New("hdf5: checksum of a chunk differs: the file is damaged")
	}
	return b, nil
}

// fletcher is Fletcher's checksum of the 16-bit words of b, with the high byte first.
func fletcher(b []byte) uint32 {
	var sum1, sum2 uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		sum1 = (sum1 + w) % 65535
		sum2 = (sum2 + sum1) % 65535
	}
	return sum2<<16 | sum1
}
