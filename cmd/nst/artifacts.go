package main

import (
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
	"nst/internal/atomicfile"
	"nst/nst"
)

// artifacts are the files of a run besides its result. An empty name is no file.
type artifacts struct {
	plot  string // of the loss
	gif   string // of the picture forming
	strip string // content, styles and result side by side
}

// artifact is one of them, with the formats that it may have.
type artifact struct {
	flag, path string
	extensions []string
}

func (k *artifacts) all() []artifact {
	var used []artifact
	for _, one := range []artifact{
		{"--plot", k.plot, []string{".svg", ".png"}},
		{"--gif", k.gif, []string{".gif"}},
		{"--strip", k.strip, []string{".png", ".jpg", ".jpeg"}},
	} {
		if one.path != "" {
			used = append(used, one)
		}
	}
	return used
}

// check returns an error for every name that is wrong by itself. output is the file of the
// result.
func (k *artifacts) check(output string) error {
	var errs []error
	taken := map[string]string{filepath.Clean(output): "--output"}
	for _, one := range k.all() {
		path := filepath.Clean(one.path)
		switch other, twice := taken[path]; {
		case !slices.Contains(one.extensions, strings.ToLower(filepath.Ext(path))):
			errs = append(errs, &valueError{one.flag, fmt.Sprintf("%q", one.path), "must end in " + strings.Join(one.extensions, " or ")})
		case twice:
			errs = append(errs, &valueError{one.flag, fmt.Sprintf("%q", one.path), "is the file of " + other})
		}
		taken[path] = one.flag
	}
	return errors.Join(errs...)
}

// checkFiles returns an error unless the files can be written.
func (k *artifacts) checkFiles(overwrite bool, inputs []string) error {
	var errs []error
	for _, one := range k.all() {
		err := atomicfile.Check(one.path, overwrite)
		if slices.ContainsFunc(inputs, func(in string) bool { return imgio.SameFile(one.path, in) }) {
			err = errIsInput
		}
		if err != nil {
			errs = append(errs, &fileError{one.flag[2:], one.path, err})
		}
	}
	return errors.Join(errs...)
}

// paths lists the files.
func (k *artifacts) paths() []string {
	var out []string
	for _, one := range k.all() {
		out = append(out, one.path)
	}
	return out
}

// artifactRecorder collects the data for the artifacts during a run.
type artifactRecorder struct {
	*artifacts
	curve sheet.Curve
	film  sheet.Film
}

func newArtifactRecorder(k *artifacts, title string) *artifactRecorder {
	a := &artifactRecorder{artifacts: k}
	a.curve.Title = title
	a.curve.Names = []string{"total", "content", "style", "tv"}
	return a
}

func (a *artifactRecorder) update(p nst.Progress) {
	if a.plot != "" {
		l := p.Loss
		a.curve.Samples = append(a.curve.Samples, sheet.Sample{
			Scale: p.Scale, Label: fmt.Sprintf("%dx%d", p.Width, p.Height),
			Values: []float64{l.Total, l.Content, l.Style, l.TV},
		})
	}
	if a.gif != "" {
		a.film.Offer(func() image.Image { return p.Picture().Image() })
	}
}

// save writes the artifacts of a run that ended with result. The strip shows sources before
// the result.
func (a *artifactRecorder) save(s *settings, t *console, result *imgio.Planar, sources []*imgio.Planar) error {
	var errs []error
	write := func(what, path string, f func() error) {
		if path == "" {
			return
		}
		if err := f(); err != nil {
			errs = append(errs, &fileError{what, path, err})
			return
		}
		t.put(map[string]string{"wrote": path}, "wrote "+path)
	}
	write("plot", a.plot, func() error {
		return atomicfile.Write(a.plot, func(w io.Writer) error {
			return a.curve.Plot(w, strings.ToLower(strings.TrimPrefix(filepath.Ext(a.plot), ".")))
		})
	})
	write("gif", a.gif, func() error {
		return atomicfile.Write(a.gif, func(w io.Writer) error { return a.film.Encode(w, result.Image()) })
	})
	write("strip", a.strip, func() error {
		var images []image.Image
		for _, p := range append(slices.Clone(sources), result) {
			images = append(images, p.Image())
		}
		m, err := sheet.Strip(result.H, images...)
		if err != nil {
			return err
		}
		return s.save(a.strip, imgio.FromImage(m))
	})
	return errors.Join(errs...)
}
