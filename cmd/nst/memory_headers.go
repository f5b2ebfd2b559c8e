package main

import (
	"nst/imgio"
	"nst/nst"
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

// footprint is the memory of a run with these pictures and a plan, which goes on from a state of
// so many bytes, if any.
func (h *headers) footprint(p nst.Plan, state int64, output string) footprint {
	f := footprint{total: p.OnHost() + h.kept, mapped: p.OnHost() - p.OnHeap() + p.Addresses(), heap: p.OnHeap() + h.kept, output: output}
	// While pictures are read and scaled, the network is there and its machines are not.
	reading := started + max(h.read, h.whole) + p.Of(nst.PartPictures) + p.Of(nst.PartNetwork) + state
	f.heap = max(f.heap, reading)
	if state > 0 { // and so it is while the optimiser takes the state over
		reading += p.Of(nst.PartOptimizer)
		f.mapped = max(f.mapped, p.Of(nst.PartOptimizer))
	}
	f.total = max(f.total, reading)
	return f
}
