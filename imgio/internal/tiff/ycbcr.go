package tiff

import "fmt"

// parseSubsampling reads how many pixels share a chroma value (TIFF 6.0, section 21).
func (f *File) parseSubsampling() error {
	f.subW, f.subH = 1, 1
	if f.photometric != yCbCr || f.compression == compressionJPEG || f.planar {
		return nil
	}
	f.subW, f.subH = 2, 2 // unless the file says otherwise
	if s := f.d.uints(tagYCbCrSubsampling, 2); len(s) == 2 {
		f.subW, f.subH = int(s[0]), int(s[1])
	}
	for _, s := range []int{f.subW, f.subH} {
		if s != 1 && s != 2 && s != 4 {
			return fmt.Errorf("tiff: chroma subsampling %dx%d", f.subW, f.subH)
		}
	}
	if f.subsampled() && f.samples != 3 {
		return UnsupportedError("subsampled chroma with extra samples")
	}
	return nil
}

// subsampled reports whether chunks are made of units: the luma of subW by subH pixels, then
// their two chroma values.
func (f *File) subsampled() bool { return f.subW > 1 || f.subH > 1 }

// unitRowBytes is the size of a row of units of a chunk.
func (f *File) unitRowBytes() int {
	return (f.grid.w + f.subW - 1) / f.subW * (f.subW*f.subH + 2)
}

// spread writes units of src to dst pixel by pixel. The two may be the same memory: src has
// fewer bytes, so it is copied first.
func (f *File) spread(dst, src []byte, rows int) {
	src = append([]byte(nil), src...)
	unit := f.subW*f.subH + 2
	for y := range rows {
		units := src[y/f.subH*f.unitRowBytes():]
		row := dst[y*f.grid.rowBytes:]
		for x := range f.grid.w {
			u := units[x/f.subW*unit:][:unit]
			px := row[3*x : 3*x+3]
			px[0] = u[y%f.subH*f.subW+x%f.subW]
			px[1], px[2] = u[unit-2], u[unit-1]
		}
	}
}

// fromYCbCr returns the conversion to RGB by the coefficients and the reference levels of
// the file (TIFF 6.0, sections 20 and 21).
func (f *File) fromYCbCr() func(y, cb, cr uint16) (r, g, b uint16) {
	coefficients := f.d.floats(tagYCbCrCoefficients, 3)
	if len(coefficients) < 3 || !(coefficients[1] > 0) {
		coefficients = []float64{0.299, 0.587, 0.114}
	}
	levels := f.d.floats(tagReferenceBlackWhite, 6)
	if len(levels) < 6 || levels[0] == levels[1] || levels[2] == levels[3] || levels[4] == levels[5] {
		levels = []float64{0, 255, 128, 255, 128, 255}
	}
	kr, kg, kb := coefficients[0], coefficients[1], coefficients[2]
	return func(y, cb, cr uint16) (r, g, b uint16) {
		l := (float64(y)/0x101 - levels[0]) / (levels[1] - levels[0])
		u := (float64(cb)/0x101 - levels[2]) * 127 / 255 / (levels[3] - levels[2])
		v := (float64(cr)/0x101 - levels[4]) * 127 / 255 / (levels[5] - levels[4])
		red, blue := l+v*(2-2*kr), l+u*(2-2*kb)
		green := (l - kr*red - kb*blue) / kg
		return round8(red), round8(green), round8(blue)
	}
}

// round8 rounds to one of 256 levels of 16 bits.
func round8(v float64) uint16 { return (unit16(v) + 0x80 - unit16(v)>>8) >> 8 * 0x101 }
