package main

import (
	"fmt"
	"io"
	"time"

	"nst/nst/instant"
)

// lessonProgress is a training after a step.
type lessonProgress struct {
	Step, Steps   int
	Loss          instant.Terms // of this step
	Mean          instant.Terms // a running mean
	Elapsed, Left time.Duration
}

// losses are the running means in words.
func (p *lessonProgress) losses() string {
	return fmt.Sprintf("content %.4g  style %.4g", p.Mean.Content, p.Mean.Style)
}

// lessonLine is one step in --progress json and --log.
type lessonLine struct {
	Step  int `json:"step"`
	Steps int `json:"steps"`
	Loss  struct {
		Content number `json:"content"`
		Style   number `json:"style"`
		TV      number `json:"tv"`
	} `json:"loss"`
	Seconds number `json:"seconds"`
	Left    number `json:"left"` // seconds
}

// line returns the line of a step.
func (p *lessonProgress) line() lessonLine {
	v := lessonLine{Step: p.Step, Steps: p.Steps, Seconds: number(p.Elapsed.Seconds()), Left: number(p.Left.Seconds())}
	v.Loss.Content, v.Loss.Style, v.Loss.TV = number(p.Loss.Content), number(p.Loss.Style), number(p.Loss.TV)
	return v
}

// lessonReporter shows the progress of a training.
type lessonReporter interface {
	update(lessonProgress)
	end() // leaves the cursor at the start of a line
}

// newLessonReporter returns the reporter of a mode of --progress, or a silent one if quiet.
func newLessonReporter(e *env, mode string, quiet bool) lessonReporter {
	switch resolveProgress(e, mode, quiet) {
	case "none":
		return lessonSilence{}
	case "json":
		return &lessonJSON{jsonLines{w: e.Stderr}}
	case "bar":
		return &lessonBar{barLine{e: e}}
	default:
		return &lessonPlain{w: e.Stderr}
	}
}

// lessonSilence shows nothing.
type lessonSilence struct{}

func (lessonSilence) update(lessonProgress) {}
func (lessonSilence) end()                  {}

// lessonBar draws one line over and over.
type lessonBar struct{ line barLine }

func (b *lessonBar) update(p lessonProgress) {
	left := p.Left.Round(time.Second).String() + " left"
	b.line.draw(float64(p.Step)/float64(max(1, p.Steps)), fmt.Sprintf("%d/%d", p.Step, p.Steps),
		p.losses()+"  "+left, left)
}

func (b *lessonBar) end() { b.line.end() }

// lessonPlain writes a line after the first step, after the last, at every tenth of the steps,
// and every ten seconds.
type lessonPlain struct {
	w     io.Writer
	any   bool          // a line was written
	last  time.Duration // of the last line
	tenth int           // at the last line
}

func (l *lessonPlain) update(p lessonProgress) {
	tenth := 10 * p.Step / max(1, p.Steps)
	if l.any && tenth == l.tenth && p.Elapsed-l.last < 10*time.Second && p.Step < p.Steps {
		return
	}
	l.any, l.last, l.tenth = true, p.Elapsed, tenth
	fmt.Fprintf(l.w, "step %d/%d  %s  %s left\n", p.Step, p.Steps, p.losses(), p.Left.Round(time.Second))
}

func (l *lessonPlain) end() {}

// lessonJSON writes one JSON object a step.
type lessonJSON struct{ lines jsonLines }

func (l *lessonJSON) update(p lessonProgress) { l.lines.put(p.line()) }
func (l *lessonJSON) end()                    {}
