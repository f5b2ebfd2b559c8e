package nst

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/imgio"
)

func neighbours(o *Options) { o.Objective.StyleLoss = StyleNeighbours }

// TestDraw looks that positions are drawn once each, by the squares of a guide.
func TestDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := draw(r, 100, nil, 1000)
	slices.Sort(all)
	for i, p := range all {
		if p != float32(i) {
			t.Fatalf("position %d of all is %v", i, p)
		}
	}
	guide := []float32{0, 1, 2, 0, 3}
	var counts [5]int
	const draws = 14000
	for range draws {
		got := draw(r, 5, guide, 1)
		if len(got) != 1 {
			t.Fatalf("drew %v, want one position", got)
		}
		counts[int(got[0])]++
	}
	for p, g := range guide {
		if want := draws * float64(g) * float64(g) / 14; math.Abs(float64(counts[p])-want) > 5*math.Sqrt(want+1) {
			t.Errorf("position %d was drawn %d times, want about %.0f", p, counts[p], want)
		}
	}
	if got := draw(r, 5, guide, 9); len(got) != 3 {
		t.Errorf("drew %v of three positions", got)
	}
}

// TestQuarterTurned turns a picture and a mask.
func TestQuarterTurned(t *testing.T) {
	m := (&Mask{3, 2, []float32{1, 2, 3, 4, 5, 6}}).quarterTurned()
	if m.W != 2 || m.H != 3 || !slices.Equal(m.Pix, []float32{4, 1, 5, 2, 6, 3}) {
		t.Errorf("turned to %+v", m)
	}
	p := drawn(5, 4, 1)
	q := p
	for range quarters {
		q = quarterTurned(q)
	}
	if !slices.Equal(q.Pix, p.Pix) || slices.Equal(quarterTurned(p).Pix, p.Pix) {
		t.Error("four quarter turns are not the picture, or one is")
	}
}

// TestBlendOfFeatures looks at how many features each style has in a blend.
func TestBlendOfFeatures(t *testing.T) {
	tr, _ := scene(t, neighbours)
	e := evaluatorOf(tr, 0)
	of := source{"relu1_1", statisticNeighbours}
	l, _ := e.layer(of.layer)
	style := func(rows int, share float64, value float32) target {
		return target{share: share, values: map[source][]float32{of: slices.Repeat([]float32{value}, rows*l.K)}}
	}
	for _, tt := range []struct {
		styles     []target
		ones, twos int
	}{
		{[]target{style(mostSamples, 0.75, 1), style(mostSamples, 0.25, 2)}, mostSamples * 3 / 4, mostSamples / 4},
		{[]target{style(100, 0.5, 1), style(mostSamples, 0.5, 2)}, 100, 100},
		{[]target{style(100, 0.999, 1), style(50, 0.001, 2)}, 100, 1},
		{[]target{style(30, 1, 1)}, 30, 0},
		{[]target{style(30, 0.5, 1), {share: 0.5}}, 30, 0},
	} {
		var counts [3]int
		for _, v := range e.blend(tt.styles).values[of] {
			counts[int(v)]++
		}
		if counts[1] != tt.ones*l.K || counts[2] != tt.twos*l.K {
			t.Errorf("%d and %d numbers, want %d and %d rows of %d", counts[1], counts[2], tt.ones, tt.twos, l.K)
		}
	}
}

// TestCentred looks that features lose their mean and get the norm 1.
func TestCentred(t *testing.T) {
	got := centred([]float32{1, 5, 4, 9, 4, 1, 3, 5}, 2)
	want := []float32{3, 5, -1, 0, 0.24253562, 0.9701425, 0.24253562, -0.9701425, 0, 0}
	for i, v := range want {
		if math.Abs(float64(got[i]-v)) > 1e-6 {
			t.Fatalf("centred to %v, want %v", got, want)
		}
	}
}

