package batch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/cmd/nst/internal/manifest"
)

// Find says which files are pictures, and where to look for them.
type Find struct {
	What       string   // content or style, for errors
	Extensions []string // of pictures, such as .png
	Recursive  bool     // also look in folders within folders
	Avoid      string   // a folder that is not looked into; empty for none
}

// Found are the files that arguments name.
type Found struct {
	Files []Picture

	// Unread lists files in folders that are no pictures by their extension. Hidden files
	// do not count.
	Unread []string

	// Avoided lists the folders of arguments that have Find.Avoid in them.
	Avoided []string
}

// Picture is a file that was found.
type Picture struct {
	Path   string
	Folder string // in which it is, relative to the folder of the argument; empty for none
}

// Files returns the files that args name, in order and each once: a file stands for itself, a
// folder for the pictures in it, and a pattern of [filepath.Glob] for the files that it
// matches. A folder or pattern without a picture is an error, and so is a name that does not
// exist. All such errors are joined, and the other files are returned.
func (f *Find) Files(args []string) (*Found, error) {
	out, seen := new(Found), map[string]bool{}
	var errs []error
	for _, arg := range args {
		files, err := f.expand(out, arg)
		if err != nil {
			errs = append(errs, err)
		}
		for _, p := range files {
			if p.Path = filepath.Clean(p.Path); !seen[p.Path] {
				seen[p.Path] = true
				out.Files = append(out.Files, p)
			}
		}
	}
	return out, errors.Join(errs...)
}

// Paths returns the names of the files.
func (f *Found) Paths() []string {
	var out []string
	for _, p := range f.Files {
		out = append(out, p.Path)
	}
	return out
}

// Contents returns the files that args name as contents, without those in folders within
// folders; see [Find.Files].
func Contents(args, extensions []string) ([]string, error) {
	found, err := (&Find{What: "content", Extensions: extensions}).Files(args)
	return found.Paths(), err
}

func (f *Find) expand(out *Found, arg string) ([]Picture, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return f.top(out, arg)
	case err == nil:
		return []Picture{{Path: arg}}, nil
	case !strings.ContainsAny(arg, "*?["):
		return nil, &PictureError{f.What, arg, err}
	}
	matches, err := filepath.Glob(arg)
	if err != nil {
		return nil, fmt.Errorf("batch: pattern %q: %w", arg, err)
	}
	var files []Picture
	for _, path := range matches {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			files = append(files, Picture{Path: path})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("batch: pattern %q matches no file", arg)
	}
	return files, nil
}

// top returns the pictures in the folder of an argument.
func (f *Find) top(out *Found, dir string) ([]Picture, error) {
	avoided := false
	files, err := f.folder(out, dir, "", &avoided)
	if avoided {
		out.Avoided = append(out.Avoided, dir)
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("batch: folder %q holds no picture", dir)
	}
	return files, err
}

// folder returns the pictures in dir/within, those of folders in it last. Links to folders are
// not followed.
func (f *Find) folder(out *Found, dir, within string, avoided *bool) ([]Picture, error) {
	at := filepath.Join(dir, within)
	entries, err := os.ReadDir(at)
	if err != nil {
		return nil, &PictureError{f.What, at, err}
	}
	var files []Picture
	var folders []string
	for _, e := range entries {
		path := filepath.Join(at, e.Name())
		switch {
		case e.IsDir() && f.Recursive && f.avoids(path):
			*avoided = true
		case e.IsDir():
			folders = append(folders, filepath.Join(within, e.Name()))
		case slices.Contains(f.Extensions, strings.ToLower(filepath.Ext(e.Name()))):
			files = append(files, Picture{path, within})
		case !strings.HasPrefix(e.Name(), ".") && !manifest.IsOwn(e.Name()):
			out.Unread = append(out.Unread, path)
		}
	}
	if !f.Recursive {
		return files, nil
	}
	var errs []error
	for _, within := range folders {
		more, err := f.folder(out, dir, within, avoided)
		files = append(files, more...)
		errs = append(errs, err)
	}
	return files, errors.Join(errs...)
}

// avoids reports whether a folder is the one to avoid.
func (f *Find) avoids(path string) bool {
	if f.Avoid == "" {
		return false
	}
	a, errA := os.Stat(path)
	b, errB := os.Stat(f.Avoid)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
