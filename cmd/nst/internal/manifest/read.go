package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// contents is what a manifest holds.
type contents struct {
	shard   Shard
	run     *Run      // the last one
	records []*Record // all, in order
	since   int       // index in records where the last run begins
	damaged []Damage
	whole   int64 // bytes up to the end of the last whole line; the rest is torn
}

// read reads the manifest of a shard. If there is none, it is empty.
func read(dir string, s Shard) (*contents, error) {
	path := s.path(dir)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c := &contents{shard: s, whole: int64(bytes.LastIndexByte(data, '\n') + 1)}
	number := 0
	for text := range bytes.Lines(data[:c.whole]) {
		number++
		if err := c.add(path, number, text); err != nil {
			return nil, err
		}
	}
	if number == 0 && len(data) > 0 && !beginsHeader(data) {
		return nil, &ForeignError{path}
	}
	return c, nil
}

// beginsHeader reports whether data is the beginning of a first line of this program.
func beginsHeader(data []byte) bool { return bytes.HasPrefix(headerLine(), data) }

// headerLine returns the first line of a manifest.
func headerLine() []byte {
	data, err := json.Marshal(header{kind, Version})
	if err != nil {
		panic(err) // it has a text and a number
	}
	return append(data, '\n')
}

// add reads a line.
func (c *contents) add(path string, number int, text []byte) error {
	var l line
	err := json.Unmarshal(text, &l)
	switch {
	case number == 1 && (err != nil || l.NST != kind):
		return &ForeignError{path}
	case number == 1 && l.Version != Version:
		return &VersionError{path, l.Version}
	case number == 1:
	case err == nil && l.Run != nil:
		c.run, c.since = l.Run, len(c.records)
	case err == nil && l.Output != "" && l.Status != "":
		c.records = append(c.records, &l.Record)
	default:
		c.damaged = append(c.damaged, Damage{path, number})
	}
	return nil
}

// shards returns the shards that have a file with an extension, jsonl or lock, in a folder.
// The whole batch comes first.
func shards(dir, extension string) ([]Shard, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Shard
	for _, e := range entries {
		if s, ext, ok := shardOf(e.Name()); ok && ext == extension {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Shard) int { return cmp.Or(a.Count-b.Count, a.Index-b.Index) })
	return out, nil
}

// readAll reads the manifests of a folder: that of the whole batch and those of its shards.
func readAll(dir string) ([]*contents, error) {
	all, err := shards(dir, "jsonl")
	if err != nil {
		return nil, err
	}
	var out []*contents
	for _, s := range all {
		c, err := read(dir, s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// latest returns the last record of every output. Among several manifests, the time decides.
func latest(all []*contents) map[Path]*Record {
	last := map[Path]*Record{}
	for _, c := range all {
		own := map[Path]*Record{}
		for _, r := range c.records {
			own[r.Output] = r
		}
		for output, r := range own {
			if was := last[output]; was == nil || !r.Time.Before(was.Time) {
				last[output] = r
			}
		}
	}
	return last
}

// Exists reports whether a folder has a manifest.
func Exists(dir string) bool {
	all, err := shards(filepath.Clean(dir), "jsonl")
	return err == nil && len(all) > 0
}
