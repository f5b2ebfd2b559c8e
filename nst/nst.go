// Package nst paints one picture in the style of another, by the method of
// Gatys, Ecker and Bethge (2016): the picture's pixels are the variables, and an
// optimiser moves them until the deep features of a fixed VGG network match the
// content's and their Gram matrices match the style's.
//
// Load a network with package vgg, then:
//
//	t, err := nst.New(weights, nst.DefaultOptions())
//	defer t.Close()
//	style, err := t.Style(ctx, nst.StylePicture{Picture: painting, Weight: 1})
//	result, err := t.Run(ctx, nst.Job{Content: photo, Style: style})
//
// One seed gives the same bytes on one machine, whatever the number of threads.
package nst

import (
	"time"

	"nst/imgio"
)

// StylePicture is a picture whose style is wanted.
type StylePicture struct {
	Picture *imgio.Planar
	Weight  float64 // its share, relative to the other pictures; above 0

	// Mask, if not nil, selects the part of Picture whose style is wanted, by its
	// shape; a part that is left of it by less than a quarter of a place at some layer
	// and scale does not count there.
	Mask *Mask
}

// Job is one picture to paint.
type Job struct {
	Content *imgio.Planar // at any size
	Style   *Style        // from [Transfer.Style]
	Start   *imgio.Planar // the first picture, for Options.Init image; else nil

	// Regions, if there are any, say where each picture of Style is wanted: one mask
	// over the content for each, in their order, with nil for everywhere. They may be soft
	// and overlap; what none selects has no style. A region counts by its area, times
	// the weight of its picture over the mean weight. Where less than a quarter of
	// a place is left of one, at some layer and scale, it does not count.
	Regions []*Mask

	// Protect, if not nil, selects what of the content stays as it is, to the last
	// bit; where the mask is soft the result is a blend. It has the shape of the
	// content, at any size, and leaves a part of it to paint.
	Protect *Mask

	// Progress, if not nil, is called after every evaluation, on the goroutine
	// that runs the job.
	Progress func(Progress)

	// Warn, if not nil, is told what is done otherwise than Options say: a
	// [MemoryError], where Device auto takes the processor in the place of a card.
	Warn func(error)
}

// Loss is the value of the objective, each term times its weight.
type Loss struct {
	Total   float64 `json:"total"`
	Content float64 `json:"content"`
	Style   float64 `json:"style"`
	TV      float64 `json:"tv"`
}

// Progress tells how far a run is.
type Progress struct {
	Scale, Scales         int // which size of how many, from 1
	Width, Height         int // of the picture at this scale, pixels
	Iteration, Iterations int // evaluations done and planned, at this scale
	Done, Planned         int // the same over all scales
	FullWidth, FullHeight int // of the result
	Loss                  Loss
	ContentWeight         float64       // in Loss; see Options.Steady
	Elapsed               time.Duration // since the run began
	Left                  time.Duration // to its end, by the pace of this scale
	Rollbacks             int           // see [Result]
	picture               func() *imgio.Planar
}

// Picture returns a copy of the picture as it is now, at this scale. It may only be
// called while the function that was given p runs.
func (p Progress) Picture() *imgio.Planar { return p.picture() }

// Stop says why a run ended.
type Stop string

// The reasons to end a run.
const (
	StopIterations  Stop = "iterations"  // all were done
	StopTolerance   Stop = "tolerance"   // the loss has settled, at the last scale
	StopTime        Stop = "time"        // Options.Time made the iterations fewer
	StopInterrupted Stop = "interrupted" // the context was cancelled
)

// Result is what a run ended with.
type Result struct {
	// Picture has the size of the last scale, also when the run ended before that;
	// values may lie outside 0..1, and writing clamps them.
	Picture *imgio.Planar

	Loss          Loss    // of the last evaluation
	ContentWeight float64 // in Loss; see Options.Steady
	Iterations    int     // evaluations done, over all scales
	Scales        int     // begun
	Rollbacks     int     // how often the loss exploded and the run went back to the best picture
	Stop          Stop
	Elapsed       time.Duration
}

// Term is a loss of one layer.
type Term struct {
	Layer     string  `json:"layer"`
	Statistic string  `json:"statistic,omitempty"` // of a style: moments (mean and deviation) or w2; empty for the Gram matrix
	Region    int     `json:"region,omitempty"`    // of a style, from 1; 0 if there are none
	Loss      float64 `json:"loss"`                // unweighted
	Weight    float64 `json:"weight"`              // total is the sum of Loss times Weight
}

// PlainTerm is the loss of a term that has no layer.
type PlainTerm struct {
	Loss   float64 `json:"loss"`
	Weight float64 `json:"weight"`
}

// Score is the objective of a picture, term by term.
type Score struct {
	Total   float64   `json:"total"`
	Content []Term    `json:"content"`
	Style   []Term    `json:"style"`
	TV      PlainTerm `json:"tv"`
}
