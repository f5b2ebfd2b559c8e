package batch

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nst/cmd/nst/internal/manifest"
)

// Layout says where results go.
type Layout struct {
	Dir       string
	Template  Template
	Extension string // of the results, without a dot
}

// Template is the name of a result within the folder, with slashes. In it {content} and
// {style} stand for the names of the pictures without folder and extension, {index} for the
// number of the job from 0001, and {ext} for the extension.
type Template string

// DefaultTemplate is CONTENT-STYLE.png.
const DefaultTemplate Template = "{content}-{style}.{ext}"

// fields lists what a template may have in braces.
func fields() []string { return []string{"content", "style", "index", "ext"} }

// Check returns an error for a template that does not make names of pictures in the folder.
func (t Template) Check(extension string) error {
	for rest := string(t); ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return errors.New("has a { without a }")
		}
		if !slices.Contains(fields(), name) {
			return fmt.Errorf("{%s} is not known; there are {%s}", name, strings.Join(fields(), "}, {"))
		}
		rest = tail
	}
	name := t.expand("c", "s", 0, extension)
	switch {
	case !strings.HasSuffix(strings.ToLower(name), "."+extension):
		return fmt.Errorf("must end in .{ext} or .%s", extension)
	case !filepath.IsLocal(filepath.FromSlash(name)):
		return errors.New("must stay in the output folder")
	}
	return nil
}

// expand returns the name of a result.
func (t Template) expand(content, style string, index int, extension string) string {
	return strings.NewReplacer(
		"{content}", content, "{style}", style, "{index}", fmt.Sprintf("%04d", index+1), "{ext}", extension,
	).Replace(string(t))
}

// CollisionError means that two jobs would write the same file.
type CollisionError struct{ A, B Job }

// Error names the pictures of both jobs, and the file.
func (e *CollisionError) Error() string {
	return fmt.Sprintf("batch: %q in the style of %q and %q in the style of %q would both be %q",
		e.A.Content, e.A.Style, e.B.Content, e.B.Style, e.A.Output)
}

// Style is a style to plan with.
type Style struct {
	Path string // as it is given
	Name string // in names of results
}

// Cross returns the jobs that paint every content in every style, style by style so that each
// is analysed once.
func (l *Layout) Cross(contents []Picture, styles []Style) []Job {
	var jobs []Job
	for _, style := range styles {
		for _, content := range contents {
			jobs = append(jobs, l.Job(len(jobs), content, style, ""))
		}
	}
	return jobs
}

// Job returns a job. Its result has a name within the folder, if one is given, else that of
// the template.
func (l *Layout) Job(index int, content Picture, style Style, name string) Job {
	j := Job{Content: content.Path, Style: style.Path, Index: index}
	if name == "" {
		name = filepath.Join(content.Folder, filepath.FromSlash(l.Template.expand(Stem(content.Path), style.Name, index, l.Extension)))
	}
	name = filepath.Clean(name)
	j.Rel = manifest.Path(filepath.ToSlash(name))
	j.Output = filepath.Join(l.Dir, name)
	return j
}

// Clashes gives every job whose result would have the name of another's a [CollisionError].
// The first job of that name keeps it. Names that differ only in case count as the same,
// because some file systems treat them so.
func Clashes(jobs []Job) {
	taken := map[string]int{}
	for i := range jobs {
		name := strings.ToLower(jobs[i].Output)
		if first, ok := taken[name]; ok && jobs[i].Err == nil {
			jobs[i].Err = &CollisionError{jobs[first], jobs[i]}
			continue
		}
		if _, ok := taken[name]; !ok {
			taken[name] = i
		}
	}
}

// Plan returns the jobs that paint every content in every style, in a folder, under the usual
// names. The error joins every [CollisionError].
func Plan(contents, styles []string, dir, extension string) ([]Job, error) {
	var pictures []Picture
	var named []Style
	for _, c := range contents {
		pictures = append(pictures, Picture{Path: c})
	}
	for _, s := range styles {
		named = append(named, Style{s, Stem(s)})
	}
	l := Layout{dir, DefaultTemplate, strings.TrimPrefix(extension, ".")}
	jobs := l.Cross(pictures, named)
	Clashes(jobs)
	var errs []error
	jobs = slices.DeleteFunc(jobs, func(j Job) bool {
		errs = append(errs, j.Err)
		return j.Err != nil
	})
	return jobs, errors.Join(errs...)
}
