package bmp

import (
	"errors"
	"image"
	"io"
	"math/bits"
)

// channel is the place of a colour in a pixel.
type channel struct {
	mask  uint32
	shift int
	top   uint64 // largest value; 0 if the pixel does not have the channel
	none  uint8  // the level in that case
}

// channels returns the places of red, green, blue and alpha.
func (f *File) channels() [4]channel {
	var all [4]channel
	for i, mask := range f.masks {
		c := channel{mask: mask}
		if mask != 0 {
			c.shift = bits.TrailingZeros32(mask)
			c.top = uint64(mask >> c.shift)
		}
		if i == 3 {
			c.none = 0xff
		}
		all[i] = c
	}
	return all
}

// level returns the value of the channel in a pixel, with 8 bits.
func (c *channel) level(pixel uint32) uint8 {
	if c.top == 0 {
		return c.none
	}
	return uint8((uint64((pixel&c.mask)>>c.shift)*0xff + c.top/2) / c.top)
}

// runs decodes RLE8 or RLE4. Pixels that no run covers have the first colour. What stands
// beyond the right edge is left out.
func (f *File) runs(m *image.Paletted) error {
	src := f.pixels
	next := func(n int) []byte {
		b := src[:min(n, len(src))]
		src = src[len(b):]
		return b
	}
	x, y := 0, f.H-1
	put := func(v byte) {
		if x < f.W && y >= 0 {
			m.Pix[y*m.Stride+x] = v
		}
		x++
	}
	for y >= 0 {
		code := next(2)
		if len(code) < 2 {
			return io.ErrUnexpectedEOF
		}
		n, v := int(code[0]), code[1]
		switch {
		case n > 0:
			for i := range n {
				put(f.pixel([]byte{v}, i&1))
			}
		case v == 0: // end of line
			x, y = 0, y-1
		case v == 1: // end of bitmap
			return nil
		case v == 2: // move
			move := next(2)
			if len(move) < 2 {
				return io.ErrUnexpectedEOF
			}
			x, y = x+int(move[0]), y-int(move[1])
		default: // so many pixels as they are, in an even number of bytes
			n := int(v)
			size := (n*f.bits + 7) / 8
			b := next(size + size&1)
			if len(b) < size {
				return io.ErrUnexpectedEOF
			}
			for i := range n {
				put(f.pixel(b, i))
			}
		}
		if x > 1<<20 {
			return errors.New("bmp: run beyond the edge")
		}
	}
	return nil
}

// pixel returns the i-th pixel of b; at 8 bits, of a single byte, its only one.
func (f *File) pixel(b []byte, i int) byte {
	if f.bits == 8 {
		return b[min(i, len(b)-1)]
	}
	return b[i/2] >> (4 - i&1*4) & 15
}
