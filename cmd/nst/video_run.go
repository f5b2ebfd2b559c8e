package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"nst/internal/film"
)

// framesOfPart is how many frames a part has. Those of the last part are painted again after
// an interrupt.
const framesOfPart = 120

// videoRun is a run of nst video.
type videoRun struct {
	o      *videoOptions
	t      *console
	styles []styleRef
	tools  *film.Tools // nil where they are not needed
	info   *film.Info

	shape    film.Shape
	frames   int // that the film has, about; 0 is not known
	out      film.Output
	steady   *film.Steady
	progress filmProgress
	began    time.Time
}

func video(ctx context.Context, e *env, o *videoOptions) error {
	defer debug.SetGCPercent(debug.SetGCPercent(collectEarly))
	t := newConsole(e, &o.settings)
	if err := o.checkInput(); err != nil {
		return err
	}
	styles, err := e.someStyles(ctx, t, o.styles)
	if err != nil {
		return err
	}
	r := &videoRun{o: o, t: t, styles: styles, began: time.Now()}
	if err := r.checkFiles(); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return r.named(err)
	}
	defer r.out.Close()
	return r.run(ctx)
}

// checkFiles returns an error unless the film can be written and no input would be replaced.
func (r *videoRun) checkFiles() error {
	o := r.o
	var l ledger
	l.read(o.input)
	for _, s := range r.styles {
		l.read(s.path)
	}
	errs := []error{o.checkBlend(len(r.styles))}
	if !o.film.sequence {
		l.write("output", o.output, replacing(o.overwrite))
	}
	return errors.Join(append(errs, l.check())...)
}

// open opens the source and the output, and looks whether all fits.
func (r *videoRun) open(ctx context.Context) error {
	var err error
	if r.tools, err = film.Find(ctx); err != nil {
		return err
	}
	if r.info, err = r.tools.Probe(ctx, r.o.input); err != nil {
		return err
	}
	r.frames = r.info.Frames
	if r.shape, err = r.tools.Shape(ctx, r.info, max(0, r.o.pass.size)); err != nil {
		return err
	}
	if err := r.checkSize(); err != nil {
		return err
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	r.out, err = r.tools.NewParts(ctx, film.PartsOptions{
		Path: r.o.output, Info: r.info, Shape: r.shape, Encoding: film.Encoding{Codec: r.o.film.codec, CRF: r.o.film.crf},
		Frames: framesOfPart, Settings: settings,
		Waiting: func() { r.t.say("another nst paints this film: waiting for it") },
	})
	return err
}

// checkSize returns a smallError for frames that are too small.
func (r *videoRun) checkSize() error {
	if min(r.shape.W, r.shape.H) < leastPixels {
		return &smallError{r.shape.W, r.shape.H, r.o.pass.size > 0}
	}
	return nil
}

// settings identifies all that the frames depend on, besides how they are encoded.
func (r *videoRun) settings() (string, error) {
	o := r.o
	input, err := film.FileDigest(o.input)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s %s %q %v %v %v %v", version(), input, o.styles, o.blend, o.pass.strength, o.Color, o.film)
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

// run paints the frames that are left.
func (r *videoRun) run(ctx context.Context) error {
	brush, err := r.newBrush(ctx)
	if err != nil {
		return err
	}
	defer brush.Close()
	threads := r.o.Compute.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	r.steady = film.NewSteady(brush, r.o.film.smooth, threads)
	source, err := r.source(ctx)
	if err != nil {
		return r.named(err)
	}
	defer source.Close()
	stop := context.AfterFunc(ctx, func() {
		r.t.say("interrupted: writing what is done; Ctrl-C again stops at once")
	})
	r.progress = filmProgress{t: r.t, mode: resolveProgress(r.t.e, r.o.progress, r.o.quiet), frames: r.frames, first: r.out.Done(), done: r.out.Done(), began: time.Now()}
	err = film.Run(ctx, source, r.out, r.steady, r.progress.frame)
	r.progress.end()
	stop()
	if damage := source.Damage(); damage != "" {
		r.t.say("film %q: a part of it is damaged, painting what could be decoded: %s", r.o.input, damage)
	}
	if err != nil {
		return r.partial(ctx, err)
	}
	return r.finish(ctx)
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

// decode opens the frames from one on.
func (r *videoRun) decode(ctx context.Context, skip int) (film.Source, error) {
	return r.tools.Decode(ctx, r.info, film.DecodeOptions{Skip: skip, Size: max(0, r.o.pass.size)})
}

// partial writes a film of what is done, after an error or an interrupt.
func (r *videoRun) partial(ctx context.Context, why error) error {
	stopped := ctx.Err() != nil
	frames, err := r.out.Finish(context.WithoutCancel(ctx), false)
	if err == nil && frames > 0 {
		path, own := film.Partial(r.o.output), r.out.Partial()
		if own != "" {
			path = own
		}
		path, err = r.t.place("output", path, func(path string) error { return r.out.Place(path, path == own) })
		if err == nil {
			err = r.out.SetPartial(path)
		}
		if err == nil {
			r.t.say("wrote %s with the %s so far; the same command goes on", path, count(frames, "frame"))
		}
	}
	switch {
	case !stopped:
		return errors.Join(r.named(why), err)
	case err != nil:
		return err
	case frames == 0:
		return context.Canceled
	}
	return &interrupted{context.Canceled}
}

// finish writes the film to its place.
func (r *videoRun) finish(ctx context.Context) error {
	frames, err := r.out.Finish(ctx, true)
	if err == nil && frames == 0 {
		err = film.ErrNoFrames
	}
	if err != nil {
		return r.named(err)
	}
	path, err := r.t.place("output", r.o.output, func(path string) error { return r.out.Place(path, r.o.overwrite) })
	if err != nil {
		return err
	}
	if own := r.out.Partial(); own != "" {
		_ = os.Remove(own) // it may be gone already
	}
	if err := r.out.Remove(); err != nil {
		return &fileError{"folder", film.PartsFolder(r.o.output), err}
	}
	r.progress.wrote(path, r.shape, frames, time.Since(r.began))
	return nil
}

// named returns an error with the name of the film that it is about.
func (r *videoRun) named(err error) error {
	switch encoding := new(film.EncodingError); {
	case errors.Is(err, context.Canceled), errors.As(err, new(*film.MissingError)), errors.As(err, new(*fileError)):
		return err
	case errors.As(err, &encoding) && (encoding.What == "codec" || encoding.What == "crf"):
		value := any(r.o.film.codec)
		if encoding.What == "crf" {
			value = r.o.film.crf
		}
		return &valueError{"--" + encoding.What, value, encoding.Reason}
	case errors.As(err, &encoding):
		return &fileError{"output", r.o.output, err}
	}
	return &fileError{"film", r.o.input, err}
}
