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
	"nst/cmd/nst/internal/manifest"
	"nst/imgio"
	"nst/internal/atomicfile"
	"nst/internal/recipe"
	"nst/nst"
)

// batchPlan is what a batch is to do.
type batchPlan struct {
	o      *batchOptions
	e      *env
	t      *console
	setups setups
	brands map[string]styleRef // with --apply: styles that are no pictures, by what names them
	hashes map[string]string   // of settings and weights, by setup and style

	jobs  []batch.Job // of the shard
	all   int         // jobs of the batch
	plan  string      // hash of all of them
	shard manifest.Shard
	masks map[string]string // by the content's folder and name, without extension
	heads map[string]headOf // of pictures, by their files
}

// newPlan finds the files and makes the jobs. sums knows hashes of files. Notes are printed.
func (o *batchOptions) newPlan(ctx context.Context, e *env, t *console) (*batchPlan, error) {
	p := &batchPlan{o: o, e: e, t: t, brands: map[string]styleRef{}, hashes: map[string]string{}, heads: map[string]headOf{}}
	p.setups = setups{e: e, o: o, known: map[string]int{}}
	if !o.many.apply {
		o.choose(e)
	}
	if err := p.chooseShard(); err != nil {
		return nil, err
	}
	contents, errContents := p.contents()
	styles, errStyles := p.styles(ctx)
	if err := errors.Join(errContents, errStyles, p.findMasks()); err != nil {
		return nil, err
	}
	layout := batch.Layout{Dir: o.dir, Template: batch.Template(o.many.name), Extension: o.format}
	jobs := layout.Cross(contents, styles)
	for i := range jobs {
		p.finish(&jobs[i], contents[i%len(contents)], nil)
	}
	if err := p.noteMasks(jobs[:min(len(jobs), len(contents))]); err != nil {
		return nil, err
	}
	more, err := p.jobFile(&layout, styles, len(jobs))
	if err != nil {
		return nil, err
	}
	if jobs = append(jobs, more...); len(jobs) == 0 {
		return nil, &valueError{"number of jobs", 0, "there is nothing to paint"}
	}
	batch.Clashes(jobs)
	if err := p.checkFiles(jobs); err != nil {
		return nil, err
	}
	p.all, p.plan = len(jobs), batch.PlanHash(jobs)
	if p.shard.Count > 0 {
		for i := range jobs {
			jobs[i].Cost = p.cost(&jobs[i])
		}
	}
	p.jobs = batch.Split(jobs, p.shard)
	return p, nil
}

// chooseShard takes the shard of the flag, or of the task of a scheduler.
func (p *batchPlan) chooseShard() (err error) {
	text, by := p.o.many.shard, ""
	switch text {
	case noShard:
	case "":
		if p.shard, by, err = batch.ShardOfTask(p.e.Getenv); err != nil {
			return &valueError{"shard of this task", by, err.Error()}
		}
		if by != "" {
			p.t.say("shard %s, by %s", p.shard.String(), by)
		}
	default:
		p.shard, err = batch.ParseShard(text)
	}
	return err
}

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

// mostListed is how many names a message lists.
const mostListed = 10

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

// finish gives a job its mask, what it reads, and its settings: those of the flags and extra.
func (p *batchPlan) finish(j *batch.Job, content batch.Picture, extra map[string]string) {
	if j.Mask == "" {
		j.Mask = p.masks[filepath.Join(content.Folder, batch.Stem(content.Path))]
	}
	j.Reads = []batch.Read{{Role: "content", Path: j.Content}}
	if _, brand := p.brands[j.Style]; !brand {
		j.Reads = append(j.Reads, batch.Read{Role: "style", Path: j.Style})
	}
	if j.Mask != "" {
		j.Reads = append(j.Reads, batch.Read{Role: "mask", Path: j.Mask})
	}
	if file := p.o.startFile(); file != "" {
		j.Reads = append(j.Reads, batch.Read{Role: "first picture", Path: file})
	}
	var err error
	if j.Setup, err = p.setups.of(extra); err != nil {
		j.Err = err
	}
}

// jobFile returns the jobs of --jobs-file. A line that makes no sense is a job that cannot be
// done.
func (p *batchPlan) jobFile(l *batch.Layout, styles []batch.Style, index int) ([]batch.Job, error) {
	path := p.o.many.jobFile
	if path == "" {
		return nil, nil
	}
	specs, err := readFrom(p.e, "job file", path, batch.ReadSpecs)
	var jobs []batch.Job
	for _, err := range flatten(err) {
		bad := new(batch.SpecError)
		if !errors.As(err, &bad) {
			return nil, err
		}
		jobs = append(jobs, badLine(path, bad.Line, bad.Err))
	}
	for _, s := range specs {
		own := styles
		if s.Style != "" {
			if own, err = p.style(context.Background(), s.Style); err != nil {
				own = []batch.Style{{Path: s.Style, Name: batch.Stem(s.Style)}}
			}
		} else if len(own) == 0 {
			err = errors.New("has no style, and --style gives none")
			own = []batch.Style{{}}
		}
		if err == nil && s.Output != "" {
			err = p.checkName(s.Output, len(own))
		}
		for _, style := range own {
			content := batch.Picture{Path: filepath.Clean(s.Content)}
			name := s.Output
			if err != nil {
				name = ""
			}
			j := l.Job(index+len(jobs), content, style, name)
			j.Mask = s.Masked
			p.finish(&j, content, s.Settings)
			if err := errors.Join(err, j.Err); err != nil {
				j = badLine(path, s.Line, err)
			}
			jobs = append(jobs, j)
		}
		err = nil
	}
	return jobs, nil
}

