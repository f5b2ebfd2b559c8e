// Package manifest keeps the book of a batch: a file of JSON Lines beside its pictures, with
// one line for each thing that happened. [Open] reads it and locks it for one process,
// [Book.Add] appends to it, [Survey] reads it while others write, and [Merge] makes one file
// of those of several shards.
//
// The first line has the version of the format, every other line is a [Run] or a [Record].
// A line is written in one piece and flushed to disk. What a killed process has left of its
// last line is removed when the file is opened again.
package manifest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"
)

// Version is the version of the format.
const Version = 1

// Name is the name of the file, unless it is that of a shard.
const Name = "nst-batch.jsonl"

// Path is the name of a file or a folder. JSON holds text only, so a name that is no UTF-8
// is written as an object with its bytes in base64.
type Path string

// rawPath is a Path that is no UTF-8.
type rawPath struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON writes the name so that it reads back the same; it returns no error.
func (p Path) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(p)) {
		return json.Marshal(string(p))
	}
	return fmt.Appendf(nil, `{"bytes":%q}`, base64.StdEncoding.EncodeToString([]byte(p))), nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (p *Path) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		var raw rawPath
		err := json.Unmarshal(data, &raw)
		*p = Path(raw.Bytes)
		return err
	}
	return json.Unmarshal(data, (*string)(p))
}

// Status says how far a job is.
type Status string

// The states of a job. What is saving has its picture painted and was about to write it: the
// picture is there or not. A process that is killed while it paints leaves no record.
const (
	Saving      Status = "saving"
	Done        Status = "done"
	Failed      Status = "failed"
	Interrupted Status = "interrupted"
)

// Input is a file that a job reads.
type Input struct {
	Role string `json:"role"` // content, style, mask, ...
	Path Path   `json:"path"`
	File
}

// Loss is the loss at the end of a job, each term times its weight.
type Loss struct {
	Total   float64 `json:"total"`
	Content float64 `json:"content"`
	Style   float64 `json:"style"`
	TV      float64 `json:"tv"`
}

// Record is one job in one state. The last record of an output holds.
type Record struct {
	Output   Path      `json:"output"` // relative to the folder of the manifest, with slashes
	Index    int       `json:"index"`  // of the job in the whole batch, from 0
	Status   Status    `json:"status"`
	Inputs   []Input   `json:"inputs,omitempty"`
	Settings string    `json:"settings,omitempty"` // hash of settings and weights
	Saved    Path      `json:"saved,omitempty"`    // the picture, where it is not at Output
	Picture  *File     `json:"picture,omitempty"`  // that the job has made
	Was      *File     `json:"was,omitempty"`      // what an earlier job has left at Output
	Seconds  float64   `json:"seconds,omitempty"`
	Pixels   int       `json:"pixels,omitempty"`
	Loss     *Loss     `json:"loss,omitempty"`
	Error    string    `json:"error,omitempty"`
	Time     time.Time `json:"time"`
}

// Place returns where the picture is, relative to the folder of the manifest.
func (r *Record) Place() Path {
	if r.Saved != "" {
		return r.Saved
	}
	return r.Output
}

// SameWork reports whether two records are of the same inputs, by their bytes, and of the
// same settings.
func (r *Record) SameWork(other *Record) bool { return r.Difference(other) == "" }

// Difference returns what differs between the work of two records: settings, or the role of
// an input. It is empty if nothing differs.
func (r *Record) Difference(other *Record) string {
	if r.Settings != other.Settings {
		return "settings"
	}
	for i, in := range r.Inputs {
		if i >= len(other.Inputs) || other.Inputs[i].Role != in.Role {
			return in.Role
		}
		if in.SHA256 == "" || in.SHA256 != other.Inputs[i].SHA256 {
			return in.Role
		}
	}
	if len(other.Inputs) > len(r.Inputs) {
		return other.Inputs[len(r.Inputs)].Role
	}
	return ""
}

// Run is a process at work on a batch, or on a shard of it. Records after it are of its jobs.
type Run struct {
	Shard   string    `json:"shard,omitempty"` // 2/4
	All     int       `json:"all"`             // jobs of the batch
	Jobs    int       `json:"jobs"`            // of this shard
	Skipped int       `json:"skipped"`         // of them, those that were done before
	Refused int       `json:"refused"`         // of them, those that cannot be begun
	Plan    string    `json:"plan"`            // hash of the outputs of all jobs
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Time    time.Time `json:"time"`
}

// header is the first line of a manifest.
type header struct {
	NST     string `json:"nst"` // batch
	Version int    `json:"version"`
}

const kind = "batch" // header.NST

// line is any line of a manifest: a header, a run or a record.
type line struct {
	header
	Run *Run `json:"run"`
	Record
}

// Shard is a part of a batch: number Index of Count, from 1. The zero value is all of it.
type Shard struct{ Index, Count int }

// String returns the shard as 2/4, and nothing for the whole batch.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// base returns the name of the shard's manifest without its extension.
func (s Shard) base() string {
	if s.Count == 0 {
		return "nst-batch"
	}
	return fmt.Sprintf("nst-batch.%d-of-%d", s.Index, s.Count)
}

// path returns the manifest of the shard in a folder.
func (s Shard) path(dir string) string { return filepath.Join(dir, s.base()+".jsonl") }

// lock returns the file that the process of the shard locks.
func (s Shard) lock(dir string) string { return filepath.Join(dir, "."+s.base()+".lock") }

// names matches the names of manifests and of their locks.
var names = regexp.MustCompile(`^\.?nst-batch(?:\.([1-9][0-9]{0,6})-of-([1-9][0-9]{0,6}))?\.(jsonl|lock)$`)

// shardOf returns the shard whose file has a name, and the extension of the file.
func shardOf(name string) (s Shard, extension string, ok bool) {
	m := names.FindStringSubmatch(name)
	if m == nil {
		return s, "", false
	}
	s.Index, _ = strconv.Atoi(m[1]) // empty is 0
	s.Count, _ = strconv.Atoi(m[2])
	return s, m[3], true
}

// IsOwn reports whether a file of this name belongs to a manifest.
func IsOwn(name string) bool {
	_, _, ok := shardOf(name)
	return ok
}

// VersionError means that another version of the program wrote a manifest.
type VersionError struct {
	Path    string
	Version int
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("manifest: %q has version %d of the format, and this program knows version %d", e.Path, e.Version, Version)
}

// ForeignError means that a file with the name of a manifest is something else.
type ForeignError struct{ Path string }

// Error names the file.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("manifest: %q is not a manifest", e.Path)
}

// HeldError means that another process is at work on the batch.
type HeldError struct {
	Path   string // of the manifest
	Holder string // pid 123 on HOST; empty if it is not known
}

// Error names the other process.
func (e *HeldError) Error() string {
	if e.Holder == "" {
		return "another process is at work on this batch"
	}
	return fmt.Sprintf("another process is at work on this batch: %s", e.Holder)
}

// Damage is a line of a manifest that cannot be read.
type Damage struct {
	Path string
	Line int // from 1
}
