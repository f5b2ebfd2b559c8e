package main

import (
	"context"
	"fmt"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// instantStart is the word of --init for the picture that nst apply paints.
const instantStart = "instant"

// startFile returns the file of --init FILE; empty if there is none.
func (s *settings) startFile() string {
	if s.start == instantStart {
		return ""
	}
	return s.start
}

// noteStart says which part of the file of --init FILE is used, if it has not the shape of the
// content.
func (s *settings) noteStart(t *console, start, content *imgio.Planar) {
	if start == nil || content == nil {
		return
	}
	part := nst.StartPart(nst.Size{W: start.W, H: start.H}, nst.Size{W: content.W, H: content.H})
	if part.W != start.W || part.H != start.H {
		t.say("--init %s has %dx%d pixels and not the shape of the content: the %dx%d in its middle are used", s.start, start.W, start.H, part.W, part.H)
	}
}

// worker paints one picture at a time; it is a [nst.Transfer].
type worker interface {
	Run(ctx context.Context, j nst.Job) (*nst.Result, error)
}

// starting returns a worker that gives each job the first picture of --init instant, or
// transfer itself for another start.
func (s *settings) starting(transfer *nst.Transfer) worker {
	if s.start != instantStart {
		return transfer
	}
	return &instantStarter{transfer, s}
}

// instantStarter begins each job with the picture that one pass of the network for any
// painting makes of it.
type instantStarter struct {
	*nst.Transfer
	settings *settings
}

// Run paints the first picture of the job, then runs it. The error is also that of the pass.
func (t *instantStarter) Run(ctx context.Context, j nst.Job) (*nst.Result, error) {
	var err error
	if j.Start, err = t.settings.paintStart(ctx, &j); err != nil {
		return nil, err
	}
	return t.Transfer.Run(ctx, j)
}

// paintStart returns what one pass makes of the content of a job, at the size of the result.
func (s *settings) paintStart(ctx context.Context, j *nst.Job) (*imgio.Planar, error) {
	content := j.Content
	if s.Size != nst.OriginalSize {
		w, h := content.Whole()
		content = content.Resize(imgio.FitLongest(w, h, s.Size))
	}
	if min(content.W, content.H) < leastPixels {
		return nil, startError("the content", content.W, content.H)
	}
	styles := j.Style.Pictures()
	b := &brush{options: s.applyOptions()}
	if b.options.Color == nst.ColourPost {
		b.options.Color = nst.ColourStyle // the run ends with it
	}
	for i, p := range styles {
		if min(p.Picture.W, p.Picture.H) < leastPixels {
			return nil, startError(fmt.Sprintf("style %d", i+1), p.Picture.W, p.Picture.H)
		}
		b.styles = append(b.styles, styleRef{picture: p.Picture, mask: p.Mask})
		b.shares = append(b.shares, p.Weight)
	}
	if s.opened != nil {
		b.universal, s.opened = s.opened, nil // it is no part of the memory of the run
	} else {
		var err error
		if b.universal, err = instant.Universal(); err != nil {
			return nil, err
		}
	}
	return b.paint(ctx, content, j.Regions, nil)
}

// startError says that a picture is too small to be painted in one pass.
func startError(what string, w, h int) error {
	return &valueError{"--init", instantStart, fmt.Sprintf("%s is %dx%d pixels at this --size, at least %d on each side are needed", what, w, h, leastPixels)}
}
