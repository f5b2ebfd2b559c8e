package main

import (
	"context"

	"nst/imgio"
	"nst/internal/film"
	"nst/nst"
	"nst/nst/instant"
)

// filmBrush paints the frames of a film.
type filmBrush interface {
	film.Brush
	Close() error
}

// newBrush returns the brush that the flags ask for, for frames of the shape of the film.
func (r *videoRun) newBrush(ctx context.Context) (filmBrush, error) {
	if r.o.film.paint {
		return r.newPaintBrush(ctx)
	}
	steady := instant.DefaultFilm().Steady
	if r.o.film.smooth == 0 {
		steady = 0
	}
	return r.newPassBrush(ctx, steady, r.o.applyOptions())
}

// newStartBrush returns the brush that begins what --paint finds newly seen in a frame.
func (r *videoRun) newStartBrush(ctx context.Context) (filmBrush, error) {
	o := r.o.applyOptions()
	if o.Color == nst.ColourPost {
		o.Color = nst.ColourStyle // the run ends with it
	}
	return r.newPassBrush(ctx, 0, o)
}

// newPassBrush returns a brush that paints in one pass. steady is that of [instant.FilmOptions].
func (r *videoRun) newPassBrush(ctx context.Context, steady float64, apply instant.ApplyOptions) (filmBrush, error) {
	b, err := r.o.newBrush(r.styles, nil)
	if err != nil {
		return nil, err
	}
	f, err := b.film(ctx, r.shape.W, r.shape.H, instant.FilmOptions{ApplyOptions: apply, Steady: steady})
	if err != nil {
		return nil, err
	}
	return &passBrush{f}, nil
}

// film returns a painter of frames in the styles of the brush.
func (b *brush) film(ctx context.Context, w, h int, o instant.FilmOptions) (*instant.Film, error) {
	if b.universal == nil {
		return b.styles[0].model.Film(w, h, b.weights(b.shares), o)
	}
	return b.universal.Film(ctx, w, h, b.pictures(b.shares), o)
}

// passBrush paints each frame in one pass.
type passBrush struct{ *instant.Film }

// Paint paints the next frame.
func (b *passBrush) Paint(ctx context.Context, frame *imgio.Planar, _ *film.Prior) (*imgio.Planar, error) {
	return b.Film.Paint(ctx, frame)
}

// pictures returns the paintings with their shares.
func (b *brush) pictures(shares []float64) []nst.StylePicture {
	var pictures []nst.StylePicture
	for i, s := range b.styles {
		pictures = append(pictures, nst.StylePicture{Picture: s.picture, Weight: shares[i], Mask: s.mask})
	}
	return pictures
}

// weights returns the shares of the network's styles.
func (b *brush) weights(shares []float64) []float64 {
	weights := make([]float64, len(b.styles[0].model.Styles()))
	for i, s := range b.styles {
		weights[s.index] += shares[i]
	}
	return weights
}
