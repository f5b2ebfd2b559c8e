// Package png reads PNG pictures row by row, so that a large one need not be in memory.
//
// It exists because image/png returns only whole pictures. It reads what image/png reads, with
// the same values, but for interlaced pictures, whose rows do not come one after the other.
package png

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Errors of Open and Rows.
var (
	ErrInterlaced = errors.New("png: interlaced picture")
	errDamaged    = errors.New("png: damaged file")
)

// Colour types of the IHDR chunk.
const (
	typeGrey      = 0
	typeRGB       = 2
	typePalette   = 3
	typeGreyAlpha = 4
	typeRGBA      = 6
)

// File is an opened PNG file.
type File struct {
	W, H int  // pixels
	Deep bool // 16 bits per channel
	Grey bool // no colours, also in the palette

	depth, kind int
	samples     int // of a pixel
	colours     int // in the palette
	palette     [256][4]uint16
	clear       []uint16 // the samples of the transparent colour, nil for none
	pixels      [][]byte // bodies of the IDAT chunks
}

// Open reads all chunks, but does not unpack the pixels. Errors are ErrInterlaced or mean that
// the file is damaged.
func Open(data []byte) (*File, error) {
	const signature = "\x89PNG\r\n\x1a\n"
	data, ok := bytes.CutPrefix(data, []byte(signature))
	if !ok {
		return nil, errDamaged
	}
	f := &File{}
	for len(data) >= 12 {
		n := int64(binary.BigEndian.Uint32(data))
		if n > int64(len(data))-12 {
			return nil, io.ErrUnexpectedEOF
		}
		kind, body := string(data[4:8]), data[8:8+n]
		if crc32.ChecksumIEEE(data[4:8+n]) != binary.BigEndian.Uint32(data[8+n:]) {
			return nil, errDamaged
		}
		data = data[12+n:]
		if (kind == "IHDR") != (f.W == 0) {
			return nil, errDamaged
		}
		if kind == "IEND" {
			break
		}
		if err := f.parse(kind, body); err != nil {
			return nil, err
		}
	}
	if f.pixels == nil || f.kind == typePalette && f.colours == 0 {
		return nil, errDamaged
	}
	return f, nil
}

// parse reads a chunk.
func (f *File) parse(kind string, body []byte) error {
	switch kind {
	case "IHDR":
		return f.parseHeader(body)
	case "PLTE":
		if f.kind != typePalette {
			return nil // a suggestion
		}
		if len(body)%3 != 0 || len(body) == 0 || len(body) > 3<<f.depth || f.pixels != nil || f.colours > 0 {
			return errDamaged
		}
		f.Grey, f.colours = true, len(body)/3
		for i := range f.palette {
			f.palette[i] = [4]uint16{0, 0, 0, 0xffff}
		}
		for i := range len(body) / 3 {
			for ch, v := range body[3*i : 3*i+3] {
				f.palette[i][ch] = uint16(v) * 0x101
			}
			f.Grey = f.Grey && body[3*i] == body[3*i+1] && body[3*i] == body[3*i+2]
		}
	case "tRNS":
		return f.parseTransparency(body)
	case "IDAT":
		f.pixels = append(f.pixels, body)
	}
	return nil
}

// parseHeader reads the IHDR chunk.
func (f *File) parseHeader(b []byte) error {
	if len(b) != 13 {
		return errDamaged
	}
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	f.depth, f.kind = int(b[8]), int(b[9])
	if w < 1 || h < 1 || w > 1<<30 || h > 1<<30 || b[10] != 0 || b[11] != 0 {
		return errDamaged
	}
	f.W, f.H, f.Deep = int(w), int(h), f.depth == 16
	f.samples = map[int]int{typeGrey: 1, typeRGB: 3, typePalette: 1, typeGreyAlpha: 2, typeRGBA: 4}[f.kind]
	f.Grey = f.kind == typeGrey || f.kind == typeGreyAlpha
	switch f.depth {
	case 1, 2, 4:
		if f.samples != 1 {
			return errDamaged
		}
	case 8:
	case 16:
		if f.kind == typePalette {
			return errDamaged
		}
	default:
		return errDamaged
	}
	switch {
	case f.samples == 0 || b[12] > 1:
		return errDamaged
	case b[12] == 1:
		return ErrInterlaced
	}
	return nil
}

// parseTransparency reads the tRNS chunk.
func (f *File) parseTransparency(b []byte) error {
	switch f.kind {
	case typePalette:
		if len(b) > f.colours {
			return errDamaged
		}
		for i, a := range b {
			f.palette[i][3] = uint16(a) * 0x101
		}
	case typeGrey, typeRGB:
		if len(b) != 2*f.samples {
			return errDamaged
		}
		f.clear = make([]uint16, f.samples)
		for i := range f.clear {
			f.clear[i] = binary.BigEndian.Uint16(b[2*i:]) & uint16(1<<f.depth-1)
		}
	default:
		return errDamaged
	}
	return nil
}
