package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"nst/nst/instant"
)

const (
	// checkpointEvery is the time between two checkpoints.
	checkpointEvery = 5 * time.Minute
	// pilotSteps are measured for --time at first, after one that allocates memory.
	pilotSteps = 8
)

// trainRun is a run of nst train.
type trainRun struct {
	o        *trainOptions
	t        *console
	trainer  *instant.Trainer
	sampler  *sampler
	reporter lessonReporter
	log      *logFile

	began   time.Time // the command
	started time.Time // the first step
	piloted time.Time // the end of the first step
	saved   time.Time // the last checkpoint
	first   int       // steps of an earlier run
	planned int       // steps
	paceAt  int       // steps of this run, after which --time is looked at again
	mean    instant.Terms
}

func train(ctx context.Context, e *env, o *trainOptions) (err error) {
	r := &trainRun{o: o, t: newConsole(e, &o.settings), began: time.Now()}
	if err := o.checkFiles(e); err != nil {
		return err
	}
	if err := o.checkTraining(r.t); err != nil {
		return err
	}
	defer unconfine()
	trainer, photos, err := o.openTrainer(ctx, e, r.t)
	if err != nil {
		return err
	}
	defer trainer.Close()
	r.trainer = trainer
	if o.lesson.sample != "" {
		r.sampler = newSampler(o, r.t, photos)
	}
	if r.log, err = openLog(o.log, o.logMode()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.log.close()) }()
	r.reporter = newLessonReporter(e, o.progress, o.quiet)
	err = r.teach(ctx)
	r.reporter.end()
	var validation []instant.Terms
	if err == nil {
		validation, err = r.validate(ctx)
	}
	if err != nil {
		return r.stop(ctx, err)
	}
	return r.finish(ctx, validation)
}

// teach takes the steps.
func (r *trainRun) teach(ctx context.Context) error {
	r.first, r.planned = r.trainer.Steps(), r.trainer.Planned()
	r.started = time.Now()
	r.saved = r.started
	for !r.trainer.Done() {
		terms, err := r.trainer.Step(ctx)
		if err != nil {
			return err
		}
		r.pace()
		r.observe(terms)
		if time.Since(r.saved) >= checkpointEvery {
			r.saved = time.Now()
			if err := r.trainer.Checkpoint(r.o.lesson.checkpoint); err != nil {
				r.t.say("no checkpoint: %v", err) // the training may still come to its end
			}
		}
		if done := r.trainer.Steps(); r.sampler != nil && (done%r.o.lesson.sampleEvery == 0 || r.trainer.Done()) {
			if err := r.sampler.write(ctx, r.trainer); err != nil {
				return err
			}
		}
	}
	return nil
}

// pace sets the number of steps for --time, once some have been measured, and corrects it
// whenever twice as many have been.
func (r *trainRun) pace() {
	l := &r.o.lesson
	done := r.trainer.Steps() - r.first
	if l.time == 0 || r.first > pilotSteps { // a training that goes on keeps its number
		return
	}
	if done == 1 {
		r.piloted, r.paceAt = time.Now(), 1+pilotSteps
	}
	if done != r.paceAt {
		return
	}
	step := time.Since(r.piloted) / time.Duration(done-1)
	r.planned = r.first + done + max(1, int((l.time-time.Since(r.began))/max(step, 1)))
	r.trainer.SetSteps(r.planned)
	if r.paceAt == 1+pilotSteps {
		r.t.say("%s is time for about %d steps of %.2f s", l.time, r.planned, step.Seconds())
	}
	r.paceAt *= 2
}

// observe reports a step.
func (r *trainRun) observe(terms instant.Terms) {
	done := r.trainer.Steps()
	share := max(1/float64(done-r.first), 0.02) // of this step in the running mean
	for _, x := range []struct{ mean, now *float64 }{
		{&r.mean.Content, &terms.Content}, {&r.mean.Style, &terms.Style}, {&r.mean.TV, &terms.TV},
	} {
		*x.mean += share * (*x.now - *x.mean)
	}
	elapsed := time.Since(r.started)
	p := lessonProgress{
		Step: done, Steps: r.planned, Loss: terms, Mean: r.mean, Elapsed: elapsed,
		Left: elapsed * time.Duration(r.planned-done) / time.Duration(done-r.first),
	}
	r.reporter.update(p)
	if r.log != nil {
		r.log.lines.put(p.line())
	}
}

// stop saves the state of a training that was interrupted. Any other error ends the training
// without a new checkpoint.
func (r *trainRun) stop(ctx context.Context, err error) error {
	if ctx.Err() == nil || r.trainer.Steps() == 0 {
		return err
	}
	path := r.o.lesson.checkpoint
	if err := r.trainer.Checkpoint(path); err != nil {
		return &fileError{"checkpoint", path, err}
	}
	r.t.put(map[string]any{"wrote": path, "step": r.trainer.Steps(), "steps": r.planned},
		fmt.Sprintf("interrupted after step %d of %d: wrote %s; the same command with --resume goes on", r.trainer.Steps(), r.planned, path))
	return &interrupted{err}
}

// finish saves the network, which was validated, then compares it.
func (r *trainRun) finish(ctx context.Context, validation []instant.Terms) error {
	model := r.trainer.Model()
	model.SetValidation(meanTerms(validation))
	if err := model.Save(r.o.output); err != nil {
		return &fileError{"output", r.o.output, err}
	}
	bytes := int64(0)
	if info, err := os.Stat(r.o.output); err == nil {
		bytes = info.Size()
	}
	elapsed := time.Since(r.began)
	r.t.put(map[string]any{"wrote": r.o.output, "styles": r.o.lesson.names, "steps": r.trainer.Steps(), "seconds": number(elapsed.Seconds()), "bytes": bytes},
		fmt.Sprintf("wrote %s (%s, %s, %s, %.1f MB)", r.o.output, strings.Join(r.o.lesson.names, ", "),
			count(r.trainer.Steps(), "step"), elapsed.Round(time.Second), float64(bytes)/1e6))
	if err := r.o.removeCheckpoint(); err != nil {
		return err
	}
	if err := r.report(ctx, validation); err != nil {
		if ctx.Err() != nil {
			return &interrupted{err}
		}
		return err
	}
	return nil
}
