// Package tiff reads TIFF 6.0 and BigTIFF pictures: strips and tiles, chunky and planar, 1 to
// 64 bits per sample, whole numbers and floating point, and the compressions of the TIFF 6.0
// and Adobe specifications as well as Zstandard and WebP.
//
// It exists because golang.org/x/image/tiff reads few of these and reads bilevel files with
// reversed bits or fax compression wrongly. That package's LZW decoder is used here.
package tiff

import (
	"errors"
	"fmt"
	"image"
)

// ErrRaw means that the file is a camera's raw file.
var ErrRaw = errors.New("tiff: camera raw file")

// UnsupportedError names a feature that this package does not read.
type UnsupportedError string

// Error begins with "tiff: unsupported".
func (e UnsupportedError) Error() string { return "tiff: unsupported " + string(e) }

// File is an opened TIFF file. The picture is the first one of full resolution.
type File struct {
	W, H        int    // pixels
	Orientation int    // as in EXIF, 1 to 8
	ICC         []byte // colour profile, nil if there is none
	Pages       int    // pictures of full resolution in the file

	// WebP decodes the chunks of a picture with WebP compression.
	WebP func(data []byte) (*image.NRGBA, error)

	d            directory
	photometric  int
	compression  int
	bits         int   // of a sample
	samples      int   // of a pixel
	format       int   // of a sample: formatUint and so on
	planar       bool  // each sample has chunks of its own
	extra        []int // what the samples are that the photometric interpretation does not need
	grid         grid
	subW, subH   int // pixels that share a chroma value along each axis, for YCbCr
	palette      []int64
	predictor    int
	reversedBits bool
}

// Values of PhotometricInterpretation.
const (
	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	palette     = 3
	cmyk        = 5
	yCbCr       = 6
	cieLab      = 8
	iccLab      = 9
	cfa         = 32803
	linearRaw   = 34892
)

// Values of SampleFormat.
const (
	formatUint  = 1
	formatInt   = 2
	formatFloat = 3
	formatVoid  = 4
)

// maxSamples is the largest number of samples of a pixel that is accepted.
const maxSamples = 64

// Open reads the directories of a file and checks what they say. Errors are ErrRaw, an
// [UnsupportedError], or mean that the file is damaged.
func Open(data []byte) (*File, error) {
	l, first, ok := parseHeader(data)
	if !ok {
		return nil, errors.New("tiff: no header")
	}
	if len(data) > 10 && string(data[8:10]) == "CR" { // Canon CR2
		return nil, ErrRaw
	}
	f := &File{}
	if err := f.choose(l, first); err != nil {
		return nil, err
	}
	if err := f.parse(); err != nil {
		return nil, err
	}
	return f, nil
}

// choose finds the directory of the first picture of full resolution. A file of thumbnails
// only is read too.
func (f *File) choose(l *layout, offset int64) error {
	const most = 1000 // directories; more are a loop
	var all []directory
	for offset != 0 && len(all) < most {
		d, ok := l.directoryAt(offset)
		if !ok {
			break
		}
		all = append(all, d)
		offset = d.next
	}
	if len(all) == 0 {
		return errors.New("tiff: no directory")
	}
	if all[0].has(tagDNGVersion) {
		return ErrRaw
	}
	chain := all
	for _, at := range all[0].uints(tagSubIFDs, most) {
		if d, ok := l.directoryAt(at); ok && len(all) < most {
			all = append(all, d)
		}
	}
	for _, d := range all {
		if p := d.number(tagPhotometric, 0); p == cfa || p == linearRaw {
			return ErrRaw
		}
	}
	f.d = all[0]
	const reduced, mask = 1, 4
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i].number(tagNewSubfileType, 0)&(reduced|mask) == 0 {
			f.d = chain[i]
			f.Pages++
		}
	}
	f.Pages = max(f.Pages, 1)
	return nil
}

// parse reads the tags that describe the picture.
func (f *File) parse() error {
	d := f.d
	w, h := d.number(tagImageWidth, 0), d.number(tagImageLength, 0)
	if w < 1 || h < 1 || w > 1<<30 || h > 1<<30 || w*h > 1<<48 { // so that no sum of bytes overflows
		return fmt.Errorf("tiff: picture of %dx%d pixels", w, h)
	}
	f.W, f.H = int(w), int(h)
	f.Orientation = 1
	if o := d.number(tagOrientation, 1); o >= 2 && o <= 8 {
		f.Orientation = int(o)
	}
	if _, icc := d.value(tagICCProfile); len(icc) > 0 {
		f.ICC = icc
	}
	f.compression = int(d.number(tagCompression, 1))
	f.photometric = int(d.number(tagPhotometric, whiteIsZero))
	f.planar = d.number(tagPlanarConfiguration, 1) == 2
	f.predictor = int(d.number(tagPredictor, 1))
	f.reversedBits = d.number(tagFillOrder, 1) == 2
	if err := f.parseSamples(); err != nil {
		return err
	}
	if err := f.parseColours(); err != nil {
		return err
	}
	if err := f.checkCompression(); err != nil {
		return err
	}
	return f.parseGrid()
}

