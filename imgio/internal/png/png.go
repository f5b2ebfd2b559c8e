// Package png reads PNG pictures row by row, so that a large one need not be in memory.
//
// It exists because image/png returns only whole pictures. It reads what image/png reads, with
// the same values, but for interlaced pictures, whose rows do not come one after the other.
package png

import (
	"bytes"
	"compress/zlib"
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

// rowBytes is the length of a row, without the number of its filter.
func (f *File) rowBytes() int { return (f.W*f.samples*f.depth + 7) / 8 }

// Rows unpacks the pixels and calls add for each row from the top, with 16-bit red, green, blue
// and alpha, not premultiplied, of each pixel. Values of fewer bits are spread over all 16. An
// error means that the file is damaged.
func (f *File) Rows(add func(row []uint16)) error {
	parts := make([]io.Reader, len(f.pixels))
	for i, p := range f.pixels {
		parts[i] = bytes.NewReader(p)
	}
	z, err := zlib.NewReader(io.MultiReader(parts...))
	if err != nil {
		return err
	}
	defer z.Close()
	n := f.rowBytes()
	now, before := make([]byte, 1+n), make([]byte, 1+n)
	row := make([]uint16, 4*f.W)
	apart := max(1, f.samples*f.depth/8) // bytes from a pixel to the next
	for range f.H {
		if _, err := io.ReadFull(z, now); err != nil {
			return err
		}
		if err := unfilter(now[0], now[1:], before[1:], apart); err != nil {
			return err
		}
		f.unpack(row, now[1:])
		add(row)
		now, before = before, now
	}
	// The end has the checksum. More pixels are an error, as in image/png.
	if n, err := z.Read(now[:1]); n > 0 || err != io.EOF {
		return errDamaged
	}
	return nil
}

// unfilter turns the differences of a row into values (PNG 1.2, section 6). before is the row
// above; apart is the number of bytes of a pixel.
func unfilter(kind byte, now, before []byte, apart int) error {
	const none, sub, up, average, paeth = 0, 1, 2, 3, 4
	switch kind {
	case none:
	case sub:
		for i := apart; i < len(now); i++ {
			now[i] += now[i-apart]
		}
	case up:
		for i, v := range before {
			now[i] += v
		}
	case average:
		for i := range now {
			left := 0
			if i >= apart {
				left = int(now[i-apart])
			}
			now[i] += byte((left + int(before[i])) / 2)
		}
	case paeth:
		for i := range now {
			left, corner := 0, 0
			if i >= apart {
				left, corner = int(now[i-apart]), int(before[i-apart])
			}
			now[i] += byte(nearest(left, int(before[i]), corner))
		}
	default:
		return errDamaged
	}
	return nil
}

// nearest returns which of the values to the left, above and at the corner is nearest to
// left + above - corner.
func nearest(left, above, corner int) int {
	toLeft, toAbove, toCorner := above-corner, left-corner, left+above-2*corner
	toLeft, toAbove, toCorner = max(toLeft, -toLeft), max(toAbove, -toAbove), max(toCorner, -toCorner)
	switch {
	case toLeft <= toAbove && toLeft <= toCorner:
		return left
	case toAbove <= toCorner:
		return above
	}
	return corner
}

// unpack turns the samples of a row into red, green, blue and alpha.
func (f *File) unpack(dst []uint16, src []byte) {
	if f.depth == 8 {
		f.unpackBytes(dst, src)
		return
	}
	top := uint32(1)<<f.depth - 1
	var s [4]uint16
	for x := range f.W {
		for i := range f.samples {
			at := (x*f.samples + i) * f.depth
			if f.depth == 16 {
				s[i] = binary.BigEndian.Uint16(src[at/8:])
			} else {
				s[i] = uint16(src[at/8]>>(8-f.depth-at%8)) & uint16(top)
			}
		}
		f.put(dst[4*x:4*x+4], s, func(v uint16) uint16 { return uint16(uint32(v) * 0xffff / top) })
	}
}

// unpackBytes is unpack of 8 bits per sample.
func (f *File) unpackBytes(dst []uint16, src []byte) {
	spread := func(v uint16) uint16 { return v * 0x101 }
	if f.clear == nil && f.samples > 2 {
		for x := range f.W {
			px, s := dst[4*x:4*x+4], src[x*f.samples:]
			px[0], px[1], px[2], px[3] = spread(uint16(s[0])), spread(uint16(s[1])), spread(uint16(s[2])), 0xffff
			if f.samples == 4 {
				px[3] = spread(uint16(s[3]))
			}
		}
		return
	}
	var s [4]uint16
	for x := range f.W {
		for i := range f.samples {
			s[i] = uint16(src[x*f.samples+i])
		}
		f.put(dst[4*x:4*x+4], s, spread)
	}
}

// put writes the pixel of some samples. spread turns a sample into 16 bits.
func (f *File) put(px []uint16, s [4]uint16, spread func(uint16) uint16) {
	switch f.kind {
	case typePalette:
		copy(px, f.palette[s[0]][:])
		return
	case typeGrey, typeGreyAlpha:
		v := spread(s[0])
		px[0], px[1], px[2], px[3] = v, v, v, 0xffff
		if f.kind == typeGreyAlpha {
			px[3] = spread(s[1])
		}
	default:
		px[0], px[1], px[2], px[3] = spread(s[0]), spread(s[1]), spread(s[2]), 0xffff
		if f.kind == typeRGBA {
			px[3] = spread(s[3])
		}
	}
	if f.clear == nil {
		return
	}
	for i, v := range f.clear {
		if s[i] != v {
			return
		}
	}
	px[3] = 0
}
