// Package batch paints many pictures in many styles: [Contents] finds the
// pictures, [Plan] makes the jobs, [Run] does them, and a [Summary] lists how each
// ended.
package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nst/imgio"
	"nst/internal/atomicfile"
	"nst/nst"
)

// Worker paints one picture at a time; it is a [nst.Transfer].
type Worker interface {
	Style(ctx context.Context, pictures ...nst.StylePicture) (*nst.Style, error)
	Run(ctx context.Context, j nst.Job) (*nst.Result, error)
}

// Options say how jobs are run. All functions but Save may be nil.
type Options struct {
	// Overwrite does jobs whose output exists. Otherwise they are skipped.
	Overwrite bool

	// Start is the first picture of every job, for nst.Options.Init image.
	Start *imgio.Planar

	// Limits bound the pictures that are read.
	Limits []imgio.Limit

	// Save writes a picture so that it appears whole or not at all. If Overwrite is false,
	// it must not replace a file; its error then matches fs.ErrExist.
	Save func(path string, p *imgio.Planar) error

	// Started is called before job i of n, from 0, unless it is skipped; Progress
	// after each iteration; Finished when it is done, skipped, failed or
	// interrupted. Notes gets the remarks about each picture file that is read.
	Started  func(i, n int, j Job)
	Notes    func(what, path string, info imgio.Info)
	Progress func(j Job, p nst.Progress)
	Warn     func(error) // see [nst.Job]
	Finished func(i, n int, o Outcome)
}

// Status says how a job ended.
type Status string

// The ways a job can end.
const (
	Done        Status = "done"
	Skipped     Status = "skipped"     // its output exists
	Failed      Status = "failed"      // Outcome.Err says why
	Interrupted Status = "interrupted" // Outcome.Saved is the picture so far
)

// Outcome is a job and how it ended.
type Outcome struct {
	Job
	Status  Status
	Err     error       // of a failed job
	Result  *nst.Result // of a job done or interrupted
	Saved   string      // file with the picture of a job done or interrupted, if there is one
	Elapsed time.Duration
}

// dead reports whether the job failed because the card failed.
func (o *Outcome) dead() bool { return o.Status == Failed && errors.As(o.Err, new(*nst.CardError)) }

// PictureError is a content or style that could not be used.
type PictureError struct {
	What string // content, style
	Path string
	Err  error
}

// Error names the picture and says what was wrong.
func (e *PictureError) Error() string {
	return fmt.Sprintf("batch: %s image %q: %v", e.What, e.Path, e.Err)
}

// Unwrap returns what was wrong.
func (e *PictureError) Unwrap() error { return e.Err }

// Summary lists how the jobs ended, in the order of the plan. After an interrupt it lacks
// jobs that were not begun.
type Summary struct {
	Outcomes []Outcome
	Planned  int // jobs, begun or not
}

// Count returns the number of jobs that ended with status.
func (s *Summary) Count(status Status) int {
	n := 0
	for _, o := range s.Outcomes {
		if o.Status == status {
			n++
		}
	}
	return n
}

// ErrNoWorker means that jobs are left and every worker has failed.
var ErrNoWorker = errors.New("all cards have failed")

// Run does the jobs in order. A job that fails does not stop the others, unless its card
// failed: then the error is [ErrNoWorker] if jobs are left. When
// ctx is cancelled, the picture being painted is saved in a folder partial beside its
// output, so that no run takes it for a finished one, and Run returns the summary so far
// with an error that wraps ctx.Err(). If an output appears while its picture is being
// painted, the picture is saved in a folder conflict.
func Run(ctx context.Context, worker Worker, jobs []Job, o Options) (*Summary, error) {
	r := &runner{worker: worker, options: &o}
	s := &Summary{Planned: len(jobs)}
	for i, j := range jobs {
		if err := ctx.Err(); err != nil {
			return s, fmt.Errorf("batch: %d of %d jobs not begun: %w", len(jobs)-i, len(jobs), err)
		}
		out := r.one(ctx, i, len(jobs), j)
		r.tell(i, len(jobs), out)
		s.Outcomes = append(s.Outcomes, out)
		if left := len(jobs) - i - 1; left > 0 && out.dead() {
			return s, fmt.Errorf("batch: %d of %d jobs not begun: %w", left, len(jobs), ErrNoWorker)
		}
		if out.Status == Interrupted {
			return s, fmt.Errorf("batch: interrupted at %q: %w", j.Output, ctx.Err())
		}
	}
	return s, nil
}

