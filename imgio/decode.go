package imgio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// MaxPixels is the largest number of pixels, width times height, that [Decode] accepts.
const MaxPixels = 300e6

// maxFile is the largest file that is read: MaxPixels of 16-bit RGBA and some metadata.
const maxFile int64 = 8*MaxPixels + 64<<20

// Decode reads a picture of any supported format. It turns the picture upright and converts
// it to sRGB if the file has a colour profile that can be converted. Transparency is kept.
// Otherwise the picture is what the decoder of the format returned; its bounds may start
// anywhere.
//
// Errors match [ErrFormat], [ErrCorrupt], [ErrTooSmall] or [ErrTooLarge], or come from r.
func Decode(r io.Reader) (image.Image, Info, error) {
	m, info, err := decode(r, MaxPixels)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return m, info, nil
}

// Open reads the picture in the file at path. Errors are those of [Decode] and os.Open, or
// match [ErrFolder] if path is a folder.
func Open(path string) (*Planar, Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return read(f, path)
}

// OpenFS is [Open] for a file in fsys.
func OpenFS(fsys fs.FS, name string) (*Planar, Info, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	return read(f, name)
}

// read reads the picture in f and closes f.
func read(f fs.File, path string) (*Planar, Info, error) {
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: %w", err)
	}
	if stat.IsDir() {
		return nil, Info{}, fmt.Errorf("imgio: reading %q: %w", path, ErrFolder)
	}
	m, info, err := decode(f, MaxPixels)
	if err != nil {
		return nil, Info{}, fmt.Errorf("imgio: reading %q: %w", path, err)
	}
	return FromImage(m), info, nil
}

// decode is Decode with a limit on the number of pixels.
func decode(r io.Reader, maxPixels int64) (image.Image, Info, error) {
	br := bufio.NewReader(r)
	head, err := br.Peek(sniffLen)
	if err != nil && err != io.EOF {
		return nil, Info{}, err
	}
	if len(head) == 0 {
		return nil, Info{}, fmt.Errorf("%w: no data", ErrCorrupt)
	}
	c, err := sniff(head)
	if err != nil {
		return nil, Info{}, err
	}
	data, err := io.ReadAll(io.LimitReader(br, maxFile+1))
	if err != nil {
		return nil, Info{}, err
	}
	if int64(len(data)) > maxFile {
		return nil, Info{}, fmt.Errorf("%w: file longer than %d bytes", ErrTooLarge, maxFile)
	}
	m, err := c.pixels(data, maxPixels)
	if err != nil {
		return nil, Info{}, err
	}
	m, info := finish(m, c.name, data)
	return m, info, nil
}

// pixels checks the size of the picture, then decodes it.
func (c *codec) pixels(data []byte, maxPixels int64) (m image.Image, err error) {
	// A hostile file that makes a decoder panic must not end a batch of pictures.
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("%w: %s decoder panicked: %v", ErrCorrupt, c.name, r)
		}
	}()
	if c.name == "tiff" && isRaw(data) {
		return nil, &FormatError{Format: "camera raw", Supported: readable()}
	}
	config, err := c.config(bytes.NewReader(data))
	if err != nil {
		return nil, c.classify(err)
	}
	w, h := config.Width, config.Height
	if w <= 1 || h <= 1 {
		return nil, fmt.Errorf("%w: %dx%d pixels", ErrTooSmall, w, h)
	}
	if int64(w)*int64(h) > maxPixels {
		return nil, fmt.Errorf("%w: %dx%d pixels, at most %d million in all", ErrTooLarge, w, h, maxPixels/1e6)
	}
	m, err = c.decode(bytes.NewReader(data))
	if err != nil {
		return nil, c.classify(err)
	}
	if screen := image.Rect(0, 0, w, h); c.name == "gif" && m.Bounds() != screen {
		whole := image.NewNRGBA(screen) // the first frame may be smaller than the screen
		draw.Draw(whole, m.Bounds(), m, m.Bounds().Min, draw.Src)
		m = whole
	}
	return m, nil
}

// classify returns a [FormatError] if the decoder does not support the file, else ErrCorrupt.
func (c *codec) classify(err error) error {
	var j jpeg.UnsupportedError
	var p png.UnsupportedError
	var t tiff.UnsupportedError
	if errors.As(err, &j) || errors.As(err, &p) || errors.As(err, &t) || errors.Is(err, bmp.ErrUnsupported) {
		return &FormatError{Format: c.name, Err: err}
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// finish turns a decoded picture upright, converts its colours to sRGB and describes it.
func finish(m image.Image, format string, data []byte) (image.Image, Info) {
	meta := readMetadata(format, data)
	info := Info{
		Format: format, Orientation: meta.orientation, Animated: meta.animated,
		Grey: isGrey(m) || format == "png" && data[25]&2 == 0, // grey with alpha is decoded as colour
		Deep: isDeep(m),
	}
	if m, ok := m.(interface{ Opaque() bool }); ok {
		info.Alpha = !m.Opaque()
	}
	_, info.CMYK = m.(*image.CMYK)
	m = orient(m, meta.orientation)
	if meta.icc != nil {
		p, name, err := parseICC(meta.icc)
		switch {
		case err != nil || info.CMYK || p.grey && !info.Grey:
			info.Profile = name
		case !p.isSRGB():
			info.Profile, info.Converted = name, true
			m = p.apply(m)
		}
	}
	size := m.Bounds().Size()
	info.Width, info.Height = size.X, size.Y
	return m, info
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
