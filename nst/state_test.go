package nst

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"nst/vgg"
)

// countdown is a context that ends when its Err has been asked for so often. The run asks
// between operations of the network, so that it ends anywhere: also while a scale begins.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// interrupted runs a job until ctx ends, and returns the state as a file has it, or the result
// if the run came to its end.
func interrupted(t *testing.T, ctx context.Context, tr *Transfer, j Job) (*State, *Result) {
	t.Helper()
	var file bytes.Buffer
	var before *State
	if j.Resume != nil {
		before = reread(t, j.Resume)
	}
	j.Checkpoint = func(s *State) {
		if s.Result == nil || s.Result.Picture == nil || s.Iterations() != s.Result.Iterations {
			t.Errorf("the state has the result %+v", s.Result)
		}
		if err := s.Write(&file); err != nil {
			t.Error(err)
		}
	}
	r, err := tr.Run(ctx, j)
	if err == nil {
		return nil, r
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if file.Len() == 0 {
		return before, nil // no iteration could begin
	}
	s, err := ReadState(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return s, nil
}

// sameResult wants two runs to have ended alike.
func sameResult(t *testing.T, what string, got, want *Result) {
	t.Helper()
	g, w := *got, *want
	g.Picture, w.Picture, g.Elapsed, w.Elapsed = nil, nil, 0, 0
	if g != w {
		t.Errorf("%s: ended with %+v, want %+v", what, g, w)
	}
	if !slices.Equal(got.Picture.Pix, want.Picture.Pix) {
		t.Errorf("%s: another picture", what)
	}
}

// variants are options with all that a state has.
func variants() map[string]func(*Options) {
	of := func(m Method, change func(*Options)) func(*Options) {
		return func(o *Options) {
			if o.Optimizer.Method = m; m == Adam {
				o.Optimizer.LearningRate = 2
			}
			if change != nil {
				change(o)
			}
		}
	}
	all := map[string]func(*Options){
		"adam without average": of(Adam, func(o *Options) { o.Optimizer.Average = 0 }),
		"short history":        of(LBFGS, func(o *Options) { o.Optimizer.History = 2 }),
		"without bounds":       of(LBFGS, func(o *Options) { o.Optimizer.Clamp = false }),
		"one size":             of(LBFGS, func(o *Options) { o.Schedule.Scales, o.Schedule.Iterations = 1, 14 }),
		"auto-balance":         of(LBFGS, func(o *Options) { o.Schedule.Iterations, o.Schedule.FineIterations = 12, 24 }),
		"tolerance": of(LBFGS, func(o *Options) {
			o.Schedule.Iterations, o.Schedule.FineIterations, o.Schedule.Tolerance, o.Schedule.AutoBalance = 40, 40, 0.9, false
		}),
		"rollbacks":                    of(LBFGS, func(o *Options) { o.Optimizer.LearningRate, o.Objective.StyleWeight = 40, 1e5 }),
		"neighbours":                   of(LBFGS, func(o *Options) { o.Objective.StyleLoss, o.Objective.MatchEvery = StyleNeighbours, 3 }),
		"neighbours, searched":         of(LBFGSWolfe, func(o *Options) { o.Objective.StyleLoss, o.Schedule.Iterations = StyleNeighbours, searchTurn*3/2 }),
		"neighbours and Gram matrices": of(LBFGS, func(o *Options) { o.Objective.StyleLoss, o.Objective.MatchEvery = StyleGramNeighbours, 3 }),
		"calm":                         of(LBFGS, func(o *Options) { o.Objective.Calm = 70 }),
		"levels256":                    of(Adam, func(o *Options) { o.Objective.Preprocessing = PrepareLevels256 }),
	}
	for _, m := range Methods() {
		all[string(m)] = of(m, nil)
	}
	for _, init := range Inits() {
		all["from "+string(init)] = of(LBFGS, func(o *Options) { o.Schedule.Init = init })
	}
	for _, c := range Colours() {
		all["colour "+string(c)] = of(LBFGS, func(o *Options) { o.Color = c })
	}
	return all
}

// TestResume interrupts runs at random moments, more than once, and goes on from files with
// other numbers of threads. They end as a run without a break.
func TestResume(t *testing.T) {
	breaks := 3
	if testing.Short() {
		breaks = 1
	}
	for name, change := range variants() {
		t.Run(name, func(t *testing.T) {
			threads := 1
			made := func() (*Transfer, Job) {
				tr, j := scene(t, func(o *Options) {
					o.Compute.Threads = threads
					if change(o); o.Schedule.Init == InitImage {
						o.Schedule.Seed = 1
					}
				})
				j.Start = drawn(33, 44, 9)
				return tr, j
			}
			resumes(t, breaks, func(n int) (*Transfer, Job) { threads = 1 + n%3; return made() })
		})
	}
}

// resumes paints a job without a break and with breaks; prepare makes it for attempt n.
func resumes(t *testing.T, breaks int, prepare func(n int) (*Transfer, Job)) {
	t.Helper()
	tr, j := prepare(0)
	asked := &countdown{context.Background(), math.MaxInt}
	want, err := tr.Run(asked, j)
	if err != nil {
		t.Fatal(err)
	}
	moments := math.MaxInt - asked.left
	if rolled := tr.options.Optimizer.LearningRate == 40; rolled != (want.Rollbacks > 0) {
		t.Errorf("%d rollbacks", want.Rollbacks)
	}
	if settled := tr.options.Schedule.Tolerance > 0; settled != (want.Stop == StopTolerance) {
		t.Errorf("stopped by %s", want.Stop)
	}
	random := rand.New(rand.NewPCG(uint64(moments), 7))
	for range breaks {
		var s *State
		var got *Result
		var at []int
		for n := 1; got == nil; n++ {
			tr, j := prepare(n)
			j.Resume = s
			left := random.IntN(moments)
			if n > 3 {
				left = math.MaxInt
			}
			s, got = interrupted(t, &countdown{context.Background(), left}, tr, j)
			if s != nil {
				at = append(at, s.Iterations())
			}
		}
		sameResult(t, fmt.Sprintf("interrupted after iterations %v of %d", at, want.Iterations), got, want)
	}
}

// TestResumeEverywhere interrupts after every iteration of a run with turns of orientations
// and a corrected balance.
func TestResumeEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes many runs")
	}
	prepare := func() (*Transfer, Job) {
		tr, s, c := distilled(t, embedded(t), func(o *Options) {
			o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Schedule.FineIterations = 40, 2, 9, 12
			o.Objective.Orientations = 3
			o.Objective.ContentLayers = []LayerWeight{{"relu3_1", 1}}
			o.Objective.StyleLayers = []LayerWeight{{"relu1_1", 1}, {"relu3_1", 1}}
		})
		return tr, Job{Content: c, Style: s}
	}
	tr, j := prepare()
	want, err := tr.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= want.Iterations; k++ {
		ctx, cancel := context.WithCancel(t.Context())
		first := j
		first.Progress = func(p Progress) {
			if p.Done == k {
				cancel()
			}
		}
		s, _ := interrupted(t, ctx, tr, first)
		if s == nil || s.Iterations() != k {
			t.Fatalf("no state after iteration %d", k)
		}
		next := j
		next.Resume = s
		got, err := tr.Run(t.Context(), next)
		if err != nil {
			t.Fatal(err)
		}
		sameResult(t, fmt.Sprintf("after iteration %d", k), got, want)
	}
}

