package main

import (
	"bytes"
	"context"
	"image"
	"io"
	"os"
	"slices"

	"nst/imgio"
	"nst/internal/recipe"
)

// original is a content with all that its file says.
type original struct {
	w, h    int
	picture *imgio.Planar // nil once the run has it
	alpha   []float32     // its opacity; nil if it is opaque, or is not kept
	seen    bool          // it is not opaque
	meta    imgio.Metadata
	file    recipe.File
}

// openOriginal reads a content from a file or from standard input, for a result in a format.
func (t *console) openOriginal(ctx context.Context, s *settings, path, format string) (*original, error) {
	o, err := await(ctx, func() (*original, error) { return t.readOriginal(s, path, format) })
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &fileError{"content image", path, err}
	}
	return o, nil
}

func (t *console) readOriginal(s *settings, path, format string) (*original, error) {
	var (
		o    original
		m    image.Image
		info imgio.Info
		err  error
		data io.Reader
	)
	if path == standard {
		var b bytes.Buffer
		m, info, err = imgio.Decode(io.TeeReader(t.e.Stdin, &b), t.limits...)
		o.file = recipe.FileOfBytes("standard input", b.Bytes())
		data = &b
	} else if m, info, err = imgio.OpenImage(path, t.limits...); err == nil {
		if o.file, err = recipe.FileOf(path); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		data = f
	}
	if err != nil {
		return nil, err
	}
	// Metadata that cannot be read is no reason to fail: the picture could.
	o.meta, _ = imgio.ReadMetadata(data, imgio.Keep{EXIF: s.keepEXIF, GPS: s.keepGPS}, t.limits...)
	o.seen = info.Alpha
	below := s.below(format)
	info.Alpha = info.Alpha && below == "white"
	t.notes("content", path, info)
	switch {
	case !o.seen:
		o.picture = imgio.FromImage(m)
	case below == keepAlpha:
		o.picture, o.alpha = imgio.Separate(m)
	default:
		c, err := parseColour(below)
		if err != nil {
			return nil, err
		}
		if below != "white" {
			t.say("content image %q: transparency flattened on %s", path, below)
		}
		o.picture = imgio.FromImageOver(m, [3]float32{float32(c.R) / 255, float32(c.G) / 255, float32(c.B) / 255})
	}
	o.w, o.h = o.picture.W, o.picture.H
	return &o, nil
}

// below returns what --alpha means for a format: keep, or the colour that is laid below.
func (s *settings) below(format string) string {
	switch {
	case s.alpha != "":
		return s.alpha
	case imgio.HasAlpha(format):
		return keepAlpha
	}
	return "white"
}

// artwork is a picture with what its file says besides the pixels.
type artwork struct {
	picture *imgio.Planar
	alpha   []float32 // nil is opaque
	meta    imgio.Metadata
	made    imgio.Provenance
}

// painted returns the artwork that was painted over the content: its transparency and its
// metadata go with it. A nil original has none.
func (o *original) painted(p *imgio.Planar, made imgio.Provenance) *artwork {
	a := &artwork{picture: p, made: made}
	if o == nil {
		return a
	}
	a.meta = o.meta
	if o.alpha != nil {
		a.alpha = slices.Clone(o.alpha)
		if p.W != o.w || p.H != o.h {
			a.alpha = imgio.ResizePlane(o.alpha, o.w, o.h, p.W, p.H)
		}
	}
	return a
}

// encoding returns how an artwork is stored in a format.
func (s *settings) encoding(a *artwork, format string) imgio.Encoding {
	e := imgio.Encoding{Depth: s.depth, Dither: s.dither, Alpha: a.alpha, Metadata: a.meta, Provenance: a.made}
	if format == "jpeg" {
		e.Quality = s.quality
	}
	return e
}

// encodingFor returns how an artwork is stored in a file.
func (s *settings) encodingFor(a *artwork, path string) (imgio.Encoding, error) {
	format, err := imgio.FormatOf(path)
	if err != nil {
		return imgio.Encoding{}, err
	}
	return s.encoding(a, format), nil
}
