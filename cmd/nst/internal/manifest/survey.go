package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"nst/internal/atomicfile"
)

// Report is how far a batch is, over all its shards.
type Report struct {
	Shards   []ShardReport
	All      int       // jobs of the batch
	Done     int       // of them, in any run
	Failures []*Record // jobs whose last run failed
	Missing  []Shard   // that have not begun
	Differs  bool      // shards were not given the same jobs, so that some may be done twice or by none
	Damaged  []Damage
}

// ShardReport is how far the last run of a shard is, or of the whole batch.
type ShardReport struct {
	Shard   Shard
	Run     Run
	Done    int // in this run
	Failed  int
	Left    int
	Seconds float64   // of work
	Last    time.Time // when the last record was written
	Holder  string    // the process at work; empty if none is
}

// Survey reads the manifests in a folder. Processes may be at work on them. The error is that
// of a file that cannot be read, or matches fs.ErrNotExist if there is no manifest.
func Survey(dir string) (*Report, error) {
	all, err := readAll(dir)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fs.ErrNotExist
	}
	r := new(Report)
	plan := ""
	for _, c := range all {
		r.Damaged = append(r.Damaged, c.damaged...)
		if c.run == nil {
			continue
		}
		s := c.report()
		s.Holder = atWork(dir, c.shard)
		r.Shards = append(r.Shards, s)
		r.All = max(r.All, c.run.All)
		r.Differs = r.Differs || plan != "" && plan != c.run.Plan
		plan = c.run.Plan
	}
	r.Missing = missing(r.Shards)
	last := latest(all)
	for _, one := range sorted(last) {
		switch one.Status {
		case Done:
			r.Done++
		case Failed:
			r.Failures = append(r.Failures, one)
		}
	}
	return r, nil
}

// report counts the records of the last run.
func (c *contents) report() ShardReport {
	s := ShardReport{Shard: c.shard, Run: *c.run, Last: c.run.Time}
	own := map[Path]*Record{}
	for _, r := range c.records[c.since:] {
		own[r.Output] = r
		s.Last = r.Time
	}
	for _, r := range own {
		switch r.Status {
		case Done:
			s.Done++
		case Failed:
			s.Failed++
		}
		s.Seconds += r.Seconds
	}
	s.Failed += c.run.Refused
	s.Left = max(0, c.run.Jobs-c.run.Skipped-s.Done-s.Failed)
	return s
}

// missing lists the shards without a manifest, of batches of which another shard has one.
func missing(found []ShardReport) []Shard {
	there, counts := map[Shard]bool{}, map[int]bool{}
	for _, s := range found {
		there[s.Shard], counts[s.Shard.Count] = true, true
	}
	if there[Shard{}] {
		return nil // a process was at work on all of it
	}
	var out []Shard
	for _, n := range slices.Sorted(maps.Keys(counts)) {
		for i := 1; i <= n; i++ {
			if s := (Shard{i, n}); !there[s] {
				out = append(out, s)
			}
		}
	}
	return out
}

// atWork returns the process that holds the lock of a shard, or nothing.
func atWork(dir string, s Shard) string {
	if _, err := os.Stat(s.lock(dir)); err != nil {
		return ""
	}
	free, err := lock(dir, s, time.Millisecond)
	if held := new(HeldError); errors.As(err, &held) {
		return cmp.Or(held.Holder, "a process that is not known")
	}
	if err == nil {
		free()
	}
	return ""
}

// sorted returns records in the order of their jobs.
func sorted(last map[Path]*Record) []*Record {
	out := slices.Collect(maps.Values(last))
	slices.SortFunc(out, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Output, b.Output))
	})
	return out
}

// Merge writes one manifest with the last record of every job of all shards, and removes the
// manifests of the shards. It returns the number of records. No shard may be at work: the error
// is then a [HeldError]. If anything fails, the old manifests stay.
func Merge(dir string) (records int, err error) {
	release, err := hold(dir, Shard{})
	if err != nil {
		return 0, err
	}
	defer release()
	all, err := readAll(dir)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fs.ErrNotExist
	}
	var run *Run
	for _, c := range all {
		if c.run != nil && (run == nil || !c.run.Time.Before(run.Time)) {
			run = c.run
		}
	}
	var text bytes.Buffer
	text.Write(headerLine())
	if run != nil {
		whole := *run
		whole.Shard, whole.Jobs, whole.Skipped = "", run.All, 0
		if err := encode(&text, map[string]any{"run": &whole}); err != nil {
			return 0, err
		}
	}
	last := sorted(latest(all))
	for _, r := range last {
		if err := encode(&text, r); err != nil {
			return 0, err
		}
	}
	err = atomicfile.Write(Shard{}.path(dir), func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.shard.Count > 0 {
			err = errors.Join(err, os.Remove(c.shard.path(dir)))
		}
	}
	return len(last), err
}
