package main

import (
	"errors"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// checkTraining compares the memory of a training with what there is, before any picture is
// read. The error is a [memoryError]: others are left to what reads the files. Until unconfine,
// garbage is kept within the plan.
func (o *trainOptions) checkTraining(t *console) error {
	photos, err := batch.Contents(o.lesson.photos, imgio.Extensions())
	if err != nil {
		return nil
	}
	store, err := t.e.store()
	if err != nil && o.lesson.network != defaultLesson().network {
		return nil
	}
	weights, _, err := store.Outline(o.lesson.network)
	if err != nil {
		return nil
	}
	h, err := (&pictureFiles{styles: o.styles, keeps: true, wanted: reading{style: o.lesson.styleReading()}}).stat(nst.OriginalSize, t)
	if err != nil {
		return nil
	}
	planned := map[instant.Options]footprint{} // fits asks for sizes that are rounded to the same one
	plan := func(options instant.Options) (footprint, error) {
		options.Threads = o.Compute.Threads
		if f, ok := planned[options]; ok {
			return f, nil
		}
		p, err := instant.PlanTraining(weights, options, len(photos), h.inputs.Styles)
		f := footprint{total: p.OnHost() + h.kept, mapped: p.OnHost() - p.OnHeap(), heap: p.OnHeap() + h.kept, output: "the training"}
		f.total, f.heap = max(f.total, started+h.read), max(f.heap, started+h.read)
		if err == nil {
			planned[options] = f
		}
		return f, err
	}
	f, err := o.fitsTraining(t, plan)
	if full := new(memoryError); errors.As(err, &full) {
		return full
	} else if err == nil {
		confine(f.heap)
	}
	return nil
}

// fitsTraining is fits for a training, which has a --crop and a --style-size that could be
// smaller. A training that goes on keeps both.
func (o *trainOptions) fitsTraining(t *console, plan func(instant.Options) (footprint, error)) (footprint, error) {
	l := &o.lesson
	if l.resume {
		f, err := o.fits(t, 0, func(int) (footprint, error) { return plan(l.Options) })
		if full := new(memoryError); errors.As(err, &full) {
			full.resumed = true
		}
		return f, err
	}
	f, err := o.fits(t, l.Size, func(crop int) (footprint, error) {
		options := l.Options
		if crop < l.Size {
			options.Size = wholeCrop(crop)
		}
		return plan(options)
	})
	full := new(memoryError)
	if !errors.As(err, &full) {
		return f, err
	}
	if full.size > 0 {
		full.flag, full.size = "crop", wholeCrop(full.size)
		return f, full
	}
	_, err = o.fits(t, l.StyleSize, func(size int) (footprint, error) {
		options := l.Options
		if size < l.StyleSize {
			options.StyleSize = wholeStyle(size)
		}
		return plan(options)
	})
	if errors.As(err, &full) {
		if full.size > 0 {
			full.size = wholeStyle(full.size)
		}
		full.flag, full.instead = "style-size", "a smaller --crop, --style-size and --batch together take less memory"
	}
	return f, full
}

// wholeCrop returns a --crop near a size, in steps of 32: to plan one takes 30 MB of garbage.
func wholeCrop(size int) int { return max(size/32*32, 64) }

// wholeStyle returns a --style-size near a size, in steps of 256.
func wholeStyle(size int) int { return max(size/256*256, 64) }
