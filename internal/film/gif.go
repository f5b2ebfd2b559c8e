package film

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"io"
	"os"
	"slices"

	"nst/imgio"
	"nst/internal/atomicfile"
	"nst/internal/palette"
)

// gifTick is the unit of the times in a GIF.
func gifTick() Ratio { return Ratio{1, 100} }

// shortest is the time of a frame in ticks that players show: less is taken for usualDelay.
const (
	shortest   = 2
	usualDelay = 10
)

// GIF is an animated GIF, as a [Source]. It shows its frames as they look, whatever part of the
// picture each replaces. What is transparent is white.
type GIF struct {
	g      *gif.GIF
	canvas *image.NRGBA
	before *image.NRGBA // what is to be restored
	next   int
	time   int64
	w, h   int // that frames are scaled to
	damage string
}

// mostCanvas bounds the pixels of an animation.
const mostCanvas = 1 << 26

// mostGIF bounds the pixels of all frames of a GIF.
const mostGIF = 4 << 30

// OpenGIF reads an animated GIF. size is that of the longest side, see [Fit]; 0 keeps it.
// Frames from the first damaged one on are left out, and [GIF.Damage] tells. Errors are those
// of package os, or match [ErrUnknown] if not a frame can be read.
func OpenGIF(path string, size int) (*GIF, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := gif.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if c.Width*c.Height > mostCanvas {
		return nil, errLargeCanvas
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	g, err := gif.DecodeAll(f)
	damage := ""
	if err != nil {
		if g, err = firstFrames(f, err); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		damage = "the file is cut short or damaged"
	}
	if int64(len(g.Image))*int64(c.Width)*int64(c.Height) > mostGIF {
		return nil, fmt.Errorf("film: a GIF of %d frames of %dx%d pixels is too large", len(g.Image), c.Width, c.Height)
	}
	w, h := c.Width, c.Height
	if size > 0 {
		w, h = Fit(w, h, size)
	}
	return &GIF{g: g, canvas: image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height)), w: w, h: h, damage: damage}, nil
}

// errLargeCanvas means that the header of an animation has a size that no animation has.
var errLargeCanvas = fmt.Errorf("%w: it has more than %d pixels", ErrUnknown, mostCanvas)

// firstFrames returns the frames before a damaged one: it ends the file earlier and earlier at
// the places where an image may end.
func firstFrames(f *os.File, why error) (*gif.GIF, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	const end, separator, extension, trailer = 0, 0x2C, 0x21, 0x3B
	for i := len(b) - 2; i > 0; i-- {
		if b[i] != end || b[i+1] != separator && b[i+1] != extension {
			continue
		}
		g, err := gif.DecodeAll(io.MultiReader(bytes.NewReader(b[:i+1]), bytes.NewReader([]byte{trailer})))
		if err == nil && len(g.Image) > 0 {
			return g, nil
		}
		if len(b)-i > 1<<22 {
			break
		}
	}
	return nil, why
}

// Shape says what the frames are like.
func (g *GIF) Shape() Shape { return Shape{W: g.w, H: g.h, Base: gifTick()} }

// Frames returns the number of frames.
func (g *GIF) Frames() int { return len(g.g.Image) }

// Loops returns how often it is shown again, as in [gif.GIF.LoopCount].
func (g *GIF) Loops() int { return g.g.LoopCount }

// LastDelay returns how long the last frame is shown, in ticks.
func (g *GIF) LastDelay() int64 { return g.delay(len(g.g.Image) - 1) }

func (g *GIF) delay(i int) int64 {
	if d := int64(g.g.Delay[i]); d >= shortest {
		return d
	}
	return usualDelay
}

