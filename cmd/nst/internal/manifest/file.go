package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"nst/internal/atomicfile"
)

// File is what is known of the bytes of a file: their hash, and the signs by which a file
// that has not changed since is known without reading it.
type File struct {
	SHA256  string `json:"sha256"`
	Bytes   int64  `json:"bytes"`
	Changed int64  `json:"changed,omitempty"` // Unix time in nanoseconds; 0 if it says nothing
	ID      string `json:"id,omitempty"`      // of the file in its file system, where there is one
}

// settled is the age of a file at which its time says whether it has changed since. Some file
// systems count in steps of two seconds.
const settled = 2 * time.Second

// stamp returns what info says of a file.
func stamp(info fs.FileInfo) File {
	return File{Bytes: info.Size(), Changed: info.ModTime().UnixNano(), ID: identity(info)}
}

// unchanged reports whether the signs of a file are those that were recorded.
func (f *File) unchanged(now File) bool {
	return f.SHA256 != "" && f.Changed != 0 && f.Bytes == now.Bytes && f.Changed == now.Changed && f.ID == now.ID
}

// sum reads a file. The time of one that changed just now is left out, unless own says that
// nobody but this process writes it.
func sum(path string, own bool) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	if err := atomicfile.CheckKind(info); err != nil {
		return File{}, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return File{}, err
	}
	out := stamp(info)
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	if !own && time.Since(info.ModTime()) < settled {
		out.Changed = 0
	}
	return out, nil
}

// Picture returns what is known of a file that this process has written.
func Picture(path string) (File, error) { return sum(path, true) }

// Matches reports whether the file at path has the bytes that were recorded. It reads the
// file only if the signs are others.
func (f *File) Matches(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() != f.Bytes {
		return false
	}
	if f.unchanged(stamp(info)) {
		return true
	}
	now, err := sum(path, true)
	return err == nil && now.SHA256 == f.SHA256
}

// Sums knows the hashes of files. It reads each file once, unless the file changes. Several
// goroutines may use it.
type Sums struct {
	mu    sync.Mutex
	known map[Path]File
	read  int // files
}

// Of returns the hash of a file that is read. The error is one of package os, or says that
// there is no regular file: such a file cannot be known again.
func (s *Sums) Of(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return File{}, err
	}
	s.mu.Lock()
	known := s.known[Path(path)]
	s.mu.Unlock()
	if known.unchanged(stamp(info)) {
		return known, nil
	}
	if err := atomicfile.CheckKind(info); err != nil {
		return File{}, err // to open a pipe could take for ever
	}
	now, err := sum(path, false)
	if err != nil {
		return File{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	s.add(Path(path), now)
	return now, nil
}

// Learn takes over what was known of files when they were read.
func (s *Sums) Learn(inputs []Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range inputs {
		if in.SHA256 != "" {
			s.add(in.Path, in.File)
		}
	}
}

// add enters a file. The caller holds the lock.
func (s *Sums) add(path Path, f File) {
	if s.known == nil {
		s.known = map[Path]File{}
	}
	s.known[path] = f
}

// PictureOf returns what is known of a file with these bytes before it is written.
func PictureOf(data []byte) *File {
	sum := sha256.Sum256(data)
	return &File{SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data))}
}

// Known reports whether the file at path has the signs that were recorded, so that it need not
// be read.
func (f *File) Known(path string) bool {
	info, err := os.Stat(path)
	return err == nil && f.unchanged(stamp(info))
}
