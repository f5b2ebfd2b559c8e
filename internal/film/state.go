package film

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nst/internal/atomicfile"
)

// stateFile is the name of the file that says which parts are done.
const stateFile = ".nst-video.json"

// stateVersion is the version of its format.
const stateVersion = 1

// state is what earlier runs have done.
type state struct {
	Version  int         `json:"version"`
	Settings string      `json:"settings"` // a digest of all that the frames depend on
	Frames   int         `json:"frames"`
	Parts    []partState `json:"parts"`
	Last     string      `json:"last,omitempty"` // file of the last frame, RGB bytes
	Memory   []float32   `json:"memory,omitempty"`
	Partial  string      `json:"partial,omitempty"` // file that plays what is done
}

// partState is a part that is done.
type partState struct {
	File   string `json:"file"`
	Frames int    `json:"frames"`
	First  int64  `json:"first"` // time of its first frame
	Last   int64  `json:"last"`
	Step   int64  `json:"step"` // to the last frame, from the one before
}

// readState reads the state in a folder. It returns want if there is none, or one of other
// settings, another version, or parts that are not there any more.
func readState(dir string, want state) (state, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return want, nil
	}
	if err != nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil || s.Version != want.Version || s.Settings != want.Settings {
		want.Partial = s.Partial // is of the same film
		return want, nil
	}
	total := 0
	for _, p := range s.Parts {
		total += p.Frames
		if _, err := os.Stat(filepath.Join(dir, p.File)); err != nil || filepath.Base(p.File) != p.File {
			return want, nil
		}
	}
	if len(s.Parts) > 0 && total != s.Frames || filepath.Base(s.Last) != s.Last {
		return want, nil
	}
	if _, err := os.Stat(filepath.Join(dir, s.Last)); err != nil {
		return want, nil
	}
	return s, nil
}

// write writes the state to a folder.
func (s *state) write(dir string) error {
	return atomicfile.Write(filepath.Join(dir, stateFile), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(s)
	})
}

// settings returns a digest of all that the bytes of the parts depend on.
func (o *PartsOptions) settings(args []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %+v %d %q", args, o.Shape, o.Frames, o.Settings)
	return hex.EncodeToString(h.Sum(nil))
}

// FileDigest identifies the contents of a file: its size, its first and last megabyte and the
// time it was changed. To read all of a long film takes too long.
func FileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, stat.Size(), stat.ModTime().UnixNano())
	const end = 1 << 20
	if _, err := io.CopyN(h, f, end); err != nil && err != io.EOF {
		return "", err
	}
	if _, err := io.Copy(h, io.NewSectionReader(f, max(0, stat.Size()-end), end)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
