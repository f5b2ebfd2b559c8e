package main

import (
	"context"
	"errors"
	"slices"

	"nst/imgio"
	"nst/nst"
)

// files returns the pictures that are read, by what they are for.
func (o *stylizeOptions) files() *pictureFiles {
	files := &pictureFiles{
		canvas: o.canvas, styles: o.styles, start: o.startFile(), masks: o.masks.paths(),
		regions: len(o.masks.content) > 0, protect: o.masks.protect != "", keeps: o.strip != "",
	}
	if !o.texture() {
		files.contents = []string{o.content}
		if format, err := o.storedFormat(); err == nil {
			files.alpha = o.below(format) == keepAlpha
		}
	}
	return files
}

// inputs returns the pictures that are read.
func (o *stylizeOptions) inputs() []string {
	in := slices.Clone(o.styles)
	if !o.texture() && o.content != standard {
		in = append(in, o.content)
	}
	if file := o.startFile(); file != "" {
		in = append(in, file)
	}
	return append(in, o.masks.paths()...)
}

// checkFiles returns an error for each file that cannot be written, or that the run reads.
func (o *stylizeOptions) checkFiles(e *env) error {
	var l ledger
	l.read(o.inputs()...)
	l.read(o.networkFile(e))
	switch {
	case o.output != standard:
		l.write("output", o.output, o.mode(o.output))
	case e.StdoutTerminal:
		return errTerminal
	}
	o.artifacts.list(&l, o.mode)
	logMode := replacing(o.overwrite)
	if o.continuesLog() {
		logMode = extends
	}
	l.write("log", o.log, logMode)
	if o.saveEvery > 0 {
		mode := replacing(o.overwrite)
		if o.resume != nil {
			mode = skips // those that are there already are looked at later
		}
		l.numbered(o.output, o.saveEvery, mode, o.inputs()...)
	}
	if err := l.check(); err != nil {
		return err
	}
	// The checkpoint is beside the output, and would have the same errors once more.
	l.write("checkpoint", o.checkpointFile(), replacing(o.overwrite || o.resume != nil))
	return l.check()
}

// open reads all the pictures. content is what the file of the content says, nil for a texture.
func (o *stylizeOptions) open(ctx context.Context, t *console) (_ nst.Job, _ []nst.StylePicture, content *original, _ error) {
	var job nst.Job
	var styles []nst.StylePicture
	var errs []error
	read := func(what, path string) *imgio.Planar {
		p, err := t.openFor(ctx, what, path, map[string]int{"style": o.reading.style}[what])
		errs = append(errs, err)
		return p
	}
	if o.texture() {
		job.Content = grey(o.canvas.W, o.canvas.H)
	} else {
		format, err := o.storedFormat()
		if err == nil {
			content, err = t.openOriginal(ctx, &o.settings, o.content, format, o.reading.content)
		}
		if errs = append(errs, err); err == nil {
			job.Content, content.picture = content.picture, nil // the run lets go of it
		}
	}
	for i, path := range o.styles {
		styles = append(styles, nst.StylePicture{Picture: read("style", path), Weight: o.share(i)})
	}
	if file := o.startFile(); file != "" {
		job.Start = read("first", file)
		o.noteStart(t, job.Start, job.Content)
	}
	job.Regions, job.Protect = o.masks.open(read, job.Content, styles)
	return job, styles, content, errors.Join(errs...)
}

// shown returns a content at the size of the result, or as it is if that is larger.
func (o *stylizeOptions) shown(content *imgio.Planar) *imgio.Planar {
	w, h := content.Whole()
	if o.Size == nst.OriginalSize || o.Size >= max(w, h) {
		return content
	}
	return content.Resize(imgio.FitLongest(w, h, o.Size))
}