// Next returns the next frame.
func (g *GIF) Next(ctx context.Context) (*Frame, error) {
	if g.next == len(g.g.Image) {
		return nil, io.EOF
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	i, m := g.next, g.g.Image[g.next]
	g.next++
	disposal := byte(0)
	if i < len(g.g.Disposal) {
		disposal = g.g.Disposal[i]
	}
	if disposal == gif.DisposalPrevious {
		g.before = &image.NRGBA{Pix: slices.Clone(g.canvas.Pix), Stride: g.canvas.Stride, Rect: g.canvas.Rect}
	}
	draw.Draw(g.canvas, m.Bounds(), m, m.Bounds().Min, draw.Over)
	f := &Frame{Picture: imgio.FromImage(g.canvas), Time: g.time}
	if f.Picture.W != g.w || f.Picture.H != g.h {
		f.Picture = f.Picture.Resize(g.w, g.h)
	}
	g.time += g.delay(i)
	switch disposal {
	case gif.DisposalPrevious:
		g.canvas = g.before
	case gif.DisposalBackground:
		draw.Draw(g.canvas, m.Bounds(), image.Transparent, image.Point{}, draw.Src)
	}
	return f, nil
}

// Damage returns what could not be read.
func (g *GIF) Damage() string { return g.damage }

// Close does nothing.
func (g *GIF) Close() error { return nil }

// GIFOutput makes an animated GIF. It keeps all frames in memory until it is placed, three
// bytes a pixel; it cannot go on later.
type GIFOutput struct {
	Base      Ratio // of the times of frames
	Loops     int   // as in [gif.GIF.LoopCount]
	LastDelay int64 // of the last frame, in ticks of a GIF; 0 is that of the one before

	w, h   int
	frames [][]byte
	times  []int64
}

// Done returns 0.
func (g *GIFOutput) Done() int { return 0 }

// Resume returns nothing.
func (g *GIFOutput) Resume() (*imgio.Planar, []float32, error) { return nil, nil, nil }

// errLongGIF means that a GIF does not fit in memory.
var errLongGIF = errors.New("film: the film is too long for a GIF: name a file .mp4, or use a smaller size")

// Write takes the next frame.
func (g *GIFOutput) Write(_ context.Context, f *Frame, _ []float32) (*imgio.Planar, error) {
	g.w, g.h = f.Picture.W, f.Picture.H
	p := newPixels(false)
	b := make([]byte, p.size(g.w, g.h))
	if int64(len(g.frames)+1)*int64(len(b)) > mostGIF {
		return nil, errLongGIF
	}
	p.pack(b, f.Picture)
	g.frames, g.times = append(g.frames, b), append(g.times, f.Time)
	return p.unpack(b, g.w, g.h), nil
}

// Finish returns the number of frames.
func (g *GIFOutput) Finish(context.Context, bool) (int, error) { return len(g.frames), nil }

// Place writes the GIF.
func (g *GIFOutput) Place(path string, overwrite bool) error {
	write := func(w io.Writer) error { return gif.EncodeAll(w, g.encode()) }
	if overwrite {
		return atomicfile.Write(path, write)
	}
	return atomicfile.Create(path, write)
}

// sampled is the number of frames that the colours are chosen from.
const sampled = 24

// encode reduces the frames to 256 colours of the whole film.
func (g *GIFOutput) encode() *gif.GIF {
	var samples []*image.RGBA
	for i := 0; i < len(g.frames); i += (len(g.frames) + sampled - 1) / sampled {
		m := image.NewRGBA(image.Rect(0, 0, g.w, g.h))
		for j := range g.w * g.h {
			copy(m.Pix[4*j:], g.frames[i][3*j:][:3])
			m.Pix[4*j+3] = 255
		}
		samples = append(samples, m)
	}
	near := palette.NewNearest(palette.MedianCut(samples, 256))
	out := &gif.GIF{LoopCount: g.Loops}
	delay := usualDelay
	for i, f := range g.frames {
		if i+1 < len(g.times) {
			delay = max(shortest, int(g.ticks(i+1)-g.ticks(i)))
		} else if g.LastDelay > 0 {
			delay = int(g.LastDelay)
		}
		out.Image, out.Delay = append(out.Image, near.Ordered(f, g.w, g.h)), append(out.Delay, delay)
	}
	return out
}

// ticks returns when a frame is shown, in the ticks of a GIF.
func (g *GIFOutput) ticks(i int) int64 {
	return (2*g.times[i]*g.Base.Num*100 + g.Base.Den) / (2 * g.Base.Den)
}

// Partial returns nothing.
func (g *GIFOutput) Partial() string { return "" }

// SetPartial does nothing: a GIF cannot go on later.
func (g *GIFOutput) SetPartial(string) error { return nil }

// Remove does nothing.
func (g *GIFOutput) Remove() error { return nil }

// Close does nothing.
func (g *GIFOutput) Close() error { return nil }
