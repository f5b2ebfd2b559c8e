package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
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
	opts := batch.Options{FailFast: o.many.failFast, Encode: r.encode}
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
			all = append(all, &onePassPainter{batchRun: r, threads: share(threads, n, i)})
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

// batchConsole reports how a batch proceeds.
type batchConsole struct {
	*console
	o         *batchOptions
	log       *logFile
	reporters map[string]reporter // of running jobs, by output
	bar       jobBar
	work      workload
	todo      int // jobs
	begun     int
}

// workload says how much of the work of a batch is done.
type workload struct {
	began   time.Time
	all     float64 // cost of all jobs that are to be done
	done    float64
	running map[string]float64 // cost done, by output
}

// left estimates the time to the end; 0 if it is not known yet.
func (w *workload) left() time.Duration {
	done := w.sum()
	if done <= 0 {
		return 0
	}
	return time.Duration(float64(time.Since(w.began)) * max(0, w.all-done) / done).Round(time.Second)
}

func (w *workload) sum() float64 {
	sum := w.done
	for _, part := range w.running {
		sum += part
	}
	return sum
}

func newBatchConsole(p *batchPlan, todo []batch.Todo, log *logFile, several bool) *batchConsole {
	o := p.o
	c := &batchConsole{console: p.t, o: o, log: log, reporters: map[string]reporter{}}
	c.work = workload{began: time.Now(), running: map[string]float64{}}
	for _, j := range todo {
		if !j.Skip && j.Verdict.Err == nil {
			c.work.all += j.Cost
			c.todo++
		}
	}
	c.bar = jobBar{line: barLine{e: p.e}, on: o.drawsBar(p.e) && c.todo > 0, jobs: c.todo}
	if several && o.progress == "plain" || several && o.progress == "auto" {
		o.progress = "none" // several at once would mix their lines
	}
	return c
}

func (b *batchConsole) listen(opts *batch.Options) {
	opts.Started = func(j batch.Job) {
		b.begun++
		if !b.bar.on {
			text := fmt.Sprintf("%d/%d  ", b.begun, b.todo)
			after := ""
			if left := b.work.left(); left > 0 {
				after = fmt.Sprintf("  (%v left)", left)
			}
			b.say("%s%s in the style of %s%s", text, j.Content, j.Style, after)
		}
		r := newReporter(b.e, b.o.progress, b.o.quiet)
		if b.bar.on || b.o.many.apply {
			r = silence{}
		}
		if lines, ok := r.(*jsonLines); ok {
			lines.output = j.Output
		}
		b.reporters[j.Output] = r
		b.draw(j.Content)
	}
	opts.Warn = b.warn
	opts.Progress = func(j batch.Job, p nst.Progress) {
		b.reporters[j.Output].update(p)
		b.log.update(j.Output, p)
		b.work.running[j.Output] = j.Cost * workDone(p)
		b.draw(j.Content)
	}
	opts.Finished = b.finished
}

// workDone returns the share of the work of a job that is done: the sizes to come are larger.
func workDone(p nst.Progress) float64 {
	total := p.Elapsed + p.Left
	if total <= 0 {
		return 0
	}
	return float64(p.Elapsed) / float64(total)
}

// draw draws the bar over all jobs.
func (b *batchConsole) draw(name string) {
	if !b.bar.on || b.work.all == 0 {
		return
	}
	var texts []string
	if d := b.work.left(); d > 0 {
		texts = []string{fmt.Sprintf("%s  %v left", name, d), fmt.Sprintf("%v left", d)}
	}
	b.bar.line.draw(b.work.sum()/b.work.all, fmt.Sprintf("%d/%d", b.begun, b.todo), append(texts, name)...)
}

func (b *batchConsole) finished(o batch.Outcome) {
	if r := b.reporters[o.Output]; r != nil {
		r.end()
		delete(b.reporters, o.Output)
	}
	delete(b.work.running, o.Output)
	if o.Status != batch.Skipped {
		b.work.done += o.Cost
	}
	if b.bar.on && (o.Status == batch.Failed || o.Status == batch.Interrupted || o.Saved != o.Output && o.Saved != "") {
		b.bar.end()
	}
	switch o.Status {
	case batch.Done:
		b.moved("picture", o.Output, o.Saved)
		if !b.bar.on {
			b.painted(&o)
		}
		b.draw(o.Content)
	case batch.Failed:
		b.e.fail(message(o.Err), hints(o.Err)...)
	case batch.Interrupted:
		if o.Saved != "" {
			b.painted(&o)
		}
		if o.Err != nil {
			b.e.fail(message(o.Err))
		}
	}
}

// painted reports the picture of a job.
func (b *batchConsole) painted(o *batch.Outcome) {
	if !b.o.many.apply {
		b.wrote(o.Saved, o.Result, nil)
		return
	}
	p := o.Result.Picture
	b.put(struct {
		Wrote   string `json:"wrote"`
		Width   int    `json:"width"`
		Height  int    `json:"height"`
		Seconds number `json:"seconds"`
	}{o.Saved, p.W, p.H, number(o.Elapsed.Seconds())},
		sprintf("wrote %s (%dx%d, %s)", o.Saved, p.W, p.H, seconds(o.Elapsed.Seconds())))
}
