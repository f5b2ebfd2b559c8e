package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/internal/atomicfile"
)

// contents finds the contents of the arguments and of --list.
func (p *batchPlan) contents() ([]batch.Picture, error) {
	o := p.o
	for _, c := range o.contents {
		if imgio.SameFile(c, o.dir) {
			return nil, &fileError{"output folder", o.dir, errors.New("is one of the content folders: results would become contents")}
		}
	}
	find := batch.Find{What: "content", Extensions: pictureExtensions(), Recursive: o.many.recursive, Avoid: o.dir}
	found, err := find.Files(o.contents)
	if err != nil {
		return nil, err
	}
	for _, c := range o.contents {
		if o.many.recursive && (slices.Contains(found.Avoided, c) || isInside(o.dir, c)) {
			p.t.say("output folder %q is inside the content folder %q: what is in it is no content", o.dir, c)
		}
	}
	if n := len(found.Unread); n > 0 {
		p.t.say("%s in content folders not read, by the extension: %s", count(n, "file"), listed(found.Unread))
	}
	if o.many.list != "" {
		names, err := readFrom(p.e, "list", o.many.list, batch.ReadList)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, path := range found.Paths() {
			seen[path] = true
		}
		for _, name := range names {
			if name = filepath.Clean(name); !seen[name] {
				seen[name] = true
				found.Files = append(found.Files, batch.Picture{Path: name})
			}
		}
	}
	return found.Files, nil
}

// isInside reports whether a folder, which need not exist, has its name below another.
func isInside(dir, folder string) bool {
	dir, errDir := filepath.Abs(dir)
	folder, errFolder := filepath.Abs(folder)
	rel, err := filepath.Rel(folder, dir)
	return errDir == nil && errFolder == nil && err == nil && rel != "." && filepath.IsLocal(rel)
}

// listed returns names for a message.
func listed(names []string) string {
	text := strings.Join(names[:min(len(names), mostListed)], ", ")
	if more := len(names) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// readFrom reads a file, or standard input.
func readFrom[T any](e *env, what, path string, read func(io.Reader) (T, error)) (T, error) {
	var in io.Reader = e.Stdin
	if path != standard {
		f, err := os.Open(path)
		if err != nil {
			var none T
			return none, &fileError{what, path, err}
		}
		defer f.Close()
		in = f
	}
	out, err := read(in)
	if bad := new(batch.SpecError); err != nil && !errors.As(err, &bad) {
		err = &fileError{what, path, err}
	}
	return out, err
}

// styles finds the styles.
func (p *batchPlan) styles(ctx context.Context) ([]batch.Style, error) {
	var out []batch.Style
	var errs []error
	for _, arg := range p.o.styles {
		some, err := p.style(ctx, arg)
		out, errs = append(out, some...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// style finds the styles that an argument names.
func (p *batchPlan) style(ctx context.Context, arg string) ([]batch.Style, error) {
	if p.o.many.apply && !isPictures(arg) {
		s, err := p.e.style(ctx, p.t, arg)
		if err != nil {
			return nil, err
		}
		if s.undecided() {
			return nil, s.chooseError()
		}
		if s.model != nil {
			p.brands[arg] = s
			return []batch.Style{{Path: arg, Name: styleLabel([]styleRef{s})}}, nil
		}
	}
	find := batch.Find{What: "style", Extensions: pictureExtensions(), Recursive: p.o.many.recursive}
	found, err := find.Files([]string{arg})
	if err != nil {
		return nil, err
	}
	var out []batch.Style
	for _, path := range found.Paths() {
		if isModel(path) {
			return nil, &fileError{"style image", path, errSwapped}
		}
		if info, err := os.Stat(path); err == nil {
			if err := atomicfile.CheckKind(info); err != nil {
				return nil, &fileError{"style image", path, err}
			}
		}
		out = append(out, batch.Style{Path: path, Name: batch.Stem(path)})
	}
	return out, nil
}

// isPictures reports whether an argument names pictures: a folder, a pattern, or a file that is
// no network.
func isPictures(arg string) bool {
	info, err := os.Stat(arg)
	if err != nil {
		return strings.ContainsAny(arg, "*?[") && !strings.Contains(arg, modelExtension)
	}
	return info.IsDir() || isPicture(arg)
}

// findMasks lists the masks of --protect.
func (p *batchPlan) findMasks() error {
	dir := p.o.masks.protect
	if dir == "" {
		return nil
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return &fileError{"mask folder", dir, errors.New("is a file: a batch takes a folder of masks, each with the name of its content")}
	}
	found, err := (&batch.Find{What: "mask", Extensions: pictureExtensions(), Recursive: true}).Files([]string{dir})
	if err != nil {
		return err
	}
	p.masks = map[string]string{}
	for _, m := range found.Files {
		p.masks[filepath.Join(m.Folder, batch.Stem(m.Path))] = m.Path
	}
	return nil
}

// noteMasks says how many contents have a mask. None is an error.
func (p *batchPlan) noteMasks(jobs []batch.Job) error {
	if p.masks == nil || len(jobs) == 0 {
		return nil
	}
	n := 0
	for _, j := range jobs {
		if j.Mask != "" {
			n++
		}
	}
	switch {
	case n == 0:
		return &fileError{"mask folder", p.o.masks.protect, errors.New("has no mask with the name of a content")}
	case n == 1:
		p.t.say("1 of %s has a mask", count(len(jobs), "content"))
	case n < len(jobs):
		p.t.say("%d of %s have a mask", n, count(len(jobs), "content"))
	}
	return nil
}

// checkFiles returns an error if a result would replace an input, or if two results are one
// file by another name.
func (p *batchPlan) checkFiles(jobs []batch.Job) error {
	o := p.o
	var l ledger
	seen := map[string]bool{}
	for _, j := range jobs {
		for _, r := range j.Reads {
			if !seen[r.Path] {
				seen[r.Path] = true
				l.read(r.Path)
			}
		}
	}
	l.read(o.many.file(o.many.list), o.many.file(o.many.jobFile))
	if !o.many.apply {
		l.read(o.networkFile(p.e))
	}
	for _, s := range p.brands {
		l.read(s.path)
	}
	for _, j := range jobs {
		if j.Err == nil {
			l.write("result", j.Output, skips)
		}
	}
	l.write("log", o.log, extending(o.overwrite))
	return l.check()
}
