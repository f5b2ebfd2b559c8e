package instant

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"nst/imgio"
	"nst/internal/feedforward"
	"nst/nst"
)

// ApplyOptions say how a picture is painted in one pass. Start from [DefaultApply].
type ApplyOptions struct {
	// Strength is how much of the painted picture the result has, 0 to 1; the rest is the
	// photograph.
	Strength float64

	// Color says whose colours the result has. The network cannot be taught for one
	// photograph, so match and histogram change the colours of the painted picture.
	Color nst.Colour

	// Threads is the number of threads of the processor; 0 takes all.
	Threads int
}

// DefaultApply returns the settings for all of the style, in its colours.
func DefaultApply() ApplyOptions { return ApplyOptions{Strength: 1, Color: nst.ColourStyle} }

// Validate returns a [nst.OptionError] for an option that is not allowed.
func (o *ApplyOptions) Validate() error {
	if !(o.Strength >= 0 && o.Strength <= 1) {
		return &nst.OptionError{Field: "Strength", Value: o.Strength, Reason: "must be 0 to 1"}
	}
	if !slices.Contains(nst.Colours(), o.Color) {
		return &nst.OptionError{Field: "Color", Value: o.Color, Reason: fmt.Sprintf("must be one of %v", nst.Colours())}
	}
	if o.Threads < 0 || o.Threads > 1024 {
		return &nst.OptionError{Field: "Threads", Value: o.Threads, Reason: "must be 0 to 1024"}
	}
	return nil
}

// MinContent is the least width and height of a picture that a network paints, in pixels.
const MinContent = 32

// bandedPixels is the size from which a picture is painted in bands. It has four million
// pixels, which take a gigabyte at once.
const bandedPixels = 4 << 20

// SizeError tells that a picture is too small to be painted.
type SizeError struct{ Width, Height int }

// Error says how large it must be.
func (e *SizeError) Error() string {
	return fmt.Sprintf("nst: a picture of %dx%d pixels is too small, want at least %d each way", e.Width, e.Height, MinContent)
}

// Apply paints content in a blend of the styles of the model, and returns a picture of its
// size. There is a weight for each style, 0 or more, not all 0. Pictures above four million
// pixels are painted in bands: memory is then about 60 bytes a pixel and 300 MB.
//
// The model keeps working memory for the next picture, which is faster if it has the same
// size; see [Model.Close]. Apply may be called by several goroutines at once.
//
// The error is what [ApplyOptions.Validate] finds, a [SizeError], one for weights, or that
// of ctx.
func (m *Model) Apply(ctx context.Context, content *imgio.Planar, weights []float64, o ApplyOptions) (*imgio.Planar, error) {
	style, err := m.network.Blend(weights)
	if err != nil {
		return nil, err
	}
	if err := o.check(content); err != nil {
		return nil, err
	}
	e, err := m.engines.take(o.threads())
	if err != nil {
		return nil, err
	}
	defer m.engines.give(e)
	return e.paint(ctx, m.network.Architecture, m.network.SharedParams(), style, content, o)
}

// check checks the options and the size of the content.
func (o *ApplyOptions) check(content *imgio.Planar) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if content.W < MinContent || content.H < MinContent {
		return &SizeError{content.W, content.H}
	}
	return nil
}

// threads returns the number of threads.
func (o *ApplyOptions) threads() int {
	if o.Threads == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Threads
}

// paint paints content with a network and the scales and shifts of a style.
func (e *engine) paint(ctx context.Context, a feedforward.Architecture, shared, style []float32, content *imgio.Planar, o ApplyOptions) (*imgio.Planar, error) {
	painted, err := o.Color.Repaint(content, func(p *imgio.Planar) (*imgio.Planar, error) {
		return e.onePass(ctx, a, shared, style, p)
	})
	if err != nil {
		return nil, err
	}
	mix(painted, content, float32(o.Strength))
	return painted, nil
}

// onePass paints a picture of any size from [MinContent].
func (e *engine) onePass(ctx context.Context, a feedforward.Architecture, shared, style []float32, p *imgio.Planar) (*imgio.Planar, error) {
	whole := extend(p)
	out := whole
	if whole == p {
		out = imgio.NewPlanar(p.W, p.H)
	}
	if whole.W*whole.H > bandedPixels {
		if err := e.closePainter(); err != nil {
			return nil, err
		}
		b, err := feedforward.NewBands(e.device, a, whole.W, whole.H, 0, shared, style)
		if err != nil {
			return nil, err
		}
		if err := b.Paint(ctx, out.Pix, whole.Pix); err != nil {
			return nil, err
		}
		return crop(out, p.W, p.H), nil
	}
	painter, err := e.painterFor(a, whole.W, whole.H)
	if err != nil {
		return nil, err
	}
	if err := painter.Teach(shared, style); err != nil {
		return nil, err
	}
	if err := painter.Paint(ctx, out.Pix, whole.Pix); err != nil {
		return nil, err
	}
	return crop(out, p.W, p.H), nil
}

// extend returns p, or a copy whose sizes are multiples of 4. What is added at the right and
// at the bottom mirrors the edge.
func extend(p *imgio.Planar) *imgio.Planar {
	if p.W%4 == 0 && p.H%4 == 0 {
		return p
	}
	out := imgio.NewPlanar((p.W+3)/4*4, (p.H+3)/4*4)
	for c := range 3 {
		for y := range out.H {
			from := p.Pix[(c*p.H+min(y, 2*p.H-2-y))*p.W:][:p.W]
			to := out.Pix[(c*out.H+y)*out.W:][:out.W]
			copy(to, from)
			for x := p.W; x < out.W; x++ {
				to[x] = from[2*p.W-2-x]
			}
		}
	}
	return out
}

// crop returns the upper left of p, w by h pixels, in the memory of p.
func crop(p *imgio.Planar, w, h int) *imgio.Planar {
	if w == p.W && h == p.H {
		return p
	}
	for c := range 3 {
		for y := range h {
			copy(p.Pix[(c*h+y)*w:][:w], p.Pix[(c*p.H+y)*p.W:][:w])
		}
	}
	return &imgio.Planar{W: w, H: h, Pix: p.Pix[:3*w*h]}
}

// mix moves painted towards the photograph p: strength 0 is p.
func mix(painted, p *imgio.Planar, strength float32) {
	if strength == 1 {
		return
	}
	for i, v := range p.Pix {
		painted.Pix[i] = v + float32(strength*(painted.Pix[i]-v))
	}
}
