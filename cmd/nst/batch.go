package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// batchOptions are the arguments and flags of nst batch.
type batchOptions struct {
	settings
	contents []string // files, folders, patterns
	styles   []string
	dir      string
	format   string // png, jpg
}

// newBatchCmd returns nst batch. If runF is not nil, it runs instead
// of the work.
func newBatchCmd(e *env, runF func(context.Context, *batchOptions) error) *cobra.Command {
	o := &batchOptions{settings: defaults(), format: "png"}
	cmd := &cobra.Command{
		Use:   "batch CONTENT... --style STYLE [--style ...] --out-dir DIR",
		Short: "Paint many pictures in many styles",
		Long: `batch paints every CONTENT in every STYLE. A CONTENT is a picture, a folder or a
pattern such as 'in/*.jpg'. batch takes the pictures in a folder, but not those
in its subfolders.

The results are CONTENT-STYLE.png in DIR, which is created if necessary. Results
that exist are skipped: after an interrupt, the same command continues.
--overwrite paints them again. If a picture cannot be read, batch reports it and
goes on. The last lines count the pictures that were painted, skipped or failed.
The exit code is 1 if any failed. Ctrl-C saves the current picture as
DIR/partial/CONTENT-STYLE.png. If a result appears in DIR while its picture is
being painted, both are kept: the new one is in DIR/conflict.

--time limits each picture, not the batch.`,
		Example: `  nst batch holiday/ --style painting.jpg --out-dir painted
  nst batch 'in/*.jpg' --style a.jpg --style b.jpg --out-dir out --format jpg
  nst batch a.png b.png --style s.png --out-dir out --size 256 --progress plain`,
		Args: arguments(1, -1, "CONTENT..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.contents = args
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runBatch(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.styles, "style", nil, "the style picture, a `FILE`; may be repeated")
	folderFlag(cmd, &o.dir, "out-dir", "folder `DIR` for the results, created if necessary")
	words(cmd, &o.format, []string{"png", "jpg"}, "format", "format of the results")
	bindFlags(cmd, e, &o.settings, inBatch, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself.
func (o *batchOptions) check(cmd *cobra.Command) error {
	switch {
	case len(o.styles) == 0:
		return &usageError{cmd, errors.New("--style is missing")}
	case o.dir == "":
		return &usageError{cmd, errors.New("--out-dir is missing")}
	}
	errs := []error{o.settings.check(cmd)}
	if o.format != "jpg" && cmd.Flags().Changed("quality") {
		errs = append(errs, &valueError{"--quality", o.quality, "is only for --format jpg"})
	}
	return errors.Join(errs...)
}

// plan returns the jobs.
func (o *batchOptions) plan(e *env) ([]batch.Job, error) {
	for _, c := range o.contents {
		if imgio.SameFile(c, o.dir) {
			return nil, &fileError{"output folder", o.dir, errors.New("is one of the content folders: results would become contents")}
		}
	}
	contents, err := batch.Contents(o.contents, pictureExtensions())
	if err != nil {
		return nil, err
	}
	jobs, err := batch.Plan(contents, o.styles, o.dir, "."+o.format)
	if err != nil {
		return nil, err
	}
	var l ledger
	l.read(contents...)
	l.read(o.styles...)
	l.read(o.startFile(), o.networkFile(e))
	for _, j := range jobs {
		l.write("result", j.Output, skips)
	}
	l.write("log", o.log, extending(o.overwrite))
	return jobs, l.check()
}

func runBatch(ctx context.Context, e *env, o *batchOptions) (err error) {
	t := newConsole(e, &o.settings)
	jobs, err := o.plan(e)
	if err != nil {
		return err
	}
	if err := o.checkMemory(t, jobs); err != nil {
		return err
	}
	defer unconfine()
	for _, style := range o.styles {
		if _, err := (&console{e: e, quiet: true, limits: o.limits(e)}).open(ctx, "style", style); err != nil {
			return err
		}
	}
	workers, closeAll, err := o.workers(e)
	if err != nil {
		return err
	}
	defer closeAll()
	if len(workers) > 1 && o.progress == "auto" {
		o.progress = "none" // several at once would mix their lines
	}
	if err := makeDir(o.dir); err != nil {
		return err
	}
	opts := batch.Options{Overwrite: o.overwrite, Limits: o.limits(e), Save: func(path string, p *imgio.Planar) error {
		return o.saveOnly(path, o.overwrite, p)
	}}
	if file := o.startFile(); file != "" {
		if opts.Start, err = t.open(ctx, "first", file); err != nil {
			return err
		}
	}
	log, err := openLog(o.log, extending(o.overwrite))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()

	undo := t.onInterrupt(ctx)
	defer undo()
	(&batchConsole{console: t, o: o, log: log, reporters: map[string]reporter{}}).listen(&opts)
	summary, err := batch.RunOn(ctx, workers, jobs, opts)
	t.summary(summary)
	switch {
	case errors.Is(err, batch.ErrNoWorker):
		return err
	case err != nil:
		return &interrupted{err}
	case summary.Count(batch.Failed) > 0:
		return silent{}
	}
	return nil
}

// checkMemory compares the memory of the largest of the jobs with what there is.
func (o *batchOptions) checkMemory(t *console, jobs []batch.Job) error {
	files := &pictureFiles{styles: o.styles, start: o.start, keeps: true, apart: true}
	for _, j := range jobs {
		if !slices.Contains(files.contents, j.Content) {
			files.contents = append(files.contents, j.Content)
		}
	}
	_, err := o.checkRun(t, files, []nst.Options{o.Options})
	return err
}

// workers returns one worker for each device. Call closeAll when they are done.
func (o *batchOptions) workers(e *env) (all []batch.Worker, closeAll func(), err error) {
	var open []*nst.Transfer
	closeAll = func() {
		for _, t := range open {
			t.Close()
		}
	}
	devices, err := o.devices()
	if err != nil {
		return nil, closeAll, err
	}
	weights, err := o.weights(e)
	if err != nil {
		return nil, closeAll, err
	}
	for _, d := range devices {
		options := o.Options
		options.Compute.Device = d
		t, err := nst.New(weights, options)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		open, all = append(open, t), append(all, o.starting(t))
	}
	return all, closeAll, nil
}

// errNotTogether means that only one card can be used at a time.
var errNotTogether = errors.New("there are several cards, and the driver shares memory with one at a time only")

// devices lists the device of each worker: all cards if there are several and none is
// named. If only one can be used at a time, auto takes the first.
func (o *batchOptions) devices() ([]string, error) {
	cards, together := nst.UsableCards()
	switch {
	case len(cards) < 2 || o.Compute.Device != nst.DeviceAuto && o.Compute.Device != nst.DeviceCUDA:
		return []string{o.Compute.Device}, nil
	case !together && o.Compute.Device == nst.DeviceCUDA:
		return nil, errNotTogether
	case !together:
		cards = cards[:1]
	}
	var all []string
	for _, n := range cards {
		all = append(all, fmt.Sprintf("%s:%d", o.Compute.Device, n))
	}
	return all, nil
}

// batchConsole reports how a batch proceeds.
type batchConsole struct {
	*console
	o         *batchOptions
	log       *logFile
	reporters map[string]reporter // of running jobs, by output
}

func (b *batchConsole) listen(opts *batch.Options) {
	opts.Started = func(i, n int, j batch.Job) {
		b.say("%d/%d  %s in the style of %s", i+1, n, j.Content, j.Style)
		r := newReporter(b.e, b.o.progress, b.o.quiet)
		if lines, ok := r.(*jsonLines); ok {
			lines.output = j.Output
		}
		b.reporters[j.Output] = r
	}
	opts.Notes, opts.Warn = b.notes, b.warn
	opts.Progress = func(j batch.Job, p nst.Progress) {
		b.reporters[j.Output].update(p)
		b.log.update(j.Output, p)
	}
	opts.Finished = func(i, n int, o batch.Outcome) {
		if r := b.reporters[o.Output]; r != nil {
			r.end()
			delete(b.reporters, o.Output)
		}
		switch o.Status {
		case batch.Done:
			b.moved("picture", o.Output, o.Saved)
			b.wrote(o.Saved, o.Result, nil)
		case batch.Failed:
			b.e.fail(message(o.Err), hints(o.Err)...)
		case batch.Interrupted:
			if o.Saved != "" {
				b.wrote(o.Saved, o.Result, nil)
			}
			if o.Err != nil {
				b.e.fail(message(o.Err))
			}
		}
	}
}

// summary prints how all jobs ended.
func (t *console) summary(s *batch.Summary) {
	type failure struct {
		Output string `json:"output"`
		Error  string `json:"error"`
	}
	v := struct {
		Done    int       `json:"done"`
		Skipped int       `json:"skipped"`
		Failed  int       `json:"failed"`
		Left    int       `json:"left"`
		Errors  []failure `json:"errors,omitempty"`
	}{Done: s.Count(batch.Done), Skipped: s.Count(batch.Skipped), Failed: s.Count(batch.Failed)}
	v.Left = s.Planned - v.Done - v.Skipped - v.Failed
	words := fmt.Sprintf("%d done, %d skipped (already there), %d failed", v.Done, v.Skipped, v.Failed)
	if v.Left > 0 {
		words += fmt.Sprintf(", %d left to do", v.Left)
	}
	for _, o := range s.Outcomes {
		if o.Status == batch.Failed {
			v.Errors = append(v.Errors, failure{o.Output, message(o.Err)})
			words += sprintf("\nfailed: %s: %s", o.Output, message(o.Err))
		}
	}
	t.put(v, words)
}
