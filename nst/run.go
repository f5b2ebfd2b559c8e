package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"nst/imgio"
	"nst/internal/colour"
	"nst/internal/engine/exec"
)

// run is one picture being painted, over all scales.
type run struct {
	transfer *Transfer
	device   exec.Device
	job      *Job // its style prepared by colour, its mask of the size of the result
	colour   colour.Mode
	plan     []scale
	began    time.Time
	result   *Result
	contents map[Size]*imgio.Planar // the content as it came, at the size of each scale
	calm     *Mask                  // see calmOf

	shortened   bool // the plan, by Schedule.Time
	balance     balance
	turn        int                      // from 0; see turnLength
	sums        func() map[string]string // see made; computed once
	checkpoints checkpoints
}

// prepare checks a job, fits its masks to the result, which it changes, and plans the run.
func (t *Transfer) prepare(j *Job) (*run, error) {
	if err := t.checkJob(j); err != nil {
		return nil, err
	}
	size := t.options.size(j.Content)
	w, h := j.Content.Whole()
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("nst: content of %dx%d pixels: the longest side must be between %d and %d", w, h, MinSize, MaxSize)
	}
	w, h = imgio.FitLongest(w, h, size)
	regions, err := regionsOf(j.Regions, j.Style, w, h)
	if err != nil {
		return nil, err
	}
	j.Style = j.Style.over(regions)
	plan, err := t.network.scales(&t.options.Schedule, j.Content, j.Style, size)
	if err != nil {
		return nil, err
	}
	if j.Protect != nil {
		if j.Protect, err = j.Protect.forProtection(w, h); err != nil {
			return nil, err
		}
	}
	contents := contentsOf(j.Content, plan)
	j.Content = nil // which may be far larger
	if t.options.Schedule.Init == InitImage {
		first := plan[0]
		part := StartPart(Size{j.Start.W, j.Start.H}, Size{w, h})
		j.Start = middleOf(j.Start, part).Resize(first.w, first.h)
	}
	mode := colourOf(t.options.Color)
	if t.options.Color == ColourStyle && j.Style.colourless() {
		mode, t = colour.Grey{}, t.greyed()
	}
	j.Style = j.Style.coloured(mode, contents[Size{w, h}])
	r := &run{transfer: t, job: j, colour: mode, plan: plan, contents: contents}
	r.calm = calmOf(contents[Size{w, h}], t.options.Objective.Calm)
	r.sums = sync.OnceValue(r.sum)
	return r, nil
}

// contentsOf returns a content at the size of each scale.
func contentsOf(content *imgio.Planar, plan []scale) map[Size]*imgio.Planar {
	contents := map[Size]*imgio.Planar{}
	for _, at := range plan {
		contents[Size{at.w, at.h}] = content.Resize(at.w, at.h)
	}
	return contents
}

// on returns a run of what r has prepared, on a device.
func (r *run) on(d exec.Device) *run {
	now := r.transfer.now()
	return &run{
		transfer: r.transfer, device: d, job: r.job, colour: r.colour, plan: slices.Clone(r.plan), contents: r.contents, calm: r.calm,
		began: now, checkpoints: checkpoints{last: now}, result: &Result{Stop: StopIterations}, sums: r.sums,
	}
}

// evaluator returns what computes in the current turn.
func (r *run) evaluator() evaluator {
	n := r.transfer.network
	return evaluator{n, r.turn % len(n.oriented), r.device}
}

// turnLength is [turnLength] for this run.
func (r *run) turnLength() int {
	return turnLength(&r.transfer.options, len(r.transfer.network.oriented))
}

// window is [toleranceWindow] for this run.
func (r *run) window() int {
	return toleranceWindow(&r.transfer.options, len(r.transfer.network.oriented))
}

// paint goes through the scales. Each starts from the result of the one before.
func (r *run) paint(ctx context.Context) (*Result, error) {
	if err := r.evaluator().checkMemory(r.plan, r.job.Style, &r.transfer.options); err != nil {
		return nil, err
	}
	if err := r.accept(); err != nil {
		return nil, err
	}
	first := 0
	if r.job.Resume != nil {
		first = r.job.Resume.position.Index
	}
	defer func() { r.result.Elapsed = r.elapsed() }()
	var last *pass
	defer func() {
		if last != nil {
			last.vector.Close()
		}
	}()
	for i := first; i < len(r.plan); i++ {
		if last != nil && r.late() {
			break // the picture is enlarged, but not painted further
		}
		next, err := r.begin(ctx, i, last)
		if err != nil {
			return r.end(ctx, last, outOfMemory(err, r.plan[i].w, r.plan[i].h))
		}
		if last != nil {
			last.vector.Close()
		}
		last = next
		err = last.descend(ctx)
		last.objective.close()
		if err != nil {
			return r.end(ctx, last, outOfMemory(err, last.w, last.h))
		}
	}
	return r.end(ctx, last, nil)
}

