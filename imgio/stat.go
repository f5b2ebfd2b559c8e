package imgio

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Header is what the header of a picture file says.
type Header struct {
	Format        string // png, jpeg, webp, tiff, bmp, gif or heif
	Width, Height int    // pixels, upright
	Memory        int64  // bytes that Open takes, of which its Planar stays
	Pixels        int64  // of that Planar: Width times Height, or less with [Shrink]
	Alpha         bool   // the picture may have transparency; not known of heif
}

// Stat reads the header of the picture in the file at path. It reads the rest of the file only
// where the header is not among the first bytes, as in many TIFF files. The errors are those of
// [Open], of which it does not find the damage beyond the header. A pipe or a device, which can
// be read only once, is not opened: the error matches [ErrSpecial].
func Stat(path string, limits ...Limit) (Header, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return Header{}, fmt.Errorf("imgio: reading %q: %w", path, ErrSpecial)
	}
	f, size, err := openFile(path)
	if err != nil {
		return Header{}, err
	}
	defer f.Close()
	h, err := statHeader(f, size, newLimits(limits))
	if err != nil {
		return Header{}, fmt.Errorf("imgio: reading %q: %w", path, err)
	}
	return h, nil
}

// StatReader is [Stat] of a file of size bytes in r.
func StatReader(r io.ReadSeeker, size int64, limits ...Limit) (Header, error) {
	h, err := statHeader(r, size, newLimits(limits))
	if err != nil {
		return Header{}, fmt.Errorf("imgio: %w", err)
	}
	return h, nil
}

// ReadOnce returns the bytes of a picture file that can be read only once. It reads no more than
// the limits allow. The errors are those of [Decode] about the first bytes, or come from r.
func ReadOnce(r io.Reader, limits ...Limit) ([]byte, error) {
	_, data, err := load(r, -1, newLimits(limits))
	if err != nil {
		return nil, fmt.Errorf("imgio: %w", err)
	}
	return data, nil
}

// openFile opens a file, and tells its size, or -1 if that is not known.
func openFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("imgio: %w", err)
	}
	stat, err := f.Stat()
	switch {
	case err != nil:
	case stat.IsDir():
		err = fmt.Errorf("reading %q: %w", path, ErrFolder)
	case stat.Mode().IsRegular():
		return f, stat.Size(), nil
	default:
		return f, -1, nil
	}
	return nil, 0, errors.Join(fmt.Errorf("imgio: %w", err), f.Close())
}

// statHeader is Stat of a file of size bytes.
func statHeader(f io.ReadSeeker, size int64, l limits) (Header, error) {
	head := make([]byte, headLen)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	if err == nil && size > int64(n) {
		if c, err := l.sniff(head); err == nil && c.name != "tiff" {
			if s, err := c.header(head); err == nil && s.w > 1 && s.h > 1 {
				return describe(c, s, size, l)
			}
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Header{}, err
	}
	c, data, err := load(f, size, l)
	if err != nil {
		return Header{}, err
	}
	s, err := c.header(data)
	if err != nil {
		return Header{}, c.classify(err)
	}
	return describe(c, s, int64(len(data)), l)
}

// header is open for a file that may be cut short or hostile.
func (c *codec) header(data []byte) (s *source, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("%w: %s decoder panicked: %v", ErrCorrupt, c.name, r)
		}
	}()
	return c.open(data)
}

// describe returns the header of a picture within the limits.
func describe(c *codec, s *source, size int64, l limits) (Header, error) {
	if err := l.check(s, int(size)); err != nil {
		return Header{}, err
	}
	h := Header{Format: c.name, Width: s.w, Height: s.h, Memory: s.need(size), Alpha: s.alpha}
	h.Pixels = reducedBytes(s.w, s.h, s.factor) / 8
	if s.orientation > 4 {
		h.Width, h.Height = h.Height, h.Width
	}
	return h, nil
}
