package batch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Job is one picture to paint: a content in a style.
type Job struct {
	Content, Style string // files
	Output         string
}

// Contents returns the files that args name, in order and each once: a file
// stands for itself, a folder for the pictures in it (not in folders within),
// told by the extensions given (".png", ...), and a pattern of [filepath.Glob]
// for the files it matches. A folder or pattern without a picture is an error, and so is
// a name that does not exist. All such errors are joined.
func Contents(args, extensions []string) ([]string, error) {
	var out []string
	var errs []error
	for _, arg := range args {
		files, err := expand(arg, extensions)
		if err != nil {
			errs = append(errs, err)
		}
		for _, f := range files {
			if f = filepath.Clean(f); !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out, errors.Join(errs...)
}

func expand(arg string, extensions []string) ([]string, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return folder(arg, extensions)
	case err == nil:
		return []string{arg}, nil
	case !strings.ContainsAny(arg, "*?["):
		return nil, &PictureError{"content", arg, err}
	}
	matches, err := filepath.Glob(arg)
	if err != nil {
		return nil, fmt.Errorf("batch: pattern %q: %w", arg, err)
	}
	files := slices.DeleteFunc(matches, func(f string) bool {
		info, err := os.Stat(f)
		return err == nil && info.IsDir()
	})
	if len(files) == 0 {
		return nil, fmt.Errorf("batch: pattern %q matches no file", arg)
	}
	return files, nil
}

func folder(dir string, extensions []string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &PictureError{"content", dir, err}
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name()))) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("batch: folder %q holds no picture", dir)
	}
	return files, nil
}

// CollisionError means that two jobs would write the same file.
type CollisionError struct{ A, B Job }

// Error names the pictures of both jobs, and the file.
func (e *CollisionError) Error() string {
	return fmt.Sprintf("batch: %q in the style of %q and %q in the style of %q would both be %q",
		e.A.Content, e.A.Style, e.B.Content, e.B.Style, e.A.Output)
}

// Plan returns the jobs that paint every content in every style, style by style
// so that each is analysed once. Outputs are named CONTENT-STYLE.EXT in dir,
// after the files without folder and extension. Names that differ only in case count as
// the same, because some file systems treat them so. The error joins every
// [CollisionError].
func Plan(contents, styles []string, dir, extension string) ([]Job, error) {
	var jobs []Job
	var errs []error
	taken := map[string]Job{}
	for _, style := range styles {
		for _, content := range contents {
			j := Job{content, style, filepath.Join(dir, Stem(content)+"-"+Stem(style)+extension)}
			name := strings.ToLower(j.Output)
			if other, ok := taken[name]; ok {
				errs = append(errs, &CollisionError{other, j})
				continue
			}
			taken[name] = j
			jobs = append(jobs, j)
		}
	}
	return jobs, errors.Join(errs...)
}

// Stem returns the name of a file without its folder and extension.
func Stem(path string) string {
	base := filepath.Base(path)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		return stem
	}
	return base
}
