package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"nst/imgio"
	"nst/internal/colour"
	"nst/internal/reftest"
	"nst/vgg"
)

// scene is a Transfer over a tiny network with a content of 80x60 and a style.
func scene(t *testing.T, change func(*Options)) (*Transfer, Job) {
	t.Helper()
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Optimizer.Method = Adam // moves a pixel by its own gradient alone
	o.Size, o.Schedule.MinScale, o.Schedule.Iterations = 64, 32, 6
	if change != nil {
		change(&o)
	}
	tr, err := New(weights, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	s, err := tr.Style(context.Background(), StylePicture{Picture: drawn(70, 50, 1), Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	return tr, Job{Content: drawn(80, 60, 0), Style: s}
}

func drawn(w, h int, seed uint64) *imgio.Planar {
	return &imgio.Planar{W: w, H: h, Pix: reftest.Picture(w, h, seed)}
}

func TestPlan(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(*Options)
		content *imgio.Planar
		style   *imgio.Planar
		want    string
	}{
		{"crowsonkb's scales", func(o *Options) { o.Size, o.Schedule.MinScale, o.Schedule.Iterations = 512, 128, 100 }, nil, nil, "128x96:100 181x136:34 256x192:34 362x272:34 512x384:100"},
		{"one", func(o *Options) { o.Schedule.Scales = 1 }, nil, nil, "64x48:6"},
		{"two", func(o *Options) { o.Schedule.Scales, o.Schedule.FineIterations = 2, 9 }, nil, nil, "45x34:6 64x48:9"},
		{"half at each other, as crowsonkb has it", func(o *Options) { o.Schedule.FineIterations = 3 }, nil, nil, "32x24:6 45x34:3 64x48:3"},
		{"a third is rounded up", func(o *Options) { o.Schedule.Iterations = 1 }, nil, nil, "32x24:1 45x34:1 64x48:1"},
		{"smaller than the least", func(o *Options) { o.Schedule.MinScale = 128 }, nil, nil, "64x48:6"},
		{"the content's own", func(o *Options) { o.Size, o.Schedule.MinScale = OriginalSize, 57 }, nil, nil, "57x43:6 80x60:6"},
		{"a panorama leaves out what cannot be seen", nil, imgio.NewPlanar(240, 90), nil, "45x17:6 64x24:6"},
		{"a narrow style too", nil, nil, drawn(64, 17, 1), "64x48:6"},
		{"a small style does not shrink", nil, nil, drawn(16, 16, 1), "32x24:6 45x34:2 64x48:6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr, j := scene(t, tt.change)
			if tt.content != nil {
				j.Content = tt.content
			}
			if tt.style != nil {
				j.Style.pictures[0].Picture = tt.style
			}
			plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, tr.options.size(j.Content))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, s := range plan {
				got += fmt.Sprintf(" %dx%d:%d", s.w, s.h, s.iterations)
			}
			if got != " "+tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	tr, j := scene(t, func(o *Options) { o.Schedule.Scales = 3 })
	j.Content = imgio.NewPlanar(240, 90)
	if _, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64); !errors.As(err, new(*TooSmallError)) {
		t.Errorf("a scale asked for that cannot be seen: %v, want a TooSmallError", err)
	}
}

// TestRunScales looks at what a run over three scales tells and leaves.
func TestRunScales(t *testing.T) {
	for _, optimizer := range Methods() {
		t.Run(string(optimizer), func(t *testing.T) {
			tr, j := scene(t, func(o *Options) { o.Optimizer.Method = optimizer })
			var seen []string
			var last *imgio.Planar
			j.Progress = func(p Progress) {
				seen = append(seen, fmt.Sprintf("%d/%d %d/%d %d/%d", p.Scale, p.Scales, p.Iteration, p.Iterations, p.Done, p.Planned))
				if last = p.Picture(); last.W != p.Width || last.H != p.Height || p.FullWidth != 64 || p.FullHeight != 48 {
					t.Errorf("a picture of %dx%d at %+v", last.W, last.H, p)
				}
			}
			r, err := tr.Run(context.Background(), j)
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) != 14 || seen[5] != "1/3 6/6 6/14" || seen[6] != "2/3 1/2 7/14" || seen[13] != "3/3 6/6 14/14" {
				t.Errorf("progress was %q", seen)
			}
			if r.Scales != 3 || r.Iterations != 14 || r.Stop != StopIterations || !slices.Equal(r.Picture.Pix, last.Pix) {
				t.Errorf("result %d scales, %d iterations, %s", r.Scales, r.Iterations, r.Stop)
			}
			if len(j.Style.targets.at) != 3 {
				t.Errorf("the style was measured at %d scales, want 3", len(j.Style.targets.at))
			}
		})
	}
}

// TestInterruptedScale looks that the picture has the full size all the same.
func TestInterruptedScale(t *testing.T) {
	tr, j := scene(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	j.Progress = func(p Progress) {
		if p.Done == 7 {
			cancel()
		}
	}
	r, err := tr.Run(ctx, j)
	if !errors.Is(err, context.Canceled) || r == nil || r.Picture.W != 64 || r.Scales != 2 || r.Stop != StopInterrupted {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestThreads looks that every mode gives the same bytes with any number of threads.
func TestThreads(t *testing.T) {
	for _, optimizer := range Methods() {
		for _, init := range []Init{InitContent, InitNoise} {
			t.Run(string(optimizer)+" "+string(init), func(t *testing.T) {
				var one []float32
				for _, threads := range []int{1, 2, 3} {
					tr, j := scene(t, func(o *Options) {
						o.Optimizer.Method, o.Schedule.Init, o.Compute.Threads, o.Objective.TVWeight = optimizer, init, threads, 1
					})
					r, err := tr.Run(context.Background(), j)
					if err != nil {
						t.Fatal(err)
					}
					if one == nil {
						one = r.Picture.Pix
					}
					if !slices.Equal(r.Picture.Pix, one) {
						t.Errorf("%d threads give another picture than one", threads)
					}
				}
			})
		}
	}
}

// TestCarry looks that the moments of Adam arrive at the next scale with their
// place in the picture, of the size of its gradients, the second ones not negative.
func TestCarry(t *testing.T) {
	tr, j := scene(t, nil)
	plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := (&run{transfer: tr, job: &j, colour: colour.Plain{}, plan: plan, contents: contentsOf(j.Content, plan)}).on(tr.preferred())
	first, err := r.begin(context.Background(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.objective.close()
	s := first.optimizer.State().Clone()
	s.Steps = 5
	m, v := &imgio.Planar{W: 32, H: 24, Pix: s.Vectors[0]}, &imgio.Planar{W: 32, H: 24, Pix: s.Vectors[1]}
	for i := range m.Pix {
		m.Pix[i], v.Pix[i] = 2, 0
	}
	v.Pix[12*32+8] = 8 // a peak, which a cubic would surround with negative values
	if err := first.optimizer.Restore(s); err != nil {
		t.Fatal(err)
	}
	second, err := r.begin(context.Background(), 1, first)
	if err != nil {
		t.Fatal(err)
	}
	defer second.objective.close()
	got := second.optimizer.State()
	ratio := 32. * 24 / (45 * 34)
	if d := math.Abs(float64(got.Vectors[0][700]) - 2*ratio); d > 1e-5 || got.Steps != 5 {
		t.Errorf("mean gradient %v after %d steps, want %v after 5", got.Vectors[0][700], got.Steps, 2*ratio)
	}
	peak := slices.Index(got.Vectors[1], slices.Max(got.Vectors[1]))
	if x, y := peak%45, peak/45; x < 11 || x > 12 || y < 17 || y > 18 || slices.Min(got.Vectors[1]) < 0 {
		t.Errorf("the peak of the squares is at %d, %d; least %v", x, y, slices.Min(got.Vectors[1]))
	}
}

// TestRollback makes the loss explode by a step that is far too long.
func TestRollback(t *testing.T) {
	tr, j := scene(t, func(o *Options) {
		o.Optimizer.Method, o.Optimizer.LearningRate, o.Schedule.Scales, o.Schedule.Iterations = LBFGS, 1, 1, 30
	})
	plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := (&run{transfer: tr, job: &j, colour: colour.Plain{}, plan: plan, contents: contentsOf(j.Content, plan)}).on(tr.preferred())
	p, err := r.begin(context.Background(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.objective.close()
	var losses []float64
	j.Progress = func(at Progress) {
		losses = append(losses, at.Loss.Total)
		if at.Iteration == 20 {
			for i := range p.variables {
				p.variables[i] = 2550 * float32(i%2) // as a bad step would leave it
			}
			p.show()
		}
	}
	if err := p.descend(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r.result.Rollbacks != 1 || losses[20] < 10*losses[19] || p.bestLoss >= losses[19] || losses[29] > losses[19] {
		t.Errorf("%d rollbacks, losses %v", r.result.Rollbacks, losses)
	}
}

// TestTime spends a second for each thousand pixels of an evaluation.
func TestTime(t *testing.T) {
	for _, optimizer := range []Method{Adam, LBFGS} {
		for _, limit := range []time.Duration{time.Second, 60 * time.Second, 120 * time.Second, 300 * time.Second, time.Hour} {
			t.Run(fmt.Sprint(optimizer, limit), func(t *testing.T) {
				tr, j := scene(t, func(o *Options) { o.Schedule.Time, o.Schedule.Iterations, o.Optimizer.Method = limit, 80, optimizer })
				now := time.Now()
				tr.now = func() time.Time { return now }
				scales := map[int]int{}
				j.Progress = func(p Progress) {
					now = now.Add(time.Duration(p.Width*p.Height) * time.Millisecond)
					scales[p.Scale]++
				}
				r, err := tr.Run(context.Background(), j)
				if err != nil {
					t.Fatal(err)
				}
				full := 80*0.768 + 27*1.530 + 80*3.072
				if limit.Seconds() > full {
					if r.Stop != StopIterations || r.Iterations != 187 {
						t.Errorf("stopped by %s after %d of 187 iterations, though there was time", r.Stop, r.Iterations)
					}
					return
				}
				if over := r.Elapsed - limit; r.Stop != StopTime || over > 3072*time.Millisecond || over < -limit/4 {
					t.Errorf("stopped by %s at %v", r.Stop, r.Elapsed)
				}
				if r.Picture.W != 64 || limit >= time.Minute && (scales[3] == 0 || scales[1] <= scales[2]) {
					t.Errorf("width %d, iterations by scale %v", r.Picture.W, scales)
				}
			})
		}
	}
}

// TestLoopAllocates nothing once the buffers of the optimiser are there.
func TestLoopAllocatesNothing(t *testing.T) {
	for _, optimizer := range Methods() {
		t.Run(string(optimizer), func(t *testing.T) {
			tr, j := scene(t, func(o *Options) {
				o.Optimizer.Method, o.Schedule.Scales, o.Schedule.Iterations, o.Optimizer.History, o.Schedule.Tolerance = optimizer, 1, 40, 5, 1e-9
			})
			var at [2]runtime.MemStats
			j.Progress = func(p Progress) {
				switch p.Iteration {
				case 20:
					runtime.ReadMemStats(&at[0])
				case 40:
					runtime.ReadMemStats(&at[1])
				}
			}
			if _, err := tr.Run(context.Background(), j); err != nil {
				t.Fatal(err)
			}
			if n := at[1].Mallocs - at[0].Mallocs; n > 20 { // the runtime has its own now and then
				t.Errorf("%d allocations in 20 iterations", n)
			}
		})
	}
}

// TestGrow looks at what one scale hands to the next: with Init content the painted
// change, laid on the content there, else the picture.
func TestGrow(t *testing.T) {
	for _, init := range []Init{InitContent, InitNoise} {
		for _, colour := range Colours() {
			tr, j := scene(t, func(o *Options) { o.Schedule.Init, o.Color, o.Optimizer.Clamp = init, colour, false })
			plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64)
			if err != nil {
				t.Fatal(err)
			}
			r := (&run{transfer: tr, job: &j, colour: colourOf(colour), plan: plan, contents: contentsOf(j.Content, plan)}).on(tr.preferred())
			at := func(s scale) *imgio.Planar { return r.colour.Content(j.Content.Resize(s.w, s.h)) }
			seen, content := at(plan[0]), at(plan[1])
			last := &pass{run: r, w: seen.W, h: seen.H, vector: tr.vectors(tr.cpu), unit: 1, variables: make([]float32, len(seen.Pix))}
			tr.network.centre.subtract(last.variables, seen.Pix)
			start := r.grow(last, content)
			far := 0.0
			for i, v := range start.Pix {
				far = max(far, math.Abs(float64(v-content.Pix[i])))
			}
			if same := far < 1e-6; same != (init == InitContent) {
				t.Errorf("%s, %s: the content, as if painted, becomes one that is off by %v", init, colour, far)
			}
			// An even change stays one, within the range.
			for i := range last.variables {
				last.variables[i] += 0.25
			}
			for i, v := range r.grow(last, content).Pix {
				if want := min(content.Pix[i]+0.25, 1); init == InitContent && math.Abs(float64(v-want)) > 1e-5 {
					t.Fatalf("%s: value %d is %v, want %v", colour, i, v, want)
				} else if !(v >= 0 && v <= 1) {
					t.Fatalf("%s, %s: value %d is %v", init, colour, i, v)
				}
			}
		}
	}
}

// TestBounded looks that lbfgs ends with a picture in the range, and that its loss is
// that of this picture.
func TestBounded(t *testing.T) {
	for _, clamp := range []bool{true, false} {
		tr, j := scene(t, func(o *Options) {
			o.Optimizer.Method, o.Optimizer.Clamp, o.Schedule.Scales, o.Schedule.Iterations, o.Objective.StyleWeight = LBFGS, clamp, 1, 30, 1e5
		})
		stripes := imgio.NewPlanar(64, 64)
		for i := range stripes.Pix {
			stripes.Pix[i] = float32(i / 8 % 2)
		}
		j.Content = stripes // at both ends of the range: most steps lead out
		r, err := tr.Run(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		out := 0
		for i, v := range r.Picture.Pix {
			if v < 0 || v > 1 {
				out++
			}
			r.Picture.Pix[i] = min(max(v, 0), 1)
		}
		if clamp != (out == 0) {
			t.Errorf("clamp %v: %d values outside the range: the test shows nothing if none is without clamp", clamp, out)
		}
	}
}
