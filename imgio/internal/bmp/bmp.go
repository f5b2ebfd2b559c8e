// Package bmp reads Windows and OS/2 bitmaps of 1 to 32 bits per pixel: palettes, bit fields
// and run lengths.
//
// It exists because golang.org/x/image/bmp reads neither run lengths nor 16 bits nor the
// headers of OS/2.
package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
)

// UnsupportedError names a feature that this package does not read.
type UnsupportedError string

// Error begins with "bmp: unsupported".
func (e UnsupportedError) Error() string { return "bmp: unsupported " + string(e) }

// Values of the compression field.
const (
	compressionNone   = 0
	compressionRLE8   = 1
	compressionRLE4   = 2
	compressionFields = 3
	compressionJPEG   = 4
	compressionPNG    = 5
	compressionAlpha  = 6 // bit fields with a fourth mask
)

// Sizes of the headers that follow the 14 bytes of the file header.
const (
	fileHeader = 14
	headerOS2  = 12
	headerOS22 = 64 // OS/2 2.0; 16 is its short form
	headerInfo = 40
	headerMask = 52 // with three masks
	headerV3   = 56 // with four
)

// File is an opened bitmap.
type File struct {
	W, H int // pixels

	topDown     bool
	bits        int
	compression uint32
	masks       [4]uint32 // red, green, blue, alpha
	palette     color.Palette
	pixels      []byte
}

// Open reads the headers. Errors are an [UnsupportedError] or mean that the file is damaged.
func Open(data []byte) (*File, error) {
	if len(data) < fileHeader+4 || string(data[:2]) != "BM" {
		return nil, errors.New("bmp: no header")
	}
	order := binary.LittleEndian
	start := int64(order.Uint32(data[10:]))
	size := int64(order.Uint32(data[fileHeader:]))
	if int64(len(data)) < fileHeader+size {
		return nil, io.ErrUnexpectedEOF
	}
	h := data[fileHeader : fileHeader+size]
	f := &File{}
	entry := 4 // bytes of a colour in the palette
	colours := 0
	switch {
	case size == headerOS2:
		f.W, f.H = int(order.Uint16(h[4:])), int(order.Uint16(h[6:]))
		f.bits = int(order.Uint16(h[10:]))
		entry = 3
	case size == 16 || size == headerOS22 || size >= headerInfo && size <= 1<<10:
		f.W, f.H = int(int32(order.Uint32(h[4:]))), int(int32(order.Uint32(h[8:])))
		f.bits = int(order.Uint16(h[14:]))
		if size >= headerInfo {
			f.compression = order.Uint32(h[16:])
			colours = int(min(order.Uint32(h[32:]), 256))
		}
		if size == headerOS22 && f.compression >= compressionFields {
			return nil, UnsupportedError("compression of OS/2")
		}
	default:
		return nil, UnsupportedError(fmt.Sprintf("header of %d bytes", size))
	}
	if f.H < 0 {
		f.H, f.topDown = -f.H, true
	}
	if f.W < 1 || f.H < 1 || int64(f.W)*int64(f.H) > 1<<48 { // so that no sum of bytes overflows
		return nil, fmt.Errorf("bmp: picture of %dx%d pixels", f.W, f.H)
	}
	rest := data[fileHeader+size:]
	rest, err := f.parseMasks(h, rest)
	if err != nil {
		return nil, err
	}
	if f.bits <= 8 {
		f.parsePalette(rest[:min(int64(len(rest)), max(start-int64(len(data)-len(rest)), 0))], entry, colours)
	}
	if start > int64(len(data)) {
		return nil, io.ErrUnexpectedEOF
	}
	f.pixels = data[start:]
	return f, nil
}

// parseMasks reads which bits of a pixel belong to which colour. It returns what follows the
// masks.
func (f *File) parseMasks(h, rest []byte) ([]byte, error) {
	switch f.bits {
	case 1, 2, 4, 8:
		if f.compression == compressionNone || f.compression == compressionRLE8 && f.bits == 8 ||
			f.compression == compressionRLE4 && f.bits == 4 {
			return rest, nil
		}
	case 16:
		f.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	case 24, 32:
		f.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	default:
		if f.compression != compressionJPEG && f.compression != compressionPNG {
			return nil, fmt.Errorf("bmp: %d bits per pixel", f.bits)
		}
	}
	switch f.compression {
	case compressionNone:
		if f.bits > 8 {
			return rest, nil
		}
	case compressionFields, compressionAlpha:
		masks := rest
		n := 3
		if f.compression == compressionAlpha {
			n = 4
		}
		switch {
		case f.bits != 16 && f.bits != 32:
			return nil, fmt.Errorf("bmp: bit fields in %d bits per pixel", f.bits)
		case len(h) >= headerV3:
			masks, n = h[headerInfo:], 4
		case len(h) >= headerMask:
			masks = h[headerInfo:]
		case len(rest) < 4*n:
			return nil, io.ErrUnexpectedEOF
		default:
			rest = rest[4*n:]
		}
		for i := range n {
			f.masks[i] = binary.LittleEndian.Uint32(masks[4*i:])
		}
		return rest, nil
	case compressionJPEG, compressionPNG:
		return nil, UnsupportedError("JPEG or PNG within a bitmap")
	}
	return nil, fmt.Errorf("bmp: compression %d of %d bits per pixel", f.compression, f.bits)
}

