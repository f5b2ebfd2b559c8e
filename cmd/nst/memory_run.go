package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// pictureFiles are the files of pictures that a command reads, by what they are for.
type pictureFiles struct {
	contents []string // which are painted one after the other
	canvas   nst.Size // of a texture, which has no content
	styles   []string
	start    string
	masks    []string
	scored   []string // which are measured one after the other
	regions  bool
	protect  bool
	keeps    bool // contents and styles are kept during the run, at their size
	apart    bool // each style is a job of its own
	wanted   reading
	alpha    bool // the transparency of contents is kept
}

// headers are what the headers of such files say.
type headers struct {
	inputs nst.Inputs
	read   int64 // the most memory while they are read, all that were read before included
	whole  int64 // of all of them, read
	kept   int64 // of those that are kept during a run
}

// stat reads the headers. An error is one that reading the pictures would find too.
func (p *pictureFiles) stat(size int, t *console) (h headers, err error) {
	// add counts a picture that stays; it has so many channels while others are read, and so
	// many during the run, and one more for alpha. It is wanted at a size, as in reading.
	add := func(path string, channels, kept int64, size int, alpha bool) (nst.Size, error) {
		head, err := t.stat(path, size)
		if err != nil {
			return nst.Size{}, err
		}
		if alpha && head.Alpha {
			head.Memory += 4 * head.Pixels
			channels, kept = channels+1, kept+1
		}
		h.read = max(h.read, h.whole+head.Memory)
		h.whole += 4 * channels * head.Pixels
		h.kept += 4 * kept * head.Pixels
		return nst.Size{W: head.Width, H: head.Height}, nil
	}
	// most adds the largest of pictures of which one is there at a time.
	most := func(paths []string, kept int64, size int, alpha bool) (all []nst.Size, err error) {
		largest, before := h, h
		for _, path := range paths {
			h = before
			one, err := add(path, 3, kept, size, alpha)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			largest.read, largest.whole, largest.kept = max(largest.read, h.read), max(largest.whole, h.whole), max(largest.kept, h.kept)
		}
		h = largest
		return all, nil
	}
	keep := int64(0)
	if p.keeps {
		keep = 3
	}
	h.inputs.Regions, h.inputs.Protect, h.inputs.Score = p.regions, p.protect, len(p.scored) > 0
	contents, err := most(p.contents, keep, p.wanted.content, p.alpha)
	if err != nil {
		return h, err
	}
	h.inputs.Content = largestAt(size, contents)
	if len(contents) == 0 {
		h.inputs.Content = p.canvas
	}
	if p.apart {
		all, err := most(p.styles, keep, p.wanted.style, false)
		if err != nil {
			return h, err
		}
		h.inputs.Styles = []nst.Size{largestAt(nst.OriginalSize, all)}
	} else {
		for _, path := range p.styles {
			one, err := add(path, 3, keep, p.wanted.style, false)
			if err != nil {
				return h, err
			}
			h.inputs.Styles = append(h.inputs.Styles, one)
		}
	}
	if p.start != "" {
		if _, err := add(p.start, 3, 3, 0, false); err != nil {
			return h, err
		}
	}
	for _, path := range p.masks {
		if _, err := add(path, 1, 1, 0, false); err != nil {
			return h, err
		}
	}
	_, err = most(p.scored, 3, 0, false)
	return h, err
}

// largestAt returns the picture that has most pixels when its longest side is size.
func largestAt(size int, all []nst.Size) (largest nst.Size) {
	most := 0.
	for _, s := range all {
		w, h := s.W, s.H
		if size != nst.OriginalSize {
			w, h = imgio.FitLongest(w, h, size)
		}
		if pixels := float64(w) * float64(h); pixels > most {
			most, largest = pixels, s
		}
	}
	return largest
}

// footprint is the memory of a run with these pictures and a plan.
func (h *headers) footprint(p nst.Plan, output string) footprint {
	f := footprint{total: p.OnHost() + h.kept, mapped: p.OnHost() - p.OnHeap() + p.Addresses(), heap: p.OnHeap() + h.kept, output: output}
	// While pictures are read and scaled, the network is there and its machines are not.
	reading := started + max(h.read, h.whole) + p.Of(nst.PartPictures) + p.Of(nst.PartNetwork)
	f.heap = max(f.heap, reading)
	f.total = max(f.total, reading)
	return f
}

// outline returns the network without its numbers, where that saves reading them.
func (s *settings) outline(e *env) (*vgg.Weights, error) {
	s.choose(e)
	store, err := e.store()
	if err != nil && s.network != vgg.EmbeddedName {
		return nil, err
	}
	w, _, err := store.Outline(s.network)
	return w, err
}

