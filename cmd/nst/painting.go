package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nst/imgio"
	"nst/nst"
)

// painting observes a run of nst stylize or texture, and saves what comes out of it.
type painting struct {
	ctx      context.Context
	o        *stylizeOptions
	t        *console
	transfer *nst.Transfer
	job      *nst.Job
	styles   []nst.StylePicture
	log      *logFile
	reporter reporter
	recorder *artifactRecorder

	concluded bool
	at        string // the file of the picture; empty before it is saved
	err       error  // of saving the picture
	besides   error  // of saving what belongs to it
	numbered  error  // of the first picture of --save-every that could not be written

	kept   bool // this run has written its checkpoint
	warned bool // that it could not
}

func (p *painting) update(at nst.Progress) {
	p.reporter.update(at)
	p.log.update("", at)
	p.recorder.update(at)
	if every := p.o.saveEvery; every > 0 && at.Done%every == 0 && p.numbered == nil {
		p.numbered = p.saveNumbered(numbered(p.o.output, at.Done), at.Picture().Resize(at.FullWidth, at.FullHeight))
	}
}

// saveNumbered saves a picture of --save-every. A run that goes on may find that it was there
// already.
func (p *painting) saveNumbered(path string, picture *imgio.Planar) error {
	if p.o.resume != nil && exists(path) {
		var b bytes.Buffer
		if format, err := imgio.FormatOf(path); err == nil && imgio.Encode(&b, picture, format, p.o.encoding(path)...) == nil {
			if data, err := os.ReadFile(path); err == nil && bytes.Equal(data, b.Bytes()) {
				return nil
			}
		}
	}
	_, err := p.o.save(p.t, path, p.o.overwrite, picture)
	return err
}

// numbered returns path with an iteration before its extension: out-0050.png.
func numbered(path string, iteration int) string {
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(path, ext), iteration, ext)
}

// conclude saves the result of a run and what belongs to it, once. It returns the
// files.
func (p *painting) conclude(r *nst.Result) (saved []savedFile) {
	if p.concluded {
		return nil
	}
	p.concluded = true
	p.reporter.end()
	before := len(p.t.placed)
	o := p.o
	if p.at, p.err = o.saveSomewhere(p.t, o.output, o.replaces(o.output), r.Picture); p.err == nil {
		p.t.wrote(p.at, r, p.score())
	}
	p.besides = p.remember(r)
	for _, path := range p.t.placed[before:] {
		if sum, err := fileSum(path); err == nil {
			saved = append(saved, savedFile{rawText(path), sum})
		}
	}
	return saved
}

// end saves the result of a run, unless that was done, and returns its error.
func (p *painting) end(r *nst.Result, err error) error {
	if r == nil || err != nil && r.Iterations == 0 {
		p.reporter.end()
		if p.kept || p.o.resume != nil && p.ctx.Err() != nil {
			p.t.say("nst resume %s goes on from the last checkpoint", shellWord(p.o.checkpointFile()))
		}
		return err
	}
	p.conclude(r)
	stopped := err != nil && p.ctx.Err() != nil
	switch {
	case p.err != nil:
		err = p.err
	case stopped:
		err = &interrupted{err}
	default:
		err = errors.Join(err, p.removeCheckpoint())
	}
	return errors.Join(err, p.besides, p.numbered)
}

// score returns what nst score measures of the file of the result. It returns nil for a texture,
// after an interrupt, with --quiet, and if the file cannot be measured.
func (p *painting) score() *nst.Score {
	if p.o.canvas != nil || p.t.quiet || p.ctx.Err() != nil {
		return nil
	}
	picture, _, err := imgio.OpenContext(p.ctx, p.at)
	if err != nil {
		return nil
	}
	s, err := p.transfer.Score(p.ctx, p.job.Content, p.job.Style, picture, p.job.Regions...)
	if err != nil {
		return nil // no reason to fail: the picture is saved
	}
	return s
}

// remember saves the artifacts of a run.
func (p *painting) remember(r *nst.Result) error {
	var sources []*imgio.Planar
	if p.o.canvas == nil {
		sources = append(sources, p.job.Content)
	}
	for _, s := range p.styles {
		sources = append(sources, s.Picture)
	}
	return p.recorder.save(&p.o.settings, p.t, r.Picture, sources)
}
