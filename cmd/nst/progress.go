package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"nst/nst"
)

// reporter shows the progress of a run.
type reporter interface {
	update(nst.Progress)
	end() // leaves the cursor at the start of a line
}

// newReporter returns the reporter of a mode of --progress, or a silent one if quiet.
func newReporter(e *env, mode string, quiet bool) reporter {
	switch resolveProgress(e, mode, quiet) {
	case "none":
		return silence{}
	case "json":
		return &jsonLines{w: e.Stderr}
	case "bar":
		return &bar{barLine{e: e}}
	default:
		return &plain{w: e.Stderr}
	}
}

// resolveProgress returns the mode that auto stands for, and none if quiet.
func resolveProgress(e *env, mode string, quiet bool) string {
	switch {
	case quiet:
		return "none"
	case mode == "auto" && e.fancy():
		return "bar"
	case mode == "auto":
		return "plain"
	}
	return mode
}

// silence shows nothing.
type silence struct{}

func (silence) update(nst.Progress) {}
func (silence) end()                {}

// bar draws one line over and over, for the whole run.
type bar struct{ line barLine }

func (b *bar) update(p nst.Progress) {
	size := fmt.Sprintf("%dx%d", p.Width, p.Height)
	loss := fmt.Sprintf("loss %.3e", p.Loss.Total)
	left := p.Left.Round(time.Second).String() + " left"
	b.line.draw(float64(p.Done)/float64(max(1, p.Planned)), fmt.Sprintf("%d/%d", p.Done, p.Planned),
		size+"  "+loss+"  "+left, loss+"  "+left, left)
}

func (b *bar) end() { b.line.end() }

// plain writes a line at the start of each scale, at every tenth of the iterations
// of all, at the end, and at least every ten seconds.
type plain struct {
	w         io.Writer
	scale     int
	rollbacks int
	last      time.Duration // of the last line
	tenth     int           // at the last line
}

func (l *plain) update(p nst.Progress) {
	tenth := 10 * p.Done / max(1, p.Planned)
	if p.Rollbacks > l.rollbacks {
		l.rollbacks = p.Rollbacks
		fmt.Fprintf(l.w, "iteration %d/%d  loss %.4g: returned to the best picture, with half the step\n", p.Done, p.Planned, p.Loss.Total)
		return
	}
	if p.Scale == l.scale && tenth == l.tenth && p.Elapsed-l.last < 10*time.Second {
		return
	}
	l.scale, l.last, l.tenth = p.Scale, p.Elapsed, tenth
	fmt.Fprintf(l.w, "iteration %d/%d  %dx%d  loss %.4g  %s left\n",
		p.Done, p.Planned, p.Width, p.Height, p.Loss.Total, p.Left.Round(time.Second))
}

func (l *plain) end() {}

// line is one iteration in --progress json and --log.
type line struct {
	Output     string `json:"output,omitempty"` // in batch
	Scale      int    `json:"scale"`
	Scales     int    `json:"scales"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Iteration  int    `json:"iteration"`
	Iterations int    `json:"iterations"`
	Done       int    `json:"done"` // over all scales
	Planned    int    `json:"planned"`
	Rollbacks  int    `json:"rollbacks,omitempty"`
	Loss       struct {
		Total   number `json:"total"`
		Content number `json:"content"`
		Style   number `json:"style"`
		TV      number `json:"tv"`
	} `json:"loss"`
	ContentWeight number `json:"content_weight"` // in loss
	Seconds       number `json:"seconds"`
}

// number is a float64 that JSON shows as null where it is not finite.
type number float64

// MarshalJSON writes the number so that it reads back the same, or null; it returns no
// error.
func (x number) MarshalJSON() ([]byte, error) {
	f := float64(x)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
}

// jsonLines writes one JSON object a line.
type jsonLines struct {
	w      io.Writer
	output string
	err    error // of the first line that could not be written
}

func (l *jsonLines) update(p nst.Progress) {
	v := line{
		Output: l.output,
		Scale:  p.Scale, Scales: p.Scales, Width: p.Width, Height: p.Height,
		Iteration: p.Iteration, Iterations: p.Iterations,
		Done: p.Done, Planned: p.Planned, Rollbacks: p.Rollbacks,
		ContentWeight: number(p.ContentWeight), Seconds: number(p.Elapsed.Seconds()),
	}
	v.Loss.Total, v.Loss.Content = number(p.Loss.Total), number(p.Loss.Content)
	v.Loss.Style, v.Loss.TV = number(p.Loss.Style), number(p.Loss.TV)
	l.put(v)
}

// put writes any object as a line.
func (l *jsonLines) put(v any) {
	if err := json.NewEncoder(l.w).Encode(v); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *jsonLines) end() {}
