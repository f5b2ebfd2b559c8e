package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// stylizeOptions is what nst stylize was asked for.
type stylizeOptions struct {
	settings
	artifacts
	content   string
	canvas    *imgio.Planar // in the place of a content, whose size it is
	styles    []string
	blend     []float64 // weights of styles; nil is equal
	saveEvery int       // iterations; 0 is never
	masks     masks
}

// newStylizeCmd returns nst stylize. A runF that is not nil runs in the place of
// the work.
func newStylizeCmd(e *env, runF func(context.Context, *stylizeOptions) error) *cobra.Command {
	o := &stylizeOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "stylize CONTENT STYLE [STYLE...] [-o OUT]",
		Short: "Paint one picture",
		Long: `stylize paints CONTENT in the style of STYLE, or of a blend of several.

The result is OUT, a .png or .jpg; without -o it is named after both pictures,
CONTENT-STYLE.png in the current folder. A picture that is there is not replaced
without --overwrite. Everything is checked before the work begins. The first
interrupt (Ctrl-C) saves the picture as it is then and ends with exit code 130.

It is painted at several sizes, from --min-scale up to --size, by --iterations at
the first and half as many at each other, every size starting from the result of
the one before. --scales 1 paints at --size alone. --strength is the one knob for how
much of the painting is wanted: 50 is the default, and 20 more are ten times
the style weight.

--color says whose colours the picture has. --protect FILE keeps a part of CONTENT,
to the last bit of each pixel: FILE is a picture of its shape, white where it is
kept, black where it is painted, grey for a blend.

--content-mask paints each STYLE in a region of its own: one mask for each, in
their order, pictures of the shape of CONTENT, white in the region. They may be
soft, and overlap; what none covers has no style; rest in the place of a file is
what the others leave. A region counts by its area, times its share in
--style-blend. --style-mask takes of each STYLE what its mask covers, everything
where the name is empty. Masks are resampled, but must have the shape of their picture.
With --color luma, match and histogram each region is matched by its own colours.

--plot, --gif and --strip write pictures of the run: its loss, term by term, over
the iterations; the picture forming; what went in beside what came out. They too
are written of what there is after an interrupt.

--save-every 50 also writes OUT as it is after each 50 iterations of all sizes, and
as large as it will be: out-0050.png, out-0100.png, ..., replacing what is there.
--log and --progress json write one JSON object per iteration; with the latter all
but errors is JSON.`,
		Example: `  nst stylize photo.jpg painting.jpg -o out.png
  nst stylize photo.jpg painting.jpg --size 1024 --strength 65 --time 5m
  nst stylize photo.jpg painting.jpg --preset gatys --size 384
  nst stylize photo.jpg painting.jpg --color luma --protect faces.png
  nst stylize photo.jpg sky.jpg ground.jpg --content-mask sky.png,rest
  nst stylize photo.jpg painting.jpg --plot loss.svg --gif run.gif --strip strip.jpg
  nst stylize photo.jpg monet.jpg klimt.jpg --style-blend 2,1 -o both.jpg --quality 90`,
		Args: arguments(2, -1, "CONTENT STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content, o.styles = args[0], args[1:]
			if o.output == "" {
				o.output = batch.Stem(o.content) + "-" + batch.Stem(o.styles[0]) + ".png"
			}
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return stylize(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE`, .png or .jpg (default CONTENT-STYLE.png)")
	f.StringVar(&o.masks.protect, "protect", "", "leave CONTENT as it is where the picture in `FILE`, a mask over it, is white")
	o.masks.contentFlag(cmd)
	o.onceFlags(cmd)
	o.saveFlags(cmd)
	o.lossFlags(cmd, e)
	o.paintFlags(cmd)
	o.consoleFlags(cmd)
	o.artifacts.flags(cmd)
	return cmd
}

// onceFlags binds what only a command that paints one picture has.
func (o *stylizeOptions) onceFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&o.saveEvery, "save-every", 0, "also write the picture after each `N` iterations, as OUT-0050.png")
	f.Var(&numbersValue{&o.blend}, "style-blend", "shares of the styles, one each (default equal)")
	o.masks.styleFlag(cmd)
}

// check returns every value that can be told wrong from the command line alone.
func (o *stylizeOptions) check(cmd *cobra.Command) error {
	errs := []error{o.settings.check(cmd), o.artifacts.check(o.output), o.masks.check(cmd, len(o.styles))}
	if n := len(o.blend); n > 0 && n != len(o.styles) {
		errs = append(errs, &valueError{"--style-blend", &numbersValue{&o.blend}, fmt.Sprintf("must be one share for each style, of which there are %d", len(o.styles))})
	}
	for _, share := range o.blend {
		if share <= 0 {
			errs = append(errs, &valueError{"--style-blend", &numbersValue{&o.blend}, "each share must be above 0"})
			break
		}
	}
	if o.saveEvery < 0 {
		errs = append(errs, &valueError{"--save-every", o.saveEvery, "must be 0 (never) or more"})
	}
	switch format, err := imgio.FormatOf(o.output); {
	case err != nil:
		errs = append(errs, &valueError{"--output", fmt.Sprintf("%q", o.output), "must end in .png or .jpg"})
	case format != "jpeg" && cmd.Flags().Changed("quality"):
		errs = append(errs, &valueError{"--quality", o.quality, "is only for a JPEG"})
	}
	return errors.Join(errs...)
}

// inputs returns the pictures that are read.
func (o *stylizeOptions) inputs() []string {
	in := slices.Clone(o.styles)
	if o.canvas == nil {
		in = append(in, o.content)
	}
	if o.start != "" {
		in = append(in, o.start)
	}
	return append(in, o.masks.paths()...)
}

func stylize(ctx context.Context, e *env, o *stylizeOptions) (err error) {
	t := newConsole(e, &o.settings)
	if err := checkOutput(o.output, o.overwrite, o.inputs()); err != nil {
		return err
	}
	if err := o.artifacts.checkFiles(o.overwrite, o.inputs()); err != nil {
		return err
	}
	if err := checkLog(o.log, slices.Concat(o.inputs(), o.artifacts.paths(), []string{o.output})); err != nil {
		return err
	}
	if err := checkNumbered(o.output, o.inputs()); o.saveEvery > 0 && err != nil {
		return err
	}
	job, styles, err := o.open(t)
	if err != nil {
		return err
	}
	transfer, err := o.transfer(e)
	if err != nil {
		return err
	}
	defer transfer.Close()
	if job.Style, err = transfer.Style(ctx, styles...); err != nil {
		return o.masks.named(err)
	}
	log, err := openLog(o.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()

	p := &painting{o: o, log: log, reporter: newReporter(e, o.progress, o.quiet), recorder: newArtifactRecorder(&o.artifacts, o.output)}
	job.Progress, job.Warn = p.update, t.warn
	undo := t.onInterrupt(ctx)
	result, err := transfer.Run(ctx, job)
	undo()
	p.reporter.end()
	return errors.Join(o.finish(ctx, t, result, o.masks.named(err)), o.remember(t, p.recorder, &job, styles, result), p.err)
}

// open reads all the pictures.
func (o *stylizeOptions) open(t *console) (nst.Job, []nst.StylePicture, error) {
	var job nst.Job
	var styles []nst.StylePicture
	var errs []error
	read := func(what, path string) *imgio.Planar {
		p, err := t.open(what, path)
		errs = append(errs, err)
		return p
	}
	if job.Content = o.canvas; o.canvas == nil {
		job.Content = read("content", o.content)
	}
	for i, path := range o.styles {
		share := 1.0
		if o.blend != nil {
			share = o.blend[i]
		}
		styles = append(styles, nst.StylePicture{Picture: read("style", path), Weight: share})
	}
	if o.start != "" {
		job.Start = read("first", o.start)
	}
	job.Regions, job.Protect = o.masks.open(read, job.Content, styles)
	return job, styles, errors.Join(errs...)
}

// finish saves what a run has left: all of it, or what there was when it was
// interrupted or diverged.
func (o *stylizeOptions) finish(ctx context.Context, t *console, r *nst.Result, err error) error {
	if r == nil || err != nil && r.Iterations == 0 {
		return err
	}
	if errSave := o.save(o.output, r.Picture); errSave != nil {
		return errSave
	}
	t.wrote(o.output, r)
	if err != nil && ctx.Err() != nil {
		return &interrupted{err}
	}
	return err
}

// remember saves the pictures of a run.
func (o *stylizeOptions) remember(t *console, a *artifactRecorder, job *nst.Job, styles []nst.StylePicture, r *nst.Result) error {
	if r == nil || r.Iterations == 0 {
		return nil
	}
	var sources []*imgio.Planar
	if o.canvas == nil {
		sources = append(sources, job.Content)
	}
	for _, s := range styles {
		sources = append(sources, s.Picture)
	}
	return a.save(&o.settings, t, r.Picture, sources)
}

// painting follows a run.
type painting struct {
	o        *stylizeOptions
	log      *logFile
	reporter reporter
	recorder *artifactRecorder
	err      error // of the first picture on the way that could not be written
}

func (p *painting) update(at nst.Progress) {
	p.reporter.update(at)
	p.log.update("", at)
	p.recorder.update(at)
	if every := p.o.saveEvery; every > 0 && at.Done%every == 0 && p.err == nil {
		p.err = p.o.save(numbered(p.o.output, at.Done), at.Picture().Resize(at.FullWidth, at.FullHeight))
	}
}

// numbered returns path with an iteration before its extension: out-0050.png.
func numbered(path string, iteration int) string {
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(path, ext), iteration, ext)
}
