package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nst/cmd/nst/internal/manifest"
)

func open(t *testing.T, dir string, s manifest.Shard) *manifest.Book {
	t.Helper()
	b, err := manifest.Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func add(t *testing.T, b *manifest.Book, records ...*manifest.Record) {
	t.Helper()
	if err := b.Add(records...); err != nil {
		t.Fatal(err)
	}
}

func done(output string, index int) *manifest.Record {
	return &manifest.Record{
		Output: manifest.Path(output), Index: index, Status: manifest.Done, Settings: "s", Seconds: 2,
		Inputs:  []manifest.Input{{Role: "content", Path: "in/a.png", File: manifest.File{SHA256: "c"}}},
		Picture: &manifest.File{SHA256: "p", Bytes: 3}, Loss: &manifest.Loss{Total: 5},
	}
}

// TestPath looks that names come back, also those that are no UTF-8.
func TestPath(t *testing.T) {
	for _, p := range []manifest.Path{"a.png", "gr\u00fcn \u2603.png", "gr\xfcn.png", "\xff\xfe", `{"bytes":"x"}`, ""} {
		data, err := json.Marshal(map[string]manifest.Path{"p": p})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]manifest.Path
		if err := json.Unmarshal(data, &back); err != nil || back["p"] != p {
			t.Errorf("%q came back as %q, %v", p, back["p"], err)
		}
	}
}

// TestTorn cuts a manifest at every byte: what was written whole before is there, the next
// record is appended to a file without damage.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, manifest.Shard{})
	add(t, b, done("a.png", 0))
	add(t, b, done("b.png", 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, manifest.Name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) + 1 {
		if n%7 > 0 && whole[max(0, n-1)] != '\n' && testing.Short() {
			continue
		}
		if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(whole[:n], []byte("\n"))
		b, err := manifest.Open(dir, manifest.Shard{})
		if err != nil {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		if got, want := b.Last("a.png") != nil, lines > 1; got != want {
			t.Errorf("cut to %d bytes: record of a.png %v, want %v", n, got, want)
		}
		add(t, b, done("c.png", 2))
		b.Close()
		again := open(t, dir, manifest.Shard{})
		if again.Last("c.png") == nil || len(again.Damaged) > 0 {
			t.Errorf("cut to %d bytes: the next record is lost, or damage: %v", n, again.Damaged)
		}
		again.Close()
	}
}

// TestBadFiles looks that a file which is no manifest of this version is not written to, and
// that a damaged line in the middle loses that line only.
func TestBadFiles(t *testing.T) {
	const header = `{"nst":"batch","version":1}` + "\n"
	record := func(name string) string {
		return fmt.Sprintf(`{"output":%q,"status":"done","time":"2026-01-02T03:04:05Z"}`+"\n", name)
	}
	for _, tt := range []struct {
		name, text string
		check      func(*manifest.Book, error) bool
	}{
		{"another version", `{"nst":"batch","version":7}` + "\n", func(_ *manifest.Book, err error) bool {
			v := new(manifest.VersionError)
			return errors.As(err, &v) && v.Version == 7
		}},
		{"another program's", "{\"hello\":1}\n", func(_ *manifest.Book, err error) bool { return errors.As(err, new(*manifest.ForeignError)) }},
		{"no JSON, one line without end", "a diary", func(_ *manifest.Book, err error) bool { return errors.As(err, new(*manifest.ForeignError)) }},
		{"damaged in the middle", header + record("a.png") + "{\"output\":\"b.p\x00\x00\n" + record("c.png"), func(b *manifest.Book, err error) bool {
			return err == nil && b.Last("a.png") != nil && b.Last("c.png") != nil && len(b.Damaged) == 1 && b.Damaged[0].Line == 3
		}},
		{"a line of another kind", header + "[1]\n{}\n" + record("a.png"), func(b *manifest.Book, err error) bool {
			return err == nil && len(b.Damaged) == 2 && b.Last("a.png") != nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, manifest.Name)
			if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
				t.Fatal(err)
			}
			b, err := manifest.Open(dir, manifest.Shard{})
			if !tt.check(b, err) {
				t.Errorf("error %v", err)
			}
			if err == nil {
				b.Close()
			}
			if data, _ := os.ReadFile(path); string(data) != tt.text {
				t.Errorf("the file has changed to %q", data)
			}
		})
	}
}

// TestHeld looks that a shard has one process, that the whole batch excludes its shards, and
// that shards do not exclude each other.
func TestHeld(t *testing.T) {
	dir := t.TempDir()
	one := open(t, dir, manifest.Shard{Index: 1, Count: 2})
	two := open(t, dir, manifest.Shard{Index: 2, Count: 2})
	two.Close()
	held := new(manifest.HeldError)
	for _, s := range []manifest.Shard{{Index: 1, Count: 2}, {}} {
		b, err := manifest.Open(dir, s)
		if !errors.As(err, &held) || !strings.HasPrefix(held.Holder, fmt.Sprintf("pid %d on ", os.Getpid())) {
			t.Errorf("%v: error %v", s, err)
		}
		if err == nil {
			b.Close()
		}
	}
	if _, err := manifest.Merge(dir); !errors.As(err, &held) {
		t.Errorf("merged while a shard is at work: %v", err)
	}
	one.Close()
	all := open(t, dir, manifest.Shard{})
	if _, err := manifest.Open(dir, manifest.Shard{Index: 2, Count: 2}); !errors.As(err, &held) {
		t.Errorf("a shard beside the whole batch: %v", err)
	}
	all.Close()
}

