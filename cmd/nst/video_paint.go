package main

import (
	"context"
	"errors"

	"nst/imgio"
	"nst/internal/film"
	"nst/nst"
)

// errNotPainting means that a network stands where --paint needs a painting.
var errNotPainting = errors.New("is a style of a network: --paint needs a painting")

// paintBrush paints each frame by an optimisation, as nst stylize does. The first frame of a
// scene goes through all sizes. Each other one begins with the last result, moved along (Ruder et
// al. 2016, arXiv 1604.08610, section 4.1). What is newly seen begins with what the network for
// any painting makes of the frame. The paper takes the frame itself, of which the few iterations
// of a frame leave a photograph.
type paintBrush struct {
	pass                  filmBrush // of what is newly seen
	threads               int
	first, next           *nst.Transfer
	firstStyle, nextStyle *nst.Style
	options               nst.Options // of next
	weight                float64     // of the content, that the first frame of the scene came to
}

// newPaintBrush returns a brush for the styles, which are paintings.
func (r *videoRun) newPaintBrush(ctx context.Context) (*paintBrush, error) {
	s := &r.o.settings
	var pictures []nst.StylePicture
	for i, style := range r.styles {
		if style.picture == nil {
			return nil, &fileError{"style", style.name, errNotPainting}
		}
		pictures = append(pictures, nst.StylePicture{Picture: style.picture, Weight: s.share(i)})
	}
	weights, err := s.weights(r.t.e)
	if err != nil {
		return nil, err
	}
	o, next := r.paintOptions()
	b := &paintBrush{options: next, threads: r.threads()}
	if b.pass, err = r.newStartBrush(ctx); err != nil {
		return nil, err
	}
	if b.first, err = nst.New(weights, o); err == nil {
		b.firstStyle, err = b.first.Style(ctx, pictures...)
	}
	if err == nil {
		b.next, err = nst.New(weights, b.options)
	}
	if err == nil {
		b.nextStyle, err = b.next.Style(ctx, pictures...)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// paintOptions returns the options for the first frame of a scene, and for others.
func (r *videoRun) paintOptions() (first, next nst.Options) {
	first = r.o.Options
	first.Size = nst.OriginalSize
	next = first
	next.Schedule.Scales, next.Schedule.Init, next.Schedule.Iterations = 1, nst.InitImage, r.o.film.iterations
	return first, next
}

// Paint paints the next frame.
func (b *paintBrush) Paint(ctx context.Context, frame *imgio.Planar, prior *film.Prior) (*imgio.Planar, error) {
	transfer, job := b.first, nst.Job{Content: frame, Style: b.firstStyle}
	if prior != nil {
		passed, err := b.pass.Paint(ctx, frame, nil)
		if err != nil {
			return nil, err
		}
		transfer, job.Style, job.Start = b.next, b.nextStyle, prior.Over(passed, frame, b.threads)
		b.options.Objective.ContentWeight = b.weight
		if err := transfer.Retune(b.options); err != nil {
			return nil, err
		}
	}
	result, err := transfer.Run(ctx, job)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if prior == nil {
		b.weight = float64(float32(result.ContentWeight)) // as Memory keeps it
	}
	return result.Picture, nil
}

// Cut does nothing: a frame without a last result begins a scene.
func (b *paintBrush) Cut() {}

// Move tells the network how far the frames have moved.
func (b *paintBrush) Move(x, y int) { b.pass.Move(x, y) }

// Memory returns the weight of the content.
func (b *paintBrush) Memory() []float32 { return []float32{float32(b.weight)} }

// Remember takes it over.
func (b *paintBrush) Remember(memory []float32) error {
	if len(memory) != 1 {
		return errors.New("what was remembered is damaged")
	}
	b.weight = float64(memory[0])
	return nil
}

// Close frees the networks.
func (b *paintBrush) Close() error {
	err := b.pass.Close()
	for _, t := range []*nst.Transfer{b.first, b.next} {
		if t != nil {
			err = errors.Join(err, t.Close())
		}
	}
	return err
}
