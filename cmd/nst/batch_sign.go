package main

import (
	"fmt"
	"os"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
	"nst/imgio"
	"nst/internal/atomicfile"
	"nst/internal/recipe"
	"nst/nst"
)

// sign gives every job the hash of its settings and weights.
func (p *batchPlan) sign(sums *manifest.Sums) error {
	for i := range p.jobs {
		j := &p.jobs[i]
		if j.Err != nil {
			continue
		}
		brand, ok := p.brands[j.Style]
		key := fmt.Sprint(j.Setup)
		if ok {
			key += "\x00" + j.Style
		}
		if p.hashes[key] == "" {
			weights, err := p.weights(sums, brand)
			if err != nil {
				return err
			}
			p.hashes[key] = p.o.hash(p.setups.all[j.Setup].settings, weights)
		}
		j.Settings = p.hashes[key]
	}
	return nil
}

// weights names the weights that paint, with the hash of their file if they have one.
func (p *batchPlan) weights(sums *manifest.Sums, brand styleRef) (recipe.File, error) {
	path, w := p.o.networkFile(p.e), recipe.File{Name: p.o.network}
	if p.o.many.apply {
		path, w.Name = "", "universal"
		if brand.model != nil {
			path, w.Name = brand.path, brand.model.Styles()[brand.index].Name
		}
	}
	if path == "" {
		w.SHA256 = "part of nst: " + w.Name
		return w, nil
	}
	f, err := sums.Of(path)
	if err != nil {
		return w, &fileError{"network", path, err}
	}
	w.SHA256 = f.SHA256
	if brand.model != nil {
		w.SHA256 += " " + w.Name // one of several styles in the file
	}
	return w, nil
}

// head returns what the header of a picture says, once for each file.
func (p *batchPlan) head(path string) (imgio.Header, error) {
	if h, ok := p.heads[path]; ok {
		return h.header, h.err
	}
	var h imgio.Header
	info, err := os.Stat(path)
	if err == nil {
		err = atomicfile.CheckKind(info) // to open a pipe could take for ever
	}
	if err == nil {
		h, err = imgio.Stat(path, p.t.shrinking(p.readings().content)...)
	}
	p.heads[path] = headOf{h, err}
	return h, err
}

// headOf is a header, or why there is none.
type headOf struct {
	header imgio.Header
	err    error
}

// resultSize returns the width and height of the result of a job.
func (p *batchPlan) resultSize(j *batch.Job) (w, h int, err error) {
	head, err := p.head(j.Content)
	if err != nil {
		return 0, 0, err
	}
	s := p.setups.all[j.Setup]
	w, h = head.Width, head.Height
	switch size := s.Size; {
	case p.o.many.apply && s.pass.size != nst.OriginalSize && s.pass.size < max(w, h):
		w, h = imgio.FitLongest(w, h, s.pass.size)
	case !p.o.many.apply && size != nst.OriginalSize:
		w, h = imgio.FitLongest(w, h, size)
	}
	return w, h, nil
}

// cost estimates the work of a job, in evaluations of a pixel. It is the same on every machine.
func (p *batchPlan) cost(j *batch.Job) float64 {
	if j.Err != nil {
		return 0
	}
	w, h, err := p.resultSize(j)
	if err != nil {
		return 0 // it will fail at once
	}
	pixels := float64(w * h)
	switch by := p.setups.all[j.Setup].Schedule; {
	case p.o.many.apply:
		return pixels
	case by.Scales == 1:
		return pixels * float64(by.Iterations)
	case by.FineIterations > 0:
		return pixels * 2 * float64(by.FineIterations) // half of the pixels at each size before
	default:
		return pixels * 4 / 3 * float64(by.Iterations)
	}
}
