package film

import (
	"cmp"
	"context"
	"errors"
	"io"

	"nst/imgio"
)

// Sink takes painted frames.
type Sink interface {
	// Write takes the next frame, with what the painter remembers after it. It returns the
	// picture as it is written.
	Write(ctx context.Context, f *Frame, memory []float32) (*imgio.Planar, error)
}

// Output is where painted frames go.
type Output interface {
	Sink

	// Done returns the number of frames that earlier runs have written, Resume the last of
	// them and what the painter remembered after it. The frame is nil if there is none.
	Done() int
	Resume() (*imgio.Planar, []float32, error)

	// Finish makes a film of all frames and returns their number. whole is false for a film
	// that goes on later.
	Finish(ctx context.Context, whole bool) (frames int, err error)

	// Place puts the film at a path. Unless overwrite, nothing may be there: the error then
	// matches fs.ErrExist.
	Place(path string, overwrite bool) error

	// Partial returns the file that plays what earlier runs had done, if one was written, and
	// SetPartial remembers that file.
	Partial() string
	SetPartial(path string) error

	// Remove removes all that is kept to go on. Close frees the rest.
	Remove() error
	Close() error
}

// Run paints the frames of a source. It calls told after each. The error is that of the source,
// the sink, the brush or ctx.
func Run(ctx context.Context, from Source, to Sink, s *Steady, told func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ahead := make(chan read, 2) // frames are read and looked at while others are painted
	go func() {
		defer close(ahead)
		for {
			r := read{}
			if r.frame, r.err = from.Next(ctx); r.err == nil {
				r.view = s.watch.look(r.frame.Picture)
			}
			select {
			case ahead <- r:
			case <-ctx.Done():
				return
			}
			if r.err != nil {
				return
			}
		}
	}()
	defer func() {
		stop()
		for range ahead { // the reader has ended when this returns
		}
	}()
	for r := range ahead {
		if errors.Is(r.err, io.EOF) {
			return nil
		}
		if err := cmp.Or(r.err, ctx.Err()); err != nil {
			return err
		}
		painted, err := s.paint(ctx, r.view)
		if err != nil {
			return err
		}
		written, err := to.Write(ctx, &Frame{painted, r.frame.Time, r.frame.Name}, s.Memory())
		if err != nil {
			return err
		}
		s.Keep(written)
		told()
	}
	return ctx.Err()
}

// read is a frame that was read ahead, or why there is none.
type read struct {
	frame *Frame
	view  *view
	err   error
}
