package batch_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nst/cmd/nst/internal/batch"
)

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.png", "b.JPG", "notes.txt", "sub/.hidden", "sub/c.png", "sub/deep/d.png", "sub/x.heic", "empty/x.txt", "out/r.png"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, args string
		deep       bool
		want, err  string
		unread     string
	}{
		{name: "files in order, once", args: "b.JPG a.png ./b.JPG", want: "b.JPG a.png"},
		{name: "a file of any extension", args: "notes.txt", want: "notes.txt"},
		{name: "folder, not deeper", args: "sub", want: "sub/c.png", unread: "sub/x.heic"},
		{name: "folders within", args: "sub", deep: true, want: "sub/c.png sub/deep/d.png", unread: "sub/x.heic"},
		{name: "without the output", args: ".", deep: true, want: "a.png b.JPG sub/c.png sub/deep/d.png", unread: "notes.txt empty/x.txt sub/x.heic"},
		{name: "pattern without folders", args: "*", want: "a.png b.JPG notes.txt"},
		{name: "pattern twice", args: "*.png a*", want: "a.png"},
		{name: "missing", args: "none.png", err: `content image "none.png"`},
		{name: "empty pattern", args: "*.gif", err: `pattern "*.gif" matches no file`},
		{name: "bad pattern", args: "[", err: `pattern "["`},
		{name: "folder without pictures", args: "empty", err: `folder "empty" holds no picture`, unread: "empty/x.txt"},
		{name: "all errors", args: "empty none.png", err: `none.png`, unread: "empty/x.txt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := batch.Find{What: "content", Extensions: []string{".png", ".jpg"}, Recursive: tt.deep, Avoid: "out"}
			got, err := f.Files(strings.Fields(tt.args))
			paths := strings.Join(got.Paths(), " ")
			if filepath.ToSlash(paths) != tt.want || filepath.ToSlash(strings.Join(got.Unread, " ")) != tt.unread {
				t.Errorf("got %q, unread %q", paths, got.Unread)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if (len(got.Avoided) > 0) != (tt.name == "without the output") {
				t.Errorf("avoided %q", got.Avoided)
			}
		})
	}
	if _, err := batch.Contents([]string{"none.png"}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v does not match fs.ErrNotExist", err)
	}
	f := batch.Find{What: "content", Extensions: []string{".png"}, Recursive: true}
	found, err := f.Files([]string{"sub"})
	if err != nil || found.Files[1].Folder != "deep" {
		t.Errorf("%+v, %v: want the folder to be mirrored", found.Files, err)
	}
}

func TestTemplate(t *testing.T) {
	for template, ok := range map[batch.Template]bool{
		batch.DefaultTemplate: true, "{style}/{content}.{ext}": true, "{index}.png": true, "x.PNG": true,
		"{content}": false, "{content}.jpg": false, "../{content}.{ext}": false, "/{content}.{ext}": false,
		"{contents}.{ext}": false, "{content.{ext}": false, "": false,
	} {
		if err := template.Check("png"); (err == nil) != ok {
			t.Errorf("%q: %v", template, err)
		}
	}
	l := batch.Layout{Dir: "out", Template: "{style}/{index}-{content}.{ext}", Extension: "jpg"}
	j := l.Job(6, batch.Picture{Path: "in/2019/a.b.png", Folder: "2019"}, batch.Style{Path: "x/s.png", Name: "s"}, "")
	if want := filepath.Join("out", "2019", "s", "0007-a.b.jpg"); j.Output != want || j.Rel != "2019/s/0007-a.b.jpg" {
		t.Errorf("got %q, %q, want %q", j.Output, j.Rel, want)
	}
}

func TestClashes(t *testing.T) {
	for _, contents := range [][]string{{"x/a.png", "y/a.png"}, {"a.png", "a.jpg"}, {"a.png", "A.png"}} {
		_, err := batch.Plan(contents, []string{"s.png"}, "out", ".png")
		collision := new(batch.CollisionError)
		if !errors.As(err, &collision) || collision.A.Content != contents[0] || collision.B.Content != contents[1] {
			t.Errorf("%q: error %v, want a CollisionError of both", contents, err)
		}
	}
	jobs, err := batch.Plan([]string{"a.png", "b.png"}, []string{"s.png", "t.png"}, "out", ".png")
	if err != nil || len(jobs) != 4 || jobs[1].Output != filepath.Join("out", "b-s.png") {
		t.Errorf("%v, %v", jobs, err)
	}
}
