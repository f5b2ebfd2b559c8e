package imgio

import (
	"encoding/binary"
	"math"
)

// tagOrientation is the tag of EXIF 2.3, 4.6.4.A.
const tagOrientation = 274

// directory is the first image file directory of an EXIF block, which is a TIFF structure: a
// list of entries of 12 bytes each.
type directory struct {
	data    []byte // the whole structure; offsets count from its start
	order   binary.ByteOrder
	entries []byte
}

// parseTIFF finds the first directory of a TIFF structure. A directory that runs past the
// end of data is cut off there.
func parseTIFF(data []byte) (directory, bool) {
	if len(data) < 8 {
		return directory{}, false
	}
	d := directory{data: data}
	switch string(data[:4]) {
	case "II*\x00":
		d.order = binary.LittleEndian
	case "MM\x00*":
		d.order = binary.BigEndian
	default:
		return directory{}, false
	}
	offset := int64(d.order.Uint32(data[4:]))
	if offset+2 > int64(len(data)) {
		return directory{}, false
	}
	n := 12 * int(d.order.Uint16(data[offset:]))
	rest := data[offset+2:]
	d.entries = rest[:min(n, len(rest)/12*12)]
	return d, true
}

// bytes returns the stored value of a tag, or nil if the tag is missing or its value lies
// outside the data.
func (d directory) bytes(tag uint16) []byte {
	sizes := [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
	for e := d.entries; len(e) >= 12; e = e[12:] {
		if d.order.Uint16(e) != tag {
			continue
		}
		kind := int(d.order.Uint16(e[2:]))
		if kind >= len(sizes) || sizes[kind] == 0 {
			return nil
		}
		n := sizes[kind] * int64(d.order.Uint32(e[4:]))
		if n <= 4 {
			return e[8 : 8+n]
		}
		offset := int64(d.order.Uint32(e[8:]))
		if n > math.MaxInt32 || offset+n > int64(len(d.data)) {
			return nil
		}
		return d.data[offset : offset+n]
	}
	return nil
}

// uint returns the first number of a tag of 1, 2 or 4 bytes, or 0.
func (d directory) uint(tag uint16) uint32 {
	switch v := d.bytes(tag); len(v) {
	case 0, 3:
		return 0
	case 1:
		return uint32(v[0])
	case 2:
		return uint32(d.order.Uint16(v))
	default:
		return d.order.Uint32(v)
	}
}

// exifOrientation returns the orientation in an EXIF block, 1 to 8. It is 1 if the block has
// none or is damaged.
func exifOrientation(block []byte) int {
	d, ok := parseTIFF(block)
	if !ok {
		return 1
	}
	if o := d.uint(tagOrientation); o >= 1 && o <= 8 {
		return int(o)
	}
	return 1
}