// parseSamples reads how many samples a pixel has and what their bits mean.
func (f *File) parseSamples() error {
	n := f.d.number(tagSamplesPerPixel, 1)
	if n < 1 {
		return errors.New("tiff: no samples")
	}
	if n > maxSamples {
		return UnsupportedError(fmt.Sprintf("picture of %d samples per pixel, at most %d", n, maxSamples))
	}
	f.samples = int(n)
	same := func(tag uint16, otherwise int64) (int, error) {
		v := f.d.number(tag, otherwise)
		for _, other := range f.d.uints(tag, maxSamples) {
			if other != v {
				return 0, UnsupportedError("samples of different kinds in one pixel")
			}
		}
		return int(v), nil
	}
	var err error
	if f.bits, err = same(tagBitsPerSample, 1); err != nil {
		return err
	}
	if f.format, err = same(tagSampleFormat, formatUint); err != nil {
		return err
	}
	switch {
	case f.format == formatVoid:
		f.format = formatUint
	case f.format < formatUint || f.format > formatFloat:
		return UnsupportedError(fmt.Sprintf("sample format %d", f.format))
	}
	switch ok := f.bits >= 1 && f.bits <= 16 || f.bits == 32 || f.bits == 64; {
	case !ok, f.format == formatFloat && f.bits != 16 && f.bits < 32, f.format == formatInt && f.bits%8 != 0:
		return UnsupportedError(fmt.Sprintf("samples of %d bits", f.bits))
	}
	return nil
}

// parseColours checks the photometric interpretation.
func (f *File) parseColours() error {
	need, ok := map[int]int{
		whiteIsZero: 1, blackIsZero: 1, rgb: 3, palette: 1, cmyk: 4, yCbCr: 3, cieLab: 3, iccLab: 3,
	}[f.photometric]
	if !ok {
		return UnsupportedError(fmt.Sprintf("photometric interpretation %d", f.photometric))
	}
	if f.samples < need {
		return fmt.Errorf("tiff: %d samples per pixel, want %d", f.samples, need)
	}
	kinds := f.d.uints(tagExtraSamples, maxSamples)
	f.extra = make([]int, f.samples-need)
	for i := range f.extra {
		if i < len(kinds) {
			f.extra[i] = int(kinds[i])
		}
	}
	if len(kinds) == 0 && len(f.extra) == 1 {
		f.extra[0] = unassociatedAlpha // as Pillow takes it
	}
	const inkSetCMYK = 1
	switch f.photometric {
	case cmyk:
		if f.d.number(tagInkSet, inkSetCMYK) != inkSetCMYK {
			return UnsupportedError("inks other than cyan, magenta, yellow and black")
		}
	case palette:
		f.palette = f.d.uints(tagColorMap, 3<<8)
		switch {
		case f.bits > 8 || f.format != formatUint:
			return UnsupportedError(fmt.Sprintf("palette of %d bits", f.bits))
		case len(f.palette) < 3<<f.bits:
			return errors.New("tiff: palette too short")
		}
	case cieLab, iccLab:
		if f.bits != 8 && f.bits != 16 || f.format == formatFloat {
			return UnsupportedError(fmt.Sprintf("Lab colours of %d bits", f.bits))
		}
	case yCbCr:
		if f.bits != 8 || f.format != formatUint {
			return UnsupportedError(fmt.Sprintf("YCbCr colours of %d bits", f.bits))
		}
	}
	return nil
}

// Lab reports whether the channels of the decoded picture are CIE L*a*b* under D50: L* from
// 0 to 100 over all 16 bits, and a* and b* as 0x8000 + 256 times the value.
func (f *File) Lab() bool { return f.photometric == cieLab || f.photometric == iccLab }

// Memory returns about how many bytes Decode allocates, the picture that it returns included.
func (f *File) Memory() int64 {
	pixel := int64(4)
	if f.bits > 8 {
		pixel = 8
	}
	planes := int64(1)
	if f.planar {
		planes = int64(f.samples)
	}
	return int64(f.W)*int64(f.H)*pixel + planes*f.grid.bytes
}

// CanRow reports whether a picture can be read row by row: it is not cut into tiles, and its
// pixels are no inks.
func (f *File) CanRow() bool { return !f.grid.tiled && f.photometric != cmyk }

// RowMemory is Memory for Rows.
func (f *File) RowMemory() int64 {
	planes := int64(1)
	if f.planar {
		planes = int64(f.samples)
	}
	return planes*f.grid.bytes + int64(f.W)*int64(8+2*f.samples)
}

// Rows calls add for each row from the top, as a picture one pixel high that is valid until add
// returns. It holds one strip at a time. The errors are those of Decode, or that of a picture
// that cannot be read by rows.
func (f *File) Rows(add func(row image.Image)) error {
	if !f.CanRow() {
		return UnsupportedError("rows of tiles")
	}
	one := *f
	one.H = 1
	m, put := one.canvas()
	return f.eachRow(func(x, y int, samples []uint16) {
		put(0, 0, samples)
		add(m)
	})
}

// Decode reads the pixels. Errors are an [UnsupportedError] or mean that the file is damaged.
func (f *File) Decode() (image.Image, error) {
	m, put := f.canvas()
	if err := f.eachRow(put); err != nil {
		return nil, err
	}
	return m, nil
}

// eachRow calls put for the samples of each row of each chunk, which begins at pixel x, y.
func (f *File) eachRow(put func(x, y int, samples []uint16)) error {
	c, err := f.newChunks()
	if err != nil {
		return err
	}
	row := make([]uint16, f.grid.w*f.samples)
	for y := 0; y < f.H; y += f.grid.h {
		for x := 0; x < f.W; x += f.grid.w {
			if err := c.read(x/f.grid.w, y/f.grid.h); err != nil {
				return err
			}
			w := min(f.grid.w, f.W-x)
			for dy := range min(f.grid.h, f.H-y) {
				c.row(row, dy)
				put(x, y+dy, row[:w*f.samples])
			}
		}
	}
	return nil
}
