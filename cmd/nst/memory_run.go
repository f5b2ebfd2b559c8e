package main

import (
	"fmt"
	"runtime/debug"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// pictureFiles are the files of pictures that a run reads, in their order, by what they are for.
type pictureFiles struct {
	content string   // empty for a texture
	canvas  nst.Size // of a texture
	styles  []string
	start   string
	masks   []string
	regions bool
	protect bool
	keeps   bool // all of them are kept during the run, at their size
}

// headers are what the headers of such files say.
type headers struct {
	inputs nst.Inputs
	read   int64 // the most memory while they are read, all that were read before included
	whole  int64 // of all of them, read
	kept   int64 // of those that are kept during a run
}

// stat reads the headers. An error is one that reading the pictures would find too.
func (p *pictureFiles) stat(limits []imgio.Limit) (h headers, err error) {
	add := func(path string, channels, kept int64) (nst.Size, error) {
		head, err := imgio.Stat(path, limits...)
		if err != nil {
			return nst.Size{}, err
		}
		pixels := int64(head.Width) * int64(head.Height)
		h.read = max(h.read, h.whole+head.Memory)
		h.whole += 4 * channels * pixels
		h.kept += 4 * kept * pixels
		return nst.Size{W: head.Width, H: head.Height}, nil
	}
	keep := int64(0)
	if p.keeps {
		keep = 3
	}
	h.inputs.Regions, h.inputs.Protect = p.regions, p.protect
	if h.inputs.Content = p.canvas; p.content != "" {
		if h.inputs.Content, err = add(p.content, 3, keep); err != nil {
			return h, err
		}
	}
	for _, path := range p.styles {
		size, err := add(path, 3, keep)
		if err != nil {
			return h, err
		}
		h.inputs.Styles = append(h.inputs.Styles, size)
	}
	if p.start != "" {
		if _, err := add(p.start, 3, 3); err != nil {
			return h, err
		}
	}
	for _, path := range p.masks {
		if _, err := add(path, 1, 1); err != nil {
			return h, err
		}
	}
	return h, nil
}

// footprint is the memory of a run with these pictures and a plan.
func (h *headers) footprint(p nst.Plan, output string) footprint {
	f := footprint{total: p.OnHost() + h.kept, heap: p.OnHeap() + h.kept, output: output}
	// While pictures are read and scaled, the network is there and its machines are not.
	reading := started + max(h.read, h.whole) + p.Of(nst.PartPictures) + p.Of(nst.PartNetwork)
	f.heap = max(f.heap, reading)
	f.total = max(f.total, reading)
	return f
}

// planner returns a Transfer that can plan a run, of a network whose numbers need not have
// been read, and the network if they have.
func (s *settings) planner(e *env) (*nst.Transfer, error) {
	s.choose(e)
	store, err := e.store()
	if err != nil && s.network != vgg.EmbeddedName {
		return nil, err
	}
	w, _, err := store.Outline(s.network)
	if err != nil {
		return nil, err
	}
	return nst.New(w, s.Options)
}

// checkMemory compares the memory of a run with what there is, before anything but headers
// is read. Errors other than a [memoryError] are left to what reads the files. It returns a
// function that is called when the pictures have been read.
func (o *stylizeOptions) checkMemory(t *console) (ready func(), err error) {
	nothing := func() {}
	h, err := o.files().stat(t.limits)
	if err != nil {
		return nothing, nil
	}
	planner, err := o.planner(t.e)
	if err != nil {
		return nothing, nil
	}
	defer planner.Close()
	var run int64
	f, err := o.fits(t, o.SizeFor(h.inputs.Content), func(size int) (footprint, error) {
		p, err := planner.PlanAt(h.inputs, size)
		run = p.OnHeap() + h.kept
		return h.footprint(p, fmt.Sprintf("a picture of %dx%d pixels", p.Width, p.Height)), err
	})
	if full, ok := err.(*memoryError); ok {
		return nothing, full
	} else if err != nil {
		return nothing, nil
	}
	confine(f.heap)
	return func() {
		debug.FreeOSMemory()
		confine(run)
	}, nil
}