// end makes the result from the last pass, if there was one. err is what ended the run.
func (r *run) end(ctx context.Context, last *pass, err error) (*Result, error) {
	if last == nil {
		return nil, err
	}
	picture := last.painted()
	if failed := last.vector.Wait(); failed != nil {
		return nil, instead(ctx, err, failed)
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		r.result.Stop = StopInterrupted
		err = fmt.Errorf("nst: interrupted after %d iterations: %w", r.result.Iterations, ctx.Err())
	} else if errors.As(err, new(*OutOfMemoryError)) {
		r.result.Stop = StopMemory
		r.transfer.cpu.Trim() // for the result
	} else if diverged := new(DivergedError); err != nil && !errors.As(err, &diverged) {
		return nil, err
	}
	if r.shortened && r.result.Stop == StopIterations {
		r.result.Stop = StopTime
	}
	full := r.plan[len(r.plan)-1]
	r.result.Picture, r.result.Painted = picture, Size{last.w, last.h}
	if last.w != full.w || last.h != full.h {
		r.result.Picture = enlarge(r.result.Picture, full.w, full.h)
	}
	r.result.Picture = r.finish(r.result.Picture)
	if r.result.Stop == StopInterrupted {
		r.result.Elapsed = r.elapsed()
		if failed := r.saveLast(last); failed != nil {
			return nil, failed
		}
	}
	return r.result, err
}

// instead returns the error of a run whose card failed: failed, joined to err unless err is
// only a consequence, such as a loss that is not a number, or an interrupt.
func instead(ctx context.Context, err, failed error) error {
	failed = fmt.Errorf("nst: %w", failed)
	if errors.As(err, new(*DivergedError)) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return failed
	}
	return errors.Join(err, failed)
}

// finish turns a picture of the run, which it may change, into the result.
func (r *run) finish(p *imgio.Planar) *imgio.Planar {
	content := r.contents[Size{p.W, p.H}]
	p = r.colour.Finish(p, content)
	if r.job.Protect != nil {
		r.job.Protect.restore(p, content)
	}
	return p
}

func (r *run) elapsed() time.Duration { return r.transfer.now().Sub(r.began) }

// late reports whether Schedule.Time has passed.
func (r *run) late() bool {
	limit := r.transfer.options.Schedule.Time
	if limit == 0 || r.elapsed() < limit {
		return false
	}
	r.result.Stop = StopTime
	return true
}

// begin prepares the scale of that index. last is the pass before it; nil is none.
func (r *run) begin(ctx context.Context, index int, last *pass) (*pass, error) {
	t, at := r.transfer, r.plan[index]
	content := r.colour.Content(r.contents[Size{at.w, at.h}])
	var start *imgio.Planar
	var err error
	switch {
	case r.resumed(index):
		start = content // of this size; restore has the picture
	case last == nil:
		start = r.start(content)
	default:
		start = r.grow(last, content)
		err = last.vector.Wait()
	}
	if err != nil {
		return nil, err
	}
	balance, turn := r.balance, r.turn
	if r.balance.factor == lead { // the first scale ended early
		r.balance.factor = 0
	}
	r.balance.follow(last, &t.options)
	if last != nil {
		r.turn++
	}
	p := &pass{run: r, index: index, began: t.now(), w: at.w, h: at.h, content: content, start: r.colour.Content(start), bestLoss: math.Inf(1)}
	if err := p.equip(ctx, last); err != nil {
		r.balance, r.turn = balance, turn // a State is that of last
		return nil, err
	}
	if !r.resumed(index) {
		r.result.Scales++
		r.result.Stop = StopIterations
	}
	return p, nil
}

// equip gives a pass its optimiser, vectors and objective. last is the pass before it; nil is
// none.
func (p *pass) equip(ctx context.Context, last *pass) (err error) {
	t, at := p.transfer, p.plan[p.index]
	p.vector = t.vectors(p.device)
	if err := p.vector.Reserve(t.options.passFloats(at)); err != nil {
		return fmt.Errorf("nst: %w", err)
	}
	if p.optimizer, err = t.options.optimizer(at.w, at.h, p.vector); err != nil {
		err = fmt.Errorf("nst: %w", err)
	}
	if err == nil && last != nil {
		err = p.carry(last)
	}
	if err == nil {
		p.protection = newProtection(p.job.Protect, p.content)
		p.prepare()
		if p.leads() {
			p.balance.factor = lead
		}
		if p.resumed(p.index) {
			err = p.restore()
		}
	}
	if err == nil {
		err = p.renewObjective(ctx, p.matched, nil)
	}
	if err == nil {
		if err = p.vector.Wait(); err != nil {
			err = fmt.Errorf("nst: %w", err)
		}
	}
	if err != nil {
		p.objective.close()
		p.vector.Close()
	}
	return err
}
