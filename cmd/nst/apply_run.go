package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"

	"nst/cmd/nst/internal/batch"
)

// collectEarly is the garbage that is left in memory, in per cent of what is in use. Pictures
// are few and large, so that the usual 100 would nearly double the memory.
const collectEarly = 10

// manyPixels is the size from which reading a picture leaves enough garbage to give it back.
const manyPixels = 1 << 19

func apply(ctx context.Context, e *env, o *applyOptions) error {
	t := newConsole(e, &o.settings)
	for _, c := range o.contents {
		if c != standard && isModel(c) {
			return &fileError{"content image", c, errSwapped}
		}
	}
	b, err := o.checkApply(ctx, t)
	if err != nil {
		return err
	}
	defer unconfine()
	defer debug.SetGCPercent(debug.SetGCPercent(collectEarly)) // networks are small
	styles, err := o.openStyles(ctx, t, b)
	if err != nil {
		return err
	}
	jobs, err := o.plan(styleLabel(styles))
	if err != nil {
		return err
	}
	r := &applyRun{o: o, t: t, jobs: jobs, brush: b}
	if err := r.checkFiles(styles); err != nil {
		return err
	}
	if err := r.openStyleMasks(ctx, styles); err != nil {
		return err
	}
	if r.brush == nil {
		if r.brush, err = o.newBrush(styles, nil); err != nil {
			return err
		}
	}
	if r.maker, err = o.maker(t, styles); err != nil {
		return err
	}
	return r.run(ctx)
}

// openStyles finds the styles and reads their paintings. Those of a brush that has planned are
// found already, without paintings.
func (o *applyOptions) openStyles(ctx context.Context, t *console, planned *brush) ([]styleRef, error) {
	if planned == nil {
		return t.e.someStyles(ctx, t, o.styles)
	}
	return planned.styles, t.openPaintings(ctx, planned.styles)
}

// errSwapped means that a network stands where a photograph belongs.
var errSwapped = errors.New("is a network, not a picture")

// applyRun is a run of nst apply.
type applyRun struct {
	o     *applyOptions
	t     *console
	jobs  []batch.Job
	brush *brush
	maker *maker
}

// checkFiles returns an error unless the results can be written, and no input would be
// replaced.
func (r *applyRun) checkFiles(styles []styleRef) error {
	o := r.o
	var l ledger
	l.read(o.masks.paths()...)
	for _, s := range styles {
		l.read(s.path)
	}
	for _, j := range r.jobs {
		if j.Content != standard {
			l.read(j.Content)
		}
	}
	errs := []error{o.checkBlend(len(styles)), o.checkMasks(styles, len(r.jobs))}
	if len(o.masks.content) > 0 && o.blend != nil {
		errs = append(errs, &valueError{"--style-blend", &numbersValue{&o.blend}, "cannot go with --content-mask, which gives each style a region of its own"})
	}
	for _, j := range r.jobs {
		switch {
		case j.Output == standard && o.json:
			errs = append(errs, &valueError{"--json", true, "cannot go with standard output for the picture"})
		case j.Output == standard && r.t.e.StdoutTerminal:
			errs = append(errs, errTerminal)
		case j.Output == standard:
		case o.dir != "":
			l.write("result", j.Output, skips)
		default:
			l.write("output", j.Output, replacing(o.overwrite))
		}
	}
	if err := errors.Join(append(errs, l.check())...); err != nil || o.dir == "" {
		return err
	}
	return makeDir(o.dir)
}

// errTerminal means that a picture would be written to a terminal.
var errTerminal = errors.New("standard output is a terminal, which cannot show a picture")

// run does the jobs in order. A job that fails does not stop the others.
func (r *applyRun) run(ctx context.Context) error {
	if len(r.jobs) == 1 {
		return r.one(ctx, r.jobs[0]).Err
	}
	bar := jobBar{line: barLine{e: r.t.e}, on: r.drawsBar(), jobs: len(r.jobs)}
	s := &batch.Summary{Planned: len(r.jobs)}
	for i, j := range r.jobs {
		if ctx.Err() != nil {
			break
		}
		bar.draw(i, j.Content)
		out := r.one(ctx, j)
		if out.Err != nil && ctx.Err() != nil {
			break
		}
		s.Outcomes = append(s.Outcomes, out)
		if out.Err != nil {
			bar.end()
			r.t.e.fail(message(out.Err), hints(out.Err)...)
		}
	}
	bar.draw(len(s.Outcomes), "")
	bar.end()
	r.t.summary(s)
	switch {
	case ctx.Err() != nil:
		return &interrupted{ctx.Err()}
	case s.Count(batch.Failed) > 0:
		return silent{}
	}
	return nil
}

