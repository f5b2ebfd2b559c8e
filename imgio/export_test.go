package imgio

import (
	"image"
	"io"
)

// DecodeUpTo is Decode with another limit on the number of pixels.
func DecodeUpTo(r io.Reader, maxPixels int64) (image.Image, Info, error) {
	return decode(r, -1, limits{pixels: maxPixels, memory: 400 * maxPixels})
}

// DecodeReduced is DecodeUpTo of a picture that is wanted one pixel long.
func DecodeReduced(r io.Reader, maxPixels int64) (image.Image, Info, error) {
	return decode(r, -1, limits{pixels: maxPixels, memory: 400 * maxPixels, shrink: 1})
}

// ShrinkFrom lets Shrink reduce pictures of more than a number of pixels.
func ShrinkFrom(pixels int64) Limit { return func(l *limits) { l.large = pixels } }

// ProfileOf returns the colour profile in a PNG or JPEG file.
func ProfileOf(file []byte) []byte {
	if file[0] == 0x89 {
		return pngMetadata(file).icc
	}
	return jpegMetadata(file).icc
}

// ApplyProfile converts m from a colour profile if it can, as Decode does.
func ApplyProfile(m image.Image, icc []byte) image.Image {
	info := Info{Grey: isGrey(m)}
	return info.convert(m, icc)
}

// PNGText reads a text chunk of a PNG file.
func PNGText(kind, body string) (key, value string, err error) {
	t, _, err := pngText(kind, []byte(body))
	return t.key, t.value, err
}

// SRGBProfile is the colour profile in the files that are written.
func SRGBProfile() []byte { return srgbProfile() }

// HEIFSize returns the size that the boxes of a HEIC or AVIF file say.
func HEIFSize(data []byte) (w, h int, err error) {
	p, err := parseHEIF(data)
	if err != nil {
		return 0, 0, err
	}
	return p.w, p.h, nil
}

// EXIFOrientation returns the orientation in an EXIF block.
func EXIFOrientation(block []byte) int { return exifOrientation(block) }
