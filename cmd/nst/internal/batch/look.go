package batch

import (
	"errors"
	"io/fs"
	"os"

	"nst/cmd/nst/internal/manifest"
	"nst/imgio"
	"nst/internal/atomicfile"
)

// ErrForeign means that a result's file exists and is not what the batch has painted there.
var ErrForeign = errors.New("exists already, and is not a picture of this batch")

// ErrEdited means that a result was changed after it was painted.
var ErrEdited = errors.New("was changed after it was painted")

// Verdict is what is to be done with a job.
type Verdict struct {
	Skip bool
	Why  string // it is done: new, output is missing, ...; or skipped: done, edited
	Err  error  // it cannot be done

	replace bool             // the file at Output is ours
	was     *manifest.File   // that file
	last    *manifest.Record // of the job
	renewed *manifest.Record // last with the signs of today, to be written; may be nil
}

// Reasons of a [Verdict].
const (
	whyDone    = "done"
	whyEdited  = "edited"
	whyNew     = "new"
	whyFailed  = "failed before"
	whyStopped = "interrupted before"
	whyMissing = "result is missing"
	whyDamaged = "result is damaged"
	whyAsked   = "overwrite"
)

// Edited reports whether the job is skipped although its result was changed by somebody.
func (v *Verdict) Edited() bool { return v.Skip && v.Why == whyEdited }

// Look says what is to be done with a job: it compares what the book has of it with the files
// as they are. It reads files only if their size, time or number has changed. With overwrite,
// every job is to be done, and replaces whatever is there.
func Look(b *manifest.Book, j *Job, overwrite bool) Verdict {
	last := b.Last(j.Rel)
	v := Verdict{Err: j.Err, last: last, Why: whyNew, replace: overwrite}
	if j.Err != nil {
		return v
	}
	if last != nil && last.Saved != "" && last.Status == manifest.Done && !overwrite {
		if there := v.there(b, j, inDir(b, last.Saved)); there && v.Skip {
			return v // in the folder conflict
		}
	}
	info, err := os.Stat(j.Output)
	if err != nil {
		if v.was = nil; v.Why == whyNew {
			v.Why = whyAbsent(last)
		}
		return v
	}
	v.replace = true
	if overwrite {
		v.Why = whyAsked
		return v
	}
	if last != nil && v.there(b, j, j.Output) {
		return v
	}
	v.foreign(b, j, info)
	return v
}

// whyAbsent says why a job is done whose result is not there.
func whyAbsent(last *manifest.Record) string {
	switch {
	case last == nil:
		return whyNew
	case last.Status == manifest.Failed:
		return whyFailed
	case last.Status == manifest.Interrupted:
		return whyStopped
	}
	return whyMissing
}

// there decides about a job whose file at path exists, and reports whether it is one of ours.
func (v *Verdict) there(b *manifest.Book, j *Job, path string) bool {
	last := v.last
	painted := last.Status == manifest.Done || last.Status == manifest.Saving
	switch {
	case painted && last.Picture != nil && last.Picture.Matches(path):
		v.was = last.Picture
	case last.Was != nil && last.Was.Matches(path):
		v.was, v.Why = last.Was, whyAbsent(last)
		if painted {
			v.Why = whyNew
		}
		return true
	default:
		return false
	}
	now := record(b, j)
	if differs := last.Difference(now); differs != "" {
		v.Why = "other " + differs
		return true
	}
	v.Skip, v.Why = true, whyDone
	v.renew(now, path)
	return true
}

// renew makes a record of what is done with the signs that the files have now, if they have
// others than before, so that the next run need not read them.
func (v *Verdict) renew(now *manifest.Record, path string) {
	same := v.last.Status == manifest.Done
	for i, in := range now.Inputs {
		same = same && (in.File == v.last.Inputs[i].File || in.Changed == 0)
	}
	picture := *v.last.Picture
	if !picture.Known(path) {
		same = false
		if f, err := manifest.Picture(path); err == nil {
			picture = f
		}
	}
	if same {
		return
	}
	fresh := *v.last
	fresh.Status, fresh.Inputs, fresh.Picture = manifest.Done, now.Inputs, &picture
	v.renewed = &fresh
}

// foreign decides about a job whose file is none that the batch has painted.
func (v *Verdict) foreign(b *manifest.Book, j *Job, info fs.FileInfo) {
	v.was = nil
	if info.Size() == 0 && info.Mode().IsRegular() {
		v.Why = whyDamaged // nothing is lost
		return
	}
	last := v.last
	known := last != nil && (last.Picture != nil && last.Saved == "" || last.Was != nil)
	if known && atomicfile.CheckKind(info) == nil {
		if _, _, err := imgio.Open(j.Output); err != nil {
			v.Why = whyDamaged
			return
		}
	}
	v.replace = false
	switch {
	case known && last.Status == manifest.Done && last.SameWork(record(b, j)):
		v.Skip, v.Why = true, whyEdited
	case known:
		v.Err = ErrEdited
	default:
		v.Err = ErrForeign
	}
}

// record returns the record of a job as it is now, without how it ends. A file that cannot be
// read has no hash: it differs from every other.
func record(b *manifest.Book, j *Job) *manifest.Record {
	r := &manifest.Record{Output: j.Rel, Index: j.Index, Settings: j.Settings}
	for _, read := range j.Reads {
		f, err := b.Sums.Of(read.Path)
		if err != nil {
			f = manifest.File{}
		}
		r.Inputs = append(r.Inputs, manifest.Input{Role: read.Role, Path: manifest.Path(read.Path), File: f})
	}
	return r
}

// unchanged reports whether the inputs of a record are still what they were.
func unchanged(b *manifest.Book, r *manifest.Record) bool {
	for _, in := range r.Inputs {
		f, err := b.Sums.Of(string(in.Path))
		if err != nil || f.SHA256 != in.SHA256 {
			return false
		}
	}
	return true
}
