package tiff

import (
	"encoding/binary"
	"math"
)

// Tags of TIFF 6.0, its Photoshop and DNG extensions and ICC.1.
const (
	tagNewSubfileType      = 254
	tagImageWidth          = 256
	tagImageLength         = 257
	tagBitsPerSample       = 258
	tagCompression         = 259
	tagPhotometric         = 262
	tagFillOrder           = 266
	tagStripOffsets        = 273
	tagOrientation         = 274
	tagSamplesPerPixel     = 277
	tagRowsPerStrip        = 278
	tagStripByteCounts     = 279
	tagPlanarConfiguration = 284
	tagT4Options           = 292
	tagPredictor           = 317
	tagColorMap            = 320
	tagTileWidth           = 322
	tagTileLength          = 323
	tagTileOffsets         = 324
	tagTileByteCounts      = 325
	tagSubIFDs             = 330
	tagInkSet              = 332
	tagExtraSamples        = 338
	tagSampleFormat        = 339
	tagJPEGTables          = 347
	tagYCbCrCoefficients   = 529
	tagYCbCrSubsampling    = 530
	tagReferenceBlackWhite = 532
	tagICCProfile          = 34675
	tagDNGVersion          = 50706
)

// directory is an image file directory: a list of entries of 12 bytes each, or of 20 bytes in
// BigTIFF.
type directory struct {
	*layout
	entries []byte
	next    int64 // offset of the next directory, 0 if there is none
}

// layout is what all directories of a file share.
type layout struct {
	data  []byte
	order binary.ByteOrder
	big   bool // BigTIFF: counts and offsets have 8 bytes
}

// parseHeader returns the layout of a file and the offset of its first directory.
func parseHeader(data []byte) (*layout, int64, bool) {
	if len(data) < 8 {
		return nil, 0, false
	}
	l := &layout{data: data}
	switch string(data[:2]) {
	case "II":
		l.order = binary.LittleEndian
	case "MM":
		l.order = binary.BigEndian
	default:
		return nil, 0, false
	}
	switch version := l.order.Uint16(data[2:]); {
	case version == 42:
		return l, int64(l.order.Uint32(data[4:])), true
	case version == 43 && len(data) >= 16:
		l.big = true
		return l, l.offset(data[8:]), true
	}
	return nil, 0, false
}

// offset reads a number of 8 bytes. Those beyond any file become the largest.
func (l *layout) offset(b []byte) int64 {
	return int64(min(l.order.Uint64(b), math.MaxInt64/64))
}

// directoryAt reads the directory at an offset. One that runs past the end of the file is
// cut off there.
func (l *layout) directoryAt(offset int64) (directory, bool) {
	count, entry := int64(2), int64(12)
	if l.big {
		count, entry = 8, 20
	}
	if offset < 8 || offset+count > int64(len(l.data)) {
		return directory{}, false
	}
	rest := l.data[offset+count:]
	var n int64
	if l.big {
		n = l.offset(l.data[offset:])
	} else {
		n = int64(l.order.Uint16(l.data[offset:]))
	}
	size := min(n, int64(len(rest))/entry) * entry
	d := directory{layout: l, entries: rest[:size]}
	if after := rest[size:]; l.big && len(after) >= 8 {
		d.next = l.offset(after)
	} else if !l.big && len(after) >= 4 {
		d.next = int64(l.order.Uint32(after))
	}
	return d, true
}

// sizes of the types of values, from 1; 0 is no type.
var sizes = [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

// value returns the type and the stored value of a tag. The value is nil if the tag is
// missing or its value lies outside the file.
func (d directory) value(tag uint16) (kind int, b []byte) {
	size, inline := 12, 8 // of an entry, and where its value is if it fits
	if d.big {
		size, inline = 20, 12
	}
	for e := d.entries; len(e) >= size; e = e[size:] {
		if d.order.Uint16(e) != tag {
			continue
		}
		kind = int(d.order.Uint16(e[2:]))
		if kind >= len(sizes) || sizes[kind] == 0 {
			return 0, nil
		}
		n, offset := int64(d.order.Uint32(e[4:])), int64(0)
		if d.big {
			n, offset = d.offset(e[4:]), d.offset(e[12:])
		} else {
			offset = int64(d.order.Uint32(e[8:]))
		}
		switch n *= sizes[kind]; {
		case n <= int64(size-inline):
			return kind, e[inline : inline+int(n)]
		case n > int64(len(d.data)) || offset > int64(len(d.data))-n:
			return 0, nil
		}
		return kind, d.data[offset : offset+n]
	}
	return 0, nil
}

// floats returns the numbers of a tag, at most so many, or nil.
func (d directory) floats(tag uint16, most int) []float64 {
	kind, b := d.value(tag)
	if b == nil {
		return nil
	}
	step := int(sizes[kind])
	all := make([]float64, 0, min(len(b)/step, most))
	for ; len(b) >= step && len(all) < most; b = b[step:] {
		var v float64
		switch kind {
		case 5:
			v = float64(d.order.Uint32(b)) / float64(d.order.Uint32(b[4:]))
		case 10:
			v = float64(int32(d.order.Uint32(b))) / float64(int32(d.order.Uint32(b[4:])))
		case 11:
			v = float64(math.Float32frombits(d.order.Uint32(b)))
		case 12:
			v = math.Float64frombits(d.order.Uint64(b))
		default:
			v = float64(d.uint(b[:step]))
		}
		all = append(all, v)
	}
	return all
}

// uints returns the numbers of a tag whose type is a whole number, at most so many, or nil.
func (d directory) uints(tag uint16, most int) []int64 {
	kind, b := d.value(tag)
	if b == nil || kind == 5 || kind >= 10 && kind <= 12 {
		return nil
	}
	step := int(sizes[kind])
	all := make([]int64, 0, min(len(b)/step, most))
	for ; len(b) >= step && len(all) < most; b = b[step:] {
		all = append(all, d.uint(b[:step]))
	}
	return all
}

// uint reads a whole number that fills b.
func (d directory) uint(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 2:
		return int64(d.order.Uint16(b))
	case 4:
		return int64(d.order.Uint32(b))
	}
	return d.offset(b)
}

// number returns the first number of a tag, or otherwise if there is none.
func (d directory) number(tag uint16, otherwise int64) int64 {
	if all := d.uints(tag, 1); len(all) > 0 {
		return all[0]
	}
	return otherwise
}

// has reports whether the directory holds a value for a tag.
func (d directory) has(tag uint16) bool {
	_, b := d.value(tag)
	return b != nil
}
