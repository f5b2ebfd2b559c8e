package main

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// checkApply compares the memory of painting in one pass with what there is, for the largest of
// the contents, before anything but headers is read. The error is a [memoryError]: others are
// left to what reads the files. Until unconfine, garbage is kept within the plan.
//
// checkApply returns the brush that it has planned with, whose paintings are still to be read,
// so that no network is loaded twice; nil if it could not plan.
func (o *applyOptions) checkApply(ctx context.Context, t *console) (*brush, error) {
	contents := o.contents
	if err := t.fetch(ctx, contents[0]); err != nil {
		return nil, err
	}
	if t.fetched[contents[0]] == nil {
		var err error
		if contents, err = batch.Contents(o.contents, imgio.Extensions()); err != nil {
			return nil, nil
		}
	}
	peek := *t
	peek.quiet, peek.peeks = true, true
	styles, err := t.e.someStyles(ctx, &peek, o.styles)
	if err != nil || o.checkBlend(len(styles)) != nil {
		return nil, nil
	}
	files := &pictureFiles{contents: contents, masks: o.masks.paths(), wanted: onePassReading(o.pass.size), alpha: o.keepsAlpha()}
	at, size, err := files.onePass(o.pass.size, t)
	if err != nil {
		return nil, nil
	}
	b, err := o.newBrush(styles, nil)
	if err != nil {
		return nil, nil
	}
	f, err := o.fits(t, size, func(size int) (footprint, error) {
		h, err := at(size)
		if err != nil {
			return footprint{}, err
		}
		return b.footprint(h, int64(len(o.masks.content)), size)
	})
	if full := new(memoryError); errors.As(err, &full) {
		return nil, full
	} else if err == nil {
		confine(f.heap)
	}
	return b, nil
}

// onePass returns the size at which the largest of the contents is painted in one pass, if asked
// is that of the command, and a function that reads the headers for this size or a smaller one: a
// large content is reduced while it is read, if it is painted small.
func (p *pictureFiles) onePass(asked int, t *console) (at func(size int) (headers, error), full int, err error) {
	largest, err := p.stat(asked, t)
	if err != nil {
		return nil, 0, err
	}
	full = max(largest.inputs.Content.W, largest.inputs.Content.H)
	if asked != nst.OriginalSize {
		full = min(full, asked)
	}
	known := map[int]headers{}
	return func(size int) (headers, error) {
		upTo := 1 << bits.Len(uint(size-1)) // as few readings as are useful
		if upTo >= full {
			return largest, nil
		}
		if h, ok := known[upTo]; ok {
			return h, nil
		}
		p.wanted = onePassReading(upTo)
		h, err := p.stat(asked, t)
		known[upTo] = h
		return h, err
	}, full, nil
}

// keepsAlpha reports whether results have the transparency of their contents.
func (o *applyOptions) keepsAlpha() bool {
	format, output := formatName(o.format), o.output
	if o.dir == "" && output != "" {
		if f, err := o.formatOf(output); err == nil {
			format = f
		}
	}
	return o.below(format) == keepAlpha
}

// footprint is the memory of painting the content of headers, in so many regions, with its
// longest side scaled down to size.
func (b *brush) footprint(h headers, regions int64, size int) (footprint, error) {
	w, high := h.inputs.Content.W, h.inputs.Content.H
	if max(w, high) > size {
		w, high = imgio.FitLongest(w, high, size)
	}
	var p nst.Plan
	var err error
	picture := nst.Size{W: w, H: high}.Bytes()
	// Of pictures that are scaled down, the heap has gaps when they are gone: half of them, as measured.
	gaps := max(0, h.whole-picture) / 2
	var sizes []nst.Size
	var paintings int64
	for _, s := range b.styles {
		sizes = append(sizes, s.size)
		paintings += s.held
		gaps += max(0, s.held-nst.Size{W: instant.PaintingSize, H: instant.PaintingSize}.Bytes()) / 2
	}
	if b.universal != nil {
		p, err = b.universal.Plan(w, high, sizes, b.options)
	} else {
		p, err = b.styles[0].model.Plan(w, high, b.options)
	}
	if err != nil {
		return footprint{}, err
	}
	encoded := picture / 3
	kept := h.kept + paintings + gaps + max(regions-1, 0)*picture + regions*picture/3 + encoded
	held := started + p.Of(nst.PartNetwork) + paintings
	reading := held + h.read
	for _, s := range b.styles {
		reading = max(reading, held+s.read-s.held)
	}
	f := footprint{total: p.OnHost() + kept, mapped: p.OnHost() - p.OnHeap(), heap: p.OnHeap() + kept, output: fmt.Sprintf("a picture of %dx%d pixels", w, high)}
	f.total, f.heap = max(f.total, reading), max(f.heap, reading)
	return f, nil
}

// peekPainting is openPainting that reads only the header.
func (t *console) peekPainting(path string, size int) (styleRef, error) {
	h, err := imgio.Stat(path, t.shrinking(size)...)
	return styleRef{name: batch.Stem(path), path: path, size: nst.Size{W: h.Width, H: h.Height}, held: 12 * h.Pixels, read: h.Memory}, err
}
