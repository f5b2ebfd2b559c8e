package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

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
	c := runCheck{runs: distinct(runs), instant: s.start == instantStart, texture: len(files.contents) == 0}
	if s.resume != nil {
		c.resumed = s.resume.state.Size()
	}
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
		s.lighten(t, full, &c, size)
		full.resumed = s.resume != nil
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

// lighten adds to an error about runs which settings take less memory, if no size that is smaller
// than size does: the network slim in one orientation, with its size, or else in words.
func (s *settings) lighten(t *console, full *memoryError, c *runCheck, size int) {
	turns := s.network == vgg.EmbeddedName && !c.inputs.Score && !c.texture
	if full.instead = s.lighter(!c.inputs.Score, turns); full.size > 0 || size == 0 || !turns {
		return
	}
	one := runCheck{headers: c.headers, weights: c.weights, instant: c.instant, resumed: c.resumed}
	defer one.close()
	for _, o := range c.runs {
		o.Objective.Orientations = 1
		one.runs = append(one.runs, o)
	}
	one.runs = distinct(one.runs)
	_, err := s.fits(t, size, one.footprint)
	if other := new(memoryError); errors.As(err, &other) && other.size > 0 {
		full.with, full.size = "--orientations 1 ", other.size
	} else if err == nil {
		full.with, full.size = "--orientations 1 ", size
	}
}

// lighter says which settings take less memory. optimises and turns tell that the command has
// --optimizer, and --orientations with this network.
func (s *settings) lighter(optimises, turns bool) string {
	var less []string
	if s.network != vgg.EmbeddedName {
		less = append(less, "--draft")
	}
	if turns {
		less = append(less, "--orientations 1")
	}
	if optimises {
		less = append(less, "--optimizer adam")
	}
	switch len(less) {
	case 0:
		return ""
	case 1:
		return less[0] + " takes less memory"
	}
	return less[0] + " takes less memory, and so does " + less[1]
}

// runCheck plans runs.
type runCheck struct {
	headers
	weights *vgg.Weights
	runs    []nst.Options
	last    *nst.Transfer // of the run before
	planned int           // its index
	instant bool          // the first picture is painted in one pass
	texture bool          // there is no content
	resumed int64         // bytes of the state that the run goes on from; 0 for none

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
		state := c.resumed
		if at != o.SizeFor(c.inputs.Content) {
			state = 0 // a run of another size begins again
		}
		what := fmt.Sprintf("a picture of %dx%d pixels", p.Width, p.Height)
		if f := c.headers.footprint(p, state, what); f.total > most.total {
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
