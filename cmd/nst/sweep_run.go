package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// sweep paints the grid.
func sweep(ctx context.Context, e *env, o *sweepOptions) (err error) {
	t := newConsole(e, &o.settings)
	o.choose(e)
	o.fixed["network"] = o.network // whatever is installed the next time
	recipe, own, err := o.checkFiles(e)
	if err != nil {
		return err
	}
	files := o.files()
	files.keeps = true
	if err := t.fetch(ctx, o.content); err != nil {
		return err
	}
	ready, err := o.checkRun(t, files, o.points())
	if err != nil {
		return err
	}
	defer unconfine()
	job, styles, content, err := o.open(ctx, t)
	if err != nil {
		return err
	}
	ready()
	weights, err := o.weights(e)
	if err != nil {
		return err
	}
	if err := makeDir(o.dir); err != nil {
		return err
	}
	if err := recipe.write(o.dir, own.folder); err != nil {
		return err
	}
	log, err := openLog(o.log, extending(o.overwrite))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()

	r := &sweepRun{
		sweepOptions: o, console: t, log: log, job: job, original: content, files: o.pictures(),
		transferCache: transferCache{weights: weights, styles: styles},
		grid:          o.varied.sheet(batch.Stem(o.content) + " in the style of " + stems(o.styles)),
		recipe:        recipe, own: own,
	}
	defer r.transferCache.close()
	undo := context.AfterFunc(ctx, func() { t.say("interrupted: writing the sheet of what is done; Ctrl-C again stops at once") })
	err = r.paint(ctx)
	undo()
	return errors.Join(r.write(), err)
}

// points returns the options of every picture.
func (o *sweepOptions) points() []nst.Options {
	all := make([]nst.Options, o.varied.count())
	for i := range all {
		o.varied.set(o.varied.point(i))
		all[i] = o.Options
	}
	o.varied.set(o.varied.point(0))
	return all
}

// stems names pictures without folder and extension.
func stems(paths []string) string {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = batch.Stem(p)
	}
	return strings.Join(names, " + ")
}

// ownership says what a sweep may replace.
type ownership struct {
	folder bool // the lists of pictures in its folder
	sheet  bool
}

// checkFiles returns the recipe of the sweep, with the pictures that are done, and what the
// sweep may replace: with --overwrite all, else its own folder of an earlier run, with the
// pictures that it had begun. Any other file that it would replace is an error.
func (o *sweepOptions) checkFiles(e *env) (r *sweepRecipe, own ownership, err error) {
	r = o.recipe()
	before, err := readRecipe(o.dir)
	if err != nil && !o.overwrite {
		return nil, own, err
	}
	r.sign(before, append(o.inputs(), o.networkFile(e))...)
	own = ownership{before != nil || o.overwrite, o.overwrite}
	if before != nil && !o.overwrite {
		if d := before.differs(r); d != "" {
			return nil, own, &fileError{"sweep folder", o.dir, fmt.Errorf("%w %s", errOtherSweep, d)}
		}
		r.Done = before.Done
	}
	if before != nil {
		r.Painted, own.sheet = before.Painted, o.overwrite || before.Sheet == r.Sheet
	}
	var l ledger
	l.read(o.inputs()...)
	l.read(o.networkFile(e))
	l.write("output", o.output, replacing(own.sheet))
	inside := func(what, name string, ours bool) {
		path, mode := filepath.Join(o.dir, name), skips
		if exists(path) && !ours {
			mode = refuses
		}
		l.write(what, path, mode)
	}
	for _, path := range o.pictures() {
		name := filepath.Base(path)
		inside("picture", name, o.overwrite || slices.Contains(r.Painted, name))
	}
	inside("recipe", recipeFile, own.folder)
	inside("scores", scoresFile, own.folder)
	inside("page", pageFile, own.folder)
	l.write("log", o.log, extending(o.overwrite))
	return r, own, l.check()
}

// transferCache reuses a Transfer and its style as long as the options permit.
type transferCache struct {
	weights  *vgg.Weights
	styles   []nst.StylePicture
	transfer *nst.Transfer
	style    *nst.Style
}

// tune returns a Transfer with the options and its style.
func (s *transferCache) tune(ctx context.Context, o nst.Options) (*nst.Transfer, *nst.Style, error) {
	if s.style != nil {
		if err := s.transfer.Retune(o); !errors.Is(err, nst.ErrRetune) {
			return s.transfer, s.style, err
		}
	}
	s.close()
	var err error
	if s.transfer, err = nst.New(s.weights, o); err != nil {
		return nil, nil, err
	}
	s.style, err = s.transfer.Style(ctx, s.styles...)
	return s.transfer, s.style, err
}

