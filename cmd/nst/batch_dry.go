package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// dryRun prints what would be done, the memory and the time.
func (r *batchRun) dryRun(ctx context.Context, todo []batch.Todo) error {
	w := tabwriter.NewWriter(r.e.Stdout, 0, 0, 2, ' ', 0)
	cost := 0.0
	for _, j := range todo {
		what, why := "paint", j.Why
		switch {
		case j.Verdict.Err != nil:
			what, why = "fail", message(j.Verdict.Err)
		case j.Skip:
			what = "skip"
		default:
			cost += j.Cost
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", what, printable(j.Output), printable(why))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	skip, fail := skipped(todo), refused(todo)
	fmt.Fprintf(r.e.Stdout, "%d to paint, %d to skip, %d that cannot be painted\n", len(todo)-skip-fail, skip, fail)
	if len(todo) == skip+fail {
		return nil
	}
	f, shared, err := r.footprint(todo)
	if err != nil {
		return err
	}
	n := min(r.wanted(todo), len(todo)-skip-fail)
	fmt.Fprintf(r.e.Stdout, "memory: about %s with --jobs %d\n", megabytes(f.times(n, shared).total), n)
	pace, err := r.pace(ctx, todo)
	if err != nil || pace == 0 {
		return err
	}
	fmt.Fprintf(r.e.Stdout, "time: about %v\n", max(time.Second, time.Duration(pace*cost*float64(time.Second)).Round(time.Second)))
	return nil
}

// trial is the side of the picture that the speed is measured with, and trials the number of
// evaluations.
const (
	trial  = 128
	trials = 4
)

// pace measures the seconds that a unit of the cost of jobs takes, with a small picture of
// noise. A large picture takes less time for each of its pixels, so that this is an upper
// estimate.
func (r *batchRun) pace(ctx context.Context, todo []batch.Todo) (float64, error) {
	side := trial
	picture := imgio.NewPlanar(side, side)
	for i := range picture.Pix {
		picture.Pix[i] = float32(i*7919%255) / 255
	}
	if r.o.many.apply {
		p := &onePassPainter{batchRun: r, threads: r.o.Compute.Threads, universal: r.universal}
		for _, j := range todo {
			if j.Skip || j.Verdict.Err != nil {
				continue
			}
			if err := p.dip(ctx, &j.Job, r.setups.all[j.Setup].settings); err != nil {
				continue
			}
			began := time.Now()
			_, err := p.brush.paint(ctx, picture, nil, nil)
			return time.Since(began).Seconds() / float64(side*side), err
		}
		return 0, nil
	}
	options := r.setups.all[0].Options
	options.Size, options.Schedule.Scales, options.Schedule.Iterations, options.Schedule.Tolerance, options.Schedule.Time = side, 1, trials, 0, 0
	options.Schedule.Init = nst.InitContent
	t, err := nst.New(r.weights, options)
	if err != nil {
		return 0, nil // some settings do not fit a small picture: there is no estimate
	}
	defer t.Close()
	style, err := t.Style(ctx, nst.StylePicture{Picture: imgio.NewPlanar(side, side), Weight: 1})
	if err != nil {
		return 0, nil
	}
	var first, last time.Duration
	_, err = t.Run(ctx, nst.Job{Content: picture, Style: style, Progress: func(p nst.Progress) {
		if p.Done == 1 {
			first = p.Elapsed
		}
		last = p.Elapsed
	}})
	if err != nil {
		return 0, err
	}
	return (last - first).Seconds() / (trials - 1) / float64(side*side), nil
}
