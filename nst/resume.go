package nst

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"nst/internal/optim"
)

// A checkpoint must not take more than this part of the time of a run.
const checkpointShare = 0.01

// checkpointSpeed is how many bytes a second the first checkpoint is expected to be written
// with. Later ones are measured.
const checkpointSpeed = 200e6

// checkpoints says when Job.Checkpoint is called.
type checkpoints struct {
	last time.Time     // when it returned; at first, when the run began or went on
	cost time.Duration // of the last call
}

// save calls Job.Checkpoint between two iterations, if it is time.
func (p *pass) save() error {
	every := p.job.CheckpointEvery
	if p.job.Checkpoint == nil || every <= 0 {
		return nil
	}
	c, now := &p.checkpoints, p.transfer.now()
	if now.Sub(c.last) < max(every, time.Duration(float64(c.cost)/checkpointShare)) {
		return nil
	}
	s, err := p.state()
	if err != nil {
		return err
	}
	if c.cost == 0 {
		c.cost = time.Duration(float64(s.Size()) / checkpointSpeed * float64(time.Second))
		if now.Sub(c.last) < time.Duration(float64(c.cost)/checkpointShare) {
			return nil
		}
	}
	p.job.Checkpoint(s)
	c.last = p.transfer.now()
	c.cost = c.last.Sub(now)
	return nil
}

// saveLast calls Job.Checkpoint for a run that was interrupted, whose result is complete.
func (r *run) saveLast(last *pass) error {
	if r.job.Checkpoint == nil || r.result.Iterations == 0 {
		return nil
	}
	s, err := last.state()
	if err != nil {
		return err
	}
	s.Result = r.result
	r.job.Checkpoint(s)
	return nil
}

// accept takes over the run of Job.Resume, if there is one and it is of the same job. The
// error is a [ResumeError].
func (r *run) accept() error {
	s := r.job.Resume
	if s == nil {
		return nil
	}
	at := &s.position
	same := len(at.Plan) == len(r.plan)
	for i := 0; same && i < len(r.plan); i++ {
		same = at.Plan[i][0] == r.plan[i].w && at.Plan[i][1] == r.plan[i].h
	}
	if !r.job.ResumeChanged {
		if err := s.made.differs(r.made()); err != nil {
			return err
		}
	}
	if !same {
		return &ResumeError{What: "list of sizes"}
	}
	for i := range r.plan {
		r.plan[i].iterations = at.Plan[i][2]
	}
	r.began = r.began.Add(-at.Elapsed)
	r.shortened, r.turn = at.Shortened, at.Turn
	r.balance = balance{float64(at.Target), float64(at.Factor)}
	was, loss := at.Result, at.Result.Loss
	*r.result = Result{
		Loss:          Loss{float64(loss[0]), float64(loss[1]), float64(loss[2]), float64(loss[3])},
		ContentWeight: float64(was.ContentWeight), Iterations: was.Iterations,
		Scales: was.Scales, Rollbacks: was.Rollbacks, Stop: was.Stop,
	}
	return nil
}

// resumed reports whether the scale of that index is the one that Job.Resume goes on at.
func (r *run) resumed(index int) bool {
	return r.job.Resume != nil && r.job.Resume.position.Index == index
}

// restore gives a pass, whose vectors and optimiser are new, what Job.Resume says.
func (p *pass) restore() error {
	s := p.job.Resume
	at := &s.position
	vectors := map[string][]float32{}
	var of [][]float32
	if len(s.vectors) == 0 {
		return errUsed
	}
	for i, name := range at.names() {
		vectors[name] = s.vectors[i]
		if len(s.vectors[i]) != len(p.variables) {
			return fmt.Errorf("nst: state: vector %s has %d numbers, want %d", name, len(s.vectors[i]), len(p.variables))
		}
	}
	for i := range at.Vectors {
		of = append(of, vectors[vectorOptimizer+strconv.Itoa(i)])
	}
	err := p.optimizer.Restore(optim.State{Method: at.Method, Steps: at.Steps, Numbers: convert[float64](at.Numbers), Vectors: of})
	if err != nil {
		return fmt.Errorf("nst: state: %w", err)
	}
	p.optimizer.Shorten(math.Pow(0.5, float64(at.Halvings)))
	p.vector.Copy(p.variables, vectors[vectorVariables])
	p.vector.Copy(p.best, vectors[vectorBest])
	if p.average != nil && at.Average {
		p.vector.Copy(p.average, vectors[vectorAverage])
		p.averaged = at.Averaged
	}
	if p.matched != nil && at.Matched {
		p.vector.Copy(p.matched, vectors[vectorMatched])
	}
	p.began = p.began.Add(-at.AtScale)
	p.iteration, p.renewed, p.over = at.Iteration, at.Renewed, at.Over
	p.bestLoss, p.setbacks, p.halvings = float64(at.BestLoss), at.Setbacks, at.Halvings
	recent := convert[float64](at.Recent)
	p.recent = append(p.recent, recent[max(0, len(recent)-cap(p.recent)):]...)
	if at.Shares {
		left := slices.Grow([]float64{}, max(len(at.Left), p.plan[p.index].iterations))
		p.share = share{float64(at.Photograph), p.turnLength(), append(left, convert[float64](at.Left)...)}
	}
	p.show()
	s.vectors = nil // they take as much memory as those of the pass
	return p.vector.Wait()
}
