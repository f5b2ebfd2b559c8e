package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nst/internal/atomicfile"
)

// text returns a function for Write that writes s.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// holds fails the test unless dir holds these files with these contents, and no others.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("folder holds %v, want %d files", entries, len(want))
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != text {
			t.Errorf("%s holds %q, want %q: %v", name, got, text, err)
		}
	}
}

func TestWriteAndCreate(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := errors.Join(atomicfile.Write(a, text("one")), atomicfile.Write(a, text("two")), atomicfile.Create(b, text("three"))); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Create(b, text("four")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a file: %v, want fs.ErrExist", err)
	}
	holds(t, dir, map[string]string{"a": "two", "b": "three"})
}

// TestCreateRace creates a file that another program creates while it is written.
func TestCreateRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	err := atomicfile.Create(path, func(io.Writer) error { return os.WriteFile(path, []byte("theirs"), 0o666) })
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	holds(t, dir, map[string]string{"a": "theirs"})
}

func TestBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.b.txt")
	for i, want := range []string{"a.b.txt", "a.b-2.txt", "a.b-3.txt"} {
		at, err := atomicfile.Beside(path, func(path string) error {
			return atomicfile.Create(path, text("one"))
		})
		if err != nil || filepath.Base(at) != want {
			t.Errorf("file %d is %s, want %s: %v", i+1, at, want, err)
		}
	}
	holds(t, dir, map[string]string{"a.b.txt": "one", "a.b-2.txt": "one", "a.b-3.txt": "one"})
	if at, err := atomicfile.Beside(filepath.Join(dir, "no", "a"), func(path string) error { return atomicfile.Create(path, text("")) }); !errors.Is(err, atomicfile.ErrNoFolder) {
		t.Errorf("%s: %v, want ErrNoFolder", at, err)
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut short")
	for _, c := range []struct {
		path string
		want error
	}{
		{old, cut},
		{filepath.Join(dir, "new"), cut},
		{dir, atomicfile.ErrFolder},
		{filepath.Join(dir, "missing", "new"), atomicfile.ErrNoFolder},
		{filepath.Join(old, "new"), atomicfile.ErrNoFolder},
	} {
		err := atomicfile.Write(c.path, func(w io.Writer) error { return errors.Join(cut, text("half of")(w)) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.path, err, c.want)
		}
	}
	holds(t, dir, map[string]string{"old": "precious"})
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path      string
		overwrite bool
		want      error
	}{
		{filepath.Join(dir, "new"), false, nil},
		{old, true, nil},
		{old, false, fs.ErrExist},
		{dir, true, atomicfile.ErrFolder},
		{filepath.Join(dir, "missing", "new"), true, atomicfile.ErrNoFolder},
	} {
		if err := atomicfile.Check(c.path, c.overwrite); !errors.Is(err, c.want) {
			t.Errorf("%s, overwrite %v: got %v, want %v", c.path, c.overwrite, err, c.want)
		}
	}
	holds(t, dir, map[string]string{"old": "precious"})
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	plain.Close()
	want, err := os.Stat(plain.Name())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a")
	for _, mode := range []fs.FileMode{want.Mode(), 0o600} { // of a new file, then of a replaced one
		if err := atomicfile.Write(path, text("x")); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Stat(path); err != nil || got.Mode() != mode {
			t.Errorf("mode is %v, want %v: %v", got.Mode(), mode, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Skip(err)
		}
	}
}

func TestFollowsLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	target, link := filepath.Join(other, "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, nil, 0o666), os.Symlink(target, link)); err != nil {
		t.Skip(err)
	}
	if err := atomicfile.Write(link, text("new")); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Lstat(link); err != nil || stat.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	holds(t, other, map[string]string{"target": "new"})
	holds(t, dir, map[string]string{"link": "new"})
}

// TestFollowsDanglingLinks writes through links that lead to no file yet, by way of a folder
// that is a link itself.
func TestFollowsDanglingLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	deep := filepath.Join(other, "deep")
	alias, link := filepath.Join(dir, "alias"), filepath.Join(deep, "link")
	if err := errors.Join(os.Mkdir(deep, 0o777), os.Symlink(deep, alias), os.Symlink(filepath.Join("..", "target"), link)); err != nil {
		t.Skip(err)
	}
	if err := atomicfile.Create(filepath.Join(alias, "link"), text("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(other, "target")); string(got) != "new" {
		t.Errorf("target holds %q: %v", got, err)
	}
	if stat, err := os.Lstat(link); err != nil || stat.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	circle := filepath.Join(dir, "circle")
	if err := os.Symlink("circle", circle); err != nil {
		t.Fatal(err)
	}
	for _, overwrite := range []bool{false, true} {
		if err := atomicfile.Check(circle, overwrite); err == nil {
			t.Error("a link to itself passes the check")
		}
	}
}

// TestRemovesStale leaves temporary files of several ages in a folder.
func TestRemovesStale(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().Add(-2 * time.Hour)
	for name, when := range map[string]time.Time{
		".nst-0123456789abcdef.tmp": long,
		".imgio-1234567.tmp":        long,
		".nst-fedcba9876543210.tmp": time.Now(), // of a process that may live
		".nst-notes.tmp":            long,       // of somebody else
		"nst-0123456789abcdef.tmp":  long,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o666), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Check(filepath.Join(dir, "a"), false); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{".nst-fedcba9876543210.tmp": "", ".nst-notes.tmp": "", "nst-0123456789abcdef.tmp": ""})
}
