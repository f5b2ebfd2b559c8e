package imgio

import (
	"image"
	"io"
)

// DecodeUpTo is Decode with another limit on the number of pixels.
func DecodeUpTo(r io.Reader, maxPixels int64) (image.Image, Info, error) {
	return decode(r, -1, limits{pixels: maxPixels, memory: 400 * maxPixels})
}
