package imgio

import (
	"image"
	"math"
)

// whiteD50 is the white of the connection space of ICC profiles.
func whiteD50() [3]float64 { return [3]float64{0.9642, 1, 0.8249} }

// labToXYZ converts CIE 1976 L*a*b* to XYZ, both under D50.
func labToXYZ(l, a, b float64) [3]float64 {
	fy := (l + 16) / 116
	white := whiteD50()
	var xyz [3]float64
	for i, f := range [3]float64{fy + a/500, fy, fy - b/200} {
		const delta = 24.0 / 116
		t := f * f * f
		if f <= delta {
			t = (f - 16.0/116) * 108 / 841
		}
		xyz[i] = max(t, 0) * white[i]
	}
	return xyz
}

// decodeXYZ converts values in [0, 1] to XYZ (ICC.1:2010, 6.3.4.2).
func decodeXYZ(v [3]float64) [3]float64 {
	for i := range v {
		v[i] *= 1 + 32767.0/32768
	}
	return v
}

func transformed(m [3][3]float64, v [3]float64) (out [3]float64) {
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

func clamp01(v float64) float64 { return math.Min(math.Max(v, 0), 1) }

// fromLab converts a picture whose channels are L*a*b*, as package tiff stores them, to
// sRGB. Transparency is kept.
func fromLab(m image.Image) *image.NRGBA64 {
	matrix, encode := xyzToRGB(), sRGBTable()
	out := image.NewNRGBA64(image.Rectangle{Max: m.Bounds().Size()})
	eachPixel(m, func(x, y int, px []uint16) {
		l, a, b := float64(px[0])/655.35, (float64(px[1])-0x8000)/256, (float64(px[2])-0x8000)/256
		dst := out.Pix[y*out.Stride+8*x:]
		for ch, v := range transformed(matrix, labToXYZ(l, a, b)) {
			put16(dst[2*ch:], encode(float32(v)))
		}
		put16(dst[6:], px[3])
	})
	return out
}
