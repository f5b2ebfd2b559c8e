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

// stylizeOptions are the arguments and flags of nst stylize.
type stylizeOptions struct {
	settings
	content string
	canvas  nst.Size // of a texture, which has no content
	styles  []string
}

// newStylizeCmd returns nst stylize. If runF is not nil, it runs
// instead of the work.
func newStylizeCmd(e *env, runF func(context.Context, *stylizeOptions) error) *cobra.Command {
	o := &stylizeOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "stylize CONTENT STYLE [STYLE...] [-o OUT]",
		Short: "Paint one picture",
		Long: `stylize paints CONTENT in the style of STYLE, or of a blend of several. The
result is OUT, or CONTENT-STYLE.png in the current folder. Ctrl-C ends
the run and saves the picture as it is then.`,
		Annotations: map[string]string{moreKey: `Files: existing files are replaced only with --overwrite. All files and settings
are checked before the work begins. A file that appears during the run is kept
too: the new one gets another name, such as out-2.png. After Ctrl-C, or if the
terminal is closed, the exit code is 130; a second Ctrl-C ends at once.
--save-every 50 also writes out-0050.png, out-0100.png and so on, at full size.

Sizes: nst paints at several sizes, from --min-scale to --size. Each size starts
from the result of the one before. The first and the last size get --iterations,
the sizes between get a third of that. --scales 1 paints at --size alone.

Memory: before it reads more than headers, nst looks whether there is enough, and
if not names a --size that fits. --force goes on. nst info --plan shows the parts.
If there is no memory for the next size, the picture of the last one is saved.

Regions: --content-mask gives each STYLE a region of CONTENT. Each mask is a
picture with the proportions of CONTENT, of any size, white in the region. Masks
may be soft and may overlap. Parts that no mask covers get no style. The word
rest, instead of a file, is the area that the other masks leave. The weight of a region is its area, times
its share in --style-blend. --style-mask selects the part of each STYLE that is
used. --protect keeps white parts of CONTENT exactly as they are. With --color
luma, match and histogram, each style is matched to the colours of its region.

Reports: --plot, --gif and --strip write pictures of the run, also after Ctrl-C.
--log writes one JSON object for each iteration. With --progress json, stderr
holds JSON and error messages only.

The last message gives two numbers. The loss is what the optimiser reached. The
score is what nst score measures for OUT with the same flags. They differ if
--auto-balance changed the content weight, if slim was used in several
orientations, or if the colours were changed after the run.

More examples:
  nst stylize photo.jpg painting.jpg --preset gatys --size 384
  nst stylize photo.jpg painting.jpg --color luma --protect faces.png
  nst stylize photo.jpg painting.jpg --plot loss.svg --gif run.gif
  nst stylize a.jpg monet.jpg klimt.jpg --style-blend 2,1 -o both.jpg`},
		Example: `  nst stylize photo.jpg painting.jpg -o out.png
  nst stylize photo.jpg painting.jpg --size 1024 --strength 65 --time 5m
  nst stylize photo.jpg sky.jpg ground.jpg --content-mask sky.png,rest`,
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
	bindFlags(cmd, e, &o.settings, inStylize, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself.
func (o *stylizeOptions) check(cmd *cobra.Command) error {
	errs := []error{o.settings.check(cmd), o.artifacts.check(), o.masks.check(cmd, len(o.styles)), o.checkBlend(len(o.styles))}
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

// texture reports whether there is no content.
func (o *stylizeOptions) texture() bool { return o.canvas != nst.Size{} }

// files returns the pictures that are read, by what they are for.
func (o *stylizeOptions) files() *pictureFiles {
	files := &pictureFiles{
		canvas: o.canvas, styles: o.styles, start: o.start, masks: o.masks.paths(),
		regions: len(o.masks.content) > 0, protect: o.masks.protect != "", keeps: o.strip != "",
	}
	if !o.texture() {
		files.contents = []string{o.content}
	}
	return files
}

// inputs returns the pictures that are read.
func (o *stylizeOptions) inputs() []string {
	in := slices.Clone(o.styles)
	if !o.texture() {
		in = append(in, o.content)
	}
	if file := o.startFile(); file != "" {
		in = append(in, file)
	}
	return append(in, o.masks.paths()...)
}

// checkFiles returns an error for each file that cannot be written, or that the run reads.
func (o *stylizeOptions) checkFiles(e *env) error {
	var l ledger
	l.read(o.inputs()...)
	l.read(o.networkFile(e))
	l.write("output", o.output, replacing(o.overwrite))
	o.artifacts.list(&l, o.overwrite)
	l.write("log", o.log, replacing(o.overwrite))
	if o.saveEvery > 0 {
		l.numbered(o.output, o.saveEvery, replacing(o.overwrite), o.inputs()...)
	}
	return l.check()
}

func stylize(ctx context.Context, e *env, o *stylizeOptions) (err error) {
	t := newConsole(e, &o.settings)
	if err := o.checkFiles(e); err != nil {
		return err
	}
	ready, err := o.checkRun(t, o.files(), []nst.Options{o.Options})
	if err != nil {
		return err
	}
	defer unconfine()
	job, styles, err := o.open(ctx, t)
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
	content := job.Content
	if o.strip == "" { // what is larger than the result is not needed any more
		styles, content = nil, o.shown(content)
	}
	log, err := openLog(o.log, replacing(o.overwrite))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()

	p := &painting{o: o, t: t, log: log, reporter: newReporter(e, o.progress, o.quiet), recorder: newArtifactRecorder(&o.artifacts, o.output)}
	job.Progress, job.Warn = p.update, t.warn
	job.Started = ready
	undo := t.onInterrupt(ctx)
	style, regions := job.Style, job.Regions
	result, err := o.starting(transfer).Run(ctx, job)
	undo()
	p.reporter.end()
	measured := func(p *imgio.Planar) (*nst.Score, error) {
		return transfer.Score(ctx, content, style, p, regions...)
	}
	return errors.Join(o.finish(ctx, t, result, measured, o.masks.named(err)), o.remember(t, p.recorder, content, styles, result), p.err)
}

// open reads all the pictures.
func (o *stylizeOptions) open(ctx context.Context, t *console) (nst.Job, []nst.StylePicture, error) {
	var job nst.Job
	var styles []nst.StylePicture
	var errs []error
	read := func(what, path string) *imgio.Planar {
		p, err := t.open(ctx, what, path)
		errs = append(errs, err)
		return p
	}
	if o.texture() {
		job.Content = grey(o.canvas.W, o.canvas.H)
	} else {
		job.Content = read("content", o.content)
	}
	for i, path := range o.styles {
		styles = append(styles, nst.StylePicture{Picture: read("style", path), Weight: o.share(i)})
	}
	if file := o.startFile(); file != "" {
		job.Start = read("first", file)
	}
	job.Regions, job.Protect = o.masks.open(read, job.Content, styles)
	return job, styles, errors.Join(errs...)
}

// shown returns a content at the size of the result, or as it is if that is larger.
func (o *stylizeOptions) shown(content *imgio.Planar) *imgio.Planar {
	if o.Size == nst.OriginalSize || o.Size >= max(content.W, content.H) {
		return content
	}
	return content.Resize(imgio.FitLongest(content.W, content.H, o.Size))
}

// finish saves the result of a run, also of one that was interrupted or diverged, and
// reports it with the score of the file.
func (o *stylizeOptions) finish(ctx context.Context, t *console, r *nst.Result, score func(*imgio.Planar) (*nst.Score, error), err error) error {
	if r == nil || err != nil && r.Iterations == 0 {
		return err
	}
	at, errSave := o.save(t, o.output, o.overwrite, r.Picture)
	if errSave != nil {
		return errSave
	}
	if errors.As(err, new(*nst.OutOfMemoryError)) {
		score = nil // which takes memory too
	}
	t.wrote(at, r, o.score(ctx, t, at, score))
	if err != nil && ctx.Err() != nil {
		return &interrupted{err}
	}
	return err
}

// score returns what nst score measures of the file of the result. It returns nil for a texture,
// after an interrupt, with --quiet, and if the file cannot be measured.
func (o *stylizeOptions) score(ctx context.Context, t *console, path string, score func(*imgio.Planar) (*nst.Score, error)) *nst.Score {
	if score == nil || o.texture() || t.quiet || ctx.Err() != nil {
		return nil
	}
	p, _, err := imgio.OpenContext(ctx, path)
	if err != nil {
		return nil
	}
	s, err := score(p)
	if err != nil {
		return nil // no reason to fail: the picture is saved
	}
	return s
}

// remember saves the artifacts of a run.
func (o *stylizeOptions) remember(t *console, a *artifactRecorder, content *imgio.Planar, styles []nst.StylePicture, r *nst.Result) error {
	if r == nil || r.Iterations == 0 {
		return nil
	}
	var sources []*imgio.Planar
	if !o.texture() {
		sources = append(sources, content)
	}
	for _, s := range styles {
		sources = append(sources, s.Picture)
	}
	return a.save(&o.settings, t, r.Picture, sources)
}

// painting observes a run.
type painting struct {
	o        *stylizeOptions
	t        *console
	log      *logFile
	reporter reporter
	recorder *artifactRecorder
	err      error // of the first picture of --save-every that could not be written
}

func (p *painting) update(at nst.Progress) {
	p.reporter.update(at)
	p.log.update("", at)
	p.recorder.update(at)
	if every := p.o.saveEvery; every > 0 && at.Done%every == 0 && p.err == nil {
		_, p.err = p.o.save(p.t, numbered(p.o.output, at.Done), p.o.overwrite, at.Picture().Resize(at.FullWidth, at.FullHeight))
	}
}

// numbered returns path with an iteration before its extension: out-0050.png.
func numbered(path string, iteration int) string {
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(path, ext), iteration, ext)
}
