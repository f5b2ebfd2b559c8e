package imgio

import (
	"image"
	"image/color"
)

// rowReader fills dst with row y of a picture: 16-bit red, green, blue and alpha for each
// pixel, not premultiplied. Row 0 is the top row, whatever the bounds of the picture. Many
// goroutines may call it at once.
type rowReader func(y int, dst []uint16)

// rows returns a reader of m. It is fast for the types that decoders return, and calls At
// for others.
func rows(m image.Image) rowReader {
	switch m := m.(type) {
	case *reducedImage:
		return rows(m.Image)
	case *image.YCbCr:
		return ycbcrRows(m, jfifToRGB, roundByTurns)
	case *image.NYCbCrA:
		return nycbcraRows(m, jfifToRGB, roundByTurns)
	case *image.NRGBA:
		return func(y int, dst []uint16) {
			src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
			for i := range dst {
				dst[i] = uint16(src[i]) * 0x101
			}
		}
	case *image.NRGBA64:
		return func(y int, dst []uint16) {
			src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
			for i := range dst {
				dst[i] = uint16(src[2*i])<<8 | uint16(src[2*i+1])
			}
		}
	case *image.RGBA:
		return func(y int, dst []uint16) {
			src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
			for i := range dst {
				dst[i] = uint16(src[i]) * 0x101
			}
			unmultiply(dst)
		}
	case *image.RGBA64:
		return func(y int, dst []uint16) {
			src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
			for i := range dst {
				dst[i] = uint16(src[2*i])<<8 | uint16(src[2*i+1])
			}
			unmultiply(dst)
		}
	case *image.Gray:
		return func(y int, dst []uint16) {
			src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
			for x := range len(dst) / 4 {
				v := uint16(src[x]) * 0x101
				setPixel(dst[4*x:], v, v, v, 0xffff)
			}
		}
	case *image.Paletted:
		return palettedRows(m)
	}
	return anyRows(m)
}

// anyRows reads m pixel by pixel.
func anyRows(m image.Image) rowReader {
	min := m.Bounds().Min
	return func(y int, dst []uint16) {
		for x := range len(dst) / 4 {
			setColor(dst[4*x:], m.At(min.X+x, min.Y+y))
		}
	}
}

func palettedRows(m *image.Paletted) rowReader {
	var table [256][4]uint16 // an index outside the palette is transparent
	for i, c := range m.Palette[:min(len(m.Palette), 256)] {
		setColor(table[i][:], c)
	}
	return func(y int, dst []uint16) {
		src := m.Pix[m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
		for x := range len(dst) / 4 {
			copy(dst[4*x:4*x+4], table[src[x]][:])
		}
	}
}

func setPixel(dst []uint16, r, g, b, a uint16) {
	_ = dst[3]
	dst[0], dst[1], dst[2], dst[3] = r, g, b, a
}

func setColor(dst []uint16, c color.Color) {
	if c, ok := c.(color.NRGBA); ok { // the model below would round twice
		setPixel(dst, uint16(c.R)*0x101, uint16(c.G)*0x101, uint16(c.B)*0x101, uint16(c.A)*0x101)
		return
	}
	v := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	setPixel(dst, v.R, v.G, v.B, v.A)
}

// unmultiply divides the colours of a row by their alpha.
func unmultiply(row []uint16) {
	for i := 0; i < len(row); i += 4 {
		p := row[i : i+4]
		a := uint32(p[3])
		if a == 0xffff {
			continue
		}
		for ch := range 3 {
			if a == 0 {
				p[ch] = 0
			} else { // in a malformed picture a colour can exceed its alpha
				p[ch] = uint16(min((uint32(p[ch])*0xffff+a/2)/a, 0xffff))
			}
		}
	}
}
