package main

import (
	"errors"
	"os"

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
	largest, err := (&pictureFiles{contents: longestFile(photos)}).stat(nst.OriginalSize, t) // photographs are read in full
	if err == nil {
		h.read = max(h.read, h.kept+largest.read)
	}
	planner := instant.NewTrainingPlanner(weights, len(photos), h.inputs.Styles)
	plan := func(options instant.Options) (footprint, error) {
		options.Threads = o.Compute.Threads
		p, err := planner.Plan(options)
		f := footprint{
			total: p.OnHost() + h.kept, mapped: p.OnHost() - p.OnHeap() + p.Addresses(), heap: p.OnHeap() + h.kept,
			output: "the training",
		}
		f.total, f.heap = max(f.total, started+h.read), max(f.heap, started+h.read)
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
// smaller, and a --batch. A training that goes on keeps them.
func (o *trainOptions) fitsTraining(t *console, plan func(instant.Options) (footprint, error)) (footprint, error) {
	l := &o.lesson
	if l.resume {
		f, err := o.fits(t, 0, func(int) (footprint, error) { return plan(l.Options) })
		if full := new(memoryError); errors.As(err, &full) {
			full.resumed = true
		}
		return f, err
	}
	full := new(memoryError)
	for _, way := range []struct {
		with, flag string
		most       int
		take       func(o *instant.Options, size int)
		whole      func(size int) int
	}{
		{"", "crop", l.Size, func(o *instant.Options, crop int) { o.Size = crop }, wholeCrop},
		{"", "style-size", l.StyleSize, func(o *instant.Options, size int) { o.StyleSize = size }, wholeStyle},
		{"--batch 1 --style-size 256 ", "crop", l.Size, func(o *instant.Options, crop int) {
			o.Batch, o.StyleSize, o.Size = 1, min(o.StyleSize, 256), crop
		}, wholeCrop},
	} {
		f, err := o.fits(t, way.most, func(size int) (footprint, error) {
			options := l.Options
			if size < way.most {
				way.take(&options, way.whole(size))
			}
			return plan(options)
		})
		if !errors.As(err, &full) {
			return f, err
		}
		if full.size > 0 {
			full.with, full.flag, full.size = way.with, way.flag, way.whole(full.size)
			return f, full
		}
	}
	full.instead = "a smaller --crop, --style-size and --batch together take less memory, and so do smaller photographs"
	return footprint{}, full
}

// longestFile returns the longest of some files, which stands for the one that takes most memory while
// it is read: there may be too many to read all headers. Of no files it returns none.
func longestFile(paths []string) (longest []string) {
	most := int64(-1)
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Size() > most {
			longest, most = []string{path}, info.Size()
		}
	}
	return longest
}

// wholeCrop returns a --crop near a size, in steps of 32: to plan one takes 30 MB of garbage.
func wholeCrop(size int) int { return max(size/32*32, 64) }

// wholeStyle returns a --style-size near a size, in steps of 256.
func wholeStyle(size int) int { return max(size/256*256, 64) }
