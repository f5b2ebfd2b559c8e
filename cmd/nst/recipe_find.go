package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"nst/internal/recipe"
)

// mostFiles is how many files a finder looks at in folders.
const mostFiles = 100_000

// finder finds the files of a recipe: by name and checksum, then a file of another name with
// the same contents, then one of that name with others.
type finder struct {
	folders []string // that are looked at, without those below
	trees   []string // with those below
	files   []string // found in them; nil until they have been looked at
}

// find returns the file, and whether it has the contents of the recipe. It returns "" if there
// is none.
func (f *finder) find(want recipe.File) (path string, same bool) {
	var named string
	try := func(at string) bool {
		stat, err := os.Stat(at)
		if err != nil || !stat.Mode().IsRegular() {
			return false
		}
		if named == "" {
			named = at
		}
		return stat.Size() == want.Bytes && sumOf(at) == want.SHA256
	}
	for _, dir := range f.folders {
		if at := filepath.Join(dir, want.Name); want.Name != "" && try(at) {
			return at, true
		}
	}
	for _, at := range f.all() {
		if filepath.Base(at) == want.Name && try(at) {
			return at, true
		}
	}
	first := named
	for _, at := range f.all() {
		if try(at) {
			return at, true
		}
	}
	return first, false
}

// all lists the files in all folders, in a fixed order.
func (f *finder) all() []string {
	if f.files != nil {
		return f.files
	}
	f.files = []string{}
	add := func(path string) {
		if len(f.files) < mostFiles && !slices.Contains(f.files, path) {
			f.files = append(f.files, path)
		}
	}
	for _, dir := range f.folders {
		entries, _ := os.ReadDir(dir) // a folder that cannot be read holds nothing
		for _, e := range entries {
			if e.Type().IsRegular() {
				add(filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, dir := range f.trees {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil // likewise
			case len(f.files) >= mostFiles:
				return fs.SkipAll
			case e.Type().IsRegular():
				add(path)
			}
			return nil
		})
	}
	return f.files
}

// sumOf returns the checksum of a file, "" if it cannot be read.
func sumOf(path string) string {
	f, err := recipe.FileOf(path)
	if err != nil {
		return ""
	}
	return f.SHA256
}
