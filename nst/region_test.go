package nst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// white selects everything.
func white(w, h int) *Mask { return NewMask(flat(w, h, 1, 1, 1)) }

// stripe selects w columns from x on.
func stripe(width, height, x, w int) *Mask {
	m := &Mask{width, height, make([]float32, width*height)}
	for i := range m.Pix {
		if c := i % width; c >= x && c < x+w {
			m.Pix[i] = 1
		}
	}
	return m
}

// styled is scene with a second style picture of weight share, the first having 1.
func styled(t *testing.T, share float64, change func(*Options)) (*Transfer, Job) {
	t.Helper()
	tr, j := scene(t, change)
	var err error
	j.Style, err = tr.Style(context.Background(),
		StylePicture{Picture: drawn(70, 50, 1), Weight: 1}, StylePicture{Picture: cold(50, 70), Weight: share})
	if err != nil {
		t.Fatal(err)
	}
	return tr, j
}

// TestRegionOfEverything looks that a region that is all of the picture changes not a
// bit of it.
func TestRegionOfEverything(t *testing.T) {
	for _, loss := range StyleLosses() {
		paint := func(regions ...*Mask) []float32 {
			tr, j := scene(t, func(o *Options) { o.Objective.StyleLoss = loss })
			j.Regions = regions
			r, err := tr.Run(context.Background(), j)
			if err != nil {
				t.Fatal(err)
			}
			return r.Picture.Pix
		}
		plain := paint()
		if !slices.Equal(paint(nil), plain) || !slices.Equal(paint(white(160, 120)), plain) {
			t.Errorf("%s: a region of everything is another picture", loss)
		}
	}
}

// TestRegionScore holds the terms of two soft regions, one of a masked style, against
// Gram matrices and moments that are made here, and their weights against areas and
// shares. Once it does so with a network of which a style sees averages.
func TestRegionScore(t *testing.T) {
	for _, c := range []struct {
		loss            StyleLoss
		halvings, terms int
	}{{StyleMeanStd, 0, 20}, {StyleMeanStd, 1, 20}, {StyleGram, 0, 10}, {StyleGram, 1, 10}} {
		t.Run(fmt.Sprintf("%s %d", c.loss, c.halvings), func(t *testing.T) { testRegionScore(t, c.loss, c.halvings, c.terms) })
	}
}

func testRegionScore(t *testing.T, loss StyleLoss, halvings, terms int) {
	ctx := context.Background()
	tr, j := scene(t, func(o *Options) { o.Objective.StyleLoss, o.Objective.StyleMix = loss, MixMean })
	for i := range tr.network.weights().Network.Layers {
		tr.network.weights().Network.Layers[i].StylePooling = halvings
	}
	regions := []*Mask{half(80, 60), stripe(160, 120, 100, 60)}
	part := half(50, 70)
	s, err := tr.Style(ctx,
		StylePicture{Picture: drawn(70, 50, 1), Weight: 1}, StylePicture{Picture: cold(50, 70), Weight: 3, Mask: part})
	if err != nil {
		t.Fatal(err)
	}
	picture := drawn(64, 48, 7)
	score, err := tr.Score(ctx, j.Content, s, picture, regions...)
	if err != nil {
		t.Fatal(err)
	}
	features := func(p *imgio.Planar) map[string][]tensor {
		got, err := evaluatorOf(tr, 0).measure(ctx, p, tr.options.Objective.StyleLayers, func(layer string, f *exec.Node, _ inputs) ([]*exec.Node, error) {
			seen, err := tr.network.styleFeatures(layer, f)
			return []*exec.Node{seen}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if w := got["relu2_1"][0].shape[3]; w != p.W/2>>halvings && loss == StyleGram {
			t.Fatalf("relu2_1 is %d wide for a picture of %d", w, p.W)
		}
		return got
	}
	of := features(picture)
	styles := []map[string][]tensor{features(s.pictures[0].Picture), features(s.pictures[1].Picture)}
	masks := []*Mask{nil, part.resize(s.pictures[1].Picture.W, s.pictures[1].Picture.H)}
	var sum float64
	for _, got := range score.Style {
		i := got.Region - 1
		gram, moments := statisticsBy(of[got.Layer][0], regions[i].resize(64, 48))
		wantGram, wantMoments := statisticsBy(styles[i][got.Layer][0], masks[i])
		c := len(moments) / 2
		loss := meanSquare(gram, wantGram)
		area := regions[i].resize(64, 48).sum() / (64 * 48)
		weight := tr.options.Objective.StyleWeight * area * []float64{0.5, 1.5}[i] / float64(c*c)
		if got.Statistic == statisticMoments {
			loss, weight = 2*meanSquare(moments, wantMoments), weight*10*float64(c*c)
		}
		if math.Abs(got.Loss-loss) > 1e-3*loss || math.Abs(got.Weight-weight) > 1e-6*weight {
			t.Errorf("region %d, %s %s: loss %v, weight %v, want %v, %v", i+1, got.Layer, got.Statistic, got.Loss, got.Weight, loss, weight)
		}
		sum += got.Loss * got.Weight
	}
	if n := len(score.Style); n != terms {
		t.Errorf("%d terms of style, want %d", n, terms)
	}
	if sum <= 0 || score.Total < sum {
		t.Errorf("the total %v is not of the terms, %v", score.Total, sum)
	}
}

// statisticsBy returns the Gram matrix, and means and deviations, of features where a
// mask selects them: each place counts by T², T being the mean of the mask over its
// area.
func statisticsBy(f tensor, m *Mask) (gram, moments []float64) {
	c, h, w := f.shape[1], f.shape[2], f.shape[3]
	weights, sum := make([]float64, h*w), 0.0
	if m != nil {
		m = m.resize(w, h)
	}
	for i := range weights {
		weights[i] = 1
		if m != nil {
			weights[i] = math.Pow(float64(m.Pix[i]), 2)
		}
		sum += weights[i]
	}
	gram, moments = make([]float64, c*c), make([]float64, 2*c)
	for a := range c {
		for p, k := range weights {
			moments[a] += k * float64(f.data[a*h*w+p]) / sum
		}
		for b := range c {
			for p, k := range weights {
				gram[a*c+b] += k * float64(f.data[a*h*w+p]) * float64(f.data[b*h*w+p]) / sum
			}
		}
		moments[c+a] = math.Sqrt(max(gram[a*c+a]-moments[a]*moments[a], 0))
	}
	return gram, moments
}

func meanSquare(a, b []float64) (sum float64) {
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i]) / float64(len(a))
	}
	return sum
}

