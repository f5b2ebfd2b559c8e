package nst

import (
	"math"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

// TestShareEnd looks that the end of a pass is told from its course: of a power of the number
// of evaluations exactly, and not where there is nothing to tell it by.
func TestShareEnd(t *testing.T) {
	course := func(n, every int, power float64) *share {
		s := &share{photograph: 1e6, every: every, left: make([]float64, 0, n)}
		for i := range n {
			s.add(1e6 * 0.5 * math.Pow(float64(i+1), -power))
		}
		return s
	}
	for _, power := range []float64{0, 0.3, 1} {
		for _, n := range []int{9, 27, 80} {
			got, ok := course(n, 1, power).end(80)
			if want := 0.5 * math.Pow(80, -power); !ok || math.Abs(got-want) > 1e-9*want {
				t.Errorf("power %v, %d evaluations: ends with %v, %v; want %v", power, n, got, ok, want)
			}
		}
		got, ok := course(enoughTurns, 10, power).end(80)
		if want := 0.5 * math.Pow(8, -power); !ok || math.Abs(got-want) > 1e-9*want {
			t.Errorf("power %v, half the turns: ends with %v, %v; want %v", power, got, ok, want)
		}
	}
	if got, ok := course(30, 0, 0.5).end(10); !ok || math.Abs(got-0.5*math.Pow(30, -0.5)) > 1e-9 {
		t.Errorf("more evaluations than asked about: %v, %v", got, ok)
	}
	if got, ok := course(40, 1, -0.5).end(80); !ok || math.Abs(got-0.5*math.Sqrt(40)) > 1e-9 {
		t.Errorf("a loss that rises is taken to go on rising: %v, %v", got, ok)
	}
	for name, s := range map[string]*share{
		"none":         {},
		"few":          course(enough-1, 1, 0.5),
		"few turns":    course(enoughTurns-1, 10, 0.5),
		"no style":     {photograph: 0, left: []float64{math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)}},
		"nothing left": {photograph: 1, left: make([]float64, 20)},
		"no number":    {photograph: 1, left: []float64{1, 1, 1, 1, 1, 1, 1, 1, math.NaN()}},
	} {
		if left, ok := s.end(80); ok {
			t.Errorf("%s: got %v", name, left)
		}
	}
}

// TestCorrect looks that the content's weight follows in proportion, and no further than it may
// at once.
func TestCorrect(t *testing.T) {
	b := balance{target: 0.01}
	for _, step := range []struct{ left, want float64 }{{0.005, 10}, {0.01, 10}, {0.02, 5}, {1, 1.25}, {1e-6, 5}} {
		if b.correct(step.left); math.Abs(b.of(5)-step.want) > 1e-12 {
			t.Errorf("after %v is left, 5 is %v, want %v", step.left, b.of(5), step.want)
		}
	}
	if w := new(balance).of(5); w != 5 {
		t.Errorf("before anything is known, 5 is %v", w)
	}
}

