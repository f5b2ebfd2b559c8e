package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/recipe"
	"nst/nst"
	"nst/vgg"
)

// stylizeOptions are the arguments and flags of nst stylize.
type stylizeOptions struct {
	settings
	content string
	canvas  nst.Size     // of a texture, which has no content
	aspect  *aspectValue // of a texture
	styles  []string
	stored  string // format of the pictures; empty for that of the output
}

// newStylizeCmd returns nst stylize. If runF is not nil, it runs
// instead of the work.
func newStylizeCmd(e *env, runF func(context.Context, *stylizeOptions) error) *cobra.Command {
	o := &stylizeOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "stylize CONTENT STYLE [STYLE...] [-o OUT]",
		Short: "Paint one picture",
		Long: `stylize paints CONTENT in the style of STYLE, or of a blend of several. The
result is OUT, or CONTENT-STYLE.png in the current folder. CONTENT - is standard
input, OUT - standard output. Ctrl-C ends the run and saves the picture as it is
then.`,
		Annotations: map[string]string{moreKey: `Files: existing files are replaced only with --overwrite. All files and settings
are checked before the work begins. A file that appears during the run is kept
too: the new one gets another name, such as out-2.png. After Ctrl-C, or if the
terminal is closed, the exit code is 130; a second Ctrl-C ends at once.
The picture holds how it was made: nst recipe shows it, nst rerun makes it again.
--save-every 50 also writes out-0050.png, out-0100.png and so on, at full size.
A picture that cannot be saved, because the disk is full or the folder is gone,
is saved in the folder for temporary files or in the current one.

Checkpoints: Ctrl-C also saves the state of the run, as OUT.checkpoint. nst resume
goes on from it to the same picture as a run without a break. The file is written
every --checkpoint-every too, for a process that is killed, and removed at the
end. The same command again does not begin while it is there.

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
  nst stylize photo.jpg painting.jpg --size 1024 --strength 90 --time 5m
  nst stylize photo.jpg sky.jpg ground.jpg --content-mask sky.png,rest`,
		Args: arguments(2, -1, "CONTENT STYLE [STYLE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content, o.styles = args[0], args[1:]
			switch {
			case o.output == "" && o.content == standard:
				o.output = standard
			case o.output == "":
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
	words(cmd, &o.storage.format, imgio.Formats(), "format", standardFormat)
	cmd.Flag("format").Annotations = map[string][]string{groupKey: {string(groupOutput)}}
	bindFlags(cmd, e, &o.settings, inStylize, nil)
	return cmd
}

// standardFormat is the usage of --format where a picture may go to standard output.
const standardFormat = "format of the picture on standard output"

// check returns an error for every value that is wrong by itself.
func (o *stylizeOptions) check(cmd *cobra.Command) error {
	errs := []error{o.settings.check(cmd), o.artifacts.check(), o.masks.check(cmd, len(o.styles)), o.checkBlend(len(o.styles))}
	if o.checkpointEvery < 0 {
		errs = append(errs, &valueError{"--checkpoint-every", o.checkpointEvery, "must be 0 (never) or more"})
	}
	if o.saveEvery < 0 {
		errs = append(errs, &valueError{"--save-every", o.saveEvery, "must be 0 (never) or more"})
	}
	if format, err := o.formatOf(o.output); err != nil {
		errs = append(errs, &valueError{"--output", fmt.Sprintf("%q", o.output), "must end in " + endings() + ", or be -"})
	} else {
		errs = append(errs, o.checkStorage(cmd, format))
	}
	if cmd.Flags().Changed("format") && o.output != standard {
		errs = append(errs, &valueError{"--format", o.storage.format, "is only for -o -; the name of OUT says the format"})
	}
	if o.saveEvery > 0 && o.output == standard {
		errs = append(errs, &valueError{"--save-every", o.saveEvery, "cannot go with -o -: its pictures are named after the output"})
	}
	for _, path := range append(slices.Clone(o.styles), o.masks.paths()...) {
		if path == standard {
			errs = append(errs, &usageError{cmd, errors.New("- (standard input) can only be the CONTENT")})
			break
		}
	}
	return errors.Join(errs...)
}

// storedFormat returns the format of the pictures that are painted.
func (o *stylizeOptions) storedFormat() (string, error) {
	if o.stored != "" {
		return o.stored, nil
	}
	return o.formatOf(o.output)
}

// texture reports whether there is no content.
func (o *stylizeOptions) texture() bool { return o.canvas != nst.Size{} }

func stylize(ctx context.Context, e *env, o *stylizeOptions) (err error) {
	t := newConsole(e, &o.settings)
	o.goOn(e, t)
	if err := o.checkFiles(e); err != nil {
		return err
	}
	if !o.texture() {
		if err := t.fetch(ctx, o.content); err != nil {
			return err
		}
	}
	ready, err := o.checkRun(t, o.files(), []nst.Options{o.Options})
	if err != nil {
		return err
	}
	defer unconfine()
	if err := o.resume.load(); err != nil {
		return err
	}
	job, styles, original, err := o.open(ctx, t)
	if err != nil {
		return err
	}
	weights, err := o.weights(e)
	if err != nil {
		return err
	}
	transfer, err := nst.New(weights, o.Options)
	if err != nil {
		return err
	}
	defer transfer.Close()
	if job.Style, err = transfer.Style(ctx, styles...); err != nil {
		return o.masks.named(err)
	}
	maker, err := o.maker(t, weights.Network, transfer)
	if err != nil {
		return err
	}
	content := job.Content
	if o.strip == "" { // what is larger than the result is not needed any more
		styles, content = nil, o.shown(content)
	}
	log, err := o.openLog()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()

	p := &painting{
		ctx: ctx, o: o, t: t, transfer: transfer, content: content, style: job.Style, regions: job.Regions, styles: styles, log: log,
		original: original, maker: maker,
		reporter: newReporter(e, o.progress, o.quiet), recorder: newArtifactRecorder(&o.artifacts, o.output),
	}
	job.Progress, job.Warn = p.update, maker.warn(t)
	job.Started = ready
	if o.checkpointFile() != "" {
		job.Checkpoint, job.CheckpointEvery = p.checkpoint, o.checkpointEvery
	}
	if r := o.resume; r != nil {
		r.announce(t, o)
		p.recorder.restore(r.state.Meta[metaCurve])
		job.Resume, job.ResumeChanged = r.state, r.force
	}
	undo := t.onInterrupt(ctx)
	result, err := o.starting(transfer).Run(ctx, job)
	undo()
	return p.end(result, o.changed(o.masks.named(err)))
}

// maker returns the maker of the recipe, which has read all inputs but the content.
func (o *stylizeOptions) maker(t *console, net *vgg.Network, by *nst.Transfer) (*maker, error) {
	command, in := "stylize", inStylize
	if o.texture() {
		command, in = "texture", inTexture
	}
	m, err := o.newMaker(t, command, in, net, by.Device(), by.Precision())
	if m == nil || err != nil {
		return nil, err
	}
	if o.aspect != nil {
		m.base.Settings["aspect"] = o.aspect.String()
		if *o.aspect != (aspectValue{1, 1}) {
			m.base.Changed = append(m.base.Changed, "aspect")
		}
	}
	if err := m.read(recipe.Style, o.styles...); err != nil {
		return nil, err
	}
	if file := o.startFile(); file != "" {
		if err := m.read(recipe.Start, file); err != nil {
			return nil, err
		}
	}
	if o.start == instantStart {
		m.readUniversal()
	}
	return m, m.readMasks(&o.masks)
}