func TestStatusAndMerge(t *testing.T) {
	dir := t.TempDir()
	if _, err := manifest.Survey(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
	begin := func(i int) *manifest.Book {
		b := open(t, dir, manifest.Shard{Index: i, Count: 3})
		if err := b.Begin(manifest.Run{All: 5, Jobs: 2, Plan: "p"}); err != nil {
			t.Fatal(err)
		}
		return b
	}
	one := begin(1)
	add(t, one, &manifest.Record{Output: "e.png", Index: 4, Status: manifest.Interrupted})
	add(t, one, done("a.png", 0))
	two := begin(2)
	add(t, two, &manifest.Record{Output: "b.png", Index: 1, Status: manifest.Failed, Error: "no"})
	two.Close()
	r, err := manifest.Survey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.All != 5 || r.Done != 1 || len(r.Failures) != 1 || len(r.Missing) != 1 || r.Missing[0].Index != 3 || r.Differs {
		t.Errorf("%+v", r)
	}
	if s := r.Shards[0]; s.Holder == "" || s.Done != 1 || s.Left != 1 || s.Seconds != 2 || r.Shards[1].Holder != "" || r.Shards[1].Failed != 1 {
		t.Errorf("shards %+v", r.Shards)
	}
	one.Close()

	// Shard 1 is requeued: its run ends with what is left. A later record of another shard holds.
	one = begin(1)
	add(t, one, done("e.png", 4))
	time.Sleep(2 * time.Millisecond)
	add(t, one, done("b.png", 1))
	one.Close()
	n, err := manifest.Merge(dir)
	if err != nil || n != 3 {
		t.Fatalf("merged %d, %v", n, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(files) != 1 || filepath.Base(files[0]) != manifest.Name {
		t.Errorf("left %q", files)
	}
	b := open(t, dir, manifest.Shard{})
	defer b.Close()
	for _, name := range []manifest.Path{"a.png", "b.png", "e.png"} {
		if last := b.Last(name); last == nil || last.Status != manifest.Done {
			t.Errorf("%s: %+v", name, last)
		}
	}
	data, _ := os.ReadFile(files[0])
	if a, c := bytes.Index(data, []byte("a.png")), bytes.Index(data, []byte("b.png")); a > c {
		t.Errorf("not in the order of the jobs:\n%s", data)
	}
}

// TestSums looks that a file is read again only if it has changed, and that a file that is
// replaced by another of the same size is noticed.
func TestSums(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write := func(text string, age time.Duration) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	write("one", time.Hour)
	b := open(t, dir, manifest.Shard{})
	first, err := b.Sums.Of(path)
	if err != nil || first.SHA256 == "" || first.Changed == 0 {
		t.Fatal(first, err)
	}
	r := done("x.png", 0)
	r.Inputs[0] = manifest.Input{Role: "content", Path: manifest.Path(path), File: first}
	add(t, b, r)
	b.Close()

	b = open(t, dir, manifest.Shard{})
	defer b.Close()
	if f, err := b.Sums.Of(path); err != nil || f != first {
		t.Errorf("unchanged: %v, %v, want %v", f, err, first)
	}
	write("two", 2*time.Hour)
	second, err := b.Sums.Of(path)
	if err != nil || second.SHA256 == first.SHA256 {
		t.Errorf("changed: %v, %v", second, err)
	}
	write("six", 0)
	if f, err := b.Sums.Of(path); err != nil || f.Changed != 0 {
		t.Errorf("changed just now: %v, %v, want no time", f, err)
	}
	if _, err := b.Sums.Of(dir); err == nil {
		t.Error("hashed a folder")
	}

	// The bytes decide where the signs differ.
	if second.Matches(path) {
		t.Error("six is taken for two")
	}
	write("two", 5*time.Hour)
	if !second.Matches(path) {
		t.Error("the same bytes with another time do not match")
	}
}

func TestDifference(t *testing.T) {
	a, b := done("a.png", 0), done("a.png", 0)
	if d := a.Difference(b); d != "" {
		t.Errorf("equal: %q", d)
	}
	b.Settings = "t"
	if d := a.Difference(b); d != "settings" {
		t.Errorf("got %q", d)
	}
	b = done("a.png", 0)
	b.Inputs[0].SHA256 = "d"
	if d := a.Difference(b); d != "content" {
		t.Errorf("got %q", d)
	}
	b = done("a.png", 0)
	b.Inputs = append(b.Inputs, manifest.Input{Role: "mask"})
	if d, e := a.Difference(b), b.Difference(a); d != "mask" || e != "mask" {
		t.Errorf("got %q, %q", d, e)
	}
	a.Inputs[0].SHA256, b.Inputs = "", a.Inputs
	if a.SameWork(b) {
		t.Error("a file that is not known counts as the same")
	}
}

// FuzzOpen opens any file in the place of a manifest: it is refused and stays, or the next
// record can be read back.
func FuzzOpen(f *testing.F) {
	header := `{"nst":"batch","version":1}` + "\n"
	for _, text := range []string{"", header, header[:9], header + `{"run":{"jobs":3}}` + "\n", header + `{"output":{"bytes":"/w=="},"status":"done"}` + "\nx", "\n\n", header + header} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, manifest.Name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		b, err := manifest.Open(dir, manifest.Shard{})
		if err != nil {
			if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
				t.Errorf("refused (%v) and changed", err)
			}
			return
		}
		damaged := len(b.Damaged)
		add(t, b, done("new.png", 0))
		b.Close()
		b = open(t, dir, manifest.Shard{})
		defer b.Close()
		if b.Last("new.png") == nil || len(b.Damaged) != damaged {
			t.Errorf("the record is lost, or damage was %d and is %d", damaged, len(b.Damaged))
		}
	})
}
