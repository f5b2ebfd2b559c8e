package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nst/cmd/nst/internal/manifest"
	"nst/internal/atomicfile"
	"nst/nst"
)

// Painter paints one job at a time. The result has a picture; with an error that wraps that of
// ctx it may have the picture so far.
type Painter interface {
	Paint(ctx context.Context, j Job, progress func(nst.Progress)) (*nst.Result, error)
}

// Options say how jobs are run. All functions but Encode may be nil. They are called one at a
// time, except Encode.
type Options struct {
	FailFast bool      // begin no job after one has failed
	Deadline time.Time // begin no job that would not be done by then; zero is none

	// Encode returns the bytes of the file of the result of the job with this output.
	Encode func(output string, r *nst.Result) ([]byte, error)

	// Rescue saves the bytes of a result that could not be written, because of err, somewhere
	// else. It returns the error of the job. It may be nil.
	Rescue func(output string, data []byte, err error) error

	// Started is called before a job is begun; Progress after each iteration; Finished when a
	// job is done, skipped, failed or interrupted; Warn with what does not stop the batch.
	Started  func(j Job)
	Progress func(j Job, p nst.Progress)
	Warn     func(error)
	Finished func(o Outcome)
}

// ErrNoWorker means that jobs are left and every painter has failed.
var ErrNoWorker = errors.New("all cards have failed")

// ErrLate means that jobs are left and the time is up.
var ErrLate = errors.New("the time is up")

// ErrFast means that jobs are left after one has failed.
var ErrFast = errors.New("a job has failed")

// BookError means that the manifest could not be written. The picture of the job is there.
type BookError struct{ Err error }

// Error says what was wrong.
func (e *BookError) Error() string { return fmt.Sprintf("batch: manifest: %v", e.Err) }

// Unwrap returns what was wrong.
func (e *BookError) Unwrap() error { return e.Err }

// Todo is a job and what is to be done with it.
type Todo struct {
	Job
	Verdict
}

// Run does jobs, with all painters at once: each takes the next job when it is done with one.
// A job that fails does not stop the others, unless its card failed: then it is left to the
// other painters. Skipped jobs are told first.
//
// When ctx is cancelled, the pictures being painted are saved in a folder partial beside their
// outputs, so that no run takes them for finished ones. They are removed when their jobs are
// done. If an output appears while its picture is being painted, the picture is saved in a
// folder conflict.
//
// If jobs are left, the error wraps that of ctx, [ErrNoWorker], [ErrLate] or [ErrFast], or is
// a [BookError].
func Run(ctx context.Context, painters []Painter, jobs []Todo, b *manifest.Book, o Options) (*Summary, error) {
	t := newTeam(len(painters), jobs, b, o)
	if err := t.settle(); err != nil {
		return t.summary(), err
	}
	var work sync.WaitGroup
	for _, p := range painters {
		work.Go(func() { t.work(ctx, p) })
	}
	work.Wait()
	s := t.summary()
	begun := fmt.Sprintf("batch: %d of %d jobs left", s.Left(), len(jobs))
	switch {
	case t.broken != nil:
		return s, &BookError{t.broken}
	case s.Left() == 0:
		return s, nil
	case ctx.Err() != nil:
		return s, fmt.Errorf("%s: %w", begun, ctx.Err())
	case t.late:
		return s, fmt.Errorf("%s: %w", begun, ErrLate)
	case o.FailFast && s.Count(Failed) > 0 && t.alive > 0:
		return s, fmt.Errorf("%s: %w", begun, ErrFast)
	}
	return s, fmt.Errorf("%s: %w", begun, ErrNoWorker)
}

// do does a job. The error is that of the manifest.
func (t *team) do(ctx context.Context, p Painter, todo Todo) (out Outcome, err error) {
	began := time.Now()
	r := record(t.book, &todo.Job)
	r.Was = todo.was
	out = Outcome{Job: todo.Job}
	out.Result, out.Err = p.Paint(ctx, todo.Job, func(at nst.Progress) { t.progress(todo.Job, at) })
	out.Elapsed = time.Since(began)
	r.Seconds = out.Elapsed.Seconds()
	switch {
	case out.Err == nil:
		err = t.save(&out, r, todo.Verdict)
	case ctx.Err() != nil && errors.Is(out.Err, ctx.Err()):
		err = t.keepPartial(&out, r)
	default:
		out.Status = Failed
	}
	if out.Status == Failed && err == nil && !out.dead() {
		r.Status, r.Error, r.Picture = manifest.Failed, out.Err.Error(), nil
		err = t.book.Add(r)
	}
	return out, err
}

