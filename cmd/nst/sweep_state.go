package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"nst/cmd/nst/internal/manifest"
	"nst/internal/atomicfile"
	"nst/nst"
)

// The files of a sweep beside its pictures.
const (
	recipeFile = "sweep.json"
	scoresFile = "scores.csv"
	pageFile   = "index.html"
)

// evenSteps is the scale of --strength; an older nst had one without a name.
const evenSteps = "even steps"

// errOtherSweep means that a folder holds another sweep.
var errOtherSweep = errors.New("holds pictures")

// sweepRecipe is what the pictures of a folder have in common, and the list of them. Pictures of
// another recipe may have the same names, but are not part of the grid.
type sweepRecipe struct {
	Sheet    manifest.Path     `json:"sheet"`
	Content  manifest.Path     `json:"content"`
	Styles   []manifest.Path   `json:"styles"`
	Blend    string            `json:"style_blend,omitempty"`
	Regions  []manifest.Path   `json:"content_masks,omitempty"`
	Parts    []manifest.Path   `json:"style_masks,omitempty"`
	Inputs   []manifest.Input  `json:"inputs,omitempty"` // all files that are read
	Varied   []string          `json:"varied"`
	Strength string            `json:"strength,omitempty"` // the scale of a strength that is varied
	Settings map[string]string `json:"settings"`

	// Done has the score of every picture that is done, by its file's name.
	Done map[string]*scored `json:"done"`

	// Painted has the names of all files that were painted in this folder or at least begun,
	// also with other settings. No others are replaced without --overwrite.
	Painted []string `json:"painted"`
}

// begin enters a picture as begun, and writes the recipe.
func (r *sweepRecipe) begin(dir, name string) error {
	if slices.Contains(r.Painted, name) {
		return nil
	}
	r.Painted = append(r.Painted, name)
	return r.write(dir, true)
}

// done enters a picture as done, and the name that it got instead of the one planned.
func (r *sweepRecipe) done(planned, name string, score *scored) {
	r.Done[name] = score
	r.Painted[slices.Index(r.Painted, planned)] = name
}

func (o *sweepOptions) recipe() *sweepRecipe {
	r := &sweepRecipe{
		Sheet: manifest.Path(o.output), Content: manifest.Path(o.content), Styles: pathsOf(o.styles),
		Regions: pathsOf(o.masks.content), Parts: pathsOf(o.masks.style), Settings: o.fixed, Done: map[string]*scored{},
	}
	if o.blend != nil {
		r.Blend = (&numbersValue{&o.blend}).String()
	}
	for _, l := range o.varied {
		if r.Varied = append(r.Varied, l.name); l.name == "strength" {
			r.Strength = evenSteps
		}
	}
	return r
}

// pathsOf returns names of files as a recipe has them.
func pathsOf(names []string) []manifest.Path {
	var out []manifest.Path
	for _, name := range names {
		out = append(out, manifest.Path(name))
	}
	return out
}

// sign enters the hashes of the files that are read. before is the recipe of an earlier run,
// which knows some; it may be nil. A file that cannot be read shows when it is opened.
func (r *sweepRecipe) sign(before *sweepRecipe, files ...string) {
	var sums manifest.Sums
	if before != nil {
		sums.Learn(before.Inputs)
	}
	for _, path := range files {
		if f, err := sums.Of(path); path != "" && err == nil {
			r.Inputs = append(r.Inputs, manifest.Input{Role: "input", Path: manifest.Path(path), File: f})
		}
	}
}

// replaced returns a file that has other bytes in other than in r, or nothing.
func (r *sweepRecipe) replaced(other *sweepRecipe) manifest.Path {
	for _, in := range other.Inputs {
		for _, was := range r.Inputs {
			if was.Path == in.Path && was.SHA256 != in.SHA256 {
				return in.Path
			}
		}
	}
	return ""
}

