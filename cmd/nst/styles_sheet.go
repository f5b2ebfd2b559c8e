package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
)

// sheetOptions are the arguments and flags of nst styles sheet.
type sheetOptions struct {
	settings
	content string
}

// newStylesSheetCmd returns nst styles sheet. If runF is not nil, it runs instead of the work.
func newStylesSheetCmd(e *env, runF func(context.Context, *sheetOptions) error) *cobra.Command {
	o := &sheetOptions{settings: defaults()}
	cmd := &cobra.Command{
		Use:   "sheet PHOTO [-o OUT]",
		Short: "Paint a photograph in every style on one sheet",
		Long: `sheet paints PHOTO in every style that nst styles list shows, and writes them with
their names as one picture, OUT or PHOTO-styles.png.`,
		Example: `  nst styles sheet photo.jpg
  nst styles sheet photo.jpg -o sheet.jpg --size 512 --strength 70`,
		Args: arguments(1, 1, "PHOTO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.content = args[0]
			if o.output == "" {
				o.output = batch.Stem(o.content) + "-styles.png"
			}
			if err := o.check(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.run(cmd.Context(), e)
		},
	}
	bindFlags(cmd, e, &o.settings, inSheet, nil)
	return cmd
}

// check returns an error for every value that is wrong by itself.
func (o *sheetOptions) check(cmd *cobra.Command) error {
	errs := []error{o.checkPass(cmd)}
	switch format, err := imgio.FormatOf(o.output); {
	case err != nil:
		errs = append(errs, &valueError{"--output", fmt.Sprintf("%q", o.output), "must end in " + endings()})
	case format != "jpeg" && cmd.Flags().Changed("quality"):
		errs = append(errs, &valueError{"--quality", o.quality, "is only for a JPEG"})
	}
	return errors.Join(errs...)
}

// errNoStyles means that there is nothing to show.
var errNoStyles = errors.New("there are no styles to show")

func (o *sheetOptions) run(ctx context.Context, e *env) error {
	t := newConsole(e, &o.settings)
	if isModel(o.content) {
		return &fileError{"content image", o.content, errSwapped}
	}
	if err := checkOutput(o.output, o.overwrite, []string{o.content}); err != nil {
		return err
	}
	photo, err := t.openFor(ctx, "content", o.content, o.pass.sheetSize)
	if err != nil {
		return err
	}
	if photo, err = fitted(photo, o.pass.sheetSize); err != nil {
		return &fileError{"content image", o.content, err}
	}
	styles, err := e.allStyles(t)
	if err != nil {
		return err
	}
	album := &sheet.Album{Title: filepath.Base(o.content), Pictures: []sheet.Labelled{{Picture: photo.Image(), Label: "photograph"}}}
	bar := jobBar{line: barLine{e: e}, on: o.drawsBar(e), jobs: len(styles)}
	defer bar.end()
	for i, s := range styles {
		bar.draw(i, s.name)
		b, err := o.newBrush([]styleRef{s}, nil)
		if err != nil {
			return err
		}
		p, err := b.paint(ctx, photo, nil, nil)
		if err != nil {
			return err
		}
		info := s.model.Styles()[s.index]
		album.Pictures = append(album.Pictures, sheet.Labelled{
			Picture: p.Image(), Label: s.name, Note: styleEntry{Painter: info.Painter, Title: info.Title, Year: info.Year}.painting(),
		})
	}
	bar.draw(len(styles), "")
	bar.end()
	m, err := album.Draw()
	if err != nil {
		return err
	}
	at, err := o.save(t, o.output, o.overwrite, imgio.FromImage(m))
	if err != nil {
		return err
	}
	t.put(map[string]any{"wrote": at, "styles": len(styles)}, sprintf("wrote %s (%s)", at, count(len(styles), "style")))
	return nil
}

// drawsBar reports whether progress is a bar.
func (s *settings) drawsBar(e *env) bool {
	return resolveProgress(e, s.progress, s.quiet) == "bar"
}

// allStyles returns every style that can be used. Networks that cannot be read are named. The
// error matches errNoStyles if none is left.
func (e *env) allStyles(t *console) ([]styleRef, error) {
	all, err := e.models()
	if err != nil {
		return nil, err
	}
	var styles []styleRef
	for _, m := range all {
		if m.err != nil {
			t.say("%s", message(&fileError{"network", m.path, m.err}))
			continue
		}
		for i, s := range m.model.Styles() {
			styles = append(styles, styleRef{name: cmp.Or(s.Name, m.name), path: m.path, model: m.model, index: i})
		}
	}
	if len(styles) == 0 {
		return nil, errNoStyles
	}
	return styles, nil
}