// badLine is a line of a job file that makes no sense, as a job.
func badLine(path string, line int, err error) batch.Job {
	return batch.Job{
		Output: fmt.Sprintf("%s, line %d", path, line),
		Err:    &fileError{"job file", path, fmt.Errorf("line %d: %s", line, message(err))},
	}
}

// checkName returns an error for the name of an output in a job file that is not allowed.
func (p *batchPlan) checkName(name string, styles int) error {
	_, err := imgio.FormatOf(name)
	switch {
	case err != nil:
		return fmt.Errorf("output %q must end as a format that nst writes: %s", name, strings.Join(imgio.Formats(), ", "))
	case !filepath.IsLocal(name):
		return fmt.Errorf("output %q must stay in the output folder", name)
	case styles > 1:
		return fmt.Errorf("output %q is one name for %d styles", name, styles)
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

// file returns the name of a file that is not standard input.
func (m *manySettings) file(path string) string {
	if path == standard {
		return ""
	}
	return path
}

// sign gives every job the hash of its settings and weights.
func (p *batchPlan) sign(sums *manifest.Sums) error {
	for i := range p.jobs {
		j := &p.jobs[i]
		if j.Err != nil {
			continue
		}
		brand, ok := p.brands[j.Style]
		key := fmt.Sprint(j.Setup)
		if ok {
			key += "\x00" + j.Style
		}
		if p.hashes[key] == "" {
			weights, err := p.weights(sums, brand)
			if err != nil {
				return err
			}
			p.hashes[key] = p.o.hash(p.setups.all[j.Setup].settings, weights)
		}
		j.Settings = p.hashes[key]
	}
	return nil
}

// weights names the weights that paint, with the hash of their file if they have one.
func (p *batchPlan) weights(sums *manifest.Sums, brand styleRef) (recipe.File, error) {
	path, w := p.o.networkFile(p.e), recipe.File{Name: p.o.network}
	if p.o.many.apply {
		path, w.Name = "", "universal"
		if brand.model != nil {
			path, w.Name = brand.path, brand.model.Styles()[brand.index].Name
		}
	}
	if path == "" {
		w.SHA256 = "part of nst: " + w.Name
		return w, nil
	}
	f, err := sums.Of(path)
	if err != nil {
		return w, &fileError{"network", path, err}
	}
	w.SHA256 = f.SHA256
	if brand.model != nil {
		w.SHA256 += " " + w.Name // one of several styles in the file
	}
	return w, nil
}

// head returns what the header of a picture says, once for each file.
func (p *batchPlan) head(path string) (imgio.Header, error) {
	if h, ok := p.heads[path]; ok {
		return h.header, h.err
	}
	var h imgio.Header
	info, err := os.Stat(path)
	if err == nil {
		err = atomicfile.CheckKind(info) // to open a pipe could take for ever
	}
	if err == nil {
		h, err = imgio.Stat(path, p.t.limits...)
	}
	p.heads[path] = headOf{h, err}
	return h, err
}

// headOf is a header, or why there is none.
type headOf struct {
	header imgio.Header
	err    error
}

// resultSize returns the width and height of the result of a job.
func (p *batchPlan) resultSize(j *batch.Job) (w, h int, err error) {
	head, err := p.head(j.Content)
	if err != nil {
		return 0, 0, err
	}
	s := p.setups.all[j.Setup]
	w, h = head.Width, head.Height
	switch size := s.Size; {
	case p.o.many.apply && s.pass.size != nst.OriginalSize && s.pass.size < max(w, h):
		w, h = imgio.FitLongest(w, h, s.pass.size)
	case !p.o.many.apply && size != nst.OriginalSize:
		w, h = imgio.FitLongest(w, h, size)
	}
	return w, h, nil
}

// cost estimates the work of a job, in evaluations of a pixel. It is the same on every machine.
func (p *batchPlan) cost(j *batch.Job) float64 {
	if j.Err != nil {
		return 0
	}
	w, h, err := p.resultSize(j)
	if err != nil {
		return 0 // it will fail at once
	}
	pixels := float64(w * h)
	switch by := p.setups.all[j.Setup].Schedule; {
	case p.o.many.apply:
		return pixels
	case by.Scales == 1:
		return pixels * float64(by.Iterations)
	case by.FineIterations > 0:
		return pixels * 2 * float64(by.FineIterations) // half of the pixels at each size before
	default:
		return pixels * 4 / 3 * float64(by.Iterations)
	}
}
