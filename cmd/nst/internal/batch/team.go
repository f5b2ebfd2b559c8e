package batch

import (
	"context"
	"sync"

	"nst/imgio"
	"nst/nst"
)

// team shares jobs among several workers.
type team struct {
	jobs    []Job
	options Options

	mu       sync.Mutex
	change   *sync.Cond // of what follows
	todo     []int
	busy     int        // workers
	alive    int        // workers whose card has not failed
	outcomes []*Outcome // nil for a job that was not begun
}

func newTeam(workers int, jobs []Job, o Options) *team {
	t := &team{jobs: jobs, options: o, alive: workers, outcomes: make([]*Outcome, len(jobs))}
	t.change = sync.NewCond(&t.mu)
	for i := range jobs {
		t.todo = append(t.todo, i)
	}
	return t
}

// work does jobs until none are left or the worker has failed.
func (t *team) work(ctx context.Context, w Worker) {
	r := &runner{worker: w, options: &t.options}
	for {
		i, ok := t.take(ctx)
		if !ok {
			return
		}
		out := r.one(ctx, i, len(t.jobs), t.jobs[i])
		if t.leave(i, out) {
			t.options.Warn(out.Err)
			return
		}
		r.tell(i, len(t.jobs), out)
	}
}

// take returns the next job. It waits while others work, because a job of theirs may come back.
func (t *team) take(ctx context.Context) (job int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.todo) == 0 && t.busy > 0 {
		t.change.Wait()
	}
	if len(t.todo) == 0 || t.alive == 0 || ctx.Err() != nil {
		return 0, false
	}
	job, t.todo = t.todo[0], t.todo[1:]
	t.busy++
	return job, true
}

// leave stores the outcome of job i. If the card of its worker failed and others are left,
// it puts the job back instead.
func (t *team) leave(i int, out Outcome) (back bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.change.Broadcast()
	t.busy--
	if out.dead() {
		t.alive--
		if t.alive > 0 {
			t.todo = append([]int{i}, t.todo...)
			return true
		}
	}
	t.outcomes[i] = &out
	return false
}

// inTurn returns o with functions that run one at a time. None of them is nil.
func (o Options) inTurn() Options {
	var mu sync.Mutex
	own := o
	own.Started = func(i, n int, j Job) {
		mu.Lock()
		defer mu.Unlock()
		if o.Started != nil {
			o.Started(i, n, j)
		}
	}
	own.Notes = func(what, path string, info imgio.Info) {
		mu.Lock()
		defer mu.Unlock()
		if o.Notes != nil {
			o.Notes(what, path, info)
		}
	}
	own.Progress = func(j Job, p nst.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if o.Progress != nil {
			o.Progress(j, p)
		}
	}
	own.Warn = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if o.Warn != nil {
			o.Warn(err)
		}
	}
	own.Finished = func(i, n int, out Outcome) {
		mu.Lock()
		defer mu.Unlock()
		if o.Finished != nil {
			o.Finished(i, n, out)
		}
	}
	return own
}