// one does a job, unless its result is in the folder already.
func (r *applyRun) one(ctx context.Context, j batch.Job) batch.Outcome {
	out := batch.Outcome{Job: j, Status: batch.Skipped}
	if r.o.dir != "" && !r.o.overwrite && exists(j.Output) {
		r.tell(out, nil)
		return out
	}
	began := time.Now()
	p, err := r.paint(ctx, j)
	if err == nil {
		out.Saved, err = r.write(j, p)
	}
	out.Status, out.Err, out.Elapsed = batch.Done, err, time.Since(began)
	if err != nil {
		out.Status = batch.Failed
	}
	if ctx.Err() == nil || err == nil {
		r.tell(out, p)
	}
	return out
}

// paint paints the content of a job.
func (r *applyRun) paint(ctx context.Context, j batch.Job) (*artwork, error) {
	format, err := r.o.formatOf(j.Output)
	if err != nil {
		return nil, err
	}
	from, err := r.t.openOriginal(ctx, &r.o.settings, j.Content, format, onePassReading(r.o.pass.size).content)
	if err != nil {
		return nil, err
	}
	content, err := fitted(from.picture, r.o.pass.size)
	if err != nil {
		return nil, &fileError{"content image", j.Content, err}
	}
	w, h := from.picture.Whole()
	from.picture = nil // may be larger
	if w*h > manyPixels {
		debug.FreeOSMemory() // what reading it has left
	}
	regions, protect, err := r.openMasks(ctx, content)
	if err != nil {
		return nil, err
	}
	p, err := r.brush.paint(ctx, content, regions, protect)
	if err != nil {
		return nil, r.o.masks.named(err)
	}
	return from.painted(p, r.maker.of(&r.o.settings, from, j.Output, "")), nil
}

// write writes the result of a job and returns its file.
func (r *applyRun) write(j batch.Job, a *artwork) (string, error) {
	o := r.o
	if j.Output == standard || o.dir == "" {
		return o.saveSomewhere(r.t, j.Output, o.overwrite, a)
	}
	e, err := o.encodingFor(a, j.Output)
	if err != nil {
		return "", err
	}
	save := func(path string) error { return savePicture(path, o.overwrite, a.picture, e) }
	at, err := j.Output, save(j.Output)
	if errors.Is(err, fs.ErrExist) { // as in nst batch
		at, err = batch.Aside(j.Output, "conflict", save)
	}
	if err != nil {
		return "", rescue("result", j.Output, j.Output, &fileError{"result", j.Output, err}, func(path string) error { return savePicture(path, false, a.picture, e) })
	}
	r.t.moved("picture", j.Output, at)
	return at, nil
}

// tell reports how a job ended: on standard error, and with --json on standard output.
func (r *applyRun) tell(out batch.Outcome, a *artwork) {
	v := struct {
		Content string `json:"content"`
		Style   string `json:"style"`
		Wrote   string `json:"wrote,omitempty"`
		Skipped string `json:"skipped,omitempty"` // was there already
		Width   int    `json:"width,omitempty"`
		Height  int    `json:"height,omitempty"`
		Seconds number `json:"seconds,omitempty"`
		Error   string `json:"error,omitempty"`
	}{Content: out.Content, Style: out.Style, Seconds: number(out.Elapsed.Seconds())}
	switch out.Status {
	case batch.Failed:
		v.Error = message(out.Err)
	case batch.Skipped:
		v.Skipped = out.Output
		if len(r.jobs) == 1 {
			r.t.put(v, out.Output+" exists already: skipped")
		}
	default:
		v.Wrote, v.Width, v.Height = out.Saved, a.picture.W, a.picture.H
		if !r.drawsBar() && r.o.progress != "none" {
			r.t.put(v, sprintf("wrote %s (%dx%d, %s)", out.Saved, a.picture.W, a.picture.H, seconds(float64(v.Seconds))))
		}
	}
	if r.o.json {
		_ = json.NewEncoder(r.t.e.Stdout).Encode(v) // a closed stdout must not lose pictures
	}
}

// drawsBar reports whether a bar shows how many pictures are done.
func (r *applyRun) drawsBar() bool {
	return len(r.jobs) > 1 && r.o.drawsBar(r.t.e)
}

// jobBar is a bar over many pictures.
type jobBar struct {
	line barLine
	on   bool
	jobs int
}

func (b *jobBar) draw(done int, name string) {
	if b.on {
		b.line.draw(float64(done)/float64(b.jobs), fmt.Sprintf("%d/%d", done, b.jobs), name)
	}
}

func (b *jobBar) end() { b.line.end() }
