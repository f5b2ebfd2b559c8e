package film

import (
	"math"

	"nst/imgio"
	"nst/internal/motion"
)

// watcher finds what moves between the frames of a source, and the cuts. It needs no painted
// frame, so that it can look at a frame while the brush is at one before.
type watcher struct {
	threads int
	before  *motion.Pyramid // of the last frame; nil at the start
	hist    histogram
}

// view is a frame and how it follows from the one before.
type view struct {
	frame *imgio.Planar
	back  *motion.Flow // from the frame to the one before; nil where a scene begins
	trust []float32    // see [Prior]
}

// The limits beyond which a frame begins another scene: where the motion leads back for few
// pixels and the colours differ, or where hardly a colour is the same.
const (
	lostTrust   = 0.35
	otherColour = 0.12
	newColour   = 0.6
)

// look takes the next frame.
func (w *watcher) look(frame *imgio.Planar) *view {
	before, hist := w.before, w.hist
	w.remember(frame)
	v := &view{frame: frame}
	if before == nil {
		return v
	}
	change := w.hist.distance(&hist)
	if change > newColour {
		return v
	}
	back := motion.Estimate(w.before, before, w.threads)
	ahead := motion.Estimate(before, w.before, w.threads)
	trust := motion.Consistent(back, ahead, w.before, before)
	sum := 0.0
	for _, t := range trust {
		sum += float64(t)
	}
	if sum/float64(len(trust)) < lostTrust && change > otherColour {
		return v
	}
	v.back, v.trust = back, trust
	return v
}

// remember takes a frame as the last one.
func (w *watcher) remember(frame *imgio.Planar) {
	w.before, w.hist = motion.NewPyramid(frame), newHistogram(frame)
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
