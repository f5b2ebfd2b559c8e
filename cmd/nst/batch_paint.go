package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// batchRun is a batch at work.
type batchRun struct {
	*batchPlan
	weights *vgg.Weights  // nil with --apply
	start   *imgio.Planar // of --init FILE
	styles  *sharedStyles
	made    jobsMade

	universal *instant.UniversalModel // of the plan of --apply, for the first painter
}

// sharedStyles are the styles that painters have measured, for all of them.
type sharedStyles struct {
	mu    sync.Mutex
	most  int // to keep
	kept  map[styleKey]*sharedStyle
	order []styleKey // the oldest first
}

// styleKey says which measurements of which picture a style has.
type styleKey struct{ path, settings string }

// sharedStyle is a style that is read once.
type sharedStyle struct {
	once  sync.Once
	style *nst.Style
	err   error
}

// at returns the entry of a style, which may be a new one.
func (s *sharedStyles) at(key styleKey) *sharedStyle {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.kept[key]
	if one == nil {
		one = new(sharedStyle)
		s.kept[key] = one
		if s.order = append(s.order, key); len(s.order) > s.most {
			delete(s.kept, s.order[0])
			s.order = s.order[1:]
		}
	}
	return one
}

// drop forgets a style, as one whose reading was interrupted.
func (s *sharedStyles) drop(key styleKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, key)
}

// optimiser paints step by step, on a device of its own.
type optimiser struct {
	*batchRun
	device   string
	threads  int
	setup    int
	transfer *nst.Transfer // with the settings of setup; nil before the first job
}

// close frees the device.
func (p *optimiser) close() {
	if p.transfer != nil {
		p.transfer.Close()
	}
}

// Paint paints a job.
func (p *optimiser) Paint(ctx context.Context, j batch.Job, progress func(nst.Progress)) (*nst.Result, error) {
	if err := p.tune(j.Setup); err != nil {
		return nil, err
	}
	style, err := p.styleOf(ctx, &j)
	if err != nil {
		return nil, err
	}
	maker, err := p.maker(&j)
	if err != nil {
		return nil, err
	}
	content, protect, err := p.open(ctx, &j, maker)
	if err != nil {
		return nil, err
	}
	p.o.noteStart(p.t, p.start, content)
	job := nst.Job{Content: content, Style: style, Start: p.start, Protect: protect, Warn: maker.warn(p.t)}
	every, saved := p.o.saveEvery, error(nil)
	job.Progress = func(at nst.Progress) {
		progress(at)
		if every > 0 && at.Done%every == 0 && saved == nil {
			saved = p.saveStep(&j, at)
		}
	}
	result, err := p.setups.all[j.Setup].starting(p.transfer).Run(ctx, job)
	if err != nil {
		return result, p.named(&j, err)
	}
	return result, saved
}

// saveStep saves a picture of --save-every.
func (p *batchRun) saveStep(j *batch.Job, at nst.Progress) error {
	if err := os.MkdirAll(filepath.Dir(j.Output), 0o777); err != nil {
		return &fileError{"output folder", filepath.Dir(j.Output), err}
	}
	path := numbered(j.Output, at.Done)
	a, s := p.made.artwork(j.Output, path, at.Picture().Resize(at.FullWidth, at.FullHeight), "at iteration "+strconv.Itoa(at.Done))
	_, err := s.saveArtwork(p.t, path, p.o.overwrite || j.Known, a)
	return err
}

// named adds the file of the mask to an error about it.
func (p *batchRun) named(j *batch.Job, err error) error {
	if bad := new(nst.MaskError); errors.As(err, &bad) {
		return &fileError{bad.What, j.Mask, err}
	}
	return err
}

// tune gives the painter the settings of a job.
func (p *optimiser) tune(setup int) error {
	if p.transfer != nil && setup == p.setup {
		return nil
	}
	options := p.setups.all[setup].Options
	options.Compute.Device, options.Compute.Threads = p.device, p.threads
	if p.transfer != nil {
		if err := p.transfer.Retune(options); !errors.Is(err, nst.ErrRetune) {
			if err == nil {
				p.setup = setup
			}
			return err
		}
		p.close()
		p.transfer = nil
	}
	t, err := nst.New(p.weights, options)
	if err != nil {
		return err
	}
	p.transfer, p.setup = t, setup
	return nil
}

// styleOf returns the targets of the style of a job.
func (p *optimiser) styleOf(ctx context.Context, j *batch.Job) (*nst.Style, error) {
	key := styleKey{j.Style, p.setups.all[j.Setup].key}
	one := p.styles.at(key)
	one.once.Do(func() {
		var picture *imgio.Planar
		if picture, one.err = p.read(ctx, "style", j.Style, p.reading(j.Setup).style); one.err == nil {
			if one.style, one.err = p.transfer.Style(ctx, nst.StylePicture{Picture: picture, Weight: 1}); one.err != nil {
				one.err = &batch.PictureError{What: "style", Path: j.Style, Err: one.err}
			}
		}
		if ctx.Err() != nil {
			p.styles.drop(key)
		}
	})
	return one.style, one.err
}

// read reads a picture as openFor does, and prints notes about it.
func (p *batchRun) read(ctx context.Context, what, path string, size int) (*imgio.Planar, error) {
	picture, err := p.t.openFor(ctx, what, path, size)
	if file := new(fileError); errors.As(err, &file) {
		return nil, &batch.PictureError{What: what, Path: path, Err: file.err}
	}
	return picture, err
}

// onePassPainter paints in one pass.
type onePassPainter struct {
	*batchRun
	threads int
	style   string
	brush   *brush
	err     error // why there is no brush

	universal *instant.UniversalModel // which stays for the next painting; nil before the first
}

// Paint paints a job.
func (p *onePassPainter) Paint(ctx context.Context, j batch.Job, _ func(nst.Progress)) (*nst.Result, error) {
	s := p.setups.all[j.Setup].settings
	if err := p.dip(ctx, &j, s); err != nil {
		return nil, err
	}
	maker, err := s.onePassMaker(p.t, p.brush.styles)
	if err != nil {
		return nil, err
	}
	content, protect, err := p.open(ctx, &j, maker)
	if err != nil {
		return nil, err
	}
	if content, err = fitted(content, s.pass.size); err != nil {
		return nil, &fileError{"content image", j.Content, err}
	}
	p.brush.options = s.applyOptions()
	p.brush.options.Threads = p.threads
	picture, err := p.brush.paint(ctx, content, nil, protect)
	if err != nil {
		return nil, p.named(&j, err)
	}
	return &nst.Result{Picture: picture, Scales: 1}, nil
}

// dip gives the painter the style of a job.
func (p *onePassPainter) dip(ctx context.Context, j *batch.Job, s *settings) error {
	key := fmt.Sprintf("%s\x00%d", j.Style, j.Setup)
	if p.style == key && (p.brush != nil || p.err != nil) {
		return p.err
	}
	p.style, p.brush = key, nil
	brand, ok := p.brands[j.Style]
	if !ok {
		quiet := &console{e: p.e, quiet: true, limits: p.t.limits}
		if brand, p.err = quiet.openPainting(ctx, j.Style, instant.PaintingSize); p.err != nil {
			err := p.err
			if ctx.Err() != nil {
				p.style = ""
			}
			return err
		}
	}
	if p.brush, p.err = s.newBrush([]styleRef{brand}, p.universal); p.err != nil {
		return p.err
	}
	if p.brush.universal != nil {
		p.universal = p.brush.universal
	} else if p.universal != nil {
		p.universal.Close() // the network of the style takes its memory
	}
	return nil
}