// parsePalette reads the colours, blue first. Those that the file does not have are black.
func (f *File) parsePalette(b []byte, entry, colours int) {
	n := 1 << f.bits
	if colours == 0 {
		colours = n
	}
	f.palette = make(color.Palette, n)
	for i := range f.palette {
		f.palette[i] = color.NRGBA{A: 0xff}
		if i < colours && len(b) >= entry {
			f.palette[i] = color.NRGBA{b[2], b[1], b[0], 0xff}
			b = b[entry:]
		}
	}
}

// Memory returns about how many bytes Decode allocates.
func (f *File) Memory() int64 {
	if f.bits <= 8 {
		return int64(f.W) * int64(f.H)
	}
	return 4 * int64(f.W) * int64(f.H)
}

// Alpha reports whether pixels have an opacity.
func (f *File) Alpha() bool { return f.bits > 8 && f.masks[3] != 0 }

// CanRow reports whether a picture can be read row by row.
func (f *File) CanRow() bool { return f.bits > 8 || f.compression == compressionNone }

// Rows calls add for each row from the top, as a picture one pixel high that is valid until add
// returns. The error is that of Decode, or that of a picture that cannot be read by rows.
func (f *File) Rows(add func(row image.Image)) error {
	if !f.CanRow() {
		return UnsupportedError("rows of run lengths")
	}
	one := *f
	one.H, one.topDown = 1, true
	m, put := one.canvas()
	stride := f.stride()
	for y := range int64(f.H) {
		if !f.topDown {
			y = int64(f.H) - 1 - y
		}
		one.pixels = f.pixels[min(y*stride, int64(len(f.pixels))):]
		if err := one.rows(put); err != nil {
			return err
		}
		add(m)
	}
	return nil
}

// Decode reads the pixels.
func (f *File) Decode() (image.Image, error) {
	if f.bits <= 8 && f.compression != compressionNone {
		m := image.NewPaletted(image.Rect(0, 0, f.W, f.H), f.palette)
		return m, f.runs(m)
	}
	m, put := f.canvas()
	return m, f.rows(put)
}

// canvas returns the picture to decode into, and a function that writes a row of it.
func (f *File) canvas() (image.Image, func(y int, src []byte)) {
	bounds := image.Rect(0, 0, f.W, f.H)
	if f.bits <= 8 {
		m := image.NewPaletted(bounds, f.palette)
		return m, func(y int, src []byte) {
			dst := m.Pix[y*m.Stride:]
			for x := range f.W {
				at := x * f.bits
				dst[x] = src[at/8] >> (8 - f.bits - at%8) & (1<<f.bits - 1)
			}
		}
	}
	m := image.NewNRGBA(bounds)
	channels := f.channels()
	size := f.bits / 8
	return m, func(y int, src []byte) {
		dst := m.Pix[y*m.Stride:]
		for x := range f.W {
			var v uint32
			for i := range size {
				v |= uint32(src[x*size+i]) << (8 * i)
			}
			for i := range channels {
				dst[4*x+i] = channels[i].level(v)
			}
		}
	}
}

// stride returns the bytes of a row, which are a multiple of 4.
func (f *File) stride() int64 { return (int64(f.W)*int64(f.bits) + 31) / 32 * 4 }

// rows calls read for each row of the picture.
func (f *File) rows(read func(y int, src []byte)) error {
	stride := f.stride()
	for i := range f.H {
		y := f.H - 1 - i
		if f.topDown {
			y = i
		}
		src := f.pixels[min(int64(i)*stride, int64(len(f.pixels))):]
		if int64(len(src)) < (int64(f.W)*int64(f.bits)+7)/8 { // the last row may lack its padding
			return io.ErrUnexpectedEOF
		}
		read(y, src)
	}
	return nil
}
