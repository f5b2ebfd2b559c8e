package film

import (
	"context"
	"errors"
	"math"

	"nst/imgio"
	"nst/internal/motion"
)

// Brush paints the frames of a film in turn.
type Brush interface {
	// Paint paints a frame. prior is nil for the first frame of a scene.
	Paint(ctx context.Context, frame *imgio.Planar, prior *Prior) (*imgio.Planar, error)

	// Move tells how far what the frames show has moved in all, in pixels.
	Move(x, y int)

	// Cut tells that the next frame begins another scene.
	Cut()

	// Memory returns what the brush remembers of the frames so far, and Remember takes that
	// over in another run.
	Memory() []float32
	Remember(memory []float32) error
}

// Prior is the last result, moved to where its parts are in the next frame.
type Prior struct {
	Picture *imgio.Planar
	Trust   []float32 // how much of it is to be seen, 0 to 1, at half its size; see motion.Consistent

	frame *imgio.Planar // the last frame, moved as Picture is
	back  *motion.Flow  // the motion
}

// Over returns a picture of the frame with the last result over it, where that is to be seen: where
// the motion can be trusted, or the last frame, moved along, shows the same.
func (p *Prior) Over(picture, frame *imgio.Planar, threads int) *imgio.Planar {
	shares := motion.Alike(frame, p.frame, p.back, threads)
	for i, t := range p.Trust {
		shares[i] = max(shares[i], t)
	}
	out := picture.Clone()
	motion.Mix(out, p.Picture, shares, 1, threads)
	return out
}

// Steady paints frames so that they do not flicker. It finds the motion between frames, moves
// the last result along, and mixes it with what the brush paints where the motion is sure. It
// finds the cuts, where a scene begins that has nothing to do with the last.
type Steady struct {
	brush   Brush
	smooth  float32
	threads int
	watch   watcher
	last    *imgio.Planar
	scenes  int
	frame   *imgio.Planar // the last frame
	moved   [2]float32    // how far most of what the frames show has moved since the last cut
}

// NewSteady returns a Steady around a brush. smooth is the share of the last result, 0 to 1.
func NewSteady(b Brush, smooth float64, threads int) *Steady {
	return &Steady{brush: b, smooth: float32(smooth), threads: threads, watch: watcher{threads: threads}}
}

// Scenes returns the number of scenes so far.
func (s *Steady) Scenes() int { return s.scenes }

// Paint paints the next frame. [Steady.Keep] must be called with the result.
func (s *Steady) Paint(ctx context.Context, frame *imgio.Planar) (*imgio.Planar, error) {
	return s.paint(ctx, s.watch.look(frame))
}

// paint paints what was looked at.
func (s *Steady) paint(ctx context.Context, v *view) (*imgio.Planar, error) {
	prior := s.prior(v)
	if prior == nil {
		s.scenes++
		s.moved = [2]float32{}
		s.brush.Cut()
	}
	s.brush.Move(s.place())
	painted, err := s.brush.Paint(ctx, s.calm(v.frame, prior), prior)
	if err != nil {
		return nil, err
	}
	if prior != nil && s.smooth > 0 {
		motion.Blend(painted, prior.Picture, prior.Trust, s.smooth, s.threads)
	}
	s.frame = v.frame
	return painted, nil
}

// calmShare is the share of the last frame in what the brush sees.
const calmShare = 0.5

// calm returns a frame with less noise, of which a network would make strokes: the last frame,
// moved along, is mixed in.
func (s *Steady) calm(frame *imgio.Planar, prior *Prior) *imgio.Planar {
	if prior == nil || s.smooth == 0 {
		return frame
	}
	calm := frame.Clone()
	motion.Mix(calm, prior.frame, prior.Trust, calmShare, s.threads)
	return calm
}

// place returns how far what the frames show has moved since the last cut.
func (s *Steady) place() (x, y int) {
	return int(math.Round(float64(s.moved[0]))), int(math.Round(float64(s.moved[1])))
}

// Keep takes the last result as it was written, with its levels rounded.
func (s *Steady) Keep(written *imgio.Planar) { s.last = written }

// Resume goes on after a frame whose result an earlier run has written.
func (s *Steady) Resume(frame, written *imgio.Planar, memory []float32) error {
	s.watch.remember(frame)
	s.frame, s.last = frame, written
	if len(memory) < 2 {
		return errors.New("film: what was remembered is damaged")
	}
	s.moved = [2]float32(memory)
	return s.brush.Remember(memory[2:])
}

// Memory returns what is to be written down with the last result.
func (s *Steady) Memory() []float32 { return append(s.moved[:2:2], s.brush.Memory()...) }

// prior moves the last result to where its parts are in the next frame, nil where a scene begins.
func (s *Steady) prior(v *view) *Prior {
	if v.back == nil {
		return nil
	}
	x, y := v.back.Usual()
	s.moved[0] -= x
	s.moved[1] -= y
	moved := motion.Warp(v.back, s.threads, s.last, s.frame)
	return &Prior{moved[0], v.trust, moved[1], v.back}
}
