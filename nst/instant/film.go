package instant

import (
	"context"
	"fmt"
	"os"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/nst"
)

// Film paints the frames of a film, all of one size, in a style that stays the same. It keeps
// the network and its memory, about 250 bytes a pixel, from one frame to the next. Only one of
// its methods may be called at a time.
type Film struct {
	device        *exec.CPU
	painter       *feedforward.FilmPainter
	width, height int
	left, top     int // what surrounds a frame, 0 to 3; see Move
	options       ApplyOptions
	steady        float64
}

// FilmOptions say how the frames of a film are painted. Start from [DefaultFilm].
type FilmOptions struct {
	ApplyOptions

	// Steady is how slowly the means and deviations of features, by which the network adapts
	// to a frame, follow the frames: the share of those before, 0 to below 1. 0 paints each
	// frame by itself.
	Steady float64
}

// DefaultFilm returns the settings for all of the style, in its colours, with statistics that
// follow the frames in about ten.
func DefaultFilm() FilmOptions { return FilmOptions{DefaultApply(), 0.9} }

// Validate returns a [nst.OptionError] for an option that is not allowed.
func (o *FilmOptions) Validate() error {
	if !(o.Steady >= 0 && o.Steady < 1) {
		return &nst.OptionError{Field: "Steady", Value: o.Steady, Reason: "must be 0 to below 1"}
	}
	return o.ApplyOptions.Validate()
}

// Film returns a painter of frames of w by h pixels, in a blend of the styles of the model.
// Weights and errors are those of [Model.Apply].
func (m *Model) Film(w, h int, weights []float64, o FilmOptions) (*Film, error) {
	style, err := m.network.Blend(weights)
	if err != nil {
		return nil, err
	}
	return newFilm(m.network.Architecture, m.network.SharedParams(), style, w, h, o)
}

// Film returns a painter of frames of w by h pixels, in a blend of the styles of pictures. The
// styles are computed once. Errors are those of [UniversalModel.Apply].
func (m *UniversalModel) Film(ctx context.Context, w, h int, styles []nst.StylePicture, o FilmOptions) (*Film, error) {
	style, err := m.style(ctx, styles, o.ApplyOptions)
	if err != nil {
		return nil, err
	}
	return newFilm(m.network.Architecture, m.network.SharedParams(), style, w, h, o)
}

func newFilm(a feedforward.Architecture, shared, style []float32, w, h int, o FilmOptions) (*Film, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if w < MinContent || h < MinContent {
		return nil, &SizeError{w, h}
	}
	f := &Film{width: w, height: h, options: o.ApplyOptions, steady: o.Steady}
	var err error
	if f.device, err = exec.OpenCPU(o.threads(), os.Getenv); err != nil {
		return nil, err
	}
	if f.painter, err = feedforward.NewFilmPainter(f.device, a, aligned(w), aligned(h)); err == nil {
		err = f.painter.Teach(shared, style)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Paint paints the next frame and returns a picture of its size. The error is that of ctx, or
// tells that the frame has another size.
func (f *Film) Paint(ctx context.Context, frame *imgio.Planar) (*imgio.Planar, error) {
	if frame.W != f.width || frame.H != f.height {
		return nil, fmt.Errorf("nst: a frame of %dx%d pixels in a film of %dx%d", frame.W, frame.H, f.width, f.height)
	}
	painted, err := f.options.Color.Repaint(frame, func(p *imgio.Planar) (*imgio.Planar, error) {
		whole := f.surround(p)
		if err := f.painter.PaintNext(ctx, whole.Pix, whole.Pix, f.steady); err != nil {
			return nil, err
		}
		return f.middle(whole, p.W, p.H), nil
	})
	if err != nil {
		return nil, err
	}
	mix(painted, frame, float32(f.options.Strength))
	return painted, nil
}

// Move tells how far what the frames show has moved in all since the last cut, in pixels. The
// network sees it at the same place of its grid, which has a line every four pixels: else its
// strokes would change with each step.
func (f *Film) Move(x, y int) { f.left, f.top = 3&-x, 3&-y }

// aligned returns the side of a frame with room for [Film.Move].
func aligned(n int) int { return (n + 3 + 3) / 4 * 4 }

// surround returns a frame with what is around it: its mirror image.
func (f *Film) surround(p *imgio.Planar) *imgio.Planar {
	out := imgio.NewPlanar(aligned(p.W), aligned(p.H))
	for c := range 3 {
		for y := range out.H {
			from := p.Pix[(c*p.H+mirrored(y-f.top, p.H))*p.W:][:p.W]
			to := out.Pix[(c*out.H+y)*out.W:][:out.W]
			copy(to[f.left:], from)
			for x := range f.left {
				to[x] = from[mirrored(x-f.left, p.W)]
			}
			for x := f.left + p.W; x < out.W; x++ {
				to[x] = from[mirrored(x-f.left, p.W)]
			}
		}
	}
	return out
}

// mirrored returns the place within n pixels that one outside mirrors.
func mirrored(x, n int) int {
	if x < 0 {
		x = -x
	}
	if x >= n {
		x = 2*n - 2 - x
	}
	return x
}

// middle returns the frame within its surroundings.
func (f *Film) middle(whole *imgio.Planar, w, h int) *imgio.Planar {
	out := imgio.NewPlanar(w, h)
	for c := range 3 {
		for y := range h {
			copy(out.Pix[(c*h+y)*w:][:w], whole.Pix[(c*whole.H+y+f.top)*whole.W+f.left:])
		}
	}
	return out
}

// Cut tells that the next frame begins another scene. It is painted by its own statistics.
func (f *Film) Cut() { f.painter.Cut() }

// Memory returns what is remembered of the frames so far. [Film.Remember] takes it over in
// another run.
func (f *Film) Memory() []float32 { return f.painter.Memory() }

// Remember takes over what [Film.Memory] returned: the next frame is painted as it would have
// been then. It is an error if the memory is of another network.
func (f *Film) Remember(memory []float32) error { return f.painter.Remember(memory) }

// Close frees the memory.
func (f *Film) Close() error {
	if f.painter != nil {
		f.painter.Close()
	}
	return f.device.Close()
}
