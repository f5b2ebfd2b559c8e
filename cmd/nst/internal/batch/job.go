// Package batch paints many pictures: [Find] finds them, [Layout.Plan] makes the jobs,
// [Look] says which of them are to be done, [Run] does them, and a [Summary] lists how each
// ended. A [manifest.Book] remembers what was done.
package batch

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"nst/cmd/nst/internal/manifest"
	"nst/nst"
)

// Job is one picture to paint: a content in a style.
type Job struct {
	Content, Style string // files, or a style by another name
	Output         string

	Index    int           // in the whole batch, from 0
	Rel      manifest.Path // Output within the folder of the manifest, with slashes
	Reads    []Read        // the files that the result depends on
	Settings string        // the hash of everything else that it depends on
	Setup    int           // the number of the settings, for the painter
	Mask     string        // a file; empty for none
	Cost     float64       // estimated work, in any unit
	Known    bool          // an earlier run has begun it, so that files beside Output are its own
	Err      error         // why the job cannot be done; nil if it can
}

// Read is a file that a job reads.
type Read struct{ Role, Path string }

// Status says how a job ended.
type Status string

// The ways a job can end.
const (
	Done        Status = "done"
	Skipped     Status = "skipped"     // it was done before
	Failed      Status = "failed"      // Outcome.Err says why
	Interrupted Status = "interrupted" // Outcome.Saved is the picture so far
)

// Outcome is a job and how it ended.
type Outcome struct {
	Job
	Status  Status
	Err     error       // of a failed job
	Result  *nst.Result // of a job done or interrupted; its picture only until it has been told
	Saved   string      // file with the picture of a job done or interrupted, if there is one
	Elapsed time.Duration
}

// dead reports whether the job failed because the card failed.
func (o *Outcome) dead() bool { return o.Status == Failed && errors.As(o.Err, new(*nst.CardError)) }

// PictureError is a content or style that could not be used.
type PictureError struct {
	What string // content, style
	Path string
	Err  error
}

// Error names the picture and says what was wrong.
func (e *PictureError) Error() string {
	return fmt.Sprintf("batch: %s image %q: %v", e.What, e.Path, e.Err)
}

// Unwrap returns what was wrong.
func (e *PictureError) Unwrap() error { return e.Err }

// Summary lists how the jobs ended, in the order of the plan. It lacks jobs that were not
// begun.
type Summary struct {
	Outcomes []Outcome
	Planned  int // jobs, begun or not
}

// Count returns the number of jobs that ended with status.
func (s *Summary) Count(status Status) int {
	n := 0
	for _, o := range s.Outcomes {
		if o.Status == status {
			n++
		}
	}
	return n
}

// Left returns the number of jobs that are still to be done, besides those that failed.
func (s *Summary) Left() int {
	return s.Planned - s.Count(Done) - s.Count(Skipped) - s.Count(Failed)
}

// Stem returns the name of a file without its folder and extension.
func Stem(path string) string {
	base := filepath.Base(path)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		return stem
	}
	return base
}
