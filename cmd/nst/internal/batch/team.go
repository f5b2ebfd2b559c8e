package batch

import (
	"context"
	"sync"
	"time"

	"nst/cmd/nst/internal/manifest"
	"nst/nst"
)

// team shares jobs among several painters.
type team struct {
	jobs    []Todo
	book    *manifest.Book
	options Options

	telling sync.Mutex // the functions of options, one at a time

	mu       sync.Mutex
	change   *sync.Cond // of what follows
	todo     []int
	busy     int        // painters
	alive    int        // painters whose card has not failed
	outcomes []*Outcome // nil for a job that was not begun
	pace     pace
	late     bool  // the time is up
	stop     bool  // begin no more
	broken   error // of the manifest
}

// pace is the speed of the jobs that are done.
type pace struct{ cost, seconds float64 }

// of returns the time that a job can be expected to take, 0 if that is not known.
func (p *pace) of(j *Job) time.Duration {
	if p.cost == 0 {
		return 0
	}
	return time.Duration(j.Cost * p.seconds / p.cost * float64(time.Second))
}

func newTeam(painters int, jobs []Todo, b *manifest.Book, o Options) *team {
	t := &team{jobs: jobs, book: b, options: o, alive: painters, outcomes: make([]*Outcome, len(jobs))}
	t.change = sync.NewCond(&t.mu)
	return t
}

// settle tells of the jobs that need no painter, and enters the others as to be done.
func (t *team) settle() error {
	var renewed []*manifest.Record
	for i, j := range t.jobs {
		switch {
		case j.Verdict.Err != nil:
			t.end(i, Outcome{Job: j.Job, Status: Failed, Err: j.Verdict.Err})
		case j.Skip:
			if j.renewed != nil {
				renewed = append(renewed, j.renewed)
			}
			t.end(i, Outcome{Job: j.Job, Status: Skipped})
		default:
			t.todo = append(t.todo, i)
		}
	}
	if len(renewed) == 0 {
		return nil
	}
	if err := t.book.Note(renewed...); err != nil {
		return &BookError{err}
	}
	return nil
}

// work does jobs until none are left or the painter has failed.
func (t *team) work(ctx context.Context, p Painter) {
	for {
		i, ok := t.take(ctx)
		if !ok {
			return
		}
		t.tell(func() {
			if t.options.Started != nil {
				t.options.Started(t.jobs[i].Job)
			}
		})
		out, err := t.do(ctx, p, t.jobs[i])
		if t.leave(i, &out, err) {
			t.tell(func() {
				if t.options.Warn != nil {
					t.options.Warn(out.Err)
				}
			})
			return
		}
		dead := out.dead()
		t.end(i, out)
		if dead {
			return
		}
	}
}

// take returns the next job. It waits while others work, because a job of theirs may come back.
func (t *team) take(ctx context.Context) (job int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.todo) == 0 && t.busy > 0 {
		t.change.Wait()
	}
	if len(t.todo) == 0 || t.alive == 0 || t.stop || ctx.Err() != nil {
		return 0, false
	}
	if d := t.options.Deadline; !d.IsZero() && time.Now().Add(t.pace.of(&t.jobs[t.todo[0]].Job)).After(d) {
		t.late, t.stop = true, true
		return 0, false
	}
	job, t.todo = t.todo[0], t.todo[1:]
	t.busy++
	return job, true
}

// leave notes that job i has ended. If the card of its painter failed and others are left, it
// puts the job back. err is that of the manifest.
func (t *team) leave(i int, out *Outcome, err error) (back bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.change.Broadcast()
	t.busy--
	if err != nil {
		t.broken, t.stop = err, true
	}
	if out.dead() {
		t.alive--
		if t.alive > 0 {
			t.todo = append([]int{i}, t.todo...)
			return true
		}
	}
	if out.Status == Done {
		t.pace.cost += out.Cost
		t.pace.seconds += out.Elapsed.Seconds()
	}
	if t.options.FailFast && out.Status == Failed {
		t.stop = true
	}
	return false
}

// end stores the outcome of job i and tells of it. The picture is not kept.
func (t *team) end(i int, out Outcome) {
	t.tell(func() {
		if t.options.Finished != nil {
			t.options.Finished(out)
		}
	})
	if out.Result != nil {
		small := *out.Result
		small.Picture = nil
		out.Result = &small
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[i] = &out
}

// tell calls f while no other function of the options runs.
func (t *team) tell(f func()) {
	t.telling.Lock()
	defer t.telling.Unlock()
	f()
}

func (t *team) progress(j Job, p nst.Progress) {
	if t.options.Progress != nil {
		t.tell(func() { t.options.Progress(j, p) })
	}
}

// summary lists the outcomes.
func (t *team) summary() *Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &Summary{Planned: len(t.jobs)}
	for _, out := range t.outcomes {
		if out != nil {
			s.Outcomes = append(s.Outcomes, *out)
		}
	}
	return s
}
