package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/headroom"
	"nst/nst"
)

// times returns the footprint of n painters, which share the network.
func (f footprint) times(n int, shared int64) footprint {
	more := int64(n - 1)
	f.total += more * max(0, f.total-started-shared)
	f.heap += more * max(0, f.heap-shared)
	f.mapped *= int64(n)
	f.output = fmt.Sprintf("painting %d pictures at a time", n)
	return f
}

// footprint plans the memory of one painter, for the largest job, and what several would
// share. The error is a [memoryError] if not even one fits.
func (r *batchRun) footprint(todo []batch.Todo) (f footprint, shared int64, err error) {
	files, options := r.largest(todo)
	if len(files.contents) == 0 {
		return f, 0, nil // they fail for another reason
	}
	if r.o.many.apply {
		return r.onePassFootprint(files)
	}
	c := runCheck{runs: distinct(options)}
	defer c.close()
	if c.weights, err = r.o.outline(r.e); err != nil {
		return f, 0, nil
	}
	files.wanted = r.readings()
	if c.headers, err = files.stat(options[0].Size, r.t); err != nil {
		return f, 0, nil
	}
	size := options[0].SizeFor(c.inputs.Content)
	if len(options) > 1 {
		size = 0 // there is no one size to lower
	}
	f, err = r.o.fits(r.t, size, c.footprint)
	if full := new(memoryError); errors.As(err, &full) {
		full.instead = r.o.lighter()
		return f, 0, full
	} else if err != nil {
		return footprint{}, 0, nil
	}
	if p, err := c.last.PlanAt(c.inputs, options[len(options)-1].SizeFor(c.inputs.Content)); err == nil {
		shared = p.Of(nst.PartNetwork)
	}
	return f, shared, nil
}

// onePassFootprint is footprint for pictures that are painted in one pass. A painter has the
// network of one style at a time, and the one that takes most counts.
func (r *batchRun) onePassFootprint(files *pictureFiles) (f footprint, shared int64, err error) {
	brushes, err := r.onePassBrushes(files.styles)
	if err != nil {
		return f, 0, nil
	}
	files.styles, files.keeps, files.wanted = nil, false, r.readings()
	h, err := files.stat(nst.OriginalSize, r.t)
	if err != nil {
		return f, 0, nil
	}
	size := max(h.inputs.Content.W, h.inputs.Content.H)
	if r.o.pass.size != nst.OriginalSize {
		size = min(size, r.o.pass.size)
	}
	f, err = r.o.fits(r.t, size, func(size int) (most footprint, err error) {
		for _, b := range brushes {
			f, err := b.footprint(h, 0, size)
			if err != nil {
				return f, err
			}
			if f.total > most.total {
				most = f
			}
		}
		return most, nil
	})
	if full := new(memoryError); errors.As(err, &full) {
		return footprint{}, 0, full
	} else if err != nil {
		return footprint{}, 0, nil
	}
	return f, 0, nil
}

// onePassBrushes returns a brush for the painting that takes most memory while it is read, and
// one for each network that is named as a style.
func (r *batchRun) onePassBrushes(paintings []string) (brushes []*brush, err error) {
	var largest styleRef
	for _, path := range paintings {
		s, err := r.t.peekPainting(path)
		if err != nil {
			return nil, err
		}
		if s.read > largest.read {
			largest = s
		}
	}
	styles := slices.Collect(maps.Values(r.brands))
	if largest.path != "" {
		styles = append(styles, largest)
	}
	for _, s := range styles {
		b, err := r.o.newBrush([]styleRef{s})
		if err != nil {
			return nil, err
		}
		brushes = append(brushes, b)
	}
	return brushes, nil
}

// largest returns the files that take most memory, with every set of options that is used.
func (r *batchRun) largest(todo []batch.Todo) (*pictureFiles, []nst.Options) {
	files := &pictureFiles{start: r.o.startFile(), keeps: true, apart: true, protect: r.masks != nil, alpha: r.o.below(formatName(r.o.format)) == keepAlpha}
	var content, read string
	pixels, memory := 0, int64(0)
	styles, used := map[string]bool{}, map[int]bool{}
	var options []nst.Options
	for i := range todo {
		j := &todo[i]
		w, h, err := 0, 0, j.Verdict.Err
		if !j.Skip && err == nil {
			w, h, err = r.resultSize(&j.Job)
		}
		if j.Skip || err != nil {
			continue
		}
		if head, _ := r.head(j.Content); head.Memory > memory {
			memory, read = head.Memory, j.Content
		}
		if w*h > pixels {
			pixels, content = w*h, j.Content
		}
		if _, err := r.head(j.Style); err == nil && !styles[j.Style] {
			styles[j.Style] = true
			files.styles = append(files.styles, j.Style)
		}
		if !used[j.Setup] {
			used[j.Setup] = true
			options = append(options, r.setups.all[j.Setup].Options)
		}
	}
	if content != "" {
		files.contents = append(files.contents, content)
	}
	if read != content {
		files.contents = append(files.contents, read)
	}
	return files, distinct(options)
}

// smallPixels is the size of results up to which it is faster to paint a picture on each thread
// than one on all: their layers are too small to be divided.
const smallPixels = 512 * 512

// wanted returns how many pictures are painted at a time if the memory suffices.
func (r *batchRun) wanted(todo []batch.Todo) int {
	if r.o.many.jobs > 0 {
		return r.o.many.jobs
	}
	threads := r.threads()
	if r.o.many.apply {
		return min(2, threads) // one is read or written while the other is painted
	}
	for i := range todo {
		if j := &todo[i]; !j.Skip && j.Verdict.Err == nil {
			if w, h, err := r.resultSize(&j.Job); err == nil && w*h > smallPixels {
				return 1
			}
		}
	}
	return threads
}

// threads is the number of threads of all painters together.
func (r *batchRun) threads() int {
	if n := r.o.Compute.Threads; n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// fitting returns how many pictures are painted at a time: as many as --jobs says and the
// memory allows. Until unconfine, garbage is kept within the plan.
func (r *batchRun) fitting(todo []batch.Todo) (int, error) {
	left := r.e.left()
	n := min(r.wanted(todo), len(todo)-skipped(todo)-refused(todo))
	f, shared, err := r.footprint(todo)
	if err != nil || f.total == 0 {
		return n, err
	}
	fits := n
	for fits > 1 && !r.o.force {
		if _, lacks := left.lack(f.times(fits, shared), func(headroom.Limit) int64 { return 0 }); !lacks {
			break
		}
		fits--
	}
	if fits < n && r.o.many.jobs > 0 {
		r.t.say("--jobs %d would take %s, which there are not: painting %d at a time", n, megabytes(f.times(n, shared).total), fits)
	}
	if !r.o.many.apply {
		confine(f.times(fits, shared).heap)
	}
	return fits, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<19)>>20) }

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