func (s *transferCache) close() {
	if s.transfer != nil {
		s.transfer.Close()
	}
	s.transfer, s.style = nil, nil
}

// sweepRun is a sweep at work.
type sweepRun struct {
	*sweepOptions
	console       *console
	log           *logFile
	job           nst.Job
	original      *original
	transferCache transferCache
	files         []string
	grid          *sheet.Grid
	recipe        *sweepRecipe
	own           ownership
}

// paint fills the grid. A picture that fails leaves its cell empty.
func (r *sweepRun) paint(ctx context.Context) error {
	failed, skipped := 0, 0
	r.grid.Cells = make([]sheet.Cell, len(r.files))
	for i := range r.files {
		r.grid.Cells[i].Note = "not done"
	}
	for i, path := range r.files {
		if old := r.old(path); old != nil {
			r.show(i, old)
			skipped++
			continue
		}
		if ctx.Err() != nil {
			continue // pictures that exist are shown nevertheless
		}
		err := r.one(ctx, i)
		switch {
		case err == nil:
			err = r.recipe.write(r.dir, true) // after each, for the next run
		case ctx.Err() != nil:
			continue
		}
		if err != nil {
			r.grid.Cells[i].Note = "failed"
			r.console.e.fail(filepath.Base(path)+": "+message(err), hints(err)...)
			failed++
		}
	}
	done := 0
	for _, c := range r.grid.Cells {
		if c.Picture != nil {
			done++
		}
	}
	r.summary(done-skipped, skipped, failed, len(r.files)-done-failed)
	switch {
	case ctx.Err() != nil:
		return &interrupted{ctx.Err()}
	case failed > 0:
		return silent{}
	}
	return nil
}

// old returns a picture that was painted before, or nil.
func (r *sweepRun) old(path string) *imgio.Planar {
	if r.recipe.Done[filepath.Base(path)] == nil {
		return nil
	}
	p, _, err := imgio.Open(path)
	if err != nil {
		return nil
	}
	return p
}

func (r *sweepRun) summary(done, skipped, failed, left int) {
	words := fmt.Sprintf("%d done, %d skipped (already there), %d failed", done, skipped, failed)
	if left > 0 {
		words += fmt.Sprintf(", %d left to do", left)
	}
	r.console.put(struct {
		Done    int `json:"done"`
		Skipped int `json:"skipped"`
		Failed  int `json:"failed"`
		Left    int `json:"left"`
	}{done, skipped, failed, left}, words)
}

// one paints the picture of a combination.
func (r *sweepRun) one(ctx context.Context, i int) error {
	point := r.varied.point(i)
	r.varied.set(point)
	r.console.say("%d/%d  %s", i+1, len(r.files), r.varied.words(point))
	transfer, style, err := r.transferCache.tune(ctx, r.Options)
	if err != nil {
		return r.masks.named(err)
	}
	reporter := newReporter(r.console.e, r.progress, r.quiet)
	if lines, ok := reporter.(*jsonLines); ok {
		lines.output = r.files[i]
	}
	// A picture of this name may be replaced by the next run, even if this one is killed.
	name := filepath.Base(r.files[i])
	replace := r.overwrite || slices.Contains(r.recipe.Painted, name)
	if err := r.recipe.begin(r.dir, name); err != nil {
		return err
	}
	job := r.job
	job.Style, job.Warn = style, r.console.warn
	job.Progress = func(p nst.Progress) {
		reporter.update(p)
		r.log.update(r.files[i], p)
	}
	result, err := r.starting(transfer).Run(ctx, job)
	reporter.end()
	if err != nil {
		return r.masks.named(err)
	}
	maker, err := r.maker(r.console, r.transferCache.weights.Network, transfer)
	if err != nil {
		return err
	}
	picture := r.original.painted(result.Picture, maker.of(&r.settings, r.original, r.files[i], stopWords(result, nil)))
	if r.files[i], err = r.saveSomewhere(r.console, r.files[i], replace, picture); err != nil {
		return err
	}
	r.recipe.done(name, filepath.Base(r.files[i]), scoreOf(result))
	r.show(i, picture.onWhite())
	r.console.wrote(r.files[i], result, nil)
	return nil
}
