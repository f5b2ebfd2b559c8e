package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
	"nst/internal/atomicfile"
	"nst/nst"
)

func runBatch(ctx context.Context, e *env, o *batchOptions) (err error) {
	began := time.Now()
	if o.many.apply {
		defer debug.SetGCPercent(debug.SetGCPercent(collectEarly))
	}
	t := newConsole(e, &o.settings)
	p, err := o.newPlan(ctx, e, t)
	if err != nil {
		return err
	}
	r := &batchRun{batchPlan: p}
	if !manifest.Exists(o.dir) { // what is wrong shows before there is a folder
		if err := r.load(ctx); err != nil {
			return err
		}
		if err := r.fitsFirst(); err != nil {
			return err
		}
	}
	book, err := o.openBook(t, p.shard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := p.sign(&book.Sums); err != nil {
		return err
	}
	todo := p.look(book)
	if len(todo) > skipped(todo)+refused(todo) {
		if err := r.load(ctx); err != nil {
			return err
		}
	}
	if o.many.dryRun {
		return r.dryRun(ctx, todo)
	}
	painters, closeAll, err := r.painters(todo)
	if err != nil {
		return err
	}
	defer closeAll()
	defer unconfine()
	if err := book.Begin(manifest.Run{All: p.all, Jobs: len(todo), Skipped: skipped(todo), Refused: refused(todo), Plan: p.plan}); err != nil {
		return &fileError{"manifest", o.dir, err}
	}
	log, err := openLog(o.log, extending(o.overwrite))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	t.noteEdited(todo)
	undo := t.onInterrupt(ctx)
	defer undo()
	opts := batch.Options{FailFast: o.many.failFast, Encode: r.encode, Rescue: rescueResult}
	if o.many.time > 0 {
		opts.Deadline = began.Add(o.many.time)
	}
	c := newBatchConsole(p, todo, log, len(painters) > 1)
	c.listen(&opts)
	summary, err := batch.Run(ctx, painters, todo, book, opts)
	c.bar.end()
	t.table(summary)
	t.summary(summary)
	return o.ending(ctx, summary, err)
}

// ending returns the error of a run that ended with err.
func (o *batchOptions) ending(ctx context.Context, s *batch.Summary, err error) error {
	broken := new(batch.BookError)
	switch {
	case errors.As(err, &broken):
		return &fileError{"manifest", o.dir, broken.Err}
	case errors.Is(err, batch.ErrNoWorker):
		return err
	case err != nil && ctx.Err() != nil:
		return &interrupted{err}
	case err != nil || s.Count(batch.Failed) > 0:
		return silent{} // the summary says it
	}
	return nil
}

// load reads what all jobs share, once.
func (r *batchRun) load(ctx context.Context) error {
	o := r.o
	if o.many.apply || r.weights != nil {
		return nil
	}
	var err error
	if r.weights, err = o.settings.weights(r.e); err != nil {
		return err
	}
	if file := o.startFile(); file != "" {
		r.start, err = r.t.open(ctx, "first", file)
	}
	return err
}

// fitsFirst returns a [memoryError] if a batch without a manifest needs more memory than there
// is.
func (r *batchRun) fitsFirst() error {
	if r.o.force || r.o.many.dryRun {
		return nil
	}
	book, err := manifest.Peek(r.o.dir)
	if err != nil {
		return nil // which opening it finds too
	}
	_, _, err = r.footprint(r.look(book))
	return err
}

// rescueResult saves a result that could not be written at its place.
func rescueResult(output string, data []byte, err error) error {
	return rescue("result", output, output, err, func(path string) error {
		return atomicfile.Create(path, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	})
}

// openBook opens the manifest, or only reads it for --dry-run.
func (o *batchOptions) openBook(t *console, s manifest.Shard) (*manifest.Book, error) {
	var book *manifest.Book
	var err error
	if o.many.dryRun {
		book, err = manifest.Peek(o.dir)
	} else {
		if err := makeDir(o.dir); err != nil {
			return nil, err
		}
		book, err = manifest.Open(o.dir, s)
	}
	if err != nil {
		return nil, manifestError(o.dir, err)
	}
	for _, d := range book.Damaged {
		t.say("line %d of %q is damaged: its job counts as not done", d.Line, d.Path)
	}
	return book, nil
}

// manifestError names the manifest of an error.
func manifestError(dir string, err error) error {
	held, version, foreign := new(manifest.HeldError), new(manifest.VersionError), new(manifest.ForeignError)
	switch {
	case errors.As(err, &held):
		return &fileError{"output folder", dir, err}
	case errors.As(err, &version):
		return &fileError{"manifest", version.Path, fmt.Errorf("has version %d of the format, and this nst knows version %d", version.Version, manifest.Version)}
	case errors.As(err, &foreign):
		return &fileError{"manifest", foreign.Path, errors.New("is not a manifest of nst")}
	case errors.Is(err, os.ErrNotExist):
		return &fileError{"output folder", dir, errNoManifest}
	}
	return &fileError{"manifest", dir, err}
}

// look says what is to be done with each job.
func (p *batchPlan) look(book *manifest.Book) []batch.Todo {
	todo := make([]batch.Todo, len(p.jobs))
	for i, j := range p.jobs {
		todo[i].Verdict = batch.Look(book, &j, p.o.overwrite)
		v := &todo[i].Verdict
		switch {
		case errors.Is(v.Err, batch.ErrForeign), errors.Is(v.Err, batch.ErrEdited):
			v.Err = &fileError{"result", j.Output, v.Err}
		case !v.Skip && v.Err == nil && j.Cost == 0:
			j.Cost = p.cost(&j)
		}
		j.Known = book.Last(j.Rel) != nil
		todo[i].Job = j
	}
	return todo
}

func skipped(todo []batch.Todo) int {
	n := 0
	for _, j := range todo {
		if j.Skip {
			n++
		}
	}
	return n
}

func refused(todo []batch.Todo) int {
	n := 0
	for _, j := range todo {
		if j.Verdict.Err != nil {
			n++
		}
	}
	return n
}

// noteEdited names the results that were changed after they were painted.
func (t *console) noteEdited(todo []batch.Todo) {
	var names []string
	for _, j := range todo {
		if j.Edited() {
			names = append(names, j.Output)
		}
	}
	if len(names) > 0 {
		t.say("%s changed after painting, kept: %s; --overwrite paints again", count(len(names), "result"), listed(names))
	}
}

// painters returns what paints at once. Call closeAll when they are done.
func (r *batchRun) painters(todo []batch.Todo) (all []batch.Painter, closeAll func(), err error) {
	closeAll = func() {}
	if len(todo) == skipped(todo)+refused(todo) {
		return nil, closeAll, nil
	}
	threads := r.threads()
	n, err := r.fitting(todo)
	if err != nil {
		return nil, closeAll, err
	}
	if r.o.many.apply {
		for i := range n {
			all = append(all, &onePassPainter{batchRun: r, threads: share(threads, n, i), universal: r.universal})
			r.universal = nil // each has its own, as they paint at once
		}
		return all, closeAll, nil
	}
	devices, err := r.o.devices()
	if err != nil {
		return nil, closeAll, err
	}
	if len(devices) > 1 {
		n = 1 // a painter for each
	}
	r.styles = &sharedStyles{kept: map[styleKey]*sharedStyle{}, most: 2*len(devices)*n + 2}
	var own []*optimiser
	for _, device := range devices {
		for i := range n {
			own = append(own, &optimiser{batchRun: r, device: device, threads: share(threads, n, i)})
		}
	}
	for _, p := range own {
		all = append(all, p)
	}
	closeAll = func() {
		for _, p := range own {
			p.close()
		}
	}
	if err := r.openAll(own, len(devices) > 1); err != nil { // a card that cannot be used shows before the first job
		closeAll()
		return nil, func() {}, err
	}
	return all, closeAll, nil
}

// openAll opens the devices of painters. On the processor they share the filters of the first.
func (r *batchRun) openAll(painters []*optimiser, cards bool) error {
	for i, p := range painters {
		if i > 0 && !cards {
			var err error
			if p.transfer, err = painters[0].transfer.Beside(p.threads); err == nil {
				continue
			} else if !errors.Is(err, nst.ErrCard) {
				return err
			}
		}
		if err := p.tune(0); err != nil {
			return err
		}
	}
	return nil
}

// share returns the number of threads of painter i of n.
func share(threads, n, i int) int { return max(1, (threads+n-1-i)/n) }