// TestResumeRegions goes on with masks, several styles and a protected part.
func TestResumeRegions(t *testing.T) {
	left := func() *Mask {
		m := &Mask{80, 60, make([]float32, 80*60)}
		for i := range m.Pix {
			m.Pix[i] = min(1, float32(i%80)/50)
		}
		return m
	}
	for _, protect := range []bool{false, true} {
		resumes(t, 2, func(n int) (*Transfer, Job) {
			tr, j := scene(t, func(o *Options) { o.Optimizer.Method, o.Compute.Threads = LBFGS, 1+n%3 })
			s, err := tr.Style(t.Context(), StylePicture{Picture: drawn(80, 60, 1), Weight: 2, Mask: left()}, StylePicture{Picture: drawn(50, 70, 3), Weight: 1})
			if err != nil {
				t.Fatal(err)
			}
			j.Style, j.Regions = s, []*Mask{left(), Rest(80, 60, left())}
			if protect {
				j.Protect = left()
			}
			return tr, j
		})
	}
}

// TestCheckpointEvery looks at the times of the calls, by a clock that steps a second an
// iteration: not before CheckpointEvery, and not for more than a hundredth of the time.
func TestCheckpointEvery(t *testing.T) {
	for _, tt := range []struct {
		every, cost time.Duration
		want        []int
	}{
		{0, 0, nil},
		{10 * time.Second, 0, []int{10, 20, 30, 40, 50}},
		{10 * time.Second, 300 * time.Millisecond, []int{10, 40}},
	} {
		tr, j := scene(t, func(o *Options) { o.Schedule.Scales, o.Schedule.Iterations = 1, 55 })
		now, slept := time.Unix(0, 0), time.Duration(0)
		tr.now = func() time.Time { return now.Add(slept) }
		var got []int
		var states []*State
		j.Progress = func(p Progress) { now = time.Unix(int64(p.Done), 0) }
		j.CheckpointEvery = tt.every
		j.Checkpoint = func(s *State) {
			if s.Result != nil {
				t.Error("a state between iterations has a result")
			}
			got = append(got, s.Iterations())
			slept += tt.cost
			states = append(states, reread(t, s))
		}
		want, err := tr.Run(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("every %v, at a cost of %v: after iterations %v, want %v", tt.every, tt.cost, got, tt.want)
		}
		for _, s := range states {
			j.Resume, j.Checkpoint = s, nil
			r, err := tr.Run(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			sameResult(t, fmt.Sprintf("from iteration %d", s.Iterations()), r, want)
		}
	}
}

func reread(t *testing.T, s *State) *State {
	t.Helper()
	var file bytes.Buffer
	if err := s.Write(&file); err != nil {
		t.Fatal(err)
	}
	s, err := ReadState(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// aState returns a state after a few iterations of a scene, and a function that makes the
// scene again.
func aState(t *testing.T, change func(*Options)) (*State, func(func(*Options)) (*Transfer, Job)) {
	t.Helper()
	again := func(more func(*Options)) (*Transfer, Job) {
		return scene(t, func(o *Options) {
			if change != nil {
				change(o)
			}
			if more != nil {
				more(o)
			}
		})
	}
	tr, j := again(nil)
	ctx, cancel := context.WithCancel(t.Context())
	j.Progress = func(p Progress) {
		if p.Done == 8 {
			cancel()
		}
	}
	s, _ := interrupted(t, ctx, tr, j)
	if s == nil {
		t.Fatal("no state")
	}
	return s, again
}

// TestResumeChanged looks that a run does not go on in other circumstances, unless asked to.
func TestResumeChanged(t *testing.T) {
	s, again := aState(t, nil)
	for _, tt := range []struct {
		what   string
		option func(*Options)
		change func(*Transfer, *Job)
		forced bool // ResumeChanged goes on
	}{
		{what: "content", change: func(_ *Transfer, j *Job) { j.Content = drawn(80, 60, 5) }, forced: true},
		{what: "content", change: func(_ *Transfer, j *Job) { j.Content = drawn(60, 80, 0) }},
		{what: "style 1", change: func(tr *Transfer, j *Job) {
			j.Style, _ = tr.Style(context.Background(), StylePicture{Picture: drawn(70, 50, 4), Weight: 1})
		}, forced: true},
		{what: "protect mask", change: func(_ *Transfer, j *Job) { j.Protect = &Mask{4, 3, append(make([]float32, 6), 1, 1, 1, 1, 1, 1)} }, forced: true},
		{what: "Objective.StyleWeight", option: func(o *Options) { o.Objective.StyleWeight++ }, forced: true},
		{what: "Schedule.Iterations", option: func(o *Options) { o.Schedule.Iterations = 7 }, forced: true},
		{what: "Optimizer.Method", option: func(o *Options) { o.Optimizer.Method = LBFGS }},
		{what: "Size", option: func(o *Options) { o.Size = 65 }},
		{what: "Schedule.MinScale", option: func(o *Options) { o.Schedule.MinScale = 46 }},
		{what: "processor", change: func(*Transfer, *Job) { s.made.Computes = "mmx" }, forced: true},
	} {
		before := s.made.Computes
		tr, j := again(tt.option)
		if tt.change != nil {
			tt.change(tr, &j)
		}
		j.Resume = reread(t, s)
		_, err := tr.Run(t.Context(), j)
		if resume := new(ResumeError); !errors.As(err, &resume) || resume.What != tt.what {
			t.Errorf("%s: got the error %v", tt.what, err)
		}
		j.ResumeChanged = true
		if r, err := tr.Run(t.Context(), j); (err == nil) != tt.forced {
			t.Errorf("%s, forced: got %v, %v", tt.what, r, err)
		}
		s.made.Computes = before
	}
}

// TestOtherWeights looks that a state belongs to one set of weights.
func TestOtherWeights(t *testing.T) {
	s, _ := aState(t, nil)
	tr, j := scene(t, nil)
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 2)
	if err != nil {
		t.Fatal(err)
	}
	tr, err = New(weights, tr.options)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if j.Style, err = tr.Style(t.Context(), StylePicture{Picture: drawn(70, 50, 1), Weight: 1}); err != nil {
		t.Fatal(err)
	}
	j.Resume = s
	resume := new(ResumeError)
	if _, err := tr.Run(t.Context(), j); !errors.As(err, &resume) || resume.What != sumWeights {
		t.Errorf("got the error %v", err)
	}
}
