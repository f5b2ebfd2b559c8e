package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"nst/nst"
)

// reporter shows how far a run is.
type reporter interface {
	update(nst.Progress)
	end() // leaves the cursor at the start of a line
}

// newReporter returns the reporter of a mode of --progress; quiet is none.
func newReporter(e *env, mode string, quiet bool) reporter {
	if mode == "auto" {
		mode = "plain"
		if e.fancy() {
			mode = "bar"
		}
	}
	switch {
	case quiet || mode == "none":
		return silence{}
	case mode == "json":
		return &jsonLines{w: e.Stderr}
	case mode == "bar":
		return &bar{e: e}
	default:
		return &plain{w: e.Stderr}
	}
}

// silence shows nothing.
type silence struct{}

func (silence) update(nst.Progress) {}
func (silence) end()                {}

// bar draws one line over and over, for all scales.
type bar struct {
	e       *env
	bar     *progressbar.ProgressBar
	planned int
}

func (b *bar) update(p nst.Progress) {
	if b.bar == nil {
		b.planned = p.Planned
		b.bar = progressbar.NewOptions(p.Planned,
			progressbar.OptionSetWriter(b.e.Stderr),
			progressbar.OptionSetWidth(16),
			progressbar.OptionSetTheme(progressbar.ThemeASCII),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(false), // we know better: scales differ
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetRenderBlankState(true))
	}
	if p.Planned != b.planned { // an end by time or tolerance
		b.planned = p.Planned
		b.bar.ChangeMax(p.Planned)
	}
	b.bar.Describe(fmt.Sprintf("%dx%d  loss %.3e  %s left", p.Width, p.Height, p.Loss.Total, p.Left.Round(time.Second)))
	// Both draw on a terminal; what a terminal refuses is not worth the picture.
	_ = b.bar.Set(p.Done)
}

func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Exit()
		fmt.Fprintln(b.e.Stderr)
		b.bar = nil
	}
}

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
		fmt.Fprintf(l.w, "iteration %d/%d  loss %.4g: gone back to the best picture, with steps half as long\n", p.Done, p.Planned, p.Loss.Total)
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
	ContentWeight number `json:"content_weight"` // that the content has in loss
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
	if err := json.NewEncoder(l.w).Encode(v); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *jsonLines) end() {}
