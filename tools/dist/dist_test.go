package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestLicences looks that every licence of a module is passed on, and that a module
// without one is an error that names it.
func TestLicences(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "LICENSE"), "terms of a\r\nin two lines")
	write(t, filepath.Join(dir, "a", "NOTICE.txt"), "notice of a")
	write(t, filepath.Join(dir, "a", "x", "COPYING"), "terms of what a took over")
	write(t, filepath.Join(dir, "a", "unused", "LICENSE"), "terms of what is not linked in")
	write(t, filepath.Join(dir, "a", "license.go"), "package a")
	write(t, filepath.Join(dir, "b", "y", "LICENCE"), "terms of a part of b only")
	a := module{name: "a v1", dir: filepath.Join(dir, "a"), packages: []string{filepath.Join(dir, "a", "x", "z")}}
	b := module{name: "b v2", dir: filepath.Join(dir, "b"), packages: []string{filepath.Join(dir, "b", "y")}}
	write(t, filepath.Join(dir, "a", "x", "z", "z.go"), "package z")

	text, err := licences([]module{a})
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{
		"a v1: LICENSE": true, "terms of a\nin two lines": true, "notice of a": true, "a v1: x/COPYING": true, "took over": true,
		"not linked": false, "package a": false,
	} {
		if strings.Contains(string(text), s) != want {
			t.Errorf("%q is there: %v, want %v, in\n%s", s, !want, want, text)
		}
	}
	if _, err := licences([]module{a, b}); err == nil || !strings.Contains(err.Error(), "b v2") {
		t.Errorf("a module without a licence: got %v", err)
	}
}

func TestParseModules(t *testing.T) {
	got, err := parseModules("b v1\t/m/b\t/m/b/x\na v2\t/m/a\t/m/a\n\nb v1\t/m/b\t/m/b/y\n")
	if err != nil || len(got) != 2 || got[0].name != "a v2" || got[1].dir != "/m/b" || !slices.Equal(got[1].packages, []string{"/m/b/x", "/m/b/y"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseModules("a v1\t\t/m/a\n"); err == nil {
		t.Error("a module that was not downloaded: no error")
	}
}

// TestArchives looks that the order of files changes nothing, and that the files come
// out as they went in.
func TestArchives(t *testing.T) {
	date := time.Unix(1_700_000_000, 0).UTC()
	files := []file{{"nst", []byte("program"), true}, {"man/nst.1", []byte("page"), false}, {"LICENSE", []byte("terms"), false}}
	turned := slices.Clone(files)
	slices.Reverse(turned)
	for name, pack := range map[string]func(string, []file, time.Time) ([]byte, error){"tar": tarred, "zip": zipped} {
		one, err := pack("nst-v1", files, date)
		if err != nil {
			t.Fatal(err)
		}
		two, err := pack("nst-v1", turned, date)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s: another order of files gives other bytes", name)
		}
		want := "nst-v1/LICENSE -rw-r--r-- terms; nst-v1/man/nst.1 -rw-r--r-- page; nst-v1/nst -rwxr-xr-x program"
		if got := list(t, name, one, date); got != want {
			t.Errorf("%s holds %s, want %s", name, got, want)
		}
	}
}

// list returns what is in an archive.
func list(t *testing.T, kind string, data []byte, date time.Time) string {
	t.Helper()
	var out []string
	add := func(name, mode string, at time.Time, r io.Reader) {
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !at.Equal(date) {
			t.Errorf("%s is of %v, want %v", name, at, date)
		}
		out = append(out, name+" "+mode+" "+string(text))
	}
	if kind == "zip" {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode().String(), f.Modified, r)
		}
		return strings.Join(out, "; ")
	}
	g, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if err == io.EOF {
			return strings.Join(out, "; ")
		}
		if err != nil {
			t.Fatal(err)
		}
		add(h.Name, h.FileInfo().Mode().String(), h.ModTime, r)
	}
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one"), "1")
	write(t, filepath.Join(dir, "two", "three"), "23")
	files, err := collect(map[string]string{"ONE": filepath.Join(dir, "one"), "TWO": filepath.Join(dir, "two")})
	if err != nil {
		t.Fatal(err)
	}
	if s := sorted(files); len(s) != 2 || s[0].name != "ONE" || s[1].name != "TWO/three" || string(s[1].data) != "23" {
		t.Errorf("got %v", s)
	}
	if _, err := collect(map[string]string{"x": filepath.Join(dir, "none")}); err == nil {
		t.Error("a file that is missing: no error")
	}
}