// TestMatchesOfPicture looks that a picture finds its own features, if all of them are the target,
// and no others: then they have the mean of the picture, and the loss is 0.
func TestMatchesOfPicture(t *testing.T) {
	tr, j := scene(t, func(o *Options) { neighbours(o); o.Objective.StyleLayers = styleLayers(1, 1, 1) })
	e, p := evaluatorOf(tr, 0), fit(j.Content, 48)
	features, err := e.measure(t.Context(), p, e.options.StyleLayers, whole)
	if err != nil {
		t.Fatal(err)
	}
	values := map[source][]float32{}
	for layer, f := range features {
		c, n := f[0].shape[1], f[0].shape[2]*f[0].shape[3]
		rows := make([]float32, c*n)
		for i, v := range f[0].data {
			rows[i%n*c+i/n] = v
		}
		values[source{layer, statisticNeighbours}] = rows
	}
	difference := make([]float32, len(p.Pix))
	e.centre.subtract(difference, p.Pix)
	style, err := e.match(t.Context(), []target{{share: 1, values: values}}, difference, p.W, p.H)
	if err != nil {
		t.Fatal(err)
	}
	content, err := e.measure(t.Context(), p, e.options.ContentLayers, whole)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.build(outline{w: p.W, h: p.H, contentWeight: 1, content: content, style: style})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.open(e.device); err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if err := o.inputs.set(o.machine); err != nil {
		t.Fatal(err)
	}
	for name, picture := range map[string]*imgio.Planar{"itself": p, "another": drawn(p.W, p.H, 5)} {
		if _, err := o.evaluate(t.Context(), picture.Pix, nil); err != nil {
			t.Fatal(err)
		}
		for _, s := range o.score().Style {
			if s.Statistic != statisticNeighbours || !(s.Weight > 0) || (s.Loss < 1e-5) != (picture == p) {
				t.Errorf("%+v of %s", s, name)
			}
		}
	}
}

// TestNeighboursPaint looks that painting lessens the loss, that another seed samples other
// features, and that what one Transfer has measured for a seed is not taken for another.
func TestNeighboursPaint(t *testing.T) {
	tr, j := scene(t, func(o *Options) { neighbours(o); o.Schedule.Iterations, o.Optimizer.Method = 30, LBFGS })
	painted := func() *Result {
		r, err := tr.Run(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := painted()
	before, err := tr.Score(context.Background(), j.Content, j.Style, j.Content)
	if err != nil {
		t.Fatal(err)
	}
	if !(first.Loss.Total < 0.7*before.Total) {
		t.Errorf("painted to a loss of %v, the photograph has %v", first.Loss.Total, before.Total)
	}
	o := tr.options
	o.Schedule.Seed = 5
	if err := tr.Retune(o); err != nil {
		t.Fatal(err)
	}
	second := painted()
	if slices.Equal(first.Picture.Pix, second.Picture.Pix) {
		t.Error("another seed gives the same picture")
	}
	o.Schedule.Seed = 0
	if err := tr.Retune(o); err != nil {
		t.Fatal(err)
	}
	if again := painted(); !slices.Equal(first.Picture.Pix, again.Picture.Pix) {
		t.Error("the first seed gives another picture")
	}
}

// TestMatchEach looks that L-BFGS learns from its steps where matches are new at each evaluation:
// the loss ends about where it does with matches that stay for some.
func TestMatchEach(t *testing.T) {
	losses := map[int]float64{}
	for _, every := range []int{1, 5} {
		tr, s, content := distilled(t, embedded(t), func(o *Options) {
			neighbours(o)
			o.Size, o.Objective.MatchEvery, o.Objective.Orientations, o.Schedule.Iterations = 64, every, 1, 30
		})
		r, err := tr.Run(t.Context(), Job{Content: content, Style: s})
		if err != nil {
			t.Fatal(err)
		}
		losses[every] = r.Loss.Total
	}
	if !(losses[1] < 1.05*losses[5]) {
		t.Errorf("with new matches at each evaluation the loss ends at %g, with matches for five at %g", losses[1], losses[5])
	}
}

// TestNeighboursOptions looks at what is refused.
func TestNeighboursOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"negative": func(o *Options) { neighbours(o); o.Objective.MatchEvery = -1 },
		"gram":     func(o *Options) { o.Objective.MatchEvery = 5 },
		"search":   func(o *Options) { neighbours(o); o.Objective.MatchEvery, o.Optimizer.Method = 5, LBFGSWolfe },
		"card":     func(o *Options) { neighbours(o); o.Compute.Device = DeviceCUDA },
	} {
		tr, _ := scene(t, nil)
		o := DefaultOptions()
		change(&o)
		if err := o.Validate(tr.network.weights().Network); !errors.As(err, new(*OptionError)) {
			t.Errorf("%s: %v, want an OptionError", name, err)
		}
	}
}

// TestTurnsOfMatches looks how long a turn is.
func TestTurnsOfMatches(t *testing.T) {
	for _, tt := range []struct {
		change       func(*Options)
		orientations int
		want         int
	}{
		{func(*Options) {}, 1, 0},
		{neighbours, 1, usualTurn},
		{neighbours, 8, usualTurn},
		{func(o *Options) { neighbours(o); o.Objective.MatchEvery = 7 }, 1, 7},
		{func(o *Options) { neighbours(o); o.Objective.MatchEvery = 7 }, 8, 7},
		{func(o *Options) { neighbours(o); o.Optimizer.Method = LBFGSWolfe }, 1, searchTurn},
	} {
		o := DefaultOptions()
		tt.change(&o)
		if got := turnLength(&o, tt.orientations); got != tt.want {
			t.Errorf("a turn of %v evaluations, want %v", got, tt.want)
		}
	}
}
