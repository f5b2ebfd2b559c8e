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

	"nst/internal/atomicfile"
	"nst/nst"
)

// The files of a sweep beside its pictures.
const (
	recipeFile = "sweep.json"
	scoresFile = "scores.csv"
	pageFile   = "index.html"
)

// errOtherSweep means that a folder holds another sweep.
var errOtherSweep = errors.New("holds pictures")

// sweepRecipe is what the pictures of a folder have in common, and the list of them. Pictures of
// another recipe may have the same names, but are not part of the grid.
type sweepRecipe struct {
	Sheet    string            `json:"sheet"`
	Content  string            `json:"content"`
	Styles   []string          `json:"styles"`
	Blend    string            `json:"style_blend,omitempty"`
	Regions  []string          `json:"content_masks,omitempty"`
	Parts    []string          `json:"style_masks,omitempty"`
	Varied   []string          `json:"varied"`
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
	r := &sweepRecipe{Sheet: o.output, Content: o.content, Styles: o.styles, Settings: o.fixed, Regions: o.masks.content, Parts: o.masks.style, Done: map[string]*scored{}}
	if o.blend != nil {
		r.Blend = (&numbersValue{&o.blend}).String()
	}
	for _, l := range o.varied {
		r.Varied = append(r.Varied, l.name)
	}
	return r.readBack()
}

// readBack returns r as it is when it has been read from its file: names that are no UTF-8 have
// changed.
func (r *sweepRecipe) readBack() *sweepRecipe {
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	if err != nil {
		panic(err) // a recipe has texts and numbers only
	}
	return r
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
		if v, ok := row.value(&s).(*switchValue); ok && r.Settings[row.name] != "" && v.Set(r.Settings[row.name]) == nil {
			r.Settings[row.name] = v.String()
		}
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
