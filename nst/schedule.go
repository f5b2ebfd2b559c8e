package nst

import "time"

// measured is the number of iterations after which the speed at a scale is known.
const measured = 3

// setup is the time that preparing a scale takes, in iterations: measuring content and style,
// and building the graph.
const setup = 1.5

// replan reduces the remaining iterations of all scales in one proportion, so that the run
// fits into Schedule.Time, once the speed is known.
func (p *pass) replan() {
	limit := p.transfer.options.Schedule.Time
	if limit == 0 || p.iteration != measured {
		return
	}
	now := &p.plan[p.index]
	left := (limit - p.elapsed()).Seconds() / p.pace() // in pixel iterations
	turns := p.upkeep()
	want := turns * float64(now.iterations-p.iteration) * now.pixels()
	for _, s := range p.plan[p.index+1:] {
		left -= setup * s.pixels()
		want += turns * float64(s.iterations) * s.pixels()
	}
	if want <= left {
		return
	}
	part := max(left, 0) / want
	now.iterations = p.iteration + int(part*float64(now.iterations-p.iteration))
	for i := range p.plan[p.index+1:] {
		s := &p.plan[p.index+1+i]
		s.iterations = max(1, int(part*float64(s.iterations)))
	}
	p.shortened = true
}

// upkeep is the time of an iteration together with its share of preparing a turn, in
// iterations.
func (r *run) upkeep() float64 {
	if turn := r.turnLength(); turn > 0 {
		return 1 + setup/float64(turn)
	}
	return 1
}

// pace is the time of an iteration at this scale, in seconds per pixel.
func (p *pass) pace() float64 {
	here := p.transfer.now().Sub(p.began).Seconds()
	return here / float64(p.iteration) / p.plan[p.index].pixels()
}

// remaining estimates the time to the end of the run from the pace.
func (p *pass) remaining() time.Duration {
	now := p.plan[p.index]
	turns := p.upkeep()
	work := turns * float64(now.iterations-p.iteration) * now.pixels()
	for _, s := range p.plan[p.index+1:] {
		work += (setup + turns*float64(s.iterations)) * s.pixels()
	}
	return time.Duration(p.pace() * work * float64(time.Second))
}

// report calls Job.Progress after an evaluation.
func (p *pass) report(loss Loss) {
	if p.job.Progress == nil {
		return
	}
	now, full, planned := p.plan[p.index], p.plan[len(p.plan)-1], p.result.Iterations-p.iteration
	for _, s := range p.plan[p.index:] {
		planned += s.iterations
	}
	p.job.Progress(Progress{
		Scale: p.index + 1, Scales: len(p.plan), Width: now.w, Height: now.h,
		Iteration: p.iteration, Iterations: now.iterations,
		Done: p.result.Iterations, Planned: planned,
		FullWidth: full.w, FullHeight: full.h,
		Loss: loss, ContentWeight: p.objective.contentWeight, Elapsed: p.elapsed(), Left: p.remaining(), Rollbacks: p.result.Rollbacks,
		picture: p.snapshot,
	})
}
