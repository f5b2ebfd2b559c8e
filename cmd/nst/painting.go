package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
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
	content  *imgio.Planar // as large as score and strip want it
	style    *nst.Style
	regions  []*nst.Mask
	styles   []nst.StylePicture // for the strip
	original *original          // nil for a texture
	maker    *maker
	log      *logFile
	reporter reporter
	recorder *artifactRecorder

	failed    error // of the run
	concluded bool
	at        string // the file of the picture; empty before it is saved
	err       error  // of saving the picture
	besides   error  // of saving what belongs to it
	numbered  error  // of the first picture of --save-every that could not be written

	program string // this one

	kept   bool // this run has written its checkpoint
	warned bool // that it could not
}

func (p *painting) update(at nst.Progress) {
	p.reporter.update(at)
	p.log.update("", at)
	p.recorder.update(at)
	if every := p.o.saveEvery; every > 0 && at.Done%every == 0 && p.numbered == nil {
		path := numbered(p.o.output, at.Done)
		picture := p.artwork(path, at.Picture().Resize(at.FullWidth, at.FullHeight), "at iteration "+strconv.Itoa(at.Done))
		_, p.numbered = p.o.saveArtwork(p.t, path, p.o.overwrite, picture)
	}
}

// artwork returns a picture of the run with what goes into its file.
func (p *painting) artwork(path string, picture *imgio.Planar, stopped string) *artwork {
	return p.original.painted(picture, p.maker.of(&p.o.settings, p.original, path, stopped))
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
	before := len(p.t.placed.since(0))
	o := p.o
	if p.at, p.err = o.saveSomewhere(p.t, o.output, o.replaces(o.output), p.artwork(o.output, r.Picture, stopWords(r, p.failed))); p.err == nil {
		p.t.wrote(p.at, r, p.score(r.Stop))
	}
	p.besides = p.remember(r)
	for _, path := range p.t.placed.since(before) {
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
	p.failed = err
	p.conclude(r)
	stopped := err != nil && p.ctx.Err() != nil
	switch {
	case p.err != nil:
		err = p.err
	case stopped:
		err = &interrupted{err}
	case err == nil || errors.As(err, new(*nst.DivergedError)):
		err = errors.Join(err, p.removeCheckpoint())
	}
	return errors.Join(err, p.besides, p.numbered)
}

// score returns what nst score measures of the file of the result. It returns nil for a texture,
// after an interrupt, with --quiet, without the memory to go on, and if the file cannot be measured.
func (p *painting) score(stop nst.Stop) *nst.Score {
	if p.o.texture() || p.at == standard || p.t.quiet || p.ctx.Err() != nil || stop == nst.StopMemory {
		return nil
	}
	picture, _, err := imgio.OpenContext(p.ctx, p.at)
	if err != nil {
		return nil
	}
	s, err := p.transfer.Score(p.ctx, p.content, p.style, picture, p.regions...)
	if err != nil {
		return nil // no reason to fail: the picture is saved
	}
	return s
}

// remember saves the artifacts of a run.
func (p *painting) remember(r *nst.Result) error {
	var sources []*imgio.Planar
	if !p.o.texture() {
		sources = append(sources, p.content)
	}
	for _, s := range p.styles {
		sources = append(sources, s.Picture)
	}
	return p.recorder.save(&p.o.settings, p.t, r.Picture, sources)
}
