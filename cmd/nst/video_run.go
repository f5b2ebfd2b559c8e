package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"nst/imgio"
	"nst/internal/film"
)

// framesOfPart returns how many frames a part has. Those of the last part are painted again
// after an interrupt.
func (r *videoRun) framesOfPart() int {
	if r.o.film.paint {
		return 12
	}
	return 120
}

// videoRun is a run of nst video.
type videoRun struct {
	o      *videoOptions
	t      *console
	styles []styleRef

	shape    film.Shape
	frames   int   // that the film has, about; 0 is not known
	programs int64 // the memory of ffmpeg, besides what each pixel of a result takes
	decode   func(ctx context.Context, skip int) (film.Source, error)
	out      film.Output
	steady   *film.Steady
	progress filmProgress
	began    time.Time
	failed   bool // a frame was left out
}

func video(ctx context.Context, e *env, o *videoOptions) error {
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
	if o.film.sequence && imgio.SameFile(o.input, o.output) {
		errs = append(errs, &fileError{"output folder", o.output, errIsInput})
	}
	if !o.film.sequence {
		l.write("output", o.output, replacing(o.overwrite))
	}
	return errors.Join(append(errs, l.check())...)
}

// run paints the frames that are left.
func (r *videoRun) run(ctx context.Context) error {
	brush, err := r.newBrush(ctx)
	if err != nil {
		return err
	}
	defer brush.Close()
	r.steady = film.NewSteady(brush, r.o.film.smooth, r.threads())
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

// threads returns the number of threads to compute with.
func (r *videoRun) threads() int { return cmp.Or(r.o.Compute.Threads, runtime.GOMAXPROCS(0)) }

// partial writes a film of what is done, after an error or an interrupt.
func (r *videoRun) partial(ctx context.Context, why error) error {
	stopped := ctx.Err() != nil
	frames, err := r.out.Finish(context.WithoutCancel(ctx), false)
	if err == nil && frames > 0 && !r.o.film.sequence {
		path, own := film.Partial(r.o.output), r.out.Partial()
		if own != "" {
			path = own
		}
		path, err = r.t.place("output", path, func(path string) error { return r.out.Place(path, path == own) })
		if err == nil {
			err = r.out.SetPartial(path)
		}
		if err == nil {
			r.t.say("wrote %s with the %s so far%s", path, count(frames, "frame"), r.goesOn())
		}
	}
	switch {
	case !stopped && errors.Is(err, why):
		return r.named(why)
	case !stopped:
		return errors.Join(r.named(why), err)
	case err != nil:
		return err
	case frames == 0:
		return context.Canceled
	case r.o.film.sequence:
		r.t.say("%s are painted; the same command goes on", count(frames, "frame"))
	}
	return &interrupted{context.Canceled}
}

// goesOn says whether a later run goes on.
func (r *videoRun) goesOn() string {
	if isGIF(r.o.output) {
		return ""
	}
	return "; the same command goes on"
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
	path := r.o.output
	if !r.o.film.sequence {
		path, err = r.t.place("output", path, r.put)
	}
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
	if r.failed {
		return silent{}
	}
	return nil
}

// put moves the film to a path.
func (r *videoRun) put(path string) error { return r.out.Place(path, r.o.overwrite) }

// named returns an error with the name of the film that it is about.
func (r *videoRun) named(err error) error {
	switch encoding := new(film.EncodingError); {
	case errors.Is(err, context.Canceled), errors.As(err, new(*film.MissingError)), errors.As(err, new(*fileError)), errors.As(err, new(*memoryError)):
		return err
	case errors.As(err, &encoding) && encoding.Advice != "" && encoding.What == "codec":
		return &valueError{"--codec", r.o.film.codec, encoding.Reason + "; " + encoding.Advice}
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