// TestRegionReach looks that a region is painted and what no region covers is not,
// beyond the reach of the layer, which is one pixel.
func TestRegionReach(t *testing.T) {
	tr, j := scene(t, func(o *Options) {
		o.Schedule.Scales, o.Objective.ContentWeight, o.Objective.StyleLayers = 1, 0, []LayerWeight{{"relu1_1", 1}}
	})
	j.Regions = []*Mask{stripe(64, 48, 0, 20)}
	r, err := tr.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	before, moved := j.Content.Resize(64, 48), 0
	for i, v := range r.Picture.Pix {
		switch x := i % 64; {
		case x < 20 && v != before.Pix[i]:
			moved++
		case x > 20 && math.Abs(float64(v-before.Pix[i])) > 1e-5:
			t.Fatalf("value %d in column %d went from %v to %v", i, x, before.Pix[i], v)
		}
	}
	if moved < 2000 {
		t.Errorf("%d of 2880 values of the region moved", moved)
	}
}

// TestRegionsTogether paints two regions, one of them two pixels wide, which is next
// to nothing deep in the network, with everything that a run may have besides, and
// looks that there are numbers and that the terms of the thin one are left out where
// nothing is left of it.
func TestRegionsTogether(t *testing.T) {
	thin := stripe(64, 48, 40, 2)
	for _, loss := range StyleLosses() {
		for _, color := range Colours() {
			if testing.Short() && color != ColourLuma && color != ColourHistogram {
				continue
			}
			for name, change := range map[string]func(*Options){
				"":           func(*Options) {},
				"sum":        func(o *Options) { o.Objective.StyleMix, o.Objective.StyleScale = MixSum, 0.7 },
				"normalised": func(o *Options) { o.Objective.NormalizeGradients = true },
				"lbfgs":      func(o *Options) { o.Optimizer.Method = LBFGS },
				"alone":      func(o *Options) { o.Objective.ContentWeight = 0 },
			} {
				tr, j := styled(t, 0.5, func(o *Options) {
					o.Objective.StyleLoss, o.Color, o.Schedule.Iterations, o.Schedule.MinScale = loss, color, 3, 40
					change(o)
				})
				j.Regions, j.Protect = []*Mask{half(80, 60), thin}, stripe(64, 48, 60, 4)
				r, err := tr.Run(context.Background(), j)
				if err != nil {
					t.Fatalf("%s %s %s: %v", loss, color, name, err)
				}
				for i, v := range r.Picture.Pix {
					if v != v || math.IsInf(float64(v), 0) {
						t.Fatalf("%s %s %s: value %d is %v", loss, color, name, i, v)
					}
				}
			}
		}
	}
	tr, j := styled(t, 1, nil)
	tiny := stripe(64, 48, 40, 2)
	for i := range tiny.Pix {
		if i/64 >= 12 {
			tiny.Pix[i] = 0
		}
	}
	score, err := tr.Score(context.Background(), j.Content, j.Style, j.Content, half(80, 60), tiny)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range score.Style {
		got = append(got, fmt.Sprintf("%d %s", x.Region, x.Layer))
	}
	// 24 pixels are 0.375 places of relu4_1 and 0.09 of relu5_1.
	want := []string{"1 relu1_1", "2 relu1_1", "1 relu2_1", "2 relu2_1", "1 relu3_1", "2 relu3_1", "1 relu4_1", "2 relu4_1", "1 relu5_1"}
	if !slices.Equal(got, want) {
		t.Errorf("terms %q, want %q", got, want)
	}
}

