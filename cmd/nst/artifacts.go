package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nst/cmd/nst/internal/sheet"
	"nst/imgio"
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

// check returns an error for every name that is wrong by itself.
func (k *artifacts) check() error {
	var errs []error
	for _, one := range k.all() {
		if !slices.Contains(one.extensions, strings.ToLower(filepath.Ext(one.path))) {
			errs = append(errs, &valueError{one.flag, fmt.Sprintf("%q", one.path), "must end in " + strings.Join(one.extensions, " or ")})
		}
	}
	return errors.Join(errs...)
}

// list adds the files to a ledger. mode says what is done with one.
func (k *artifacts) list(l *ledger, mode func(path string) writeMode) {
	for _, one := range k.all() {
		l.write(one.flag[2:], one.path, mode(one.path))
	}
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

// savedSample is a sample of the curve in a checkpoint. The values are text, since JSON has no
// infinity.
type savedSample struct {
	Scale  int      `json:"scale"`
	Label  string   `json:"label"`
	Values []string `json:"values"`
}

// mostSaved is the number of samples beyond which a checkpoint has none: its header is limited.
const mostSaved = 1 << 16

// saved returns the curve so far, for a checkpoint.
func (a *artifactRecorder) saved() []savedSample {
	if len(a.curve.Samples) > mostSaved {
		return nil
	}
	var all []savedSample
	for _, s := range a.curve.Samples {
		one := savedSample{s.Scale, s.Label, nil}
		for _, v := range s.Values {
			one.Values = append(one.Values, strconv.FormatFloat(v, 'g', -1, 64))
		}
		all = append(all, one)
	}
	return all
}

// restore takes over the curve of a checkpoint. A curve that cannot be read begins anew.
func (a *artifactRecorder) restore(text string) {
	var all []savedSample
	if a.plot == "" || json.Unmarshal([]byte(text), &all) != nil {
		return
	}
	for _, s := range all {
		one := sheet.Sample{Scale: s.Scale, Label: s.Label, Values: make([]float64, len(a.curve.Names))}
		for i := range min(len(s.Values), len(one.Values)) {
			one.Values[i], _ = strconv.ParseFloat(s.Values[i], 64)
		}
		a.curve.Samples = append(a.curve.Samples, one)
	}
}

// save writes the artifacts of a run that ended with result. The strip shows sources before
// the result.
func (a *artifactRecorder) save(s *settings, t *console, result *imgio.Planar, sources []*imgio.Planar) error {
	var errs []error
	wrote := func(at string, err error) {
		errs = append(errs, err)
		if err == nil {
			t.put(map[string]string{"wrote": at}, sprintf("wrote %s", at))
		}
	}
	if a.plot != "" {
		wrote(t.write("plot", a.plot, s.replaces(a.plot), func(w io.Writer) error {
			return a.curve.Plot(w, strings.ToLower(strings.TrimPrefix(filepath.Ext(a.plot), ".")))
		}))
	}
	if a.gif != "" {
		wrote(t.write("gif", a.gif, s.replaces(a.gif), func(w io.Writer) error { return a.film.Encode(w, result.Image()) }))
	}
	if a.strip != "" {
		var images []image.Image
		for _, p := range append(slices.Clone(sources), result) {
			images = append(images, p.Image())
		}
		m, err := sheet.Strip(result.H, images...)
		if err != nil {
			return errors.Join(append(errs, &fileError{"strip", a.strip, err})...)
		}
		wrote(s.save(t, a.strip, s.replaces(a.strip), imgio.FromImage(m)))
	}
	return errors.Join(errs...)
}
