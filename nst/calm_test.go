package nst

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/vgg"
)

// skyline is a picture of one colour above and of a chequered pattern below, whose values are
// middle plus and minus half of contrast.
func skyline(w, h, square int, middle, contrast float32) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range p.Pix {
		x, y := i%w, i/w%h
		switch {
		case y < h/2:
			p.Pix[i] = middle
		case (x/square+y/square)%2 == 0:
			p.Pix[i] = middle + contrast/2
		default:
			p.Pix[i] = middle - contrast/2
		}
	}
	return p
}

// TestFlatness looks at a sky and a pattern below it, whatever the size, the brightness and the
// contrast of the picture are.
func TestFlatness(t *testing.T) {
	want := flatness(skyline(256, 192, 4, 0.5, 0.6))
	for name, p := range map[string]*imgio.Planar{
		"as it is":           skyline(256, 192, 4, 0.5, 0.6),
		"larger":             skyline(1024, 768, 16, 0.5, 0.6),
		"darker, half of it": skyline(256, 192, 4, 0.3, 0.3),
	} {
		got := flatness(p)
		if got.W != 256 || got.H != 192 {
			t.Fatalf("%s: %dx%d", name, got.W, got.H)
		}
		if sky, pattern := got.Pix[40*256+128], got.Pix[150*256+128]; sky < 0.99 || pattern > 0.25 {
			t.Errorf("%s: the sky is %v, the pattern %v", name, sky, pattern)
		}
		worst := 0.0
		for i, v := range got.Pix {
			worst = max(worst, math.Abs(float64(v-want.Pix[i])))
		}
		if worst > 0.02 {
			t.Errorf("%s: %v away from the picture as it is", name, worst)
		}
	}
	for _, size := range [][2]int{{1, 1}, {300, 1}, {16, 16}, {1, 40}} {
		if m := flatness(flat(size[0], size[1], 0.3, 0.7, 0.1)); m != nil {
			t.Errorf("one colour at %v: %v", size, m.Pix)
		}
	}
	for _, size := range [][2]int{{2, 1}, {700, 3}, {16, 16}, {257, 100}} {
		m := flatness(drawn(size[0], size[1], 5))
		if i := slices.IndexFunc(m.Pix, func(v float32) bool { return !(v >= 0 && v <= 1.000001) }); i >= 0 {
			t.Errorf("%v: flatness %v", size, m.Pix[i])
		}
	}
}

// TestWindow looks that a window adds up to 1, and keeps a mean in its place.
func TestWindow(t *testing.T) {
	for _, deviation := range []float64{0.2, 1, 2.5} {
		w := windowOf(deviation)
		x := make([]float32, 41*31)
		x[15*41+20] = 1
		sum, across, down := 0.0, 0.0, 0.0
		for i, v := range w.over(x, 41, 31) {
			sum += float64(v)
			across += float64(v) * float64(i%41)
			down += float64(v) * float64(i/41)
		}
		if math.Abs(sum-1) > 1e-6 || math.Abs(across-20) > 1e-5 || math.Abs(down-15) > 1e-5 {
			t.Errorf("a point under the deviation %v has the sum %v at %v, %v", deviation, sum, across, down)
		}
		for i, v := range w.over(slices.Repeat([]float32{0.75}, 7*3), 7, 3) {
			if math.Abs(float64(v)-0.75) > 1e-6 {
				t.Fatalf("value %d of a plane of 0.75 is %v", i, v)
			}
		}
	}
}

// TestCalmWeights holds the weights against their definition: a tenth at 50, a hundredth at
// 100, where the photograph is flat.
func TestCalmWeights(t *testing.T) {
	p := skyline(256, 192, 4, 0.5, 0.6)
	if calmOf(p, 0) != nil || calmOf(flat(64, 48, 0.2, 0.2, 0.2), 100) != nil {
		t.Error("there are weights where all count the same")
	}
	f := flatness(p)
	for calm, least := range map[float64]float64{50: 0.1, 100: 0.01, 25: math.Sqrt(0.1)} {
		w := calmOf(p, calm)
		if got := float64(slices.Min(w.Pix)); math.Abs(got-least) > 0.03*least {
			t.Errorf("calm %v: the flattest weighs %v, want %v", calm, got, least)
		}
		for i, v := range w.Pix {
			if want := math.Pow(least, float64(f.Pix[i])); math.Abs(float64(v)-want) > 1e-5 {
				t.Fatalf("calm %v: flatness %v weighs %v, want %v", calm, f.Pix[i], v, want)
			}
		}
	}
}