// TestStyleMask looks that a style mask alone takes the style of a part, and that a
// part that a deep layer does not see is left out of a mix there.
func TestStyleMask(t *testing.T) {
	ctx := context.Background()
	tr, j := scene(t, nil)
	one := StylePicture{Picture: drawn(64, 48, 1), Weight: 1}
	total := func(pictures ...StylePicture) float64 {
		s, err := tr.Style(ctx, pictures...)
		if err != nil {
			t.Fatal(err)
		}
		score, err := tr.Score(ctx, j.Content, s, j.Content)
		if err != nil {
			t.Fatal(err)
		}
		return score.Total
	}
	masked := one
	masked.Mask = white(128, 96)
	if a, b := total(one), total(masked); a != b {
		t.Errorf("a mask of everything scores %v, none %v", b, a)
	}
	if masked.Mask = half(64, 48); total(masked) == total(one) {
		t.Error("a mask changes nothing")
	}
	masked.Mask = stripe(64, 48, 3, 1)
	clear(masked.Mask.Pix[10*64:])
	if v := total(one, masked); math.IsNaN(v) || v <= 0 {
		t.Errorf("a mix with next to nothing scores %v", v)
	}
}

func TestRegionErrors(t *testing.T) {
	ctx := context.Background()
	dot := &Mask{64, 48, make([]float32, 64*48)}
	dot.Pix[70] = 1
	deep := func(o *Options) { o.Objective.StyleLayers = []LayerWeight{{"relu1_1", 0}, {"relu5_1", 1}} }
	for _, tt := range []struct {
		name    string
		regions []*Mask
		change  func(*Options)
		index   int
		want    error
	}{
		{"too few", []*Mask{nil}, nil, 0, ErrMaskCount},
		{"too many", []*Mask{nil, nil, nil}, nil, 0, ErrMaskCount},
		{"turned", []*Mask{nil, half(60, 80)}, nil, 2, ErrMaskShape},
		{"black", []*Mask{{64, 48, make([]float32, 64*48)}, nil}, nil, 1, ErrMaskEmpty},
		{"a dot", []*Mask{dot, nil}, deep, 1, ErrMaskSmall},
		{"a dot for a shallow layer", []*Mask{dot, nil}, nil, 0, nil},
	} {
		tr, j := styled(t, 1, tt.change)
		j.Regions = tt.regions
		_, err := tr.Run(ctx, j)
		_, scored := tr.Score(ctx, j.Content, j.Style, j.Content, tt.regions...)
		var e *MaskError
		if !errors.Is(err, tt.want) || fmt.Sprint(err) != fmt.Sprint(scored) {
			t.Errorf("%s: %v and %v, want %v", tt.name, err, scored, tt.want)
		} else if tt.index > 0 && (!errors.As(err, &e) || e.What != "content mask" || e.Index != tt.index) {
			t.Errorf("%s: %v does not say which mask", tt.name, err)
		}
	}
	tr, _ := scene(t, deep)
	for want, m := range map[error]*Mask{ErrMaskShape: half(9, 90), ErrMaskEmpty: {64, 48, make([]float32, 64*48)}} {
		var e *MaskError
		_, err := tr.Style(ctx, StylePicture{Picture: drawn(64, 48, 1), Weight: 1, Mask: m})
		if !errors.Is(err, want) || !errors.As(err, &e) || e.What != "style mask" || e.Index != 1 {
			t.Errorf("style mask: %v, want %v", err, want)
		}
	}
}

// TestRest looks that masks and what they leave make a whole, also where they
// overlap.
func TestRest(t *testing.T) {
	a, b := half(80, 60), stripe(40, 30, 10, 15)
	rest := Rest(80, 60, a, b)
	b = b.resize(80, 60)
	for i, v := range rest.Pix {
		if want := max(1-a.Pix[i]-b.Pix[i], 0); math.Abs(float64(v-want)) > 1e-6 {
			t.Fatalf("pixel %d is %v, want %v", i, v, want)
		}
	}
	if n := rest.sum(); n == 0 || n == 80*60 {
		t.Errorf("the rest is %v pixels: the test shows nothing", n)
	}
}

// TestRegionColours looks that match gives each style the colours of its region.
func TestRegionColours(t *testing.T) {
	_, j := styled(t, 1, nil)
	content := flat(64, 48, 0.1, 0.2, 0.9)
	for i := range content.Pix { // the right half is orange
		if i%64 >= 32 {
			content.Pix[i] = []float32{0.9, 0.5, 0.1}[i/(64*48)]
		}
	}
	regions, err := regionsOf([]*Mask{stripe(64, 48, 0, 32), stripe(64, 48, 32, 32)}, j.Style, 64, 48)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Colour{ColourMatch, ColourHistogram} {
		s := j.Style.over(regions).coloured(colourOf(mode), content)
		for i, want := range [][3]float64{{0.1, 0.2, 0.9}, {0.9, 0.5, 0.1}} {
			got := meanOf(s.pictures[i].Picture)
			for k := range want {
				if math.Abs(got[k]-want[k]) > 0.05 {
					t.Errorf("%s: style %d has the mean colour %.2f, want %.2f", mode, i+1, got, want)
					break
				}
			}
		}
	}
}
