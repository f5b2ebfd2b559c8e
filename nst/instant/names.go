package instant

import (
	"nst/imgio"
	"nst/internal/feedforward"
)

// ErrForeign is matched by the error of [Load] and [Resume] for a file that is something else
// than what was to be read. The error says what the file seems to be.
var ErrForeign = feedforward.ErrForeign

// StyleName returns the name that a style has by default, from the path of its picture: the
// file's name in lower case, its words joined by "-". It changes no name that it has returned.
func StyleName(path string) string { return feedforward.StyleName(path) }

// Planned returns the number of steps of the training.
func (t *Trainer) Planned() int { return t.options.Steps }

// Held returns a photograph that is held back, from 0 to Validation()-1, as the trainer sees
// it.
func (s *Photos) Held(i int) *imgio.Planar {
	p := &s.photos[s.training+i]
	out := imgio.NewPlanar(p.w, p.h)
	for j, v := range p.pix {
		out.Pix[j] = float32(v) / 255
	}
	return out
}
