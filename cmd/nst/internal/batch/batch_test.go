package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
	"nst/imgio"
	"nst/nst"
)

// painter stands in for a network: it reads and returns the content, and counts.
type painter struct {
	mu   sync.Mutex
	runs int
	run  func(ctx context.Context, j batch.Job) (*nst.Result, error) // what Paint returns if not nil
}

func (p *painter) Paint(ctx context.Context, j batch.Job, progress func(nst.Progress)) (*nst.Result, error) {
	p.mu.Lock()
	p.runs++
	p.mu.Unlock()
	if p.run != nil {
		return p.run(ctx, j)
	}
	content, _, err := imgio.Open(j.Content)
	if err != nil {
		return nil, err
	}
	progress(nst.Progress{Done: 1, Planned: 1})
	return &nst.Result{Picture: content, Iterations: 1, Loss: nst.Loss{Total: 3}}, nil
}

// grey returns a result of one grey.
func grey(shade float32) *nst.Result {
	p := imgio.NewPlanar(4, 3)
	for i := range p.Pix {
		p.Pix[i] = shade
	}
	return &nst.Result{Picture: p, Iterations: 1}
}

// scene makes pictures in a new folder, goes there, and returns jobs for all of a, b in the
// styles s, t.
func scene(t *testing.T) []batch.Job {
	t.Helper()
	t.Chdir(t.TempDir())
	for i, name := range []string{"a.png", "b.png", "s.png", "t.png"} {
		if err := imgio.Save(name, grey(float32(i)/5).Picture, imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	l := batch.Layout{Dir: "out", Template: batch.DefaultTemplate, Extension: "png"}
	jobs := l.Cross([]batch.Picture{{Path: "a.png"}, {Path: "b.png"}}, []batch.Style{{"s.png", "s"}, {"t.png", "t"}})
	for i := range jobs {
		jobs[i].Reads = []batch.Read{{"content", jobs[i].Content}, {"style", jobs[i].Style}}
		jobs[i].Settings = "s"
	}
	if err := os.Mkdir("out", 0o777); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func encode(_ string, r *nst.Result) ([]byte, error) {
	var b bytes.Buffer
	err := imgio.Encode(&b, r.Picture, "png", imgio.Encoding{})
	return b.Bytes(), err
}

// session opens the book, looks at the jobs and runs them.
func session(t *testing.T, ctx context.Context, jobs []batch.Job, o batch.Options, overwrite bool, painters ...batch.Painter) (*batch.Summary, error) {
	t.Helper()
	b, err := manifest.Open("out", manifest.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var todo []batch.Todo
	for _, j := range jobs {
		todo = append(todo, batch.Todo{Job: j, Verdict: batch.Look(b, &j, overwrite)})
	}
	o.Encode = encode
	return batch.Run(ctx, painters, todo, b, o)
}

func statuses(s *batch.Summary) string {
	var all []string
	for _, o := range s.Outcomes {
		all = append(all, string(o.Status))
	}
	return strings.Join(all, " ")
}

// TestAgain looks that jobs are done once, and again exactly if something has changed.
func TestAgain(t *testing.T) {
	jobs := scene(t)
	write := func(path string, data []byte) func() {
		return func() {
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	other, _ := encode("", grey(0.77))
	edited, _ := encode("", grey(0.99))
	for _, tt := range []struct {
		name   string
		change func()
		want   string
	}{
		{"at first", func() {}, "done done done done"},
		{"nothing changed", func() {}, "skipped skipped skipped skipped"},
		{"result missing", func() { os.Remove(jobs[1].Output) }, "skipped done skipped skipped"},
		{"result empty", write(jobs[0].Output, nil), "done skipped skipped skipped"},
		{"result truncated", func() { os.Truncate(jobs[3].Output, 40) }, "skipped skipped skipped done"},
		{"result a link to nothing", func() { os.Remove(jobs[2].Output); os.Symlink("nowhere.png", jobs[2].Output) }, "skipped skipped done skipped"},
		{"settings", func() { jobs[1].Settings = "other" }, "skipped done skipped skipped"},
		{"another painting of the same name", write("t.png", other), "skipped skipped done done"},
		{"another content, as large, as old", func() {
			info, _ := os.Stat("a.png")
			write("a.png", other)()
			os.Chtimes("a.png", info.ModTime(), info.ModTime())
		}, "done skipped done skipped"},
		{"only the time of the content", func() { os.Chtimes("b.png", time.Unix(1e9, 0), time.Unix(1e9, 0)) }, "skipped skipped skipped skipped"},
		{"result edited", write(jobs[0].Output, edited), "skipped skipped skipped skipped"},
		{"result edited, other settings", func() { jobs[0].Settings = "third" }, "failed skipped skipped skipped"},
		{"a content that is broken", write("b.png", []byte("no picture")), "failed failed skipped failed"},
		{"and mended", write("b.png", other), "failed done skipped done"},
	} {
		tt.change()
		s, err := session(t, t.Context(), jobs, batch.Options{}, false, new(painter))
		if err != nil || statuses(s) != tt.want {
			t.Fatalf("%s: %s, %v, want %s", tt.name, statuses(s), err, tt.want)
		}
	}
	if data, _ := os.ReadFile(jobs[0].Output); !bytes.Equal(data, edited) {
		t.Error("the edited result is lost")
	}
	if s, err := session(t, t.Context(), jobs, batch.Options{}, true, new(painter)); err != nil || s.Count(batch.Done) != 4 {
		t.Errorf("with overwrite: %s, %v", statuses(s), err)
	}
}

// TestForeign looks that a file which is not of the batch stays, and that the others are done.
func TestForeign(t *testing.T) {
	jobs := scene(t)
	if err := os.WriteFile(jobs[1].Output, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := session(t, t.Context(), jobs, batch.Options{}, false, new(painter))
	if err != nil || statuses(s) != "done failed done done" || !errors.Is(s.Outcomes[1].Err, batch.ErrForeign) {
		t.Errorf("%s, %v, %v", statuses(s), err, s.Outcomes[1].Err)
	}
	if data, _ := os.ReadFile(jobs[1].Output); string(data) != "precious" {
		t.Errorf("the file has changed to %q", data)
	}
}

// TestConflict lets a file appear while its picture is painted: both are kept, and the next
// run knows the picture.
func TestConflict(t *testing.T) {
	jobs := scene(t)[:1]
	p := &painter{run: func(context.Context, batch.Job) (*nst.Result, error) {
		return grey(0.5), os.WriteFile(jobs[0].Output, []byte("precious"), 0o666)
	}}
	s, err := session(t, t.Context(), jobs, batch.Options{}, false, p)
	aside := filepath.Join("out", "conflict", "a-s.png")
	if err != nil || statuses(s) != "done" || s.Outcomes[0].Saved != aside {
		t.Fatalf("%s, %v, saved %q", statuses(s), err, s.Outcomes[0].Saved)
	}
	if s, err = session(t, t.Context(), jobs, batch.Options{}, false, p); err != nil || statuses(s) != "skipped" {
		t.Errorf("again: %s, %v", statuses(s), err)
	}
	jobs[0].Settings = "other"
	if s, _ = session(t, t.Context(), jobs, batch.Options{}, false, p); statuses(s) != "failed" || !errors.Is(s.Outcomes[0].Err, batch.ErrForeign) {
		t.Errorf("other settings: %s, %v", statuses(s), s.Outcomes[0].Err)
	}
	if data, _ := os.ReadFile(jobs[0].Output); string(data) != "precious" {
		t.Errorf("the file has changed to %q", data)
	}
}

// TestKilled puts the files as a process leaves them that is killed between its steps.
func TestKilled(t *testing.T) {
	jobs := scene(t)[:1]
	if _, err := session(t, t.Context(), jobs, batch.Options{}, false, new(painter)); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join("out", manifest.Name)
	whole, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(jobs[0].Output)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for _, tt := range []struct {
		name    string
		lines   int
		torn    int
		picture bool
		want    string
	}{
		{"before the record", 1, 0, false, "done"},
		{"in the record", 1, 50, false, "done"},
		{"before the picture", 2, 0, false, "done"},
		{"after the picture", 2, 0, true, "skipped"},
		{"in the last record", 2, 50, true, "skipped"},
	} {
		text := bytes.Join(lines[:tt.lines], nil)
		text = append(text, lines[tt.lines][:tt.torn]...)
		os.WriteFile(book, text, 0o666)
		os.Remove(jobs[0].Output)
		if tt.picture {
			os.WriteFile(jobs[0].Output, picture, 0o666)
		}
		s, err := session(t, t.Context(), jobs, batch.Options{}, false, new(painter))
		if err != nil || statuses(s) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, statuses(s), err, tt.want)
		}
		if data, _ := os.ReadFile(jobs[0].Output); !bytes.Equal(data, picture) {
			t.Errorf("%s: another picture", tt.name)
		}
	}
}

func TestInterrupted(t *testing.T) {
	jobs := scene(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := &painter{run: func(context.Context, batch.Job) (*nst.Result, error) {
		cancel()
		return &nst.Result{Picture: imgio.NewPlanar(4, 3), Iterations: 7, Stop: nst.StopInterrupted}, context.Canceled
	}}
	s, err := session(t, ctx, jobs, batch.Options{}, false, p)
	if !errors.Is(err, context.Canceled) || statuses(s) != "interrupted" || s.Planned != 4 || s.Left() != 4 {
		t.Fatalf("%s of %d, %v", statuses(s), s.Planned, err)
	}
	partial := filepath.Join("out", "partial", "a-s.png")
	if s.Outcomes[0].Saved != partial || exists(jobs[0].Output) || !exists(partial) {
		t.Errorf("partial picture is %q", s.Outcomes[0].Saved)
	}
	if s, err := session(t, ctx, jobs, batch.Options{}, false, p); err == nil || len(s.Outcomes) != 0 {
		t.Errorf("cancelled before the start: %s, %v", statuses(s), err)
	}
	// The partial picture goes when the job is done.
	if s, err = session(t, t.Context(), jobs, batch.Options{}, false, new(painter)); err != nil || statuses(s) != "done done done done" {
		t.Fatalf("again: %s, %v", statuses(s), err)
	}
	if exists(filepath.Dir(partial)) {
		t.Error("the partial picture is still there")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestEnds looks at what ends a run early.
func TestEnds(t *testing.T) {
	jobs := scene(t)
	bad := func(context.Context, batch.Job) (*nst.Result, error) { return nil, errors.New("no") }
	s, err := session(t, t.Context(), jobs, batch.Options{FailFast: true}, false, &painter{run: bad})
	if !errors.Is(err, batch.ErrFast) || statuses(s) != "failed" || s.Left() != 3 {
		t.Errorf("fail fast: %s, %v", statuses(s), err)
	}
	s, err = session(t, t.Context(), jobs, batch.Options{Deadline: time.Now()}, false, new(painter))
	if !errors.Is(err, batch.ErrLate) || len(s.Outcomes) != 0 {
		t.Errorf("late: %s, %v", statuses(s), err)
	}
	for i := range jobs {
		jobs[i].Cost = 1
	}
	slow := func(context.Context, batch.Job) (*nst.Result, error) {
		time.Sleep(200 * time.Millisecond)
		return grey(0), nil
	}
	s, err = session(t, t.Context(), jobs, batch.Options{Deadline: time.Now().Add(300 * time.Millisecond)}, false, &painter{run: slow})
	if !errors.Is(err, batch.ErrLate) || statuses(s) != "done" {
		t.Errorf("a job that would take too long: %s, %v", statuses(s), err)
	}
}

// TestSeveral looks that painters share the jobs, each painting while the other does, that the
// summary keeps their order, and that it keeps no picture.
func TestSeveral(t *testing.T) {
	jobs := scene(t)
	var both sync.WaitGroup
	both.Add(2)
	paint := func(first *sync.Once) func(context.Context, batch.Job) (*nst.Result, error) {
		return func(context.Context, batch.Job) (*nst.Result, error) {
			first.Do(func() { both.Done(); both.Wait() }) // until the other is at work too
			return grey(0), nil
		}
	}
	p, q := &painter{run: paint(new(sync.Once))}, &painter{run: paint(new(sync.Once))}
	finished := 0 // -race tells if two count at once
	s, err := session(t, t.Context(), jobs, batch.Options{Finished: func(batch.Outcome) { finished++ }}, false, p, q)
	if err != nil || statuses(s) != "done done done done" || finished != 4 {
		t.Errorf("%s, %v, %d finished", statuses(s), err, finished)
	}
	if p.runs == 0 || q.runs == 0 || p.runs+q.runs != 4 {
		t.Errorf("%d and %d runs, want four between them", p.runs, q.runs)
	}
	for i, o := range s.Outcomes {
		if o.Index != jobs[i].Index || o.Result.Picture != nil {
			t.Errorf("outcome %d is of %v, picture kept: %v", i, o.Job, o.Result.Picture != nil)
		}
	}
}

// TestDead looks that the job of a card that fails is done by another, the last job too, and
// that the last card leaves what it has not begun.
func TestDead(t *testing.T) {
	dead := func(context.Context, batch.Job) (*nst.Result, error) {
		return nil, &nst.CardError{Device: "cuda:0", Err: errors.New("fell off the bus")}
	}
	for _, tt := range []struct {
		name     string
		painters []batch.Painter
		want     string
		left     bool
	}{
		{"one of two", []batch.Painter{&painter{run: dead}, new(painter)}, "done done done done", false},
		{"both", []batch.Painter{&painter{run: dead}, &painter{run: dead}}, "failed", true},
		{"the only one", []batch.Painter{&painter{run: dead}}, "failed", true},
	} {
		finished := 0
		s, err := session(t, t.Context(), scene(t), batch.Options{Finished: func(batch.Outcome) { finished++ }}, false, tt.painters...)
		if statuses(s) != tt.want || errors.Is(err, batch.ErrNoWorker) != tt.left || finished != len(s.Outcomes) {
			t.Errorf("%s: %s, %v, %d finished", tt.name, statuses(s), err, finished)
		}
	}
	// The last job comes back when the other painter has nothing else to do.
	jobs := scene(t)[:2]
	var both sync.WaitGroup
	both.Add(2)
	late := func(ctx context.Context, j batch.Job) (*nst.Result, error) {
		both.Done()
		both.Wait()
		time.Sleep(20 * time.Millisecond)
		return dead(ctx, j)
	}
	first := new(sync.Once)
	quick := func(context.Context, batch.Job) (*nst.Result, error) {
		first.Do(func() { both.Done(); both.Wait() })
		return grey(0), nil
	}
	s, err := session(t, t.Context(), jobs, batch.Options{}, false, &painter{run: late}, &painter{run: quick})
	if err != nil || statuses(s) != "done done" {
		t.Errorf("the last job: %s, %v", statuses(s), err)
	}
}

// TestTold looks that a broken manifest stops the batch with the picture saved.
func TestTold(t *testing.T) {
	jobs := scene(t)
	b, err := manifest.Open("out", manifest.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	var todo []batch.Todo
	for _, j := range jobs {
		todo = append(todo, batch.Todo{Job: j, Verdict: batch.Look(b, &j, false)})
	}
	b.Close() // so that it cannot be written
	_, err = batch.Run(t.Context(), []batch.Painter{new(painter)}, todo, b, batch.Options{Encode: encode})
	if !errors.As(err, new(*batch.BookError)) {
		t.Errorf("got %v", err)
	}
}

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

// TestSplit looks that shards are a partition, the same each time, and balanced.
func TestSplit(t *testing.T) {
	var jobs []batch.Job
	sum := 0.0
	for i := range 101 {
		cost := float64(1 + i*i%17)
		sum += cost
		jobs = append(jobs, batch.Job{Index: i, Cost: cost})
	}
	for _, n := range []int{1, 2, 7, 200} {
		seen := map[int]int{}
		for i := 1; i <= n; i++ {
			part := batch.Split(jobs, manifest.Shard{Index: i, Count: n})
			cost := 0.0
			for k, j := range part {
				seen[j.Index]++
				cost += j.Cost
				if k > 0 && part[k-1].Index > j.Index {
					t.Errorf("%d/%d is not in order", i, n)
				}
			}
			if n < 10 && cost > 1.1*sum/float64(n)+1 {
				t.Errorf("%d/%d has cost %v of %v", i, n, cost, sum)
			}
		}
		if len(seen) != len(jobs) {
			t.Errorf("%d shards have %d jobs of %d", n, len(seen), len(jobs))
		}
		for i, times := range seen {
			if times != 1 {
				t.Errorf("job %d is in %d shards of %d", i, times, n)
			}
		}
	}
	if got := batch.Split(make([]batch.Job, 4), manifest.Shard{Index: 2, Count: 2}); len(got) != 2 {
		t.Errorf("jobs without cost: %d of 4 are in the second half", len(got))
	}
}

func TestShardOfTask(t *testing.T) {
	for _, tt := range []struct {
		env, want, by string
		ok            bool
	}{
		{"", "", "", true},
		{"SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=1", "4/4", "SLURM_ARRAY_TASK_ID", true},
		{"SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=4", "2/3", "SLURM_ARRAY_TASK_ID", true},
		{"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=1", "", "SLURM_ARRAY_TASK_ID", false},
		{"SLURM_ARRAY_TASK_ID=7", "", "SLURM_ARRAY_TASK_ID", false},
		{"JOB_COMPLETION_INDEX=0 NST_SHARDS=4", "1/4", "JOB_COMPLETION_INDEX", true},
		{"JOB_COMPLETION_INDEX=0", "", "JOB_COMPLETION_INDEX", false},
		{"JOB_COMPLETION_INDEX=4 NST_SHARDS=4", "", "JOB_COMPLETION_INDEX", false},
		{"AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=10", "2/10", "AWS_BATCH_JOB_ARRAY_INDEX", true},
		{"AWS_BATCH_JOB_ARRAY_INDEX=1 NST_SHARDS=3", "2/3", "AWS_BATCH_JOB_ARRAY_INDEX", true},
		{"AWS_BATCH_JOB_ARRAY_INDEX=x NST_SHARDS=3", "", "AWS_BATCH_JOB_ARRAY_INDEX", false},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		s, by, err := batch.ShardOfTask(func(name string) string { return env[name] })
		if s.String() != tt.want || by != tt.by || (err == nil) != tt.ok {
			t.Errorf("%s: %v, %q, %v", tt.env, s, by, err)
		}
	}
	for text, ok := range map[string]bool{"1/1": true, "4/4": true, "0/4": false, "5/4": false, "1/0": false, "1": false, "a/b": false, "1/9999999": false} {
		if _, err := batch.ParseShard(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestReadSpecs(t *testing.T) {
	for _, tt := range []struct{ name, text, want, err string }{
		{"CSV", "content,style,--strength\na.png,s.png,65\n\"b, c.png\",,\n", `a.png s.png map[strength:65]|b, c.png  map[]`, ""},
		{"CSV of Windows, with semicolons", "\xef\xbb\xbfcontent;output\r\na.png;x/y.png\r\n", `a.png  map[] x/y.png`, ""},
		{"JSON Lines", `{"content":"a.png","strength":65,"auto-balance":false,"style":null}` + "\n\n" + `{"content":"b.png","protect":"m.png"}`, `a.png  map[auto-balance:off strength:65]|b.png  map[]  m.png`, ""},
		{"a bad line", "{\"content\":\"a.png\"}\n{\"content\"\n{\"style\":\"s\"}\n{\"content\":[1]}\n{} {}\n{\"content\":\"z\"}", `a.png  map[]|z  map[]`, "line 2: is no JSON object; line 3: has no content; line 4: content must be a text; line 5: has something after"},
		{"another number of values", "content,style\na.png\nb.png,s.png,1\nc.png,s.png\n", `c.png s.png map[]`, "line 2: has 1 values for 2 columns; line 3: has 3 values"},
		{"no content column", "style,size\ns,1\n", "", "line 1: has no name content"},
		{"nothing", " \n", "", "it has no jobs"},
		{"a quote that is not closed", "content\n\"a.png\n", "", "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			specs, err := batch.ReadSpecs(strings.NewReader(tt.text))
			var got []string
			for _, s := range specs {
				got = append(got, strings.TrimRight(fmt.Sprintf("%s %s %v %s %s", s.Content, s.Style, s.Settings, s.Output, s.Masked), " "))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for part := range strings.SplitSeq(tt.err, "; ") {
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("error %v, want %q", err, part)
				}
			}
		})
	}
}

func TestReadList(t *testing.T) {
	for text, want := range map[string][]string{
		"a.png\r\nb c.png\n\n":  {"a.png", "b c.png"},
		"a\nb.png\x00c.png\x00": {"a\nb.png", "c.png"},
		"\xef\xbb\xbfa.png":     {"a.png"},
		"":                      nil,
	} {
		got, err := batch.ReadList(strings.NewReader(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

// FuzzReadSpecs reads any job file: every job that it returns has a content.
func FuzzReadSpecs(f *testing.F) {
	f.Add([]byte("content,style\na,b\n"))
	f.Add([]byte(`{"content":"a"}`))
	f.Add([]byte("\xef\xbb\xbfcontent;x\n\"a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		specs, _ := batch.ReadSpecs(bytes.NewReader(data))
		for _, s := range specs {
			if s.Content == "" || s.Line < 1 {
				t.Errorf("%+v", s)
			}
		}
	})
}
