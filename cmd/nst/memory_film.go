package main

import (
	"cmp"
	"errors"
	"fmt"

	"nst/internal/film"
	"nst/nst"
	"nst/vgg"
)

// filmPixel is the memory that painting in one pass takes for a pixel of a frame, in bytes: that
// of the network, of the frames that are worked on, and of the encoder. Besides, ffmpeg takes
// decodedPixel for a pixel of the film that it decodes, and filmPrograms in its two processes.
const (
	filmPixel    = 500
	decodedPixel = 8
	filmPrograms = 48 << 20
)

// checkSize returns a smallError for frames that are too small, and a memoryError for those that
// are too large.
func (r *videoRun) checkSize() error {
	if min(r.shape.W, r.shape.H) < leastPixels {
		return &smallError{r.shape.W, r.shape.H, r.o.pass.size > 0}
	}
	plan := r.passFootprint
	if r.o.film.paint {
		p, err := r.planPainting()
		if err != nil {
			return nil // newPaintBrush finds it too
		}
		defer p.close()
		plan = p.footprint
	}
	_, err := r.o.fits(r.t, max(r.shape.W, r.shape.H), func(size int) (footprint, error) {
		return plan(film.Fit(r.shape.W, r.shape.H, size))
	})
	full := new(memoryError)
	if !errors.As(err, &full) {
		return nil // what cannot be planned is told by what paints
	}
	if r.o.film.paint {
		full.instead = cmp.Or(r.o.lighter(false, false), "without --paint, each frame is painted in one pass, which takes less memory")
	}
	return full
}

// passFootprint is the memory of frames of w by h pixels that are painted in one pass.
func (r *videoRun) passFootprint(w, h int) (footprint, error) {
	bytes := started + filmPixel*int64(w)*int64(h)
	return footprint{total: bytes + r.programs, heap: bytes, output: fmt.Sprintf("a film of %dx%d pixels", w, h)}, nil
}

// paintingPlan plans frames that are painted by an optimisation, beside the one pass that begins
// what is newly seen.
type paintingPlan struct {
	run         *videoRun
	first, next *nst.Transfer
	styles      []nst.Size
	held        int64 // by the pictures of the styles
}

// planPainting returns a plan of --paint. The error is one that newPaintBrush finds too.
func (r *videoRun) planPainting() (*paintingPlan, error) {
	p := &paintingPlan{run: r}
	for _, s := range r.styles {
		if s.picture == nil {
			return nil, errNotPainting
		}
		size := nst.Size{W: s.picture.W, H: s.picture.H}
		p.styles, p.held = append(p.styles, size), p.held+size.Bytes()
	}
	weights, err := r.o.outline(r.t.e)
	if err != nil {
		return nil, err
	}
	if err := p.open(weights); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open makes the transfers, for the first frame of a scene and for others.
func (p *paintingPlan) open(weights *vgg.Weights) (err error) {
	first, next := p.run.paintOptions()
	if p.first, err = nst.New(weights, first); err == nil {
		p.next, err = nst.New(weights, next)
	}
	return err
}

// footprint is the memory for frames of w by h pixels.
func (p *paintingPlan) footprint(w, h int) (footprint, error) {
	f, err := p.run.passFootprint(w, h)
	if err != nil {
		return f, err
	}
	inputs := nst.Inputs{Content: nst.Size{W: w, H: h}, Styles: p.styles}
	var most nst.Plan
	for _, t := range []*nst.Transfer{p.first, p.next} {
		plan, err := t.PlanAt(inputs, max(w, h))
		if err != nil {
			return f, err
		}
		if plan.OnHost() > most.OnHost() {
			most = plan
		}
	}
	f.total += most.OnHost() - started + p.held
	f.heap += most.OnHeap() - started + p.held
	f.mapped += most.OnHost() - most.OnHeap() + most.Addresses()
	return f, nil
}

// close frees what planned.
func (p *paintingPlan) close() {
	for _, t := range []*nst.Transfer{p.first, p.next} {
		if t != nil {
			t.Close()
		}
	}
}
