// Package nst paints one picture in the style of another.
//
// Start with a network: [vgg.Embedded] returns a small one, [vgg.Store] loads larger ones.
// Call [New] with it, then [Transfer.Style] with a painting, then [Transfer.Run] with a
// photograph. [Transfer.Close] frees the memory.
//
//	t, err := nst.New(weights, nst.DefaultOptions())
//	defer t.Close()
//	style, err := t.Style(ctx, nst.StylePicture{Picture: painting, Weight: 1})
//	result, err := t.Run(ctx, nst.Job{Content: photo, Style: style})
//
// The method is that of Gatys, Ecker and Bethge (2016). The variables are the pixels of the
// picture. An optimiser moves them until the features of a fixed VGG network match those of
// the content, and the Gram matrices of the features match those of the style. [Options] say
// how; [Presets] lists those of other programs.
//
// One seed gives the same bytes on one machine, whatever the number of threads.
package nst

import (
	"time"

	"nst/imgio"
)

// StylePicture is a picture to take the style from.
type StylePicture struct {
	Picture *imgio.Planar
	Weight  float64 // its share relative to the other pictures; above 0

	// Mask, if not nil, selects the part of Picture to take the style from. It has the
	// shape of Picture, at any size. A layer at which it covers less than a quarter of a
	// position is left out, at that scale.
	Mask *Mask
}

// Job is one picture to paint.
type Job struct {
	Content *imgio.Planar // at any size
	Style   *Style        // from [Transfer.Style]
	Start   *imgio.Planar // the first picture, for Schedule.Init image, of which [StartPart] is used; else unused

	// Regions, if there are any, say where each picture of Style is painted: one mask over
	// the content for each picture, in their order; nil is everywhere. Masks may be soft and
	// may overlap. What no mask selects gets no style. The style weight of a region is in
	// proportion to its area and to the weight of its picture. A layer at which it covers
	// less than a quarter of a position is left out, at that scale.
	Regions []*Mask

	// Protect, if not nil, selects the part of the content that is not painted: the result
	// has its exact values there, and a blend where the mask is soft. It has the shape of the
	// content, at any size, and must leave a part to paint.
	Protect *Mask

	// Started, if not nil, is called when the run has scaled what it needs of the pictures and
	// begins to paint. Of the content and the first picture it keeps no more than that.
	Started func()

	// Progress, if not nil, is called after every evaluation, on the goroutine
	// that runs the job.
	Progress func(Progress)

	// Checkpoint, if not nil, is called between two iterations with the state of the run, at
	// least CheckpointEvery after it last returned, and so that it takes no more than about a
	// hundredth of the time. It is called once more when the run is interrupted, before Run
	// returns. It may use the state until it returns. A CheckpointEvery of 0 leaves the calls
	// during the run out.
	Checkpoint      func(*State)
	CheckpointEvery time.Duration

	// Resume, if not nil, is a state to go on from. Everything that changes the picture must
	// be as it was: else the error is a [ResumeError]. With ResumeChanged only the sizes and
	// the optimiser must be.
	Resume        *State
	ResumeChanged bool

	// Warn, if not nil, is called when Compute.Device auto takes the processor in place of
	// a card: with a [MemoryError], an [UnsupportedError] or a [DeviceError].
	Warn func(error)
}

// Loss is the value of the objective, each term times its weight.
type Loss struct {
	Total   float64 `json:"total"`
	Content float64 `json:"content"`
	Style   float64 `json:"style"`
	TV      float64 `json:"tv"`
}

// Progress says how far a run is.
type Progress struct {
	Scale, Scales         int // which scale of how many, from 1
	Width, Height         int // of the picture at this scale, pixels
	Iteration, Iterations int // evaluations done and planned, at this scale
	Done, Planned         int // the same over all scales
	FullWidth, FullHeight int // of the result, pixels
	Loss                  Loss
	ContentWeight         float64       // in Loss; see Schedule.AutoBalance
	Elapsed               time.Duration // since the run began
	Left                  time.Duration // to its end, estimated from the speed at this scale
	Rollbacks             int           // see [Result]
	picture               func() *imgio.Planar
}

// Picture returns a copy of the picture as it is now, at this scale. It may be called only
// within [Job].Progress.
func (p Progress) Picture() *imgio.Planar { return p.picture() }

// Stop says why a run ended.
type Stop string

// The reasons to end a run.
const (
	StopIterations  Stop = "iterations"  // all iterations were done
	StopTolerance   Stop = "tolerance"   // the loss settled, at the last scale, or was next to nothing
	StopTime        Stop = "time"        // Schedule.Time reduced the iterations
	StopInterrupted Stop = "interrupted" // the context was cancelled
	StopMemory      Stop = "memory"      // there was no memory to go on
)

// Result is what a run returns.
type Result struct {
	// Picture has the size of the last scale, even if the run ended before that. Values may
	// lie outside 0..1; saving clamps them.
	Picture *imgio.Planar

	Painted       Size    // of the last scale that was begun: if it is smaller, Picture is enlarged from it
	Loss          Loss    // of the last evaluation
	ContentWeight float64 // in Loss; see Schedule.AutoBalance
	Iterations    int     // evaluations done, over all scales
	Scales        int     // started
	Rollbacks     int     // how often the loss exploded and the run returned to the best picture
	Stop          Stop
	Elapsed       time.Duration
}

// Term is the loss of one layer.
type Term struct {
	Layer     string  `json:"layer"`
	Statistic string  `json:"statistic,omitempty"` // of a style: moments (mean and deviation), w2 or neighbours; empty for the Gram matrix
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
