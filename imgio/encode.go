package imgio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"strings"
)

// An Option changes how [Encode] and [Save] write a picture. An option that does not apply
// to the format is an error.
type Option func(*encoding)

// encoding is the result of the options.
type encoding struct {
	quality int // of JPEG; 0 if not given
	deep    bool
	text    []text
	err     error // of the first wrong option
}

// JPEGQuality sets the quality of a JPEG file, from 1 to 100 (best). The default is 95.
func JPEGQuality(quality int) Option {
	return func(e *encoding) {
		e.quality = quality
		if quality < 1 || quality > 100 {
			e.fail(fmt.Errorf("jpeg quality %d is not in 1..100", quality))
		}
	}
}

// Depth16 writes a PNG file with 16 bits per channel; the default is 8.
func Depth16() Option { return func(e *encoding) { e.deep = true } }

// Text puts a text into the file under a key; [ReadText] reads it back. In PNG it is an
// iTXt chunk (tEXt if value is ASCII), in JPEG a comment "key: value".
//
// A key has 1 to 79 printable ASCII characters, no space at either end, no two spaces in a
// row and no colon before a space. No key may be given twice. Values are UTF-8 without NUL.
// A JPEG comment holds 65533 bytes, key included.
func Text(key, value string) Option {
	return func(e *encoding) {
		t := text{key, value}
		if err := t.check(); err != nil {
			e.fail(err)
		}
		for _, other := range e.text {
			if other.key == key {
				e.fail(fmt.Errorf("text %q given twice", key))
			}
		}
		e.text = append(e.text, t)
	}
}

func (e *encoding) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// encodingFor applies the options and checks that they fit the format, png or jpeg.
func encodingFor(format string, opts []Option) (*encoding, error) {
	var e encoding
	for _, o := range opts {
		o(&e)
	}
	switch format {
	case "png":
		if e.quality != 0 {
			e.fail(errors.New("jpeg quality set for a png file"))
		}
	case "jpeg":
		if e.deep {
			e.fail(errors.New("jpeg files have 8 bits per channel, not 16"))
		}
		for _, t := range e.text {
			if len(t.comment()) > maxComment {
				e.fail(fmt.Errorf("text %q has %d bytes, a jpeg comment holds %d", t.key, len(t.comment()), maxComment))
			}
		}
		if e.quality == 0 {
			e.quality = 95
		}
	default:
		return nil, &FormatError{Format: fmt.Sprintf("%q", format), Supported: []string{"png", "jpeg"}}
	}
	return &e, e.err
}

// FormatOf returns the format, png or jpeg, that [Save] writes to a file with this name. It
// depends on the extension, in upper or lower case. The error is a [FormatError] that lists
// the extensions.
func FormatOf(path string) (string, error) {
	ext := filepath.Ext(path)
	switch strings.ToLower(ext) {
	case ".png":
		return "png", nil
	case ".jpg", ".jpeg":
		return "jpeg", nil
	}
	unknown := &FormatError{Format: ext, Supported: []string{".png", ".jpg", ".jpeg"}}
	if ext == "" {
		unknown.Err = errors.New("no file name extension")
	}
	return "", fmt.Errorf("imgio: writing %q: %w", path, unknown)
}

// Encode writes p to w as png or jpeg, clamped and rounded as by [Planar.Image]. A PNG file
// gets an sRGB chunk; JPEG needs none, because readers assume sRGB. Errors come from the
// options, from w or from the limits of the format: a side of a JPEG has at most 65535 pixels.
func Encode(w io.Writer, p *Planar, format string, opts ...Option) error {
	e, err := encodingFor(format, opts)
	if err == nil {
		err = e.write(w, p, format)
	}
	if err != nil {
		return fmt.Errorf("imgio: encoding: %w", err)
	}
	return nil
}

// write encodes p. The image package does not write text and sRGB chunks, so they are
// inserted near the start of the file.
func (e *encoding) write(w io.Writer, p *Planar, format string) error {
	if err := p.check(); err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	var err error
	if format == "jpeg" {
		const startOfImage = 2
		m := p.Image()
		opaque := &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect} // same bytes, but faster to encode
		err = jpeg.Encode(&splicer{bw, startOfImage, e.jpegComments()}, opaque, &jpeg.Options{Quality: e.quality})
	} else {
		const signatureAndHeader = 8 + 25
		var m image.Image = p.Image()
		if e.deep {
			m = p.Image16()
		}
		err = png.Encode(&splicer{bw, signatureAndHeader, e.pngChunks()}, m)
	}
	if err != nil {
		return err
	}
	return bw.Flush()
}

// splicer inserts extra after the first skip bytes that are written to it.
type splicer struct {
	w     io.Writer
	skip  int
	extra []byte
}

// Write writes b to the writer below.
func (s *splicer) Write(b []byte) (int, error) {
	if s.extra == nil || len(b) < s.skip {
		s.skip -= min(s.skip, len(b))
		return s.w.Write(b)
	}
	whole := bytes.Join([][]byte{b[:s.skip], s.extra, b[s.skip:]}, nil)
	s.extra = nil
	if _, err := s.w.Write(whole); err != nil {
		return 0, err
	}
	return len(b), nil
}
