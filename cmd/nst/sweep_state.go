package main

import (
	"encoding/csv"
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

	"nst/imgio"
	"nst/nst"
)

// The files of a sweep beside its pictures.
const (
	recipeFile = "sweep.json"
	scoresFile = "scores.csv"
	pageFile   = "index.html"
)

// errOtherSweep is a reason not to go on in a folder.
var errOtherSweep = errors.New("holds pictures")

// recipe is what the pictures of a folder have in common. Pictures of another
// recipe are no part of the grid, though they may have the names of its own.
type recipe struct {
	Sheet    string            `json:"sheet"`
	Content  string            `json:"content"`
	Styles   []string          `json:"styles"`
	Blend    string            `json:"style_blend,omitempty"`
	Varied   []string          `json:"varied"`
	Settings map[string]string `json:"settings"`
}

func (o *sweepOptions) recipe() *recipe {
	r := &recipe{Sheet: o.output, Content: o.content, Styles: o.styles, Settings: o.fixed}
	if o.blend != nil {
		r.Blend = (&numbersValue{&o.blend}).String()
	}
	for _, l := range o.varied {
		r.Varied = append(r.Varied, l.name)
	}
	return r
}

// readRecipe returns the recipe of a folder, or nil if there is none.
func readRecipe(dir string) (*recipe, error) {
	path := filepath.Join(dir, recipeFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := new(recipe)
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	if err != nil {
		return nil, &fileError{"recipe", path, err}
	}
	return r, nil
}

// differs says in what pictures of r are not those of other; empty is in nothing.
func (r *recipe) differs(other *recipe) string {
	switch {
	case r.Content != other.Content:
		return fmt.Sprintf("of %s, not %s", r.Content, other.Content)
	case !slices.Equal(r.Styles, other.Styles) || r.Blend != other.Blend:
		return fmt.Sprintf("in other styles: %q, not %q", r.Styles, other.Styles)
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

func (r *recipe) write(dir string) error {
	path := filepath.Join(dir, recipeFile)
	err := imgio.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
	if err != nil {
		return &fileError{"recipe", path, err}
	}
	return nil
}

// scored is a row of scores.csv: how a picture ended.
type scored struct {
	total, content, style, tv, seconds string
}

func scoreOf(r *nst.Result) *scored {
	text := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	return &scored{
		text(r.Loss.Total), text(r.Loss.Content), text(r.Loss.Style), text(r.Loss.TV),
		strconv.FormatFloat(r.Elapsed.Seconds(), 'f', 2, 64),
	}
}

func scoreNames() []string { return []string{"total", "content", "style", "tv", "seconds"} }

func (s *scored) texts() []string {
	return []string{s.total, s.content, s.style, s.tv, s.seconds}
}

// readScores returns the rows of a scores.csv by the name of the picture, which
// is the last column. A file that is not there or no such file has none: the
// scores then are blank, the pictures are not lost.
func readScores(path string) map[string]*scored {
	out := map[string]*scored{}
	f, err := os.Open(path)
	if err != nil {
		return out
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return out
	}
	n := len(scoreNames())
	for _, row := range rows {
		if len(row) > n {
			v := row[len(row)-1-n:]
			out[v[n]] = &scored{v[0], v[1], v[2], v[3], v[4]}
		}
	}
	return out
}
