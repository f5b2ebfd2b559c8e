package batch_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nst/cmd/nst/internal/batch"
	"nst/imgio"
	"nst/nst"
)

// extensions are those of the pictures in these tests.
var extensions = []string{".png", ".jpg"}

func TestContents(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a.png", "b.JPG", "notes.txt", "sub/c.png", "sub/deep/d.png", "empty/x.txt"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sub := filepath.Join("sub", "c.png")
	for _, tt := range []struct {
		name, args, want, err string
	}{
		{"files in order, once", "b.JPG a.png ./b.JPG", "b.JPG a.png", ""},
		{"a file of any extension", "notes.txt", "notes.txt", ""},
		{"folder, not deeper", "sub", sub, ""},
		{"folder, extension in any case", ".", "a.png b.JPG", ""},
		{"pattern without folders", "*", "a.png b.JPG notes.txt", ""},
		{"pattern twice", "*.png a*", "a.png", ""},
		{"missing", "none.png", "", `content image "none.png"`},
		{"empty pattern", "*.gif", "", `pattern "*.gif" matches no file`},
		{"bad pattern", "[", "", `pattern "["`},
		{"folder without pictures", "empty", "", `folder "empty" holds no picture`},
		{"all errors", "empty none.png", "", `none.png`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := batch.Contents(strings.Fields(tt.args), extensions)
			if !slices.Equal(got, strings.Fields(tt.want)) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
	if _, err := batch.Contents([]string{"none.png"}, extensions); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v is not fs.ErrNotExist", err)
	}
}

func TestPlan(t *testing.T) {
	jobs, err := batch.Plan([]string{"in/a.b.png", "c"}, []string{"s.jpg", "t.png"}, "out", ".jpg")
	if err != nil {
		t.Fatal(err)
	}
	want := []batch.Job{
		{"in/a.b.png", "s.jpg", filepath.Join("out", "a.b-s.jpg")},
		{"c", "s.jpg", filepath.Join("out", "c-s.jpg")},
		{"in/a.b.png", "t.png", filepath.Join("out", "a.b-t.jpg")},
		{"c", "t.png", filepath.Join("out", "c-t.jpg")},
	}
	if !slices.Equal(jobs, want) {
		t.Errorf("got %q, want %q", jobs, want)
	}
	for _, contents := range [][]string{{"x/a.png", "y/a.png"}, {"a.png", "a.jpg"}, {"a.png", "A.png"}} {
		_, err := batch.Plan(contents, []string{"s.png"}, "out", ".png")
		collision := new(batch.CollisionError)
		if !errors.As(err, &collision) || collision.A.Content != contents[0] || collision.B.Content != contents[1] {
			t.Errorf("%q: error %v, want a CollisionError of both", contents, err)
		}
	}
}

// worker stands in for a network: it returns the content, and counts.
type worker struct {
	styles, runs int
	run          func() (*nst.Result, error) // what Run returns if not nil
}

func (p *worker) Style(context.Context, ...nst.StylePicture) (*nst.Style, error) {
	p.styles++
	return new(nst.Style), nil
}

func (p *worker) Run(_ context.Context, j nst.Job) (*nst.Result, error) {
	p.runs++
	if p.run != nil {
		return p.run()
	}
	return &nst.Result{Picture: j.Content, Iterations: 1}, nil
}

// scene makes pictures in a new folder, goes there, and returns jobs for all of
// a, b in the styles s, t.
func scene(t *testing.T) []batch.Job {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.png", "b.png", "s.png", "t.png"} {
		if err := imgio.Save(name, imgio.NewPlanar(4, 3), imgio.Encoding{}); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := batch.Plan([]string{"a.png", "b.png"}, []string{"s.png", "t.png"}, ".", ".png")
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func save(path string, p *imgio.Planar) error { return imgio.Save(path, p, imgio.Encoding{}) }

func statuses(s *batch.Summary) string {
	var all []string
	for _, o := range s.Outcomes {
		all = append(all, string(o.Status))
	}
	return strings.Join(all, " ")
}

func TestRun(t *testing.T) {
	jobs := scene(t)
	p := new(worker)
	s, err := batch.Run(t.Context(), p, jobs, batch.Options{Save: save})
	if err != nil || statuses(s) != "done done done done" {
		t.Fatalf("first run: %s, %v", statuses(s), err)
	}
	if p.styles != 2 || p.runs != 4 {
		t.Errorf("%d styles measured, %d runs; want each style once and 4 runs", p.styles, p.runs)
	}

	// What is there is skipped, and its style not looked at.
	if err := os.Remove(jobs[3].Output); err != nil {
		t.Fatal(err)
	}
	*p = worker{}
	s, err = batch.Run(t.Context(), p, jobs, batch.Options{Save: save})
	if err != nil || statuses(s) != "skipped skipped skipped done" || p.styles != 1 || p.runs != 1 {
		t.Errorf("second run: %s, %v, %d styles, %d runs", statuses(s), err, p.styles, p.runs)
	}
	*p = worker{}
	s, err = batch.Run(t.Context(), p, jobs, batch.Options{Save: save, Overwrite: true})
	if err != nil || s.Count(batch.Done) != 4 || p.runs != 4 {
		t.Errorf("with Overwrite: %s, %v, %d runs", statuses(s), err, p.runs)
	}
}

func TestRunGoesOnAfterFailures(t *testing.T) {
	jobs := scene(t)
	for _, name := range []string{"a.png", "t.png"} {
		if err := os.WriteFile(name, []byte("not a picture"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var seen []batch.Status
	s, err := batch.Run(t.Context(), new(worker), jobs, batch.Options{
		Save:     save,
		Finished: func(_, _ int, o batch.Outcome) { seen = append(seen, o.Status) },
	})
	if err != nil || statuses(s) != "failed done failed failed" || len(seen) != 4 {
		t.Fatalf("%s, %v, %d told of", statuses(s), err, len(seen))
	}
	for i, what := range []string{"content", "", "style", "style"} {
		bad := new(batch.PictureError)
		if err := s.Outcomes[i].Err; what != "" && (!errors.As(err, &bad) || bad.What != what || !errors.Is(err, imgio.ErrFormat)) {
			t.Errorf("job %d: error %v, want a PictureError of the %s", i, err, what)
		}
	}
}

func TestRunInterrupted(t *testing.T) {
	jobs := scene(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := &worker{run: func() (*nst.Result, error) {
		cancel()
		return &nst.Result{Picture: imgio.NewPlanar(4, 3), Iterations: 7, Stop: nst.StopInterrupted}, context.Canceled
	}}
	s, err := batch.Run(ctx, p, jobs, batch.Options{Save: save})
	if !errors.Is(err, context.Canceled) || statuses(s) != "interrupted" || s.Planned != 4 {
		t.Fatalf("%s of %d, %v", statuses(s), s.Planned, err)
	}
	want := filepath.Join("partial", "a-s.png")
	if s.Outcomes[0].Saved != want {
		t.Errorf("partial picture is %q, want %q", s.Outcomes[0].Saved, want)
	}
	if _, err := os.Stat(want); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(jobs[0].Output); err == nil {
		t.Errorf("%s is there as if it were finished", jobs[0].Output)
	}
	if s, err := batch.Run(ctx, p, jobs, batch.Options{Save: save}); err == nil || len(s.Outcomes) != 0 {
		t.Errorf("cancelled before the start: %s, %v", statuses(s), err)
	}
}

// TestRunOn looks that two workers share the jobs, each painting while the other does,
// and that the summary keeps their order.
func TestRunOn(t *testing.T) {
	jobs := scene(t)
	if err := os.WriteFile(jobs[1].Output, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Add(2)
	paint := func(first *sync.Once) func() (*nst.Result, error) {
		return func() (*nst.Result, error) {
			first.Do(func() { both.Done(); both.Wait() }) // until the other is at work too
			return &nst.Result{Picture: imgio.NewPlanar(2, 2), Iterations: 1}, nil
		}
	}
	p, q := &worker{run: paint(new(sync.Once))}, &worker{run: paint(new(sync.Once))}
	finished := 0 // -race tells if two count at once
	s, err := batch.RunOn(t.Context(), []batch.Worker{p, q}, jobs, batch.Options{
		Save: save, Finished: func(int, int, batch.Outcome) { finished++ },
	})
	if err != nil || statuses(s) != "done skipped done done" || finished != 4 {
		t.Errorf("%s, %v, %d finished", statuses(s), err, finished)
	}
	if p.runs == 0 || q.runs == 0 || p.runs+q.runs != 3 {
		t.Errorf("%d and %d runs, want three between them", p.runs, q.runs)
	}
	for i, o := range s.Outcomes {
		if o.Job != jobs[i] {
			t.Errorf("outcome %d is of %v, want %v", i, o.Job, jobs[i])
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := batch.RunOn(ctx, []batch.Worker{p, q}, jobs, batch.Options{Save: save}); err == nil || len(s.Outcomes) != 0 {
		t.Errorf("cancelled: %s, %v", statuses(s), err)
	}
}

// TestRunOnDead looks that the job of a card that fails is done by another, the last
// job too, and that the last card leaves what it has not begun.
func TestRunOnDead(t *testing.T) {
	good := func() (*nst.Result, error) { return &nst.Result{Picture: imgio.NewPlanar(2, 2), Iterations: 1}, nil }
	dead := func() (*nst.Result, error) {
		return nil, &nst.CardError{Device: "cuda:0", Err: errors.New("fell off the bus")}
	}
	for _, tt := range []struct {
		name    string
		workers []batch.Worker
		want    string
		left    bool
	}{
		{"one of two", []batch.Worker{&worker{run: dead}, &worker{run: good}}, "done done done done", false},
		{"both", []batch.Worker{&worker{run: dead}, &worker{run: dead}}, "failed", true},
		{"the only one", []batch.Worker{&worker{run: dead}}, "failed", true},
	} {
		finished := 0
		s, err := batch.RunOn(t.Context(), tt.workers, scene(t), batch.Options{
			Save: save, Finished: func(int, int, batch.Outcome) { finished++ },
		})
		if statuses(s) != tt.want || errors.Is(err, batch.ErrNoWorker) != tt.left || finished != len(s.Outcomes) {
			t.Errorf("%s: %s, %v, %d finished", tt.name, statuses(s), err, finished)
		}
	}
	// The last job comes back when the other worker has nothing else to do.
	jobs := scene(t)[:2]
	var both sync.WaitGroup
	both.Add(2)
	late := func() (*nst.Result, error) {
		both.Done()
		both.Wait()
		time.Sleep(20 * time.Millisecond)
		return dead()
	}
	first := new(sync.Once)
	quick := func() (*nst.Result, error) {
		first.Do(func() { both.Done(); both.Wait() })
		return good()
	}
	s, err := batch.RunOn(t.Context(), []batch.Worker{&worker{run: late}, &worker{run: quick}}, jobs, batch.Options{Save: save})
	if err != nil || statuses(s) != "done done" {
		t.Errorf("the last job: %s, %v", statuses(s), err)
	}
}
