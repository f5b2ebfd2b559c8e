package main

import (
	"bytes"
	"context"
	"image"
	"os"
	"slices"

	"nst/imgio"
	"nst/internal/recipe"
)

// original is a content with all that its file says.
type original struct {
	frame   *imgio.Planar // the picture without its pixels
	picture *imgio.Planar // nil once the run has it
	alpha   []float32     // its opacity; nil if it is opaque, or is not kept
	seen    bool          // it is not opaque
	meta    imgio.Metadata
	file    recipe.File
}

// openOriginal reads a content from a file or from standard input, for a result in a format,
// of which it may be a reduction that suffices for a size.
func (t *console) openOriginal(ctx context.Context, s *settings, path, format string, size int) (*original, error) {
	if err := t.fetch(ctx, path); err != nil {
		return nil, err
	}
	o, err := await(ctx, func() (*original, error) { return t.readOriginal(s, path, format, t.shrinking(size)) })
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &fileError{"content image", path, err}
	}
	return o, nil
}

func (t *console) readOriginal(s *settings, path, format string, limits []imgio.Limit) (*original, error) {
	o := new(original)
	var m image.Image
	var info imgio.Info
	keep := imgio.Keep{EXIF: s.keepEXIF, GPS: s.keepGPS}
	var err error
	switch data := t.fetched[path]; {
	case data != nil:
		delete(t.fetched, path)
		name := path
		if path == standard {
			name = "standard input"
		}
		m, info, err = imgio.Decode(bytes.NewReader(data), limits...)
		o.file = recipe.FileOfBytes(name, data)
		o.meta, _ = imgio.ReadMetadata(bytes.NewReader(data), keep, limits...)
	default: // what is not there, or no picture, is an error of OpenImage
		o.file, err = recipe.FileOf(path)
		if f, failed := os.Open(path); failed == nil {
			o.meta, _ = imgio.ReadMetadata(f, keep, limits...) // without it there still is the picture
			f.Close()
		}
		var failed error
		if m, info, failed = imgio.OpenImage(path, limits...); failed != nil {
			err = failed
		}
	}
	if err != nil {
		return nil, err
	}
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
	o.frame = o.picture.Frame()
	return o, nil
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

// onWhite returns the picture on white, as it looks on a sheet.
func (a *artwork) onWhite() *imgio.Planar {
	if a.alpha == nil {
		return a.picture
	}
	p, n := a.picture.Clone(), len(a.alpha)
	for i := range p.Pix {
		p.Pix[i] = 1 + a.alpha[i%n]*(p.Pix[i]-1)
	}
	return p
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
		if p.W != o.frame.W || p.H != o.frame.H {
			a.alpha = o.frame.ResizeBeside(o.alpha, p.W, p.H)
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
