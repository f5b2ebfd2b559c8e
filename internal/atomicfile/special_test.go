//go:build unix

package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"nst/internal/atomicfile"
)

// TestSpecialFiles tries to write to what is no file: nothing hangs, nothing is replaced.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	pipe, null := filepath.Join(dir, "pipe"), filepath.Join(dir, "null")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o666), os.Symlink(os.DevNull, null)); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, null, os.DevNull} {
		if err := atomicfile.Write(path, text("x")); !errors.Is(err, atomicfile.ErrSpecial) {
			t.Errorf("writing to %s: %v", path, err)
		}
		for _, overwrite := range []bool{false, true} {
			if err := atomicfile.Check(path, overwrite); !errors.Is(err, atomicfile.ErrSpecial) {
				t.Errorf("checking %s: %v", path, err)
			}
		}
	}
	if stat, err := os.Stat(os.DevNull); err != nil || stat.Mode().IsRegular() {
		t.Fatalf("%s is a file now: %v", os.DevNull, err)
	}
}

// TestTargetChanges makes a pipe of the target while its new content is written.
func TestTargetChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	err := atomicfile.Write(path, func(io.Writer) error { return syscall.Mkfifo(path, 0o666) })
	if !errors.Is(err, atomicfile.ErrSpecial) {
		t.Errorf("got %v, want ErrSpecial", err)
	}
}
