package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// Identities numbers files: [Identities.ID] is the same for two paths exactly if they lead
// to the same file. The zero value is ready for use.
type Identities struct {
	files map[stamp][]numbered // that exist
	names map[name]int         // that do not
	count int
}

// stamp is what is compared first: one file has one size and one time of change. All folders
// have the same stamp, because they change whenever a file in them comes or goes.
type stamp struct {
	size    int64
	changed time.Time
}

type numbered struct {
	info fs.FileInfo
	id   int
}

// name is a file that does not exist.
type name struct {
	folder int
	base   string // in lower case
}

// ID returns the number of the file that path leads to, by another name or through links.
// The file need not exist, nor its folder. Names of files that do not exist and differ only
// in case are one file, because some file systems treat them so.
func (s *Identities) ID(path string) int {
	info, err := os.Stat(path)
	if err == nil {
		return s.existing(info)
	}
	if errors.Is(err, fs.ErrNotExist) {
		path = resolve(path) // a link that leads to no file yet
	}
	dir, base := filepath.Dir(path), filepath.Base(path)
	if utf8.ValidString(base) { // otherwise ToLower would make many names one
		base = strings.ToLower(base)
	}
	if dir == path {
		return s.named(name{base: path})
	}
	return s.named(name{s.ID(dir), base})
}

func (s *Identities) existing(info fs.FileInfo) int {
	var key stamp
	if !info.IsDir() {
		key = stamp{info.Size(), info.ModTime()}
	}
	for _, f := range s.files[key] {
		if os.SameFile(f.info, info) {
			return f.id
		}
	}
	if s.files == nil {
		s.files = map[stamp][]numbered{}
	}
	s.count++
	s.files[key] = append(s.files[key], numbered{info, s.count})
	return s.count
}

func (s *Identities) named(n name) int {
	if id, ok := s.names[n]; ok {
		return id
	}
	if s.names == nil {
		s.names = map[name]int{}
	}
	s.count++
	s.names[n] = s.count
	return s.count
}