// TestTemper looks at guides by hand.
func TestTemper(t *testing.T) {
	weights := &Mask{2, 2, []float32{1, 0.25, 0.0625, 1}}
	for _, c := range []struct {
		guide, want []float32
		left        float64
	}{
		{nil, []float32{1, 0.5, 0.25, 1}, (1 + 0.25 + 0.0625 + 1) / 4},
		{[]float32{0, 1, 0.5, 0}, []float32{0, 0.5, 0.125, 0}, (0.25 + 0.25*0.0625) / 1.25},
	} {
		got, left := weights.temper(c.guide, 2, 2)
		if !slices.Equal(got, c.want) || math.Abs(left-c.left) > 1e-9 {
			t.Errorf("guide %v became %v and leaves %v, want %v and %v", c.guide, got, left, c.want, c.left)
		}
	}
	guide := []float32{0.5, 1}
	if got, left := (*Mask)(nil).temper(guide, 2, 1); &got[0] != &guide[0] || left != 1 {
		t.Errorf("without weights the guide became %v and leaves %v", got, left)
	}
}

// TestCalmScore holds the terms of a calm objective, in the whole picture and in two regions,
// against Gram matrices and moments that are made here.
func TestCalmScore(t *testing.T) {
	ctx := context.Background()
	for name, regions := range map[string][]*Mask{"whole": nil, "regions": {half(80, 60), stripe(160, 120, 100, 60)}} {
		t.Run(name, func(t *testing.T) {
			tr, j := styled(t, 1, func(o *Options) {
				o.Objective.StyleLoss, o.Objective.StyleMix, o.Objective.Calm = StyleMeanStd, MixSum, 60
			})
			picture := drawn(64, 48, 7)
			score, err := tr.Score(ctx, j.Content, j.Style, picture, regions...)
			if err != nil {
				t.Fatal(err)
			}
			of := func(p *imgio.Planar) map[string][]tensor {
				got, err := evaluatorOf(tr, 0).measure(ctx, p, tr.options.Objective.StyleLayers, whole)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			features, styles := of(picture), []map[string][]tensor{of(j.Style.pictures[0].Picture), of(j.Style.pictures[1].Picture)}
			calm := calmOf(j.Content.Resize(64, 48), 60)
			for i, got := range score.Style {
				f := features[got.Layer][0]
				c, h, w := f.shape[1], f.shape[2], f.shape[3]
				at, area, index := white(w, h), 1.0, i/2%2 // of the style: terms alternate
				if regions != nil {
					at = regions[index].resize(w, h)
					area = 2 * regions[index].resize(64, 48).sum() / (64 * 48)
				}
				before, after := 0.0, 0.0
				for k, v := range calm.resize(w, h).Pix {
					before += float64(at.Pix[k]) * float64(at.Pix[k])
					at.Pix[k] *= float32(math.Sqrt(float64(v)))
					after += float64(at.Pix[k]) * float64(at.Pix[k])
				}
				gram, moments := statisticsBy(f, at)
				wantGram, wantMoments := statisticsBy(styles[index][got.Layer][0], nil)
				loss, weight := meanSquare(gram, wantGram), tr.options.Objective.StyleWeight*area*0.5*after/before/float64(c*c)
				if got.Statistic == statisticMoments {
					loss, weight = 2*meanSquare(moments, wantMoments), weight*10*float64(c*c)
				}
				if math.Abs(got.Loss-loss) > 1e-3*loss || math.Abs(got.Weight-weight) > 1e-6*weight {
					t.Errorf("style %d, %s %s: loss %v, weight %v, want %v, %v", index+1, got.Layer, got.Statistic, got.Loss, got.Weight, loss, weight)
				}
			}
			if n := len(score.Style); n != 20 {
				t.Errorf("%d terms of style, want 20", n)
			}
		})
	}
}

// TestCalmGradient holds the gradient of a calm objective against difference quotients of its
// loss, for each style loss.
func TestCalmGradient(t *testing.T) {
	ctx := context.Background()
	for _, loss := range StyleLosses() {
		t.Run(string(loss), func(t *testing.T) {
			tr, j := scene(t, func(o *Options) {
				o.Objective.StyleLoss, o.Objective.Calm, o.Objective.Pooling = loss, 80, PoolAvg
			})
			content := j.Content.Resize(64, 48)
			o, err := evaluatorOf(tr, 0).newObjective(ctx, comparison{
				content: content, contentWeight: 1, style: j.Style, size: 64, calm: calmOf(content, 80),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer o.close()
			picture, gradient := drawn(64, 48, 7).Pix, make([]float32, 3*64*48)
			if _, err := o.evaluate(ctx, picture, gradient); err != nil {
				t.Fatal(err)
			}
			// Along the gradient the loss rises by the square of its length.
			const step = 1e-3
			length := norm(gradient)
			along := func(by float64) float64 {
				x := slices.Clone(picture)
				for i, g := range gradient {
					x[i] += float32(by * float64(g) / length)
				}
				l, err := o.evaluate(ctx, x, nil)
				if err != nil {
					t.Fatal(err)
				}
				return l.Total
			}
			if d := reftest.Rel((along(step)-along(-step))/(2*step), length); d > 1e-2 {
				t.Errorf("the slope along the gradient is %.2g off its length %v", d, length)
			}
		})
	}
}

// TestCalmPaints looks that calm keeps the flat part nearer to the photograph, and changes
// nothing in a photograph that has none.
func TestCalmPaints(t *testing.T) {
	paint := func(content *imgio.Planar, calm float64) *imgio.Planar {
		tr, j := scene(t, func(o *Options) {
			o.Objective.Calm, o.Schedule.Iterations, o.Optimizer.Method = calm, 30, LBFGS // Adam makes small gradients large
			o.Objective.StyleLayers = []LayerWeight{{"relu1_1", 1}, {"relu2_1", 1}}       // which see little around them
		})
		j.Content = content
		r, err := tr.Run(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture
	}
	content := skyline(64, 48, 3, 0.5, 0.7)
	change := func(p *imgio.Planar, from, to int) (sum float64) {
		for i, v := range p.Pix {
			if y := i / 64 % 48; y >= from && y < to {
				sum += math.Abs(float64(v - content.Pix[i]))
			}
		}
		return sum
	}
	plain, calm := paint(content, 0), paint(content, 100)
	sky, pattern := change(calm, 0, 20)/change(plain, 0, 20), change(calm, 28, 48)/change(plain, 28, 48)
	if sky > 0.65 || sky > pattern/2 {
		t.Errorf("the change of the sky is %.2f times that without calm, that of the pattern %.2f", sky, pattern)
	}
	even := flat(64, 48, 0.4, 0.5, 0.6)
	if !slices.Equal(paint(even, 100).Pix, paint(even, 0).Pix) {
		t.Error("calm changes a photograph of one colour")
	}
}

// TestCalmRefused looks that calm out of range, and without a content weight, is refused.
func TestCalmRefused(t *testing.T) {
	for _, change := range []func(*Objective){
		func(o *Objective) { o.Calm = -1 },
		func(o *Objective) { o.Calm = 100.5 },
		func(o *Objective) { o.Calm = math.NaN() },
		func(o *Objective) { o.Calm, o.ContentWeight = 50, 0 },
	} {
		o := DefaultOptions()
		change(&o.Objective)
		var e *OptionError
		if err := o.Validate(vgg.Tiny()); !errors.As(err, &e) || e.Field != "Objective.Calm" {
			t.Errorf("calm %v with the content weight %v: %v", o.Objective.Calm, o.Objective.ContentWeight, err)
		}
	}
}
