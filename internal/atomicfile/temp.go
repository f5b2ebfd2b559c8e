package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// staleAfter is the age, since its last byte was written, at which the process that wrote a
// temporary file must have ended. A picture is written in seconds.
const staleAfter = time.Hour

// tempName matches the names of temporary files: those of createTemp, and those of imgio in
// earlier builds.
var tempName = regexp.MustCompile(`^\.(nst-[0-9a-f]{16}|imgio-[0-9]+)\.tmp$`)

// createTemp creates a temporary file in a folder. Its permissions are those of [os.Create];
// [os.CreateTemp] has others.
func createTemp(dir string) (*os.File, error) {
	for tries := 0; ; tries++ {
		name := fmt.Sprintf(".nst-%016x.tmp", rand.Uint64())
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || tries == 100 {
			return f, err
		}
	}
}

// removeStale removes temporary files that were left in the folder of fresh, a temporary file
// that was just created. Ages are those by the clock of its file system, which may be on
// another machine. What cannot be removed stays.
func removeStale(fresh *os.File) {
	now, err := fresh.Stat()
	if err != nil {
		return
	}
	dir := filepath.Dir(fresh.Name())
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !tempName.MatchString(e.Name()) {
			continue
		}
		if old, err := e.Info(); err == nil && now.ModTime().Sub(old.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
