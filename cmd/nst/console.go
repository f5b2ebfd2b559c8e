package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"nst/imgio"
	"nst/nst"
)

// console prints messages to stderr: as text, as JSON with --progress json, or not at all
// with --quiet.
type console struct {
	e           *env
	quiet, json bool
	limits      []imgio.Limit // of pictures that are read
	placed      *placed       // files that were written; nil if nobody asks
	resumes     bool          // it is of a run that goes on
	peeks       bool          // paintings are not read, only their headers
	fetched     map[string][]byte
}

// newConsole returns the console for the settings, and prints their notes.
func newConsole(e *env, s *settings) *console {
	c := &console{e: e, quiet: s.quiet, json: s.progress == "json", limits: s.limits(e), placed: &placed{}}
	for _, line := range s.notes.lines {
		c.say("%s", line)
	}
	s.notes.lines = nil
	return c
}

// say prints one line. Texts among a are made printable.
func (t *console) say(format string, a ...any) {
	t.put(map[string]string{"note": fmt.Sprintf(format, a...)}, sprintf(format, a...))
}

// sprintf is [fmt.Sprintf] that makes the texts among a printable, so that the name of a file
// makes no line of its own.
func sprintf(format string, a ...any) string {
	a = slices.Clone(a)
	for i, x := range a {
		if text, ok := x.(string); ok {
			a[i] = printable(text)
		}
	}
	return fmt.Sprintf(format, a...)
}

// fprintf is [fmt.Fprintf] as sprintf is fmt.Sprintf, for tables: names come from files of
// others, and what they hold must not reach the terminal as it is.
func fprintf(w io.Writer, format string, a ...any) {
	fmt.Fprint(w, sprintf(format, a...))
}

// put prints v as JSON, or words as text.
func (t *console) put(v any, words string) {
	switch {
	case t.quiet:
	case t.json:
		// A closed stderr must not lose the picture.
		_ = json.NewEncoder(t.e.Stderr).Encode(v)
	default:
		fmt.Fprintln(t.e.Stderr, printableLines(words))
	}
}

// open reads a picture and prints notes about its file.
func (t *console) open(ctx context.Context, what, path string) (*imgio.Planar, error) {
	return t.openFor(ctx, what, path, 0)
}

// openFor is open for a picture whose longest side is wanted at a size at most, if that is not
// 0: a much larger one is reduced.
func (t *console) openFor(ctx context.Context, what, path string, size int) (*imgio.Planar, error) {
	var info imgio.Info
	p, err := await(ctx, func() (p *imgio.Planar, err error) {
		if what == "mask" {
			p, info, err = imgio.OpenMask(path, t.limits...)
		} else {
			p, info, err = imgio.Open(path, t.shrinking(size)...)
		}
		return p, err
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &fileError{what + " image", path, err}
	}
	t.notes(what, path, info)
	return p, nil
}

// warn prints why the processor replaces the card.
func (t *console) warn(err error) {
	t.say("%s: using the processor", message(err))
}

// notes prints what is unusual in the file of a picture.
func (t *console) notes(what, path string, info imgio.Info) {
	for _, note := range info.Notes() {
		t.say("%s image %q: %s", what, path, note)
	}
}

// wrote reports the result of a run. score is that of the file, nil if it is not known.
func (t *console) wrote(path string, r *nst.Result, score *nst.Score) {
	v := struct {
		Wrote         string   `json:"wrote"`
		Width         int      `json:"width"`
		Height        int      `json:"height"`
		PaintedWidth  int      `json:"painted_width,omitempty"` // if it was enlarged from that
		PaintedHeight int      `json:"painted_height,omitempty"`
		Iterations    int      `json:"iterations"`
		Seconds       number   `json:"seconds"`
		Loss          number   `json:"loss"`
		Score         *number  `json:"score,omitempty"`
		ContentWeight number   `json:"content_weight"`
		Scales        int      `json:"scales"`
		Rollbacks     int      `json:"rollbacks"`
		Stop          nst.Stop `json:"stop"`
	}{path, r.Picture.W, r.Picture.H, 0, 0, r.Iterations, number(r.Elapsed.Seconds()), number(r.Loss.Total), nil, number(r.ContentWeight), r.Scales, r.Rollbacks, r.Stop}
	why := ""
	if score != nil {
		total := number(score.Total)
		v.Score = &total
		why = fmt.Sprintf(", score %.3g", score.Total)
	}
	switch {
	case r.Stop == nst.StopTime:
		why += ", out of time"
	case r.Stop == nst.StopTolerance:
		why += ", settled"
	case r.Stop == nst.StopMemory:
		why += ", out of memory"
	}
	if p := r.Painted; p.W > 0 && (p.W < r.Picture.W || p.H < r.Picture.H) {
		v.PaintedWidth, v.PaintedHeight = p.W, p.H
		why += fmt.Sprintf(", painted at %dx%d and enlarged", p.W, p.H)
	}
	if r.Rollbacks > 0 {
		why += ", " + count(r.Rollbacks, "rollback")
	}
	t.put(v, sprintf("wrote %s (%dx%d, %s, %s, loss %.3g%s)", path, v.Width, v.Height,
		count(v.Iterations, "iteration"), seconds(float64(v.Seconds)), float64(v.Loss), why))
}

// onInterrupt prints a line when ctx ends. Call the function that it returns after the run.
func (t *console) onInterrupt(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() {
		t.say("interrupted: finishing this iteration, then saving the picture; Ctrl-C again stops at once")
	})
}

// count returns n with its noun: 1 error, 2 errors.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// seconds formats a duration: 132 s, 4.7 s.
func seconds(s float64) string {
	if s < 9.95 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", math.Round(s))
}

// openLog opens the file of --log. It returns nil if path is empty.
func openLog(path string, mode writeMode) (*logFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := mode.open(path)
	if err != nil {
		return nil, &fileError{"log", path, err}
	}
	return &logFile{lines: jsonLines{w: f}, file: f, path: path}, nil
}

// logFile is the file of --log. A nil logFile writes nothing.
type logFile struct {
	lines jsonLines
	file  *os.File
	path  string
	cut   int64 // bytes to keep of what is there, from the first line on; 0 is all
}

func (l *logFile) update(output string, p nst.Progress) {
	if l == nil {
		return
	}
	if l.cut > 0 {
		l.lines.err, l.cut = l.file.Truncate(l.cut), 0
	}
	l.lines.output = output
	l.lines.update(p)
}

// size returns the length of the file in bytes; 0 for nil.
func (l *logFile) size() (int64, error) {
	if l == nil {
		return 0, nil
	}
	info, err := l.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// close closes the file. The error is the first that occurred while writing or closing.
func (l *logFile) close() error {
	if l == nil {
		return nil
	}
	err := l.file.Close()
	if l.lines.err != nil {
		err = l.lines.err
	}
	if err != nil {
		return &fileError{"log", l.path, err}
	}
	return nil
}
