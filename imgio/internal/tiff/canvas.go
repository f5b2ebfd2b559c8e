package tiff

import (
	"image"
	"image/color"
)

// Values of ExtraSamples.
const (
	associatedAlpha   = 1 // colours are multiplied by it
	unassociatedAlpha = 2
)

// alpha returns which sample is the opacity, and its kind, 0 if there is none.
func (f *File) alpha() (at, kind int) {
	for i, kind := range f.extra {
		if kind == associatedAlpha || kind == unassociatedAlpha {
			return f.samples - len(f.extra) + i, kind
		}
	}
	return 0, 0
}

// Alpha reports whether pixels have an opacity that Decode returns.
func (f *File) Alpha() bool {
	_, kind := f.alpha()
	return kind != 0 && f.photometric != cmyk
}

// canvas returns the picture to decode into, and a function that writes samples to it from
// the pixel at x, y on.
func (f *File) canvas() (image.Image, func(x, y int, s []uint16)) {
	bounds := image.Rect(0, 0, f.W, f.H)
	_, alpha := f.alpha()
	grey := f.photometric == whiteIsZero || f.photometric == blackIsZero
	switch {
	case f.photometric == cmyk:
		m := image.NewCMYK(bounds)
		return m, func(x, y int, s []uint16) {
			dst := m.Pix[m.PixOffset(x, y):]
			for i := 0; len(s) > 0; i, s = i+4, s[f.samples:] {
				for ch := range 4 {
					dst[i+ch] = uint8(s[ch] >> 8)
				}
			}
		}
	case f.photometric == palette && alpha == 0:
		m := image.NewPaletted(bounds, f.colours())
		return m, func(x, y int, s []uint16) {
			dst := m.Pix[m.PixOffset(x, y):]
			for i := 0; len(s) > 0; i, s = i+1, s[f.samples:] {
				dst[i] = uint8(s[0])
			}
		}
	case grey && alpha == 0 && f.bits <= 8:
		m := image.NewGray(bounds)
		return m, func(x, y int, s []uint16) {
			dst := m.Pix[m.PixOffset(x, y):]
			for i := 0; len(s) > 0; i, s = i+1, s[f.samples:] {
				dst[i] = uint8(f.grey(s[0]) >> 8)
			}
		}
	case grey && alpha == 0:
		m := image.NewGray16(bounds)
		return m, func(x, y int, s []uint16) {
			dst := m.Pix[m.PixOffset(x, y):]
			for i := 0; len(s) > 0; i, s = i+2, s[f.samples:] {
				put16(dst[i:], f.grey(s[0]))
			}
		}
	}
	return f.colourCanvas(bounds, f.bits > 8 || f.Lab())
}

// colourCanvas is canvas for pictures with red, green, blue and alpha.
func (f *File) colourCanvas(bounds image.Rectangle, deep bool) (image.Image, func(x, y int, s []uint16)) {
	at, alpha := f.alpha()
	colours := f.toRGB()
	pixels := func(s []uint16, write func(i int, r, g, b, a uint16)) {
		for i := 0; len(s) > 0; i, s = i+1, s[f.samples:] {
			r, g, b := colours(s)
			a := uint16(0xffff)
			if alpha != 0 {
				a = s[at]
			}
			write(i, r, g, b, a)
		}
	}
	if deep {
		m := image.NewNRGBA64(bounds)
		put := func(x, y int, s []uint16) {
			dst := m.Pix[m.PixOffset(x, y):]
			pixels(s, func(i int, r, g, b, a uint16) {
				put16(dst[8*i:], r)
				put16(dst[8*i+2:], g)
				put16(dst[8*i+4:], b)
				put16(dst[8*i+6:], a)
			})
		}
		if alpha == associatedAlpha {
			return &image.RGBA64{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, put
		}
		return m, put
	}
	m := image.NewNRGBA(bounds)
	put := func(x, y int, s []uint16) {
		dst := m.Pix[m.PixOffset(x, y):]
		pixels(s, func(i int, r, g, b, a uint16) {
			px := dst[4*i : 4*i+4]
			px[0], px[1], px[2], px[3] = uint8(r>>8), uint8(g>>8), uint8(b>>8), uint8(a>>8)
		})
	}
	if alpha == associatedAlpha {
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, put
	}
	return m, put
}

// toRGB returns the function from the samples of a pixel to its colour, or to L*a*b*.
func (f *File) toRGB() func(s []uint16) (r, g, b uint16) {
	switch f.photometric {
	case palette:
		table := f.colours()
		return func(s []uint16) (r, g, b uint16) {
			c := table[s[0]].(color.RGBA64)
			return c.R, c.G, c.B
		}
	case yCbCr:
		if f.decodesToRGB() {
			break
		}
		convert := f.fromYCbCr()
		return func(s []uint16) (r, g, b uint16) { return convert(s[0], s[1], s[2]) }
	case cieLab, iccLab:
		return f.lab()
	case whiteIsZero, blackIsZero:
		return func(s []uint16) (r, g, b uint16) {
			v := f.grey(s[0])
			return v, v, v
		}
	}
	return func(s []uint16) (r, g, b uint16) { return s[0], s[1], s[2] }
}

// lab returns the function from stored L*a*b* colours to those of [File.Lab]. CIELab has
// signed a* and b* (TIFF 6.0, section 23); ICCLab has the encodings of ICC.1 version 2.
func (f *File) lab() func(s []uint16) (l, a, b uint16) {
	icc := f.photometric == iccLab
	switch {
	case icc && f.bits == 16: // 100 is 0xff00
		return func(s []uint16) (l, a, b uint16) {
			return uint16(min(uint32(s[0])*0xffff/0xff00, 0xffff)), s[1], s[2]
		}
	case icc:
		return func(s []uint16) (l, a, b uint16) { return s[0] * 0x101, s[1] << 8, s[2] << 8 }
	case f.bits == 16:
		return func(s []uint16) (l, a, b uint16) { return s[0], s[1] ^ 0x8000, s[2] ^ 0x8000 }
	}
	return func(s []uint16) (l, a, b uint16) { return s[0] * 0x101, s[1]<<8 ^ 0x8000, s[2]<<8 ^ 0x8000 }
}

// grey turns a sample into a level of grey.
func (f *File) grey(v uint16) uint16 {
	if f.photometric == whiteIsZero {
		return ^v
	}
	return v
}

// colours returns the palette. Its values have 16 bits, but some programs write 8, and some
// write 8 and eight zeros.
func (f *File) colours() color.Palette {
	n := 1 << f.bits
	var any int64
	for _, v := range f.palette[:3*n] {
		any |= v
	}
	level := func(v int64) uint16 { return uint16(v) }
	switch {
	case any <= 0xff:
		level = func(v int64) uint16 { return uint16(v) * 0x101 }
	case any&0xff == 0:
		level = func(v int64) uint16 { return uint16(v>>8) * 0x101 }
	}
	p := make(color.Palette, n)
	for i := range p {
		p[i] = color.RGBA64{level(f.palette[i]), level(f.palette[n+i]), level(f.palette[2*n+i]), 0xffff}
	}
	return p
}

func put16(b []byte, v uint16) {
	_ = b[1]
	b[0], b[1] = byte(v>>8), byte(v)
}
