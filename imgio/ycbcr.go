package imgio

import (
	"bytes"
	"fmt"
	"image"

	"golang.org/x/image/webp"
)

// toRGB converts a luma and two chroma values to red, green and blue, by the rules of JPEG
// (color.YCbCrToRGB) or video (videoToRGB).
type toRGB func(y, cb, cr uint8) (r, g, b uint8)

// ycbcrRows reads m. It interpolates chroma that is stored at half the width or height, with
// the triangle filter of most JPEG and WebP decoders: 3/4 of the nearest sample and 1/4 of
// the next along each axis. The At method of m repeats the nearest sample instead, which
// leaves steps of two pixels at coloured edges.
func ycbcrRows(m *image.YCbCr, convert toRGB) rowReader {
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
			spreadChroma(dst[1+i:], chroma(c, y), chroma(c, beside), bounds.Min.X&1, bounds.Dx(), halfW)
		}
		luma := m.Y[m.YOffset(bounds.Min.X, y):]
		for x := range bounds.Dx() {
			px := dst[4*x : 4*x+4]
			r, g, b := convert(luma[x], uint8(px[1]), uint8(px[2]))
			setPixel(px, uint16(r)*0x101, uint16(g)*0x101, uint16(b)*0x101, 0xffff)
		}
	}
}

// spreadChroma writes w chroma values, interpolated between row and the row beside it, to
// every fourth element of dst. At half width two pixels share a sample; odd is 1 if the first
// pixel is the right one of its two.
func spreadChroma(dst []uint16, row, beside []byte, odd, w int, halfW bool) {
	at := func(i int) uint16 { return 3*uint16(row[i]) + uint16(beside[i]) }
	if !halfW {
		for x := range w {
			dst[4*x] = (at(x) + 2) / 4
		}
		return
	}
	last := len(row) - 1
	for x := range w {
		i := (x + odd) / 2
		next := min(max(i-1+2*((x+odd)&1), 0), last)
		dst[4*x] = (3*at(i) + at(next) + 8) / 16
	}
}

// nycbcraRows is ycbcrRows for a picture with an alpha plane.
func nycbcraRows(m *image.NYCbCrA, convert toRGB) rowReader {
	opaque := ycbcrRows(&m.YCbCr, convert)
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
		return packed(ycbcrRows(m, videoToRGB), m.Rect), nil
	case *image.NYCbCrA:
		return packed(nycbcraRows(m, videoToRGB), m.Rect), nil
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

// videoToRGB is the conversion of ITU-R BT.601 with 219 levels of luma and 224 of chroma, in
// fixed-point numbers with 16 fractional bits.
func videoToRGB(y, cb, cr uint8) (r, g, b uint8) {
	l := 76309*(int32(y)-16) + 1<<15 // 255/219
	u, v := int32(cb)-128, int32(cr)-128
	level := func(x int32) uint8 { return uint8(min(max(x>>16, 0), 255)) }
	return level(l + 104597*v), level(l - 25675*u - 53279*v), level(l + 132201*u)
}
