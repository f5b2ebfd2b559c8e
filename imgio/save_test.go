package imgio_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
)

// names lists what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	for name, format := range map[string]string{"a.png": "png", "b.JPG": "jpeg", "c.Jpeg": "jpeg", "d.v2.png": "png", "e.tif": "tiff", "f.TIFF": "tiff", "g.webp": "webp"} {
		path := filepath.Join(dir, name)
		if err := imgio.Save(path, noise(20, 10), imgio.Encoding{Provenance: imgio.Provenance{Recipe: "a test"}}); err != nil {
			t.Fatal(err)
		}
		p, info, err := imgio.Open(path)
		if err != nil || info.Format != format || p.W != 20 || p.H != 10 {
			t.Errorf("%s: info %+v, error %v", name, info, err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := imgio.ReadRecipe(f); err != nil || text != "a test" {
			t.Errorf("%s: recipe %q, error %v", name, text, err)
		}
		f.Close()
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a.png", "b.JPG", "c.Jpeg", "d.v2.png", "e.tif", "f.TIFF", "g.webp"}) {
		t.Errorf("folder holds %q", got)
	}
}

func TestSaveNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	if err := imgio.SaveNew(path, noise(2, 2), imgio.Encoding{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := imgio.SaveNew(path, noise(3, 3), imgio.Encoding{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v, want fs.ErrExist", err)
	}
	if after, err := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a.png"}) {
		t.Errorf("folder holds %q", got)
	}
}

func TestSavePermissions(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	mode := func(path string) fs.FileMode {
		stat, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return stat.Mode()
	}
	path := filepath.Join(dir, "a.png")
	if err := imgio.Save(path, noise(2, 2), imgio.Encoding{}); err != nil {
		t.Fatal(err)
	}
	if got, want := mode(path), mode(f.Name()); got != want {
		t.Errorf("new file has %v, os.Create gives %v", got, want)
	}
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions on windows")
	}
	if err := errors.Join(os.Chmod(path, 0o640), imgio.Save(path, noise(3, 3), imgio.Encoding{})); err != nil {
		t.Fatal(err)
	}
	if got := mode(path); got != 0o640 {
		t.Errorf("replaced file has %v, want those of the old one", got)
	}
}

func TestSaveFailsCleanly(t *testing.T) {
	dir := t.TempDir()
	old, folder := filepath.Join(dir, "old.jpg"), filepath.Join(dir, "folder.png")
	write(t, old, "precious")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		p          *imgio.Planar
		e          imgio.Encoding
		want       error
	}{
		{"fails half way", old, imgio.NewPlanar(70_000, 1), imgio.Encoding{}, nil},
		{"no pixels", old, &imgio.Planar{W: 5, H: 5}, imgio.Encoding{}, nil},
		{"option", old, noise(2, 2), imgio.Encoding{Depth: 16}, nil},
		{"a folder", folder, noise(2, 2), imgio.Encoding{}, imgio.ErrFolder},
		{"no folder", filepath.Join(dir, "missing", "a.png"), noise(2, 2), imgio.Encoding{}, imgio.ErrNoFolder},
		{"file for a folder", filepath.Join(old, "a.png"), noise(2, 2), imgio.Encoding{}, imgio.ErrNoFolder},
		{"extension", filepath.Join(dir, "a.gif"), noise(2, 2), imgio.Encoding{}, imgio.ErrFormat},
		{"no extension", filepath.Join(dir, "a"), noise(2, 2), imgio.Encoding{}, imgio.ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := imgio.Save(tt.path, tt.p, tt.e)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.path) {
				t.Errorf("error %v, want %v with the path", err, tt.want)
			}
			if got := names(t, dir); !slices.Equal(got, []string{"folder.png", "old.jpg"}) {
				t.Errorf("folder holds %q", got)
			}
			if b, err := os.ReadFile(old); string(b) != "precious" {
				t.Errorf("old file holds %q, error %v", b, err)
			}
		})
	}
}

// readOnly makes path read-only until the test ends. It skips the test if permissions do not
// bind the user.
func readOnly(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind this user")
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o777) })
}