// readRecipe returns the recipe of a folder, or nil if there is none.
func readRecipe(dir string) (*sweepRecipe, error) {
	path := filepath.Join(dir, recipeFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := new(sweepRecipe)
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	if err != nil {
		return nil, &fileError{"recipe", path, err}
	}
	if r.Done == nil {
		r.Done = map[string]*scored{}
	}
	for name := range r.Done { // an older nst had no other list
		if !slices.Contains(r.Painted, name) {
			r.Painted = append(r.Painted, name)
		}
	}
	r.renew()
	return r, nil
}

// renew gives the settings of an older nst the names and words of today.
func (r *sweepRecipe) renew() {
	s := defaults()
	for _, row := range flagTable() {
		if was, ok := r.Settings[row.old]; ok && row.old != "" {
			r.Settings[row.name] = was
			delete(r.Settings, row.old)
		}
		if was := r.Settings[row.name]; was == "" && row.former != nil && row.in&inSweep != 0 {
			r.Settings[row.name] = row.value(&s).String() // what it changes is rare
		}
		if v, ok := row.value(&s).(*switchValue); ok && r.Settings[row.name] != "" && v.Set(r.Settings[row.name]) == nil {
			r.Settings[row.name] = v.String()
		}
	}
	if r.Settings["precision"] == string(nst.PrecisionTF32) && r.Settings["device"] != nst.DeviceCUDA {
		r.Settings["precision"] = string(s.Compute.Precision) // the default was tf32, of the processor too
	}
	if r.Settings["tv-weight"] == "0" { // its form has no effect, and had another default
		r.Settings["tv-form"] = string(s.Objective.TVForm)
	}
	for i, name := range r.Varied {
		if row, ok := findFlag(func(row *flagRow) bool { return row.old == name }); ok {
			r.Varied[i] = row.name
		}
	}
}

// differs returns the first difference between the pictures of r and of other, or nothing.
func (r *sweepRecipe) differs(other *sweepRecipe) string {
	switch {
	case r.Content != other.Content:
		return fmt.Sprintf("of %s, not %s", r.Content, other.Content)
	case !slices.Equal(r.Styles, other.Styles) || r.Blend != other.Blend:
		return fmt.Sprintf("in other styles: %q, not %q", r.Styles, other.Styles)
	case !slices.Equal(r.Regions, other.Regions):
		return fmt.Sprintf("with other content masks: %q, not %q", r.Regions, other.Regions)
	case !slices.Equal(r.Parts, other.Parts):
		return fmt.Sprintf("with other style masks: %q, not %q", r.Parts, other.Parts)
	case !slices.Equal(slices.Sorted(slices.Values(r.Varied)), slices.Sorted(slices.Values(other.Varied))):
		return fmt.Sprintf("over other flags: %q, not %q", r.Varied, other.Varied)
	}
	if r.Strength != other.Strength {
		return "over --strength of an older nst, whose steps were others"
	}
	if file := r.replaced(other); file != "" {
		return fmt.Sprintf("of another file under the name %q", file)
	}
	for _, name := range slices.Sorted(maps.Keys(other.Settings)) {
		if was, is := r.Settings[name], other.Settings[name]; was != is {
			return fmt.Sprintf("with --%s %s, not %s", name, was, is)
		}
	}
	return ""
}

// write writes the recipe to its folder. It replaces one that is there only if told so.
func (r *sweepRecipe) write(dir string, replace bool) error {
	path := filepath.Join(dir, recipeFile)
	place := atomicfile.Create
	if replace {
		place = atomicfile.Write
	}
	err := place(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
	if err != nil {
		return &fileError{"recipe", path, err}
	}
	return nil
}

// scored is the final loss of a picture, each term times its weight.
type scored struct {
	Total   number `json:"total"`
	Content number `json:"content"`
	Style   number `json:"style"`
	TV      number `json:"tv"`
	Seconds number `json:"seconds"`
}

func scoreOf(r *nst.Result) *scored {
	l := r.Loss
	return &scored{number(l.Total), number(l.Content), number(l.Style), number(l.TV), number(r.Elapsed.Seconds())}
}

func scoreNames() []string { return []string{"total", "content", "style", "tv", "seconds"} }

// texts returns the numbers in the order of [scoreNames].
func (s *scored) texts() []string {
	text := func(x number) string { return strconv.FormatFloat(float64(x), 'g', 6, 64) }
	return []string{
		text(s.Total), text(s.Content), text(s.Style), text(s.TV),
		strconv.FormatFloat(float64(s.Seconds), 'f', 2, 64),
	}
}