// save writes the picture of a job that is done, and enters it in the book: its hash before it
// is there, so that the next run knows it for its own whatever happens in between.
func (t *team) save(out *Outcome, r *manifest.Record, v Verdict) error {
	data, err := t.options.Encode(out.Output, out.Result)
	if err != nil {
		out.Status, out.Err = Failed, err
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(out.Output), 0o777); err != nil {
		t.rescue(out, data, err)
		return nil
	}
	if !unchanged(t.book, r) {
		for i := range r.Inputs { // whatever was painted: the next run does it again
			r.Inputs[i].File = manifest.File{}
		}
	}
	r.Status, r.Picture = manifest.Saving, manifest.PictureOf(data)
	r.Pixels, r.Loss = out.Result.Picture.W*out.Result.Picture.H, lossOf(out.Result)
	if err := t.book.Add(r); err != nil {
		t.rescue(out, data, err)
		return err
	}
	out.Saved = out.Output
	err = place(out.Output, data, v.replace)
	if errors.Is(err, fs.ErrExist) {
		out.Saved, err = Aside(out.Output, "conflict", func(path string) error { return place(path, data, false) })
		r.Saved = t.rel(out.Saved)
	}
	if err != nil {
		t.rescue(out, data, err)
		return nil
	}
	out.Status = Done
	done := *r
	done.Status, done.Was = manifest.Done, nil
	if f, err := manifest.Picture(out.Saved); err == nil {
		done.Picture = &f
	}
	t.dropPartial(v.last)
	return t.book.Note(&done)
}

// rescue ends a job whose result could not be written.
func (t *team) rescue(out *Outcome, data []byte, err error) {
	if t.options.Rescue != nil {
		err = t.options.Rescue(out.Output, data, err)
	}
	out.Status, out.Err, out.Saved = Failed, err, ""
}

// place writes a file so that it appears whole or not at all.
func place(path string, data []byte, replace bool) error {
	write := atomicfile.Create
	if replace {
		write = atomicfile.Write
	}
	return write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// keepPartial saves the picture of a job that was interrupted.
func (t *team) keepPartial(out *Outcome, r *manifest.Record) error {
	out.Status, out.Err = Interrupted, nil
	if out.Result == nil || out.Result.Iterations == 0 {
		return nil
	}
	data, err := t.options.Encode(out.Output, out.Result)
	if err == nil {
		out.Saved, err = Aside(out.Output, "partial", func(path string) error { return place(path, data, false) })
	}
	if err != nil {
		if t.options.Rescue != nil && data != nil {
			err = t.options.Rescue(out.Output, data, err)
		}
		out.Saved, out.Err = "", err
		return nil
	}
	r.Status, r.Saved = manifest.Interrupted, t.rel(out.Saved)
	if f, err := manifest.Picture(out.Saved); err == nil {
		r.Picture = &f
	}
	return t.book.Add(r)
}

// dropPartial removes the partial picture of a job that is done now, unless it was changed.
func (t *team) dropPartial(last *manifest.Record) {
	if last == nil || last.Status != manifest.Interrupted || last.Saved == "" || last.Picture == nil {
		return
	}
	path := inDir(t.book, last.Saved)
	if last.Picture.Matches(path) {
		_ = os.Remove(path) // it does no harm
		_ = os.Remove(filepath.Dir(path))
	}
}

// rel returns a file within the folder of the manifest, as records have it.
func (t *team) rel(path string) manifest.Path {
	rel, err := filepath.Rel(t.book.Dir(), path)
	if err != nil {
		rel = path
	}
	return manifest.Path(filepath.ToSlash(rel))
}

// inDir returns the file that a record names.
func inDir(b *manifest.Book, p manifest.Path) string {
	return filepath.Join(b.Dir(), filepath.FromSlash(string(p)))
}

// lossOf returns the loss for a record, nil for a picture painted in one pass.
func lossOf(r *nst.Result) *manifest.Loss {
	l := r.Loss
	if sum := l.Total + l.Content + l.Style + l.TV; r.Iterations == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil
	}
	return &manifest.Loss{Total: l.Total, Content: l.Content, Style: l.Style, TV: l.TV}
}

// Aside calls save with the name that output has in a folder beside it, or with the next one
// that is free, and returns that name. No job has its output there, whatever its style is
// called.
func Aside(output, folder string, save func(path string) error) (string, error) {
	dir, name := filepath.Split(output)
	dir = filepath.Join(dir, folder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return atomicfile.Beside(filepath.Join(dir, name), save)
}
