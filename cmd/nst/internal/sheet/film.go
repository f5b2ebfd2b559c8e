package sheet

import (
	"errors"
	"image"
	"image/gif"
	"io"

	"nst/internal/palette"
)

const (
	// FilmSide is the longest side of a [Film] in pixels.
	FilmSide = 320

	// FilmFrames is the largest number of frames in a Film.
	FilmFrames = 60

	frameDelay = 8   // hundredths of a second
	lastDelay  = 250 // the same, of the last frame
)

// Film collects frames of a picture that changes and makes a GIF of them. It
// holds at most [FilmFrames] pictures of [FilmSide] pixels: when there are more,
// it forgets every other one and from then on takes half as many, so that the
// frames kept are evenly spaced however long the run is. The zero Film is empty.
type Film struct {
	frames []*image.RGBA
	seen   int
	stride int // of the frames seen, one in stride is kept
}

// Offer shows the film the next frame, which it gets from picture if it wants it.
func (f *Film) Offer(picture func() image.Image) {
	f.stride = max(1, f.stride)
	f.seen++
	if (f.seen-1)%f.stride != 0 {
		return
	}
	if len(f.frames) == FilmFrames-1 { // one place is for the last frame
		half := f.frames[:0]
		for i := 0; i < len(f.frames); i += 2 {
			half = append(half, f.frames[i])
		}
		clear(f.frames[len(half):])
		f.frames = half
		f.stride *= 2
		if (f.seen-1)%f.stride != 0 {
			return
		}
	}
	f.frames = append(f.frames, Fit(picture(), FilmSide))
}

// Encode writes the film as a GIF that runs for ever and ends with last, to whose
// shape all frames are scaled. The 256 colours are those of the whole film, by
// median cut; Floyd and Steinberg's error diffusion does the rest.
func (f *Film) Encode(w io.Writer, last image.Image) error {
	end := Fit(last, FilmSide)
	size := end.Bounds()
	if size.Empty() {
		return errors.New("sheet: the last frame of a film is empty")
	}
	frames := make([]*image.RGBA, 0, len(f.frames)+1)
	for _, m := range f.frames {
		frames = append(frames, scale(m, size.Dx(), size.Dy()))
	}
	frames = append(frames, end)
	colours := palette.MedianCut(frames, 256)
	near := palette.NewNearest(colours)
	out := &gif.GIF{}
	for _, m := range frames {
		out.Image = append(out.Image, near.Dither(m))
		out.Delay = append(out.Delay, frameDelay)
	}
	out.Delay[len(out.Delay)-1] = lastDelay
	return gif.EncodeAll(w, out)
}
