package main

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/recipe"
	"nst/nst"
)

// jobsMade knows what goes into the files of running jobs besides the pixels. Several painters
// use it.
type jobsMade struct {
	mu sync.Mutex
	of map[string]jobMade // by output
}

// jobMade is what goes into the file of one job.
type jobMade struct {
	settings *settings
	original *original
	maker    *maker
}

// artwork returns a picture of a job with what goes into its file.
func (d *jobsMade) artwork(output, path string, p *imgio.Planar, stopped string) (*artwork, *settings) {
	d.mu.Lock()
	job := d.of[output]
	d.mu.Unlock()
	return job.original.painted(p, job.maker.of(job.settings, job.original, path, stopped)), job.settings
}

// begin notes a job that is painted.
func (d *jobsMade) begin(output string, job jobMade) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of == nil {
		d.of = map[string]jobMade{}
	}
	d.of[output] = job
}

// end forgets a job.
func (d *jobsMade) end(output string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, output)
}

// open reads the content of a job, and its mask if it has one. maker is that of its recipe,
// which knows the style.
func (p *batchRun) open(ctx context.Context, j *batch.Job, maker *maker) (content *imgio.Planar, protect *nst.Mask, err error) {
	s := p.setups.all[j.Setup].settings
	format, err := imgio.FormatOf(j.Output)
	if err != nil {
		return nil, nil, err
	}
	from, err := p.t.openOriginal(ctx, s, j.Content, format, p.reading(j.Setup).content)
	if file := new(fileError); errors.As(err, &file) {
		return nil, nil, &batch.PictureError{What: "content", Path: j.Content, Err: file.err}
	}
	if err != nil {
		return nil, nil, err
	}
	if j.Mask != "" {
		mask, err := p.read(ctx, "mask", j.Mask, 0)
		if err != nil {
			return nil, nil, err
		}
		protect = nst.NewMask(mask)
		if err := maker.read(recipe.Protect, j.Mask); err != nil {
			return nil, nil, err
		}
	}
	content, from.picture = from.picture, nil
	p.made.begin(j.Output, jobMade{s, from, maker})
	return content, protect, nil
}

// maker returns the maker of the recipe of a job that is painted step by step.
func (p *optimiser) maker(j *batch.Job) (*maker, error) {
	s := p.setups.all[j.Setup].settings
	m, err := s.newMaker(p.t, "stylize", inStylize, p.weights.Network, p.transfer.Device(), p.transfer.Precision())
	if m == nil || err != nil {
		return nil, err
	}
	if err := m.read(recipe.Style, j.Style); err != nil {
		return nil, err
	}
	if file := s.startFile(); file != "" {
		err = m.read(recipe.Start, file)
	}
	if s.start == instantStart {
		m.readUniversal()
	}
	return m, err
}

// encode returns the file of the result of the job with this output, as its settings say.
func (p *batchRun) encode(path string, r *nst.Result) ([]byte, error) {
	defer p.made.end(path)
	format, err := imgio.FormatOf(path)
	if err != nil {
		return nil, err
	}
	a, s := p.made.artwork(path, path, r.Picture, stopWords(r, nil))
	var b bytes.Buffer
	err = imgio.Encode(&b, r.Picture, format, s.encoding(a, format))
	return b.Bytes(), err
}
