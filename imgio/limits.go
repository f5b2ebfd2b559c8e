package imgio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxPixels is the largest number of pixels, width times height, of a picture that
// [Decode] and [Open] accept unless [MaxPixels] says otherwise.
const DefaultMaxPixels = 200e6

// Limit bounds what [Decode] and [Open] accept. A picture beyond it is refused with
// [ErrTooLarge] by its header, before memory is allocated.
type Limit func(*limits)

type limits struct {
	pixels int64
	memory int64 // bytes, 0 for no limit

	shrink  int       // see Shrink
	large   int64     // pixels of pictures that are too small for that
	convert Converter // of HEIC and AVIF, or nil
	upright bool      // ignore the EXIF orientation
}

// MaxPixels is a limit on width times height.
func MaxPixels(n int64) Limit { return func(l *limits) { l.pixels = n } }

// MaxMemory is a limit on the bytes that reading takes: those of the file, of the decoded
// picture and of its [Planar]. 0 is no limit, which is the default.
func MaxMemory(n int64) Limit { return func(l *limits) { l.memory = n } }

func newLimits(options []Limit) limits {
	l := limits{pixels: DefaultMaxPixels, large: shrinkPixels}
	for _, o := range options {
		o(&l)
	}
	return l
}

// planarBytes is the memory of a pixel of a [Planar].
const planarBytes = 3 * 4

// check returns an error if the picture s in a file of size bytes is beyond the limits.
func (l limits) check(s *source, size int) error {
	if s.w <= 1 || s.h <= 1 {
		return fmt.Errorf("%w: %dx%d pixels", ErrTooSmall, s.w, s.h)
	}
	pixels := int64(s.w) * int64(s.h)
	if max(s.w, s.h) > 1<<30 || pixels > l.pixels { // the product of larger sides overflows
		return fmt.Errorf("%w: %dx%d pixels, at most %d million in all", ErrTooLarge, s.w, s.h, l.pixels/1e6)
	}
	s.factor = s.possible(l.factor(s.w, s.h))
	if need := s.need(int64(size)); l.memory > 0 && need > l.memory {
		return fmt.Errorf("%w: reading %dx%d pixels takes %d MB, at most %d MB", ErrTooLarge, s.w, s.h, need/1e6, l.memory/1e6)
	}
	return nil
}

// need is the memory that reading takes, in bytes, from a file of that size.
func (s *source) need(size int64) int64 {
	pixels := int64(s.w) * int64(s.h)
	n := size + s.memory
	if s.factor > 1 {
		pixels = reducedBytes(s.w, s.h, s.factor) / 8
		if n += 8 * pixels; s.reducedMemory != nil {
			n = size + s.reducedMemory(s.factor)
		}
	}
	n += planarBytes * pixels
	if s.icc != nil || s.lab || s.orientation > 1 { // a copy is made
		n += 8 * pixels
	}
	return n
}

// fileBytes is the longest file that is read for a picture of a number of pixels: those of
// 16-bit RGBA without compression twice over, and room for metadata.
func fileBytes(pixels int64) int64 { return 16*pixels + 64<<20 }

// headLen is how much of a file is read before its header is looked at.
const headLen = 256 << 10

// load finds the format of a file, checks what its first bytes say about its size, and reads
// the rest. size is that of the file, -1 if it is not known.
func load(r io.Reader, size int64, l limits) (*codec, []byte, error) {
	most := fileBytes(l.pixels)
	if l.memory > 0 {
		most = min(most, l.memory)
	}
	if size > most {
		return nil, nil, tooLong(most)
	}
	head := make([]byte, headLen)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err != nil && !whole:
		return nil, nil, err
	case n == 0:
		return nil, nil, fmt.Errorf("%w: no data", ErrCorrupt)
	}
	c, err := l.sniff(head)
	if err != nil || whole {
		return c, head, err
	}
	w, h, err := c.glance(head)
	if err != nil {
		return nil, nil, err
	}
	if w > 0 && h > 0 {
		if err := l.check(&source{w: w, h: h}, 0); err != nil {
			return nil, nil, err
		}
		most = min(most, fileBytes(int64(w)*int64(h)))
		if size > most {
			return nil, nil, tooLong(most)
		}
	}
	var b bytes.Buffer
	if size > int64(n) {
		b.Grow(int(size) + bytes.MinRead)
	}
	b.Write(head)
	if _, err := b.ReadFrom(io.LimitReader(r, most+1-int64(n))); err != nil {
		return nil, nil, err
	}
	if int64(b.Len()) > most {
		return nil, nil, tooLong(most)
	}
	return c, b.Bytes(), nil
}

func tooLong(most int64) error {
	return fmt.Errorf("%w: file longer than %d MB", ErrTooLarge, most/1e6)
}
