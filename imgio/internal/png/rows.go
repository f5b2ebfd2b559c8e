package png

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

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