// checkRun compares the memory of runs with the given options, one after the other, with what
// there is, before anything but headers is read. The error is a [memoryError]: others are left
// to what reads the files. Until unconfine, garbage is kept within the plan. checkRun returns
// a function that is called when the pictures have been read.
func (s *settings) checkRun(t *console, files *pictureFiles, runs []nst.Options) (ready func(), err error) {
	c := runCheck{runs: distinct(runs), instant: s.start == instantStart}
	defer c.close()
	ready = func() {}
	if c.weights, err = s.outline(t.e); err != nil {
		return ready, nil
	}
	s.reading = readingOf(runs)
	files.wanted = s.reading
	if c.headers, err = files.stat(runs[0].Size, t); err != nil {
		return ready, nil
	}
	size := runs[0].SizeFor(c.inputs.Content)
	for _, o := range runs {
		if o.Size != runs[0].Size {
			size = 0 // there is no one size to lower
		}
	}
	f, err := s.fits(t, size, c.footprint)
	if full := new(memoryError); errors.As(err, &full) {
		full.instead = s.lighter()
		return ready, full
	} else if err != nil {
		return ready, nil
	}
	c.close()
	c.weights = nil
	s.opened = c.universal
	debug.FreeOSMemory() // what planning has left
	confine(f.heap)
	running := c.running
	return func() {
		debug.FreeOSMemory()
		confine(running)
	}, nil
}

// lighter says which settings take less memory.
func (s *settings) lighter() string {
	if s.network == vgg.EmbeddedName {
		return "--orientations 1 takes less memory, and so does --optimizer adam"
	}
	return "--draft takes less memory, and so does --optimizer adam"
}

// runCheck plans runs.
type runCheck struct {
	headers
	weights *vgg.Weights
	runs    []nst.Options
	last    *nst.Transfer // of the run before
	planned int           // its index
	instant bool          // the first picture is painted in one pass

	universal *instant.UniversalModel // which paints it, once it is open
	running   int64                   // on the heap, once the pictures have been read
}

// distinct returns those of the runs that may differ in memory.
func distinct(runs []nst.Options) (out []nst.Options) {
	seen := map[string]bool{}
	for _, o := range runs {
		alike := o
		alike.Objective.ContentWeight, alike.Objective.StyleWeight, alike.Objective.TVWeight = 1, 1, 1
		alike.Optimizer.LearningRate, alike.Optimizer.Beta2, alike.Optimizer.Epsilon = 0, 0, 0
		alike.Schedule.Seed, alike.Schedule.Tolerance, alike.Schedule.Time = 0, 0, 0
		if key := fmt.Sprint(alike); !seen[key] {
			seen[key] = true
			out = append(out, o)
		}
	}
	return out
}

// footprint is the largest of the runs, with the result of size pixels if that is not 0.
func (c *runCheck) footprint(size int) (most footprint, err error) {
	c.running = 0
	for i, o := range c.runs {
		if c.last == nil || c.planned != i {
			c.close()
			if c.last, err = nst.New(c.weights, o); err != nil {
				return most, err
			}
			c.planned = i
		}
		at := size
		if at == 0 {
			at = o.SizeFor(c.inputs.Content)
		}
		p, err := c.last.PlanAt(c.inputs, at)
		if err != nil {
			return most, err
		}
		c.running = max(c.running, p.OnHeap()+c.headers.kept)
		if err := c.addStart(&p); err != nil {
			return most, err
		}
		what := fmt.Sprintf("a picture of %dx%d pixels", p.Width, p.Height)
		if f := c.headers.footprint(p, what); f.total > most.total {
			most = f
		}
	}
	return most, nil
}

// addStart makes a plan as large as painting the first picture in one pass is, for --init
// instant. The network of that pass is no part of the run.
func (c *runCheck) addStart(p *nst.Plan) error {
	if !c.instant {
		return nil
	}
	if c.universal == nil {
		var err error
		if c.universal, err = instant.Universal(); err != nil {
			return err
		}
	}
	first, err := c.universal.Plan(p.Width, p.Height, c.inputs.Styles, instant.DefaultApply())
	if err != nil {
		return err
	}
	if more := first.OnHost() + p.Of(nst.PartNetwork) - p.OnHost(); more > 0 {
		p.AddMapped("the first picture, in one pass", more)
	}
	return nil
}

// close frees what planned.
func (c *runCheck) close() {
	if c.last != nil {
		c.last.Close()
		c.last = nil
	}
}