// TestAutoBalance looks that the part of the style that a run leaves does not follow its size, and
// that without AutoBalance it does, or this would show nothing.
func TestAutoBalance(t *testing.T) {
	if testing.Short() {
		t.Skip("paints four pictures, which takes plain Go minutes")
	}
	weights, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	open := func(path string) *imgio.Planar {
		p, _, err := imgio.Open("../testdata/images/" + path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	content, style := open("content/lakeside.jpg"), open("style/flow.jpg")
	left := func(size int, steady bool) float64 {
		o := DefaultOptions()
		o.Size, o.Schedule.MinScale, o.Schedule.AutoBalance = size, 64, steady
		o.Objective.StyleLayers = styleLayers(1, 1, 1, 1, 1)
		o.Objective.Orientations = 1 // what several leave depends on the size besides
		tr, err := New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		s, err := tr.Style(t.Context(), StylePicture{Picture: style, Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tr.Run(t.Context(), Job{Content: content, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		if (r.ContentWeight != o.Objective.ContentWeight) != steady {
			t.Errorf("size %d, steady %v: the content ends with a weight of %v", size, steady, r.ContentWeight)
		}
		part := func(p *imgio.Planar) (sum float64) {
			score, err := tr.Score(t.Context(), content, s, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, term := range score.Style {
				sum += term.Loss * term.Weight
			}
			return sum
		}
		return part(r.Picture) / part(content)
	}
	small, large := left(128, true), left(362, true)
	if r := large / small; r < 0.75 || r > 1.33 {
		t.Errorf("%.4f of the style is left at 128 pixels, %.4f at 362", small, large)
	}
	small, large = left(128, false), left(362, false)
	if r := large / small; r > 0.6 {
		t.Errorf("without AutoBalance %.4f of the style is left at 128 pixels, %.4f at 362: as much", small, large)
	}
}

// TestRebalance looks that every optimiser goes on after the content's weight has changed under
// it: what is handed over is no worse than the best that was seen since, but for what one step
// may do, and with a line search no worse at all.
func TestRebalance(t *testing.T) {
	weights, err := vgg.Seeded(vgg.Tiny(), vgg.Caffe(), "conv5_1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, optimizer := range Methods() {
		o := DefaultOptions()
		o.Size, o.Schedule.MinScale, o.Schedule.Iterations, o.Optimizer.Method, o.Optimizer.Clamp = 64, 32, 40, optimizer, false
		if optimizer == Adam {
			o.Optimizer.LearningRate = 1
		}
		tr, err := New(weights, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.Style(t.Context(), StylePicture{Picture: drawn(48, 48, 1), Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		content, least, changes, weight := drawn(64, 48, 0), math.Inf(1), 0, 0.0
		r, err := tr.Run(t.Context(), Job{Content: content, Style: s, Progress: func(p Progress) {
			if p.Scale != p.Scales {
				return
			}
			if p.ContentWeight != weight {
				weight, least = p.ContentWeight, math.Inf(1)
				changes++
			}
			least = min(least, p.Loss.Total)
		}})
		if err != nil {
			t.Errorf("%s: %v", optimizer, err)
			continue
		}
		if changes != 2 { // at its start and halfway
			t.Errorf("%s: the last scale saw %d weights", optimizer, changes)
		}
		o.Objective.ContentWeight = r.ContentWeight
		if err := tr.Retune(o); err != nil {
			t.Fatal(err)
		}
		score, err := tr.Score(t.Context(), content, s, r.Picture)
		if err != nil {
			t.Fatal(err)
		}
		most := 1.1
		if optimizer == LBFGSWolfe {
			most = 1 + 1e-4
		}
		if score.Total > most*least {
			t.Errorf("%s: hands over %.6g, after %.6g", optimizer, score.Total, least)
		}
		tr.Close()
	}
}

// TestNoiseFindsContent looks that a run from noise keeps the content recognisable, and leaves
// little of the noise. With the usual weight of the content from the start, the style takes
// all of the picture.
func TestNoiseFindsContent(t *testing.T) {
	town, _, err := imgio.Open("../testdata/images/content/town.jpg")
	if err != nil {
		t.Fatal(err)
	}
	style, _, err := imgio.Open("../testdata/images/style/flow.jpg")
	if err != nil {
		t.Fatal(err)
	}
	run := func(scales int, init Init, balanced bool) *imgio.Planar {
		return slimly(t, town, style, func(o *Options) {
			o.Size, o.Schedule.Scales, o.Schedule.Iterations, o.Schedule.AutoBalance = 128, scales, 60, balanced
			o.Schedule.Init = init
		})
	}
	alike := func(p *imgio.Planar) float64 {
		a, b := grey(p).Pix[:p.W*p.H], grey(town.Resize(p.W, p.H)).Pix[:p.W*p.H]
		ma, mb := spreadOf(a), spreadOf(b)
		var both float64
		for i := range a {
			both += (float64(a[i]) - ma.mean) * (float64(b[i]) - mb.mean) / float64(len(a))
		}
		return both / math.Sqrt(ma.variance*mb.variance)
	}
	all := []int{1, 2}
	if testing.Short() {
		all = all[:1]
	}
	for _, scales := range all {
		without, noise, content := run(scales, InitNoise, false), run(scales, InitNoise, true), run(scales, InitContent, true)
		got, was := alike(noise), alike(without)
		t.Logf("%d scales: %.2f, %.2f without a lead; grain %.0f, %.0f from the content", scales, got, was, grain(noise), grain(content))
		if got < 0.12 || got < was+0.08 {
			t.Errorf("%d scales: light and dark agree with the content by %.2f, by %.2f without a lead", scales, got, was)
		}
		if g, most := grain(noise), 1.2*grain(content); g > most {
			t.Errorf("%d scales: the grain is %.0f, want at most %.0f", scales, g, most)
		}
	}
}
