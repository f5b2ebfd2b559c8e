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
	h, err := (&pictureFiles{styles: o.styles, keeps: true}).stat(nst.OriginalSize, t)
	if err != nil {
		return nil
	}
	options := o.lesson.Options
	options.Threads = o.Compute.Threads
	f, err := o.fits(t, 0, func(int) (footprint, error) {
		p, err := instant.PlanTraining(weights, options, len(photos), h.inputs.Styles)
		f := footprint{total: p.OnHost() + h.kept, mapped: p.OnHost() - p.OnHeap(), heap: p.OnHeap() + h.kept, output: "the training"}
		f.total, f.heap = max(f.total, started+h.read), max(f.heap, started+h.read)
		return f, err
	})
	full := new(memoryError)
	if errors.As(err, &full) {
		full.instead = "a smaller --size, --style-size or --batch takes less memory"
		return full
	}
	if err == nil {
		confine(f.heap)
	}
	return nil
}
