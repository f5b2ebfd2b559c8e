package imgio

import (
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"

	"nst/imgio/internal/bmp"
	fulljpeg "nst/imgio/internal/jpeg"
	"nst/imgio/internal/tiff"
)

// Decode reads a picture of any supported format. It turns the picture upright and converts
// it to sRGB if the file has a colour profile that can be converted. Transparency is kept.
// Otherwise the picture is what the decoder of the format returned; its bounds may start
// anywhere.
//
// Errors match [ErrFormat], [ErrCorrupt], [ErrTooSmall] or [ErrTooLarge], or come from r.
func Decode(r io.Reader, limits ...Limit) (image.Image, Info, error) {
	m, info, err := decode(r, -1, newLimits(limits))
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return m, info, nil
}

// Open reads the picture in the file at path. Errors are those of [Decode] and os.Open, or
// match [ErrFolder] if path is a folder.
func Open(path string, limits ...Limit) (*Planar, Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return read(f, path, newLimits(limits))
}

// OpenImage is [Open] that returns the picture as [Decode] does, with its transparency.
func OpenImage(path string, limits ...Limit) (image.Image, Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return readImage(f, path, newLimits(limits))
}

// OpenFS is [Open] for a file in fsys.
func OpenFS(fsys fs.FS, name string, limits ...Limit) (*Planar, Info, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return read(f, name, newLimits(limits))
}

// read reads the picture in f and closes f.
func read(f fs.File, path string, l limits) (*Planar, Info, error) {
	m, info, err := readImage(f, path, l)
	if err != nil {
		return nil, Info{}, err
	}
	return FromImage(m), info, nil
}

// readImage is read of a picture that is not converted yet.
func readImage(f fs.File, path string, l limits) (image.Image, Info, error) {
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	if stat.IsDir() {
		return nil, Info{}, fmt.Errorf("imgio: reading %q: %w", path, ErrFolder)
	}
	size := int64(-1)
	if stat.Mode().IsRegular() {
		size = stat.Size()
	}
	m, info, err := decode(f, size, l)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: reading %q: %w", path, err)
	}
	return m, info, nil
}

// decode is Decode of a file of size bytes; size is -1 if it is not known.
func decode(r io.Reader, size int64, l limits) (image.Image, Info, error) {
	c, data, err := load(r, size, l)
	if err != nil {
		return nil, Info{}, err
	}
	s, m, err := c.pixels(data, l)
	if err != nil {
		return nil, Info{}, err
	}
	if s.heif != nil {
		return l.converted(data, s.heif)
	}
	if l.upright {
		s.orientation = 1
	}
	m, info := finish(s, m, c.name)
	return m, info, nil
}

// pixels checks the size of the picture, then decodes it.
func (c *codec) pixels(data []byte, l limits) (s *source, m image.Image, err error) {
	// A hostile file that makes a decoder panic must not end a batch of pictures.
	defer func() {
		if r := recover(); r != nil {
			s, m, err = nil, nil, fmt.Errorf("%w: %s decoder panicked: %v", ErrCorrupt, c.name, r)
		}
	}()
	if s, err = c.open(data); err != nil {
		return nil, nil, c.classify(err)
	}
	if err := l.check(s, len(data)); err != nil {
		return nil, nil, err
	}
	if s.heif != nil {
		return s, nil, nil
	}
	if m, err = s.pixels(); err != nil {
		return nil, nil, c.classify(err)
	}
	return s, m, nil
}

// classify returns a [FormatError] if the decoder does not support the file, else ErrCorrupt.
func (c *codec) classify(err error) error {
	var (
		goJPEG jpeg.UnsupportedError
		goPNG  png.UnsupportedError
		ours   fulljpeg.UnsupportedError
		t      tiff.UnsupportedError
		b      bmp.UnsupportedError
	)
	switch {
	case errors.Is(err, tiff.ErrRaw):
		return &FormatError{Format: "camera raw", Supported: readable(), Advice: "develop it first with the camera's program, darktable or RawTherapee, and save it as jpeg or tiff"}
	case errors.As(err, &goJPEG), errors.As(err, &goPNG), errors.As(err, &ours), errors.As(err, &t), errors.As(err, &b):
		return &FormatError{Format: c.name, Advice: "save it again with another program as png, or as jpeg or tiff with the usual settings", Err: err}
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// finish converts the colours of a decoded picture to sRGB, turns it upright and describes
// it.
func finish(s *source, m image.Image, format string) (image.Image, Info) {
	info := Info{
		Format: format, Orientation: s.orientation, Animated: s.animated, Pages: s.pages,
		Grey: isGrey(m) || s.grey, Deep: isDeep(m) && !s.shallow,
	}
	if m, ok := m.(interface{ Opaque() bool }); ok {
		info.Alpha = !m.Opaque()
	}
	_, info.CMYK = m.(*image.CMYK)
	if s.lab {
		info.Profile, info.Converted = "CIE L*a*b*", true
		m = fromLab(m)
	} else if s.icc != nil {
		m = info.convert(m, s.icc)
	}
	m = orient(m, s.orientation)
	size := m.Bounds().Size()
	info.Width, info.Height = size.X, size.Y
	if s.factor > 1 {
		of := reduction{w: s.w, h: s.h, factor: s.factor}.turned(s.orientation)
		info.Width, info.Height = of.w, of.h
		m = &reducedImage{m, of}
	}
	return m, info
}

// convert applies a colour profile to m, unless it is about sRGB or cannot be applied.
func (i *Info) convert(m image.Image, icc []byte) image.Image {
	p, name, err := parseICC(icc)
	switch {
	case err != nil || !p.fits(m, i.Grey):
		i.Profile = name
	case !p.isSRGB():
		i.Profile, i.Converted = name, true
		return p.apply(m)
	}
	return m
}

// isGrey reports whether the type or the palette of m allows only grey.
func isGrey(m image.Image) bool {
	switch m := m.(type) {
	case *image.Gray, *image.Gray16:
		return true
	case *image.Paletted:
		for _, c := range m.Palette {
			if r, g, b, _ := c.RGBA(); r != g || g != b {
				return false
			}
		}
		return true
	}
	return false
}

// openBMP reads the headers of a bitmap.
func openBMP(data []byte) (*source, error) {
	f, err := bmp.Open(data)
	if err != nil {
		return nil, err
	}
	s := &source{w: f.W, h: f.H, memory: f.Memory(), decode: f.Decode, alpha: f.Alpha(), metadata: metadata{orientation: 1}}
	if f.CanRow() {
		s.reduce = func(factor int) (image.Image, error) { return s.reduceRows(factor, f.Rows) }
		s.reducedMemory = func(factor int) int64 { return 12*int64(f.W) + reducedBytes(f.W, f.H, factor) }
	}
	return s, nil
}

// openTIFF reads the directories of a TIFF file.
func openTIFF(data []byte) (*source, error) {
	f, err := tiff.Open(data)
	if err != nil {
		return nil, err
	}
	f.WebP = decodeWebP
	s := &source{w: f.W, h: f.H, memory: f.Memory(), decode: f.Decode, alpha: f.Alpha(), lab: f.Lab()}
	s.orientation, s.icc = f.Orientation, f.ICC
	if f.CanRow() {
		s.reduce = func(factor int) (image.Image, error) { return s.reduceRows(factor, f.Rows) }
		s.reducedMemory = func(factor int) int64 { return f.RowMemory() + reducedBytes(f.W, f.H, factor) }
	}
	if f.Pages > 1 {
		s.pages = f.Pages
	}
	return s, nil
}
