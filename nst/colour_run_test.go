package nst

import (
	"context"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/internal/colour"
)

// paintedIn runs a job of scene in the colours of the given mode, with the content and
// the style that are given, and returns what it was painted with too.
func paintedIn(t *testing.T, mode Colour, content, style *imgio.Planar, change func(*Options)) (*Result, Job) {
	t.Helper()
	tr, j := scene(t, func(o *Options) {
		o.Color = mode
		if change != nil {
			change(o)
		}
	})
	var err error
	if j.Style, err = tr.Style(context.Background(), StylePicture{Picture: style, Weight: 1}); err != nil {
		t.Fatal(err)
	}
	j.Content = content
	r, err := tr.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	return r, j
}

// TestRunColour looks that every mode paints every kind of picture, that the modes
// differ, and that those which promise the content's chroma keep it.
func TestRunColour(t *testing.T) {
	content, style := warm(80, 60), cold(70, 50)
	for name, given := range map[string][2]*imgio.Planar{
		"colour":       {content, style},
		"grey content": {grey(content), style},
		"grey style":   {content, grey(style)},
		"even style":   {content, flat(70, 50, 0.2, 0.2, 0.2)},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[Colour][]float32{}
			for _, mode := range Colours() {
				r, j := paintedIn(t, mode, given[0], given[1], nil)
				for i, v := range r.Picture.Pix {
					if v != v || math.IsInf(float64(v), 0) {
						t.Fatalf("%s: value %d is %v", mode, i, v)
					}
				}
				for other, pix := range seen {
					if name == "colour" && slices.Equal(r.Picture.Pix, pix) {
						t.Errorf("%s paints what %s does", mode, other)
					}
				}
				seen[mode] = r.Picture.Pix
				if shared := len(j.Style.targets.at) > 0; shared != (mode == ColourStyle || mode == ColourPost) {
					t.Errorf("%s: the job has used the targets of its Style: %v", mode, shared)
				}
				if mode == ColourLuma || mode == ColourPost {
					sameChroma(t, mode, r.Picture, given[0].Resize(r.Picture.W, r.Picture.H))
				}
			}
		})
	}
}

// sameChroma looks that got has the chroma of want where nothing had to be made
// paler, which must be nearly everywhere, but not its luma.
func sameChroma(t *testing.T, mode Colour, got, want *imgio.Planar) {
	t.Helper()
	r, g, b := planes(got)
	wr, wg, wb := planes(want)
	inside, moved := 0, 0.0
	for i := range r {
		y, wy := colour.LumaOf(r[i], g[i], b[i]), colour.LumaOf(wr[i], wg[i], wb[i])
		moved += math.Abs(float64(y-wy)) / float64(len(r))
		if min(r[i], g[i], b[i]) <= 0 || max(r[i], g[i], b[i]) >= 1 {
			continue
		}
		inside++
		if d := max(math.Abs(float64(b[i]-y-(wb[i]-wy))), math.Abs(float64(r[i]-y-(wr[i]-wy)))); d > 1e-5 {
			t.Fatalf("%s: the chroma of pixel %d is off by %v", mode, i, d)
		}
	}
	if inside < len(r)/2 || moved < 0.005 {
		t.Errorf("%s: %d of %d pixels inside the range, luma moved by %v: the test shows nothing", mode, inside, len(r), moved)
	}
}

// TestColourThreads looks that a mode gives the same bytes with any number of threads.
func TestColourThreads(t *testing.T) {
	for _, mode := range Colours() {
		one, _ := paintedIn(t, mode, warm(80, 60), cold(70, 50), func(o *Options) { o.Compute.Threads = 1 })
		two, _ := paintedIn(t, mode, warm(80, 60), cold(70, 50), func(o *Options) { o.Compute.Threads = 2 })
		if !slices.Equal(one.Picture.Pix, two.Picture.Pix) {
			t.Errorf("%s: two threads give another picture than one", mode)
		}
	}
}

// TestColourProgress looks that pictures on the way are finished as the result is,
// while the run itself sees grey.
func TestColourProgress(t *testing.T) {
	for _, init := range []Init{InitContent, InitNoise} {
		tr, j := scene(t, func(o *Options) { o.Color, o.Schedule.Scales, o.Schedule.Init = ColourLuma, 1, init })
		j.Content = warm(80, 60)
		plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64)
		if err != nil {
			t.Fatal(err)
		}
		r := (&run{transfer: tr, job: &j, colour: colourOf(ColourLuma), plan: plan, contents: contentsOf(j.Content, plan)}).on(tr.preferred())
		p, err := r.begin(context.Background(), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer p.objective.close()
		var last *imgio.Planar
		j.Progress = func(at Progress) { last = at.Picture() }
		if err := p.descend(context.Background()); err != nil {
			t.Fatal(err)
		}
		red, green, blue := planes(p.painted())
		if !slices.Equal(red, green) || !slices.Equal(green, blue) {
			t.Errorf("%s: the run has left the grey pictures", init)
		}
		result, err := r.end(context.Background(), p, nil)
		if err != nil || !slices.Equal(result.Picture.Pix, last.Pix) {
			t.Errorf("%s: the last picture on the way is not the result; %v", init, err)
		}
	}
}

// TestGreyStyle looks that a style without colours gives a picture without colours, also where
// JPEG has left a tint in it, and for a texture; and that one coloured style among several
// gives colours. Slim used to paint patches of blue and magenta.
func TestGreyStyle(t *testing.T) {
	open := func(name string) *imgio.Planar {
		p, _, err := imgio.Open("../testdata/images/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	town, woodcut := open("content/town.jpg"), grey(open("style/woodcut.jpg"))
	tinted := woodcut.Clone()
	for i := range tinted.W * tinted.H {
		tinted.Pix[i] += 1. / levels
	}
	for name, tt := range map[string]struct {
		content, style *imgio.Planar
		weight         float64
	}{
		"colours":      {town, woodcut, 5},
		"grey on grey": {grey(town), woodcut, 5},
		"tinted":       {town, tinted, 5},
		"texture":      {town, woodcut, 0},
	} {
		p := slimly(t, tt.content, tt.style, func(o *Options) {
			o.Size, o.Schedule.Iterations, o.Objective.ContentWeight = 96, 12, tt.weight
		})
		if frame, middle := chromaOf(p); frame+middle > 0.01 {
			t.Errorf("%s: chroma %.2f and %.2f", name, frame, middle)
		}
		sensible(t, name, p, p)
	}
	if _, middle := chromaOf(slimly(t, town, open("style/woodcut.jpg"), func(o *Options) { o.Size, o.Schedule.Iterations = 96, 12 })); middle < 3 {
		t.Errorf("a style of brown paper gives chroma %.2f", middle)
	}
}
