package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"nst/cmd/nst/internal/batch"
	"nst/internal/headroom"
	"nst/nst"
	"nst/nst/instant"
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
		r.o.lighten(r.t, full, &c, size)
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
	at, size, err := files.onePass(r.o.pass.size, r.t)
	if err != nil {
		return f, 0, nil
	}
	f, err = r.o.fits(r.t, size, func(size int) (most footprint, err error) {
		h, err := at(size)
		if err != nil {
			return most, err
		}
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
		s, err := r.t.peekPainting(path, instant.PaintingSize)
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
		b, err := r.o.newBrush([]styleRef{s}, r.universal)
		if err != nil {
			return nil, err
		}
		if b.universal != nil {
			r.universal = b.universal
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
	// A pass is so short that it is slower by a twentieth if garbage is kept down.
	if _, scarce := left.lack(f.times(2*fits, shared), func(headroom.Limit) int64 { return 0 }); scarce || !r.o.many.apply {
		confine(f.times(fits, shared).heap)
	}
	return fits, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<19)>>20) }