func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	readOnly(t, dir, 0o555)
	path := filepath.Join(dir, "a.png")
	if err := imgio.CheckWritable(path, true, imgio.Encoding{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("check: %v", err)
	}
	if err := imgio.Save(path, noise(2, 2), imgio.Encoding{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("save: %v", err)
	}
}

func TestReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	write(t, path, "precious")
	readOnly(t, path, 0o444)
	if err := imgio.CheckWritable(path, true, imgio.Encoding{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("check: %v", err)
	}
	if err := imgio.Save(path, noise(2, 2), imgio.Encoding{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("save: %v", err)
	}
}

func TestSaveFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.png"), filepath.Join(dir, "link.png")
	write(t, target, "old")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := imgio.Save(link, noise(2, 2), imgio.Encoding{}); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Lstat(link); err != nil || stat.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, error %v", stat.Mode(), err)
	}
	if _, _, err := imgio.Open(target); err != nil {
		t.Error(err)
	}
}

func TestCheckWritable(t *testing.T) {
	dir := t.TempDir()
	old, folder := filepath.Join(dir, "old.png"), filepath.Join(dir, "folder.png")
	write(t, old, "precious")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		overwrite  bool
		want       error
	}{
		{"new", filepath.Join(dir, "new.png"), false, nil},
		{"old", old, false, fs.ErrExist},
		{"old, overwrite", old, true, nil},
		{"a folder", folder, true, imgio.ErrFolder},
		{"no folder", filepath.Join(dir, "missing", "a.png"), true, imgio.ErrNoFolder},
		{"file for a folder", filepath.Join(old, "a.png"), true, imgio.ErrNoFolder},
		{"extension", filepath.Join(dir, "a.bmp"), true, imgio.ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := imgio.CheckWritable(tt.path, tt.overwrite, imgio.Encoding{})
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.path) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	if err := imgio.CheckWritable(filepath.Join(dir, "a.jpg"), true, imgio.Encoding{Depth: 16}); err == nil {
		t.Error("16 bits for a jpeg file pass")
	}
	if err := imgio.CheckWritable("new-in-working-folder.png", false, imgio.Encoding{}); err != nil {
		t.Errorf("a bare name: %v", err)
	}
	if b, _ := os.ReadFile(old); !bytes.Equal(b, []byte("precious")) {
		t.Errorf("old file holds %q", b)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"folder.png", "old.png"}) {
		t.Errorf("traces left: %q", got)
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]string{"a.png": "png", "A.PNG": "png", "x/y.z/a.jpg": "jpeg", "a.JPEG": "jpeg", "a.TIF": "tiff", "a.tiff": "tiff", "a.webp": "webp"} {
		if got, err := imgio.FormatOf(path); got != want || err != nil {
			t.Errorf("%s: %q, error %v", path, got, err)
		}
	}
	for path, text := range map[string]string{
		"a.gif":   `imgio: writing "a.gif": unsupported format .gif (supported: .png, .jpg, .jpeg, .tif, .tiff, .webp)`,
		"a.png/b": `imgio: writing "a.png/b": unsupported format: no file name extension (supported: .png, .jpg, .jpeg, .tif, .tiff, .webp)`,
	} {
		if _, err := imgio.FormatOf(path); !errors.Is(err, imgio.ErrFormat) || err.Error() != text {
			t.Errorf("%s: %v, want %s", path, err, text)
		}
	}
}

func TestSameFile(t *testing.T) {
	dir := t.TempDir()
	a, b, link := filepath.Join(dir, "a.png"), filepath.Join(dir, "b.png"), filepath.Join(dir, "link.png")
	write(t, a, "same")
	write(t, b, "same")
	linked := os.Symlink(a, link) == nil
	for _, tt := range []struct {
		x, y string
		want bool
	}{
		{a, a, true},
		{a, filepath.Join(dir, ".", "..", filepath.Base(dir), "a.png"), true},
		{a, b, false},
		{a, link, linked},
		{b, link, false},
		{a, filepath.Join(dir, "missing.png"), false},
		{filepath.Join(dir, "missing.png"), filepath.Join(dir, "missing.png"), false},
	} {
		if got := imgio.SameFile(tt.x, tt.y); got != tt.want {
			t.Errorf("SameFile(%q, %q) = %v", tt.x, tt.y, got)
		}
	}
}
