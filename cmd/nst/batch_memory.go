package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// freeMemory returns the bytes of memory that the machine has free, or that its control group
// leaves if that is less. It is 0 where neither is known, as on other systems than Linux.
func freeMemory(read func(path string) ([]byte, error)) int64 {
	number := func(path string) (int64, bool) {
		text, err := read(path)
		n, errN := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return n, err == nil && errN == nil && n > 0 && n < 1<<50
	}
	least := int64(0)
	if info, err := read("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "MemAvailable:" {
				if n, err := strconv.ParseInt(f[1], 10, 64); err == nil {
					least = n << 10
				}
			}
		}
	}
	for _, v := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, ok := number(v[0])
		used, okUsed := number(v[1])
		if ok && okUsed && (least == 0 || limit-used < least) {
			least = max(1, limit-used)
		}
	}
	return least
}

// need is the memory of a batch: what all painters share, and what each takes.
type need struct{ shared, each int64 }

// with returns the memory of n painters.
func (m need) with(n int) int64 { return m.shared + int64(n)*m.each }

// onePassBytes is the memory of a picture that is painted in one pass, for each pixel, and
// onePassMost that of one painted in bands; see docs/instant.md.
const (
	onePassBytes = 260
	onePassMost  = 1100 << 20
)

// need plans the memory of the largest job.
func (r *batchRun) need(todo []batch.Todo) (need, error) {
	w, h, setup, ok := r.largest(todo)
	if !ok {
		return need{}, nil
	}
	if r.o.many.apply {
		return need{64 << 20, min(onePassBytes*int64(w)*int64(h), onePassMost) + 64<<20}, nil
	}
	options := r.setups.all[setup].Options
	t, err := nst.New(r.weights, options)
	if err != nil {
		return need{}, err
	}
	defer t.Close()
	plan, err := t.Plan(w, h)
	if err != nil {
		return need{}, nil // the job will say why
	}
	var m need
	for _, part := range plan.Parts {
		switch part.Name {
		case "network", "program":
			m.shared += part.Bytes
		default:
			m.each += part.Bytes
		}
	}
	return m, nil
}

// largest returns the size of the largest result that is to be painted, and its settings.
func (r *batchRun) largest(todo []batch.Todo) (w, h, setup int, ok bool) {
	for _, j := range todo {
		if j.Skip || j.Verdict.Err != nil {
			continue
		}
		s := r.setups.all[j.Setup]
		size := s.Size
		if r.o.many.apply {
			size = s.pass.size
		}
		jw, jh, err := imgio.Measure(j.Content)
		if err != nil || jw == 0 || jh == 0 {
			continue
		}
		if size != nst.OriginalSize && (!r.o.many.apply || max(jw, jh) > size) {
			jw, jh = imgio.FitLongest(jw, jh, size)
		}
		if jw*jh > w*h {
			w, h, setup, ok = jw, jh, j.Setup, true
		}
	}
	return w, h, setup, ok
}

// fitting returns how many pictures can be painted at a time, at most n, so that they fit into
// the free memory.
func (r *batchRun) fitting(_ context.Context, n int, todo []batch.Todo) (int, error) {
	left := len(todo) - skipped(todo)
	if n = min(n, max(1, left)); n == 1 {
		return 1, nil
	}
	m, err := r.need(todo)
	free := freeMemory(os.ReadFile)
	if err != nil || free == 0 || m.each == 0 {
		return n, err
	}
	fits := n
	for fits > 1 && m.with(fits) > free {
		fits--
	}
	if fits < n {
		r.t.say("--jobs %d would take %s, and %s are free: painting %d at a time", n, megabytes(m.with(n)), megabytes(free), fits)
	}
	return fits, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<19)>>20) }

// dryRun prints what would be done, the memory and the time.
func (r *batchRun) dryRun(ctx context.Context, todo []batch.Todo) error {
	w := tabwriter.NewWriter(r.e.Stdout, 0, 0, 2, ' ', 0)
	paint, skip, fail := 0, 0, 0
	cost := 0.0
	for _, j := range todo {
		what := "paint"
		why := j.Why
		switch {
		case j.Verdict.Err != nil:
			what, why = "fail", message(j.Verdict.Err)
			fail++
		case j.Skip:
			what = "skip"
			skip++
		default:
			paint++
			cost += j.Cost
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", what, printable(j.Output), printable(why))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(r.e.Stdout, "%d to paint, %d to skip, %d that cannot be painted\n", paint, skip, fail)
	if paint == 0 {
		return nil
	}
	m, err := r.need(todo)
	if err != nil {
		return err
	}
	jobs := max(1, r.o.many.jobs)
	fmt.Fprintf(r.e.Stdout, "memory: about %s with --jobs %d\n", megabytes(m.with(jobs)), jobs)
	pace, err := r.pace(ctx, todo)
	if err != nil || pace == 0 {
		return err
	}
	fmt.Fprintf(r.e.Stdout, "time: about %v\n", time.Duration(pace*cost*float64(time.Second)).Round(time.Second))
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
		p := &onePassPainter{batchRun: r, threads: r.o.Compute.Threads}
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
