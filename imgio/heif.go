package imgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
)

// Converter turns a HEIC or AVIF file, which this package cannot decode, into a file of a
// format that it reads, with the same colour profile.
type Converter func(file []byte) (Conversion, error)

// Conversion is what a [Converter] made of a file.
type Conversion struct {
	File    []byte
	Upright bool   // the picture has been turned; an EXIF orientation in File is left from before
	By      string // what made it, for [Info]
}

// ConvertHEIF has HEIC and AVIF files read by c. Their size is checked before c is called, and
// that of its result is compared with it. Without it they are refused.
func ConvertHEIF(c Converter) Limit { return func(l *limits) { l.convert = c } }

// heif is what the boxes of a HEIC or AVIF file (ISO/IEC 23008-12) say about its primary
// picture.
type heif struct {
	w, h    int  // before it is turned
	turned  bool // by a quarter
	cropped bool
}

// openHEIF reads the boxes of a file. Only a [Converter] can decode it.
func openHEIF(data []byte) (*source, error) {
	p, err := parseHEIF(data)
	if err != nil {
		return nil, err
	}
	// The converter writes a file, which is read and decoded as any other.
	s := &source{w: p.w, h: p.h, memory: 16 * int64(p.w) * int64(p.h), heif: p}
	if s.orientation = 1; p.turned {
		s.orientation = 6 // or 8: for the size
	}
	return s, nil
}

// sniff is sniff of what can be read.
func (l limits) sniff(head []byte) (*codec, error) {
	c, err := sniff(head)
	if err == nil && c.name == heifName && l.convert == nil {
		return nil, unknown(head)
	}
	return c, err
}

// converted decodes a HEIC or AVIF file by way of a converter.
func (l limits) converted(data []byte, want *heif) (image.Image, Info, error) {
	unsupported := func(err error) error {
		name, _ := foreign(data)
		return &FormatError{Format: name, Advice: "save it as png or jpeg with a program that shows it", Err: err}
	}
	c, err := l.convert(data)
	if err != nil {
		return nil, Info{}, unsupported(err)
	}
	l.convert, l.upright = nil, c.Upright
	m, info, err := decode(bytes.NewReader(c.File), int64(len(c.File)), l)
	if err != nil {
		return nil, Info{}, fmt.Errorf("%s: %w", c.By, err)
	}
	// Some programs return one tile of many.
	switch w, h := info.Width, info.Height; {
	case w == want.w && h == want.h, w == want.h && h == want.w:
	case want.cropped && min(w, h) <= min(want.w, want.h) && max(w, h) <= max(want.w, want.h):
	default:
		return nil, Info{}, unsupported(fmt.Errorf("%s made a picture of %dx%d pixels of one of %dx%d", c.By, w, h, want.w, want.h))
	}
	info.Format, info.Converter = heifName, c.By
	return m, info, nil
}

// parseHEIF finds the size of the primary picture: the property ispe that belongs to it.
func parseHEIF(data []byte) (*heif, error) {
	meta, ok := findBox(data, "meta")
	if !ok || len(meta) < 4 {
		return nil, fmt.Errorf("heif: no description of pictures: %w", io.ErrUnexpectedEOF)
	}
	meta = meta[4:] // version and flags
	primary, ok := findBox(meta, "pitm")
	if !ok {
		return nil, errors.New("heif: no primary picture")
	}
	properties, ok := findBox(meta, "iprp")
	if !ok {
		return nil, errors.New("heif: pictures without properties")
	}
	r := fields{data: primary}
	id := r.versioned()
	all, _ := findBox(properties, "ipco")
	p := &heif{}
	if list, ok := findBox(properties, "ipma"); ok {
		for _, index := range associated(list, id) {
			p.apply(all, index)
		}
	}
	if r.short || p.w < 1 || p.h < 1 {
		return nil, errors.New("heif: a picture without a size")
	}
	return p, nil
}

// apply takes property index, counted from 1, of a list.
func (p *heif) apply(list []byte, index int) {
	for kind, body := range boxes(list) {
		if index--; index > 0 {
			continue
		}
		switch r := (fields{data: body}); kind {
		case "ispe":
			r.uint(4)
			if w, h := r.uint(4), r.uint(4); !r.short && w <= 1<<20 && h <= 1<<20 {
				p.w, p.h = w, h
			}
		case "irot": // quarters of a turn
			p.turned = r.uint(1)&1 == 1
		case "clap":
			p.cropped = true
		}
		return
	}
}

// associated returns the indices of the properties of an item in a box ipma.
func associated(body []byte, item int) []int {
	r := fields{data: body}
	version, flags := r.uint(1), r.uint(3)
	for n := r.uint(4); n > 0 && !r.short; n-- {
		id := r.uint(2 + 2*min(version, 1))
		var indices []int
		for count := r.uint(1); count > 0 && !r.short; count-- {
			if flags&1 != 0 {
				indices = append(indices, r.uint(2)&0x7fff)
			} else {
				indices = append(indices, r.uint(1)&0x7f)
			}
		}
		if id == item && !r.short {
			return indices
		}
	}
	return nil
}

// fields reads big-endian numbers. After the end it returns zeros and sets short.
type fields struct {
	data  []byte
	short bool
}

// uint reads a number of up to 4 bytes.
func (f *fields) uint(bytes int) int {
	if len(f.data) < bytes {
		f.data, f.short = nil, true
		return 0
	}
	v := 0
	for _, b := range f.data[:bytes] {
		v = v<<8 | int(b)
	}
	f.data = f.data[bytes:]
	return v
}

// versioned reads the number of an item after version and flags: 2 bytes in version 0, else 4.
func (f *fields) versioned() int {
	version := f.uint(1)
	f.uint(3)
	return f.uint(2 + 2*min(version, 1))
}

// findBox returns the content of the first box of a kind.
func findBox(data []byte, kind string) ([]byte, bool) {
	for k, body := range boxes(data) {
		if k == kind {
			return body, true
		}
	}
	return nil, false
}

// boxes iterates over the boxes of ISO/IEC 14496-12 in data: a size of 4 bytes, a kind, and
// the content. Size 1 is followed by one of 8 bytes; size 0 lasts until the end. A box that is
// cut short is the last.
func boxes(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(data) >= 8 {
			size, header := uint64(binary.BigEndian.Uint32(data)), uint64(8)
			if size == 1 && len(data) >= 16 {
				size, header = binary.BigEndian.Uint64(data[8:]), 16
			}
			if size == 0 || size > uint64(len(data)) {
				size = uint64(len(data))
			}
			if size < header || !yield(string(data[4:8]), data[header:size]) {
				return
			}
			data = data[size:]
		}
	}
}
