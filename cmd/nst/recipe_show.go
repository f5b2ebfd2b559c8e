package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/recipe"
)

// newRecipeCmd returns nst recipe.
func newRecipeCmd(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "recipe PICTURE",
		Short: "Show how a picture was made",
		Long: `recipe shows how nst made PICTURE: the command line, all settings, and the files
that were read with their SHA-256. nst rerun makes the picture again. - reads
PICTURE from standard input.`,
		Example: `  nst recipe out.png
  nst recipe out.png --json`,
		Args: arguments(1, 1, "PICTURE"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, text, err := e.recipeOf(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				_, err := fmt.Fprintln(e.Stdout, text)
				return err
			}
			return showRecipe(e.Stdout, r, args[0])
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the recipe as it is stored, one JSON object")
	return cmd
}

// recipeOf reads the recipe of a picture, and its text as it is stored.
func (e *env) recipeOf(path string) (*recipe.Recipe, string, error) {
	in := e.Stdin
	if path != standard {
		f, err := os.Open(path)
		if err != nil {
			return nil, "", &fileError{"picture", path, err}
		}
		defer f.Close()
		if stat, err := f.Stat(); err == nil && stat.IsDir() {
			return nil, "", &fileError{"picture", path, imgio.ErrFolder}
		}
		in = f
	}
	s := defaults()
	text, err := imgio.ReadRecipe(in, s.limits(e)...)
	var r *recipe.Recipe
	if err == nil {
		r, err = recipe.Parse([]byte(text))
	}
	if err == nil && !json.Valid([]byte(text)) {
		err = recipe.ErrCorrupt
	}
	if err != nil {
		return nil, "", &fileError{"picture", path, err}
	}
	var line bytes.Buffer
	err = json.Compact(&line, []byte(text))
	return r, line.String(), err
}

// showRecipe prints a recipe for people.
func showRecipe(out io.Writer, r *recipe.Recipe, path string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, a ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, strings.ReplaceAll(sprintf(format, a...), "\t", " "))
	}
	row("made by", "%s, nst %s", r.Program, r.Command)
	engine := []string{r.Engine.Device, r.Engine.Kernels, r.Engine.Precision, r.Engine.Platform}
	row("on", "%s", strings.Join(slices.DeleteFunc(engine, func(s string) bool { return s == "" }), ", "))
	if r.Stopped != "" {
		row("stopped", "%s", r.Stopped)
	}
	for _, in := range r.Inputs {
		switch {
		case in.SHA256 != "":
			row(string(in.Role), "%s, %d bytes, SHA-256 %s", in.Name, in.Bytes, in.SHA256)
		case in.Name == "":
			row(string(in.Role), "none")
		default:
			row(string(in.Role), "%s", in.Name)
		}
	}
	for _, f := range r.Weights {
		row("network", "%s, %d bytes, SHA-256 %s", f.Name, f.Bytes, f.SHA256)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		changed := ""
		if slices.Contains(r.Changed, name) {
			changed = "  (not the default)"
		}
		row("--"+name, "%s%s", r.Settings[name], changed)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Output)) {
		row("--"+name, "%s", r.Output[name])
	}
	if seed, ok := r.Seed(); ok {
		row("seed", "%d", seed)
	}
	row("recipe", "%s", r.Hash())
	if err := w.Flush(); err != nil {
		return err
	}
	line, err := commandLine(r, path)
	if err != nil {
		return nil // of another nst: it has no command line here
	}
	_, err = fmt.Fprintf(out, "\n%s\n", line)
	return err
}

// commandLine returns the command line that makes the picture at path again, in a folder with
// its inputs.
func commandLine(r *recipe.Recipe, path string) (string, error) {
	none := func(string) bool { return false }
	d, err := newRedo(r, none)
	if err != nil {
		return "", err
	}
	output := batch.Stem(path) + ".png"
	if format, err := imgio.FormatOf(path); err == nil {
		d.store(format, none)
		output = recipe.Base(path)
	}
	name := func(_ recipe.Role, f recipe.File) string { return f.Name }
	words := append([]string{"nst", r.Command}, d.names(name)...)
	words = append(append(words, d.files(name, none)...), d.words()...)
	for i, word := range append(words, "-o", output) {
		if i < len(words) {
			words[i] = shellWord(word)
		} else {
			words = append(words, shellWord(word))
		}
	}
	return strings.Join(words, " "), nil
}

// recipeHints returns advice about recipes.
func recipeHints(err error) []string {
	version, missing := new(recipe.VersionError), new(missingError)
	switch {
	case errors.Is(err, imgio.ErrNoRecipe):
		return []string{"only pictures that nst painted have one; --no-recipe leaves it out, and programs that save a picture again may drop it"}
	case errors.As(err, &version):
		return []string{"use the nst that made the picture, or a newer one"}
	case errors.As(err, &missing):
		return []string{"--inputs DIR names a folder to look in; or give the files after PICTURE"}
	}
	return nil
}
