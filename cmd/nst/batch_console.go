package main

import (
	"fmt"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/nst"
)

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
