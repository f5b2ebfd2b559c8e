package main

import (
	"context"
	"errors"

	"nst/imgio"
	"nst/nst"
)

// checkMasks returns an error unless the masks suit the styles and a number of contents.
func (o *applyOptions) checkMasks(styles []styleRef, contents int) error {
	errs := o.masks.checkCount(len(styles))
	if len(o.masks.style) > 0 && styles[0].model != nil {
		errs = append(errs, &valueError{"--style-mask", &filesValue{&o.masks.style}, "is only for paintings; a network that was taught a style has no picture of it"})
	}
	const reason = "a mask fits one picture only"
	if contents > 1 && len(o.masks.content) > 0 {
		errs = append(errs, &valueError{"--content-mask", &filesValue{&o.masks.content}, reason})
	}
	if contents > 1 && o.masks.protect != "" {
		errs = append(errs, &valueError{"--protect", o.masks.protect, reason})
	}
	return errors.Join(errs...)
}

// openMasks reads the masks over a content.
func (r *applyRun) openMasks(ctx context.Context, content *imgio.Planar) (regions []*nst.Mask, protect *nst.Mask, err error) {
	read := reader{ctx: ctx, t: r.t}
	regions, protect = r.o.masks.open(read.open, content, nil)
	return regions, protect, errors.Join(read.errs...)
}

// openStyleMasks reads the masks over the styles.
func (r *applyRun) openStyleMasks(ctx context.Context, styles []styleRef) error {
	read := reader{ctx: ctx, t: r.t}
	for i, path := range r.o.masks.style {
		styles[i].mask = openMask(read.open, path)
	}
	return errors.Join(read.errs...)
}

// reader reads pictures and collects what goes wrong.
type reader struct {
	ctx  context.Context
	t    *console
	errs []error
}

// open returns a picture, nil if it cannot be read.
func (r *reader) open(what, path string) *imgio.Planar {
	p, err := r.t.open(r.ctx, what, path)
	if err != nil {
		r.errs = append(r.errs, err)
		return nil
	}
	return p
}
