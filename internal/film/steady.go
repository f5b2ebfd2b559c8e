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
}

// Over returns a frame with the last result over it, where that is to be seen.
func (p *Prior) Over(frame *imgio.Planar) *imgio.Planar {
	out := frame.Clone()
	motion.Mix(out, p.Picture, p.Trust, 1, 1)
	return out
}

// Steady paints frames so that they do not flicker. It finds the motion between frames, moves
// the last result along, and mixes it with what the brush paints where the motion is sure. It
// finds the cuts, where a scene begins that has nothing to do with the last.
type Steady struct {
	brush   Brush
	smooth  float32
	threads int
	before  *motion.Pyramid // of the last frame; nil at the start
	hist    histogram
	last    *imgio.Planar
	scenes  int
	frame   *imgio.Planar // the last frame
	moved   [2]float32    // how far most of what the frames show has moved since the last cut
}

// NewSteady returns a Steady around a brush. smooth is the share of the last result, 0 to 1.
func NewSteady(b Brush, smooth float64, threads int) *Steady {
	return &Steady{brush: b, smooth: float32(smooth), threads: threads}
}

// Scenes returns the number of scenes so far.
func (s *Steady) Scenes() int { return s.scenes }

// Paint paints the next frame. [Steady.Keep] must be called with the result.
func (s *Steady) Paint(ctx context.Context, frame *imgio.Planar) (*imgio.Planar, error) {
	now, hist := motion.NewPyramid(frame), newHistogram(frame)
	prior, cut := s.prior(now, hist)
	if cut {
		s.scenes++
		s.moved = [2]float32{}
		s.brush.Cut()
	}
	s.brush.Move(s.place())
	painted, err := s.brush.Paint(ctx, s.calm(frame, prior), prior)
	if err != nil {
		return nil, err
	}
	if prior != nil && s.smooth > 0 {
		motion.Blend(painted, prior.Picture, prior.Trust, s.smooth, s.threads)
	}
	s.frame, s.before, s.hist = frame, now, hist
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
	s.frame, s.before, s.hist, s.last = frame, motion.NewPyramid(frame), newHistogram(frame), written
	if len(memory) < 2 {
		return errors.New("film: what was remembered is damaged")
	}
	s.moved = [2]float32(memory)
	return s.brush.Remember(memory[2:])
}

// Memory returns what is to be written down with the last result.
func (s *Steady) Memory() []float32 { return append(s.moved[:2:2], s.brush.Memory()...) }

// The limits beyond which a frame begins another scene: where the motion leads back for few
// pixels and the colours differ, or where hardly a colour is the same.
const (
	lostTrust   = 0.35
	otherColour = 0.12
	newColour   = 0.6
)

// prior moves the last result, and tells whether the frame begins another scene.
func (s *Steady) prior(now *motion.Pyramid, hist histogram) (*Prior, bool) {
	if s.before == nil {
		return nil, true
	}
	change := hist.distance(&s.hist)
	if change > newColour {
		return nil, true
	}
	back := motion.Estimate(now, s.before, s.threads)
	ahead := motion.Estimate(s.before, now, s.threads)
	trust := motion.Consistent(back, ahead, now, s.before)
	sum := 0.0
	for _, t := range trust {
		sum += float64(t)
	}
	if sum/float64(len(trust)) < lostTrust && change > otherColour {
		return nil, true
	}
	u, v := back.Usual()
	s.moved[0] -= u
	s.moved[1] -= v
	moved := motion.Warp(back, s.threads, s.last, s.frame)
	return &Prior{moved[0], trust, moved[1]}, false
}

// histogram counts the colours of a frame: 4 levels of each channel.
type histogram [64]float64

func newHistogram(m *imgio.Planar) (h histogram) {
	n := m.W * m.H
	bin := func(v float32) int { return int(max(0, min(v, 0.999)) * 4) }
	var counts [len(h)]int
	for i := 0; i < n; i += 3 { // a third of the pixels are enough
		counts[bin(m.Pix[i])<<4|bin(m.Pix[n+i])<<2|bin(m.Pix[2*n+i])]++
	}
	for i, c := range counts {
		h[i] = float64(c) / float64((n+2)/3)
	}
	return h
}

// distance is the share of pixels whose colour differs, 0 to 1.
func (h *histogram) distance(other *histogram) float64 {
	sum := 0.0
	for i, v := range h {
		sum += math.Abs(v - other[i])
	}
	return sum / 2
}
