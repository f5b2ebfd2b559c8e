package imgio

import (
	"bytes"
	"fmt"
	"image"

	"golang.org/x/image/webp"
)

// toRGB converts a luma and two chroma values to red, green and blue, by the rules of JPEG
// (jfifToRGB) or video (videoToRGB).
type toRGB func(y, cb, cr uint8) (r, g, b uint8)

// rounding says how interpolated chroma between two levels is rounded.
type rounding int

const (
	roundNearest rounding = iota // as libwebp does
	roundByTurns                 // down in one pixel and up in the next, as libjpeg does
)

// sixteenths returns what to add to sums of sixteenths of a level in the first and in the
// second of two pixels. between says that the sums are of four samples, not of two.
func (r rounding) sixteenths(between bool) [2]uint16 {
	switch {
	case r == roundNearest:
		return [2]uint16{8, 8}
	case between:
		return [2]uint16{8, 7}
	}
	return [2]uint16{4, 8}
}

// ycbcrRows reads m. It interpolates chroma that is stored at half the width or height, with
// the triangle filter of most JPEG and WebP decoders: 3/4 of the nearest sample and 1/4 of
// the next along each axis. The At method of m repeats the nearest sample instead, which
// leaves steps of two pixels at coloured edges.
func ycbcrRows(m *image.YCbCr, convert toRGB, round rounding) rowReader {
	halfW, halfH := false, false
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422:
		halfW = true
	case image.YCbCrSubsampleRatio420:
		halfW, halfH = true, true
	case image.YCbCrSubsampleRatio440:
		halfH = true
	default: // quarter width: rare
		return anyRows(m)
	}
	bounds := m.Rect
	if bounds.Min.X < 0 || bounds.Min.Y < 0 { // halves of negative numbers are rounded differently
		return anyRows(m)
	}
	// chroma returns the row of plane c that holds picture row y.
	chroma := func(c []byte, y int) []byte {
		return c[m.COffset(bounds.Min.X, y) : m.COffset(bounds.Max.X-1, y)+1]
	}
	return func(y int, dst []uint16) {
		y += bounds.Min.Y
		beside := y
		if halfH {
			beside = min(max(y-1+2*(y&1), bounds.Min.Y), bounds.Max.Y-1)
		}
		for i, c := range [][]byte{m.Cb, m.Cr} {
			row := chroma(c, y)
			if halfW {
				spreadChroma(dst[1+i:], row, chroma(c, beside), bounds.Min.X&1, bounds.Dx(), round.sixteenths(halfH))
			} else {
				mixChroma(dst[1+i:], row, chroma(c, beside), round.sixteenths(false)[y&1])
			}
		}
		luma := m.Y[m.YOffset(bounds.Min.X, y):]
		for x := range bounds.Dx() {
			px := dst[4*x : 4*x+4]
			r, g, b := convert(luma[x], uint8(px[1]), uint8(px[2]))
			setPixel(px, uint16(r)*0x101, uint16(g)*0x101, uint16(b)*0x101, 0xffff)
		}
	}
}

// spreadChroma writes w chroma values, interpolated between the samples of a row, of which
// each belongs to two pixels, and of the row beside it, to every fourth element of dst. odd is
// 1 if the first pixel is the right one of its two. bias is of [rounding.sixteenths].
func spreadChroma(dst []uint16, row, beside []byte, odd, w int, bias [2]uint16) {
	at := func(i int) uint16 { return 3*uint16(row[i]) + uint16(beside[i]) }
	last := len(row) - 1
	for x := range w {
		i, right := (x+odd)/2, (x+odd)&1
		next := min(max(i-1+2*right, 0), last)
		dst[4*x] = (3*at(i) + at(next) + bias[right]) / 16
	}
}

// mixChroma writes 3/4 of a row of chroma and 1/4 of the row beside it to every fourth
// element of dst. bias is of [rounding.sixteenths].
func mixChroma(dst []uint16, row, beside []byte, bias uint16) {
	for x := range row {
		dst[4*x] = (12*uint16(row[x]) + 4*uint16(beside[x]) + bias) / 16
	}
}

// nycbcraRows is ycbcrRows for a picture with an alpha plane.
func nycbcraRows(m *image.NYCbCrA, convert toRGB, round rounding) rowReader {
	opaque := ycbcrRows(&m.YCbCr, convert, round)
	return func(y int, dst []uint16) {
		opaque(y, dst)
		alpha := m.A[m.AOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
		for x := range len(dst) / 4 {
			dst[4*x+3] = uint16(alpha[x]) * 0x101
		}
	}
}

// decodeWebP decodes a WebP file. Lossy files hold video levels, with black at 16 and white
// at 235. webp.Decode returns them as image.YCbCr, whose black is 0 and white 255
// (golang/go issue 40173), so they would look washed out.
func decodeWebP(data []byte) (*image.NRGBA, error) {
	m, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case *image.YCbCr:
		return packed(ycbcrRows(m, videoToRGB, roundNearest), m.Rect), nil
	case *image.NYCbCrA:
		return packed(nycbcraRows(m, videoToRGB, roundNearest), m.Rect), nil
	case *image.NRGBA: // lossless
		return m, nil
	}
	return nil, fmt.Errorf("webp: picture of type %T", m)
}

// packed collects 8-bit rows into a picture.
func packed(read rowReader, bounds image.Rectangle) *image.NRGBA {
	m := image.NewNRGBA(bounds)
	parallel(bounds.Dy(), func(lo, hi int) {
		buf := make([]uint16, 4*bounds.Dx())
		for y := lo; y < hi; y++ {
			read(y, buf)
			for i, v := range buf {
				m.Pix[y*m.Stride+i] = uint8(v >> 8)
			}
		}
	})
	return m
}

// jfifToRGB is the conversion of JFIF 1.02, rounded to the nearest level, in fixed-point
// numbers with 16 fractional bits. color.YCbCrToRGB rounds in another way.
func jfifToRGB(y, cb, cr uint8) (r, g, b uint8) {
	l := int32(y)<<16 + 1<<15
	u, v := int32(cb)-128, int32(cr)-128
	level := func(x int32) uint8 { return uint8(min(max(x>>16, 0), 255)) }
	return level(l + 91881*v), level(l - 22554*u - 46802*v), level(l + 116130*u)
}

// videoToRGB is the conversion of ITU-R BT.601 with 219 levels of luma and 224 of chroma, in
// fixed-point numbers with 16 fractional bits.
func videoToRGB(y, cb, cr uint8) (r, g, b uint8) {
	l := 76309*(int32(y)-16) + 1<<15 // 255/219
	u, v := int32(cb)-128, int32(cr)-128
	level := func(x int32) uint8 { return uint8(min(max(x>>16, 0), 255)) }
	return level(l + 104597*v), level(l - 25675*u - 53279*v), level(l + 132201*u)
}