// RunOn is [Run] with several workers. Each does one job at a time and then takes the next.
// A worker whose card failed stops and leaves its job to the others. The functions of o are
// called by one worker at a time, except Save, which several may call at once.
func RunOn(ctx context.Context, workers []Worker, jobs []Job, o Options) (*Summary, error) {
	if len(workers) == 1 {
		return Run(ctx, workers[0], jobs, o)
	}
	t := newTeam(len(workers), jobs, o.inTurn())
	var work sync.WaitGroup
	for _, w := range workers {
		work.Go(func() { t.work(ctx, w) })
	}
	work.Wait()
	s := &Summary{Planned: len(jobs)}
	for _, out := range t.outcomes {
		if out != nil {
			s.Outcomes = append(s.Outcomes, *out)
		}
	}
	if err := ctx.Err(); err != nil && (len(s.Outcomes) < len(jobs) || s.Count(Interrupted) > 0) {
		return s, fmt.Errorf("batch: interrupted with %d of %d jobs done or skipped: %w", s.Count(Done)+s.Count(Skipped), len(jobs), err)
	}
	if left := len(jobs) - len(s.Outcomes); left > 0 {
		return s, fmt.Errorf("batch: %d of %d jobs not begun: %w", left, len(jobs), ErrNoWorker)
	}
	return s, nil
}

// runner keeps the style of the last job, because the next job probably has the same.
type runner struct {
	worker  Worker
	options *Options

	path  string // of the style held
	style *nst.Style
	err   error // why there is no style
}

// one does job i of n, unless its output exists.
func (r *runner) one(ctx context.Context, i, n int, j Job) Outcome {
	o := r.options
	skip := !o.Overwrite && exists(j.Output)
	if !skip && o.Started != nil {
		o.Started(i, n, j)
	}
	out := Outcome{Job: j, Status: Skipped}
	if !skip {
		out = r.job(ctx, j)
	}
	return out
}

// tell reports the outcome of job i of n.
func (r *runner) tell(i, n int, out Outcome) {
	if r.options.Finished != nil {
		r.options.Finished(i, n, out)
	}
}

// job does one job.
func (r *runner) job(ctx context.Context, j Job) Outcome {
	began := time.Now()
	out := Outcome{Job: j}
	out.Result, out.Err = r.paint(ctx, j)
	switch {
	case out.Err == nil:
		out.Status, out.Saved = Done, j.Output
		if out.Err = r.options.Save(j.Output, out.Result.Picture); errors.Is(out.Err, fs.ErrExist) {
			out.Saved, out.Err = r.aside("conflict", &out)
		}
		if out.Err != nil {
			out.Status, out.Saved = Failed, ""
		}
	case ctx.Err() != nil && errors.Is(out.Err, ctx.Err()):
		out.Status, out.Err = Interrupted, nil
		if out.Result != nil && out.Result.Iterations > 0 {
			if out.Saved, out.Err = r.aside("partial", &out); out.Err != nil {
				out.Saved = ""
			}
		}
	default:
		out.Status = Failed
	}
	out.Elapsed = time.Since(began)
	return out
}

func (r *runner) paint(ctx context.Context, j Job) (*nst.Result, error) {
	style, err := r.styleOf(ctx, j.Style)
	if err != nil {
		return nil, &PictureError{"style", j.Style, err}
	}
	content, err := r.open(ctx, "content", j.Content)
	if err != nil {
		return nil, &PictureError{"content", j.Content, err}
	}
	job := nst.Job{Content: content, Style: style, Start: r.options.Start, Warn: r.options.Warn}
	if r.options.Progress != nil {
		job.Progress = func(p nst.Progress) { r.options.Progress(j, p) }
	}
	return r.worker.Run(ctx, job)
}

// styleOf returns the targets of a style. It keeps those of the last path.
func (r *runner) styleOf(ctx context.Context, path string) (*nst.Style, error) {
	if r.path == path {
		return r.style, r.err
	}
	r.path, r.style = path, nil
	var p *imgio.Planar
	if p, r.err = r.open(ctx, "style", path); r.err == nil {
		r.style, r.err = r.worker.Style(ctx, nst.StylePicture{Picture: p, Weight: 1})
	}
	return r.style, r.err
}

func (r *runner) open(ctx context.Context, what, path string) (*imgio.Planar, error) {
	p, info, err := imgio.OpenContext(ctx, path, r.options.Limits...)
	if err == nil && r.options.Notes != nil {
		r.options.Notes(what, path, info)
	}
	return p, err
}

// aside saves the picture of a job in a folder beside its output.
func (r *runner) aside(folder string, out *Outcome) (string, error) {
	return Aside(out.Output, folder, func(path string) error { return r.options.Save(path, out.Result.Picture) })
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

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
