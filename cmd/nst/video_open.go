package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"nst/internal/film"
)

// isGIF reports whether a file is a GIF by its name.
func isGIF(path string) bool { return strings.EqualFold(filepath.Ext(path), ".gif") }

// open opens the source and the output, and looks whether all fits.
func (r *videoRun) open(ctx context.Context) error {
	switch {
	case r.o.film.sequence:
		return r.openSequence(ctx)
	case isGIF(r.o.input) && isGIF(r.o.output):
		return r.openGIF()
	case strings.EqualFold(filepath.Ext(r.o.input), ".webp"):
		w, err := film.OpenWebP(r.o.input, max(0, r.o.pass.size))
		if !errors.Is(err, film.ErrStill) {
			return r.openWebP(ctx, w, err)
		}
	}
	return r.openFilm(ctx)
}

// openFilm opens a film through ffmpeg.
func (r *videoRun) openFilm(ctx context.Context) error {
	tools, err := film.Find(ctx)
	if err != nil {
		return err
	}
	info, err := tools.Probe(ctx, r.o.input)
	if err != nil {
		return err
	}
	size := max(0, r.o.pass.size)
	if r.shape, err = tools.Shape(ctx, info, size); err != nil {
		return err
	}
	r.frames = info.Frames
	r.programs = filmPrograms + decodedPixel*int64(info.W)*int64(info.H)
	r.decode = func(ctx context.Context, skip int) (film.Source, error) {
		return tools.Decode(ctx, info, film.DecodeOptions{Skip: skip, Size: size})
	}
	if err := r.checkSize(); err != nil {
		return err
	}
	if isGIF(r.o.output) {
		r.out = &film.GIFOutput{Base: r.shape.Base}
		return nil
	}
	return r.openParts(ctx, tools, info)
}

// openParts opens the output of a film that is written in parts.
func (r *videoRun) openParts(ctx context.Context, tools *film.Tools, info *film.Info) error {
	settings, err := r.settings()
	if err != nil {
		return err
	}
	parts, err := tools.NewParts(ctx, film.PartsOptions{
		Path: r.o.output, Info: info, Shape: r.shape, Encoding: film.Encoding{Codec: r.o.film.codec, CRF: r.o.film.crf},
		Frames: r.framesOfPart(), Settings: settings,
		Waiting: func() { r.t.say("another nst paints this film: waiting for it") },
	})
	if err != nil {
		return err
	}
	r.out = parts
	return nil
}

// openWebP takes over an animated WebP.
func (r *videoRun) openWebP(ctx context.Context, w *film.WebP, err error) error {
	if err != nil {
		return err
	}
	r.shape, r.frames = w.Shape(), w.Frames()
	if err := r.checkSize(); err != nil {
		return err
	}
	r.decode = func(ctx context.Context, skip int) (film.Source, error) {
		for range skip {
			if _, err := w.Next(ctx); err != nil {
				return nil, err
			}
		}
		return w, nil
	}
	if isGIF(r.o.output) {
		r.out = &film.GIFOutput{Base: r.shape.Base, Loops: w.Loops(), LastDelay: w.LastDelay()}
		return nil
	}
	tools, err := film.Find(ctx)
	if err != nil {
		return err
	}
	return r.openParts(ctx, tools, film.Silent(r.o.input, w.Duration()))
}

// openGIF opens an animated GIF.
func (r *videoRun) openGIF() error {
	g, err := film.OpenGIF(r.o.input, max(0, r.o.pass.size))
	if err != nil {
		return err
	}
	r.shape, r.frames = g.Shape(), g.Frames()
	r.decode = func(context.Context, int) (film.Source, error) { return g, nil }
	r.out = &film.GIFOutput{Base: r.shape.Base, Loops: g.Loops(), LastDelay: g.LastDelay()}
	return r.checkSize()
}

// openSequence opens a folder of frames.
func (r *videoRun) openSequence(ctx context.Context) error {
	skipped := func(path string, err error) {
		r.failed = true
		r.t.e.fail(message(&fileError{"frame", path, err}))
	}
	s, err := film.OpenSequence(ctx, r.o.input, max(0, r.o.pass.size), skipped, r.t.limits...)
	if err != nil {
		return err
	}
	r.shape, r.frames = s.Shape(), s.Frames()
	if err := r.checkSize(); err != nil {
		return err
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	out, err := film.NewSequence(r.o.output, settings, r.o.overwrite)
	if err != nil {
		return &fileError{"output folder", r.o.output, err}
	}
	r.out = out
	r.decode = func(_ context.Context, skip int) (film.Source, error) {
		if out.Done() > 0 {
			s.SkipTo(out.Last())
		}
		return s, nil
	}
	return nil
}

// settings identifies all that the frames depend on, besides how they are encoded.
func (r *videoRun) settings() (string, error) {
	o := r.o
	input, err := o.input, error(nil)
	if !o.film.sequence {
		if input, err = film.FileDigest(o.input); err != nil {
			return "", err
		}
	}
	text := fmt.Sprintf("%s %s %q %v %v %v %v %v", program(), input, o.styles, o.blend, o.pass.strength, o.Color, o.film, r.shape)
	if o.film.paint {
		o.choose(r.t.e)
		text += fmt.Sprintf(" %s %v", o.network, o.Options)
	}
	for _, s := range r.styles {
		digest := ""
		if s.path != "" {
			if digest, err = film.FileDigest(s.path); err != nil {
				return "", &fileError{"style image", s.path, err}
			}
		}
		text += fmt.Sprintf(" %q %d %s", s.name, s.index, digest)
	}
	return text, nil
}

// source opens the frames that are left. The painter gets what it remembered.
func (r *videoRun) source(ctx context.Context) (film.Source, error) {
	done := r.out.Done()
	source, err := r.decode(ctx, max(0, done-1))
	if err != nil || done == 0 {
		return source, err
	}
	last, memory, err := r.out.Resume()
	if err == nil {
		var before *film.Frame
		if before, err = source.Next(ctx); err == nil {
			err = r.steady.Resume(before.Picture, last, memory)
		}
	}
	if err != nil {
		source.Close()
		return nil, err
	}
	r.t.say("going on after frame %d", done)
	return source, nil
}
