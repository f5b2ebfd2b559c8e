package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
	"nst/imgio"
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

// mostListed is how many names a message lists.
const mostListed = 10

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

// file returns the name of a file that is not standard input.
func (m *manySettings) file(path string) string {
	if path == standard {
		return ""
	}
	return path
}
