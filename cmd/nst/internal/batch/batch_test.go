package batch_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
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
