package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nst/internal/filelock"
)

// Book is the manifest of a batch or of a shard, held by this process. Several goroutines may
// use it.
type Book struct {
	// Sums knows the hashes of the files that earlier runs have read.
	Sums Sums

	// Damaged lists lines that could not be read. Their jobs count as not done.
	Damaged []Damage

	dir     string
	shard   Shard
	release func()

	mu   sync.Mutex
	file *os.File
	size int64
	last map[Path]*Record
}

// Open reads the manifests in a folder and locks that of a shard, which it creates if
// necessary. It knows what all shards have done. The error is a [HeldError] if another process
// has it locked, or if one is at work on the whole batch and the other on a shard; a
// [VersionError] or a [ForeignError] for a file that must not be written to; or one of package
// os.
func Open(dir string, s Shard) (*Book, error) {
	b := &Book{dir: dir, shard: s}
	var err error
	if b.release, err = hold(dir, s); err != nil {
		return nil, err
	}
	if err := b.open(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Peek reads the manifests in a folder, to see what would be done: nothing is locked or
// written, and [Book.Add] must not be called. The errors are those of Open, without HeldError.
func Peek(dir string) (*Book, error) {
	b := &Book{dir: dir, release: func() {}}
	all, err := readAll(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	b.learn(all)
	return b, nil
}

// open reads all manifests, and opens that of the shard to append to it.
func (b *Book) open() error {
	all, err := readAll(b.dir)
	if err != nil {
		return err
	}
	b.learn(all)
	path := b.shard.path(b.dir)
	for _, c := range all {
		if c.shard == b.shard {
			b.size = c.whole
		}
	}
	if b.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return err
	}
	if err := b.file.Truncate(b.size); err != nil { // heals a torn line
		return err
	}
	if b.size > 0 {
		return nil
	}
	if err := b.append(headerLine(), true); err != nil {
		return err
	}
	if d, err := os.Open(b.dir); err == nil { // so that the name outlives a loss of power
		_ = d.Sync() // some systems cannot
		d.Close()
	}
	return nil
}

// learn takes over what manifests hold.
func (b *Book) learn(all []*contents) {
	for _, c := range all {
		b.Damaged = append(b.Damaged, c.damaged...)
		for _, r := range c.records {
			b.Sums.Learn(r.Inputs)
		}
	}
	b.last = latest(all)
}

// Last returns the last record of an output, or nil.
func (b *Book) Last(output Path) *Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last[output]
}

// Dir is the folder of the manifest.
func (b *Book) Dir() string { return b.dir }

// Add appends records in one piece and flushes them to disk. Their time is now. After an error
// the file has no part of them.
func (b *Book) Add(records ...*Record) error { return b.add(true, records) }

// Note is [Book.Add] for what the next run would find out by itself: a loss of power may lose
// it, the end of the process does not.
func (b *Book) Note(records ...*Record) error { return b.add(false, records) }

func (b *Book) add(flush bool, records []*Record) error {
	var text bytes.Buffer
	now := time.Now().UTC()
	for _, r := range records {
		r.Time = now
		if err := encode(&text, r); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.append(text.Bytes(), flush); err != nil {
		return err
	}
	for _, r := range records {
		b.last[r.Output] = r
	}
	return nil
}

// Begin appends a run of this process.
func (b *Book) Begin(r Run) error {
	r.Shard, r.PID, r.Time = b.shard.String(), os.Getpid(), time.Now().UTC()
	r.Host, _ = os.Hostname()
	var text bytes.Buffer
	if err := encode(&text, map[string]any{"run": &r}); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.append(text.Bytes(), true)
}

// encode writes a line.
func encode(text *bytes.Buffer, v any) error {
	e := json.NewEncoder(text)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// append writes whole lines at the end of the file, and flushes them to disk if told so.
func (b *Book) append(lines []byte, flush bool) error {
	n, err := b.file.WriteAt(lines, b.size)
	if err == nil && flush {
		err = b.file.Sync()
	}
	if err != nil {
		if n > 0 {
			_ = b.file.Truncate(b.size) // what is left is healed by the next run
		}
		return err
	}
	b.size += int64(n)
	return nil
}

// Close closes the file and ends the lock.
func (b *Book) Close() error {
	var err error
	if b.file != nil {
		err = b.file.Close()
	}
	b.release()
	return err
}

// glance is how long a lock may be held by a process that only looks whether it is free.
const glance = time.Second

// hold locks a shard, or the whole batch, for which no shard may be at work.
func hold(dir string, s Shard) (release func(), err error) {
	release, err = lock(dir, s, glance)
	if err != nil {
		return nil, err
	}
	if err = errors.Join(aloneBeside(dir, s), holder(s.lock(dir))); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// aloneBeside returns a [HeldError] if a process is at work that a shard cannot be beside. A
// shard can be beside other shards.
func aloneBeside(dir string, s Shard) error {
	others := []Shard{{}}
	if s.Count == 0 {
		var err error
		if others, err = shards(dir, "lock"); err != nil {
			return err
		}
	}
	for _, other := range others {
		if _, err := os.Stat(other.lock(dir)); other == s || err != nil {
			continue // nobody has ever been at work on it
		}
		free, err := lock(dir, other, glance)
		if err != nil {
			return err
		}
		free()
	}
	return nil
}

// lock locks a shard. It waits for a while.
func lock(dir string, s Shard, patience time.Duration) (func(), error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	release, err := filelock.Lock(ctx, s.lock(dir), nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &HeldError{s.path(dir), readHolder(s.lock(dir))}
	}
	return release, err
}

// textAt is where a lock file has its text. On Windows, the bytes before it are locked.
const textAt = 1

// holder writes who holds a lock into its file.
func holder(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	text := []byte(fmt.Sprintf("pid %d on %s\n", os.Getpid(), host))
	_, err = f.WriteAt(text, textAt)
	return errors.Join(err, f.Truncate(int64(textAt+len(text))), f.Close())
}

// readHolder returns who holds a lock, or nothing.
func readHolder(path string) string {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return ""
	}
	defer f.Close()
	var text [512]byte
	n, _ := f.ReadAt(text[:], textAt)
	return string(bytes.TrimSpace(text[:n]))
}
