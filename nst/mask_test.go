package nst

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
	"nst/internal/colour"
)

// half is a mask whose left part is in, with a soft edge.
func half(w, h int) *Mask {
	m := &Mask{w, h, make([]float32, w*h)}
	for i := range m.Pix {
		m.Pix[i] = min(max(0.5-(float32(i%w)+0.5-float32(w)/2)/4, 0), 1)
	}
	return m
}

func TestNewMask(t *testing.T) {
	p := imgio.NewPlanar(2, 1)
	copy(p.Pix, []float32{1, 0.5, 1, 0.5, 1, 0.5})
	if m := NewMask(p); m.W != 2 || m.H != 1 || math.Abs(float64(m.Pix[0])-1) > 1e-6 || math.Abs(float64(m.Pix[1])-0.5) > 1e-6 {
		t.Errorf("got %+v", m)
	}
	if m := NewMask(flat(1, 1, 1, 1, 1)); m.Pix[0] != 1 {
		t.Errorf("white is %v, which protects nothing to the bit", m.Pix[0])
	}
	if m := NewMask(flat(2, 2, 1, 0, 0)); math.Abs(float64(m.Pix[3])-0.299) > 1e-6 {
		t.Errorf("red is %v, want 0.299", m.Pix[3])
	}
	if m := NewMask(flat(1, 1, 1.2, 1.2, 1.2)); m.Pix[0] != 1 {
		t.Errorf("beyond white is %v", m.Pix[0])
	}
}

// TestMaskResize looks at a few by hand, and that shrinking keeps the mean.
func TestMaskResize(t *testing.T) {
	m := &Mask{4, 1, []float32{1, 0, 0.5, 0.5}}
	for _, c := range []struct {
		w, h int
		want []float32
	}{
		{4, 1, []float32{1, 0, 0.5, 0.5}},
		{2, 1, []float32{0.5, 0.5}},
		{1, 1, []float32{0.5}},
		{3, 1, []float32{0.75, 0.25, 0.5}},
		{8, 1, []float32{1, 0.75, 0.25, 0.125, 0.375, 0.5, 0.5, 0.5}},
		{2, 3, []float32{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
	} {
		got := m.resize(c.w, c.h)
		for i := range c.want {
			if math.Abs(float64(got.Pix[i]-c.want[i])) > 1e-6 {
				t.Errorf("%dx%d: %v, want %v", c.w, c.h, got.Pix, c.want)
				break
			}
		}
	}
	big := half(97, 61)
	for _, size := range [][2]int{{48, 30}, {6, 3}, {1, 1}, {97, 1}, {50, 60}} {
		small := big.resize(size[0], size[1])
		a, b := big.sum()/float64(97*61), small.sum()/float64(size[0]*size[1])
		if math.Abs(a-b) > 1e-6 {
			t.Errorf("%v: mean %v, want %v", size, b, a)
		}
	}
	if up := (&Mask{1, 1, []float32{0.25}}).resize(3, 2); !slices.Equal(up.Pix, []float32{0.25, 0.25, 0.25, 0.25, 0.25, 0.25}) {
		t.Errorf("one pixel became %v", up.Pix)
	}
}

func TestMaskFit(t *testing.T) {
	white := func(w, h int) *Mask { return NewMask(flat(w, h, 1, 1, 1)) }
	empty := &Mask{100, 100, make([]float32, 10000)}
	dot := &Mask{100, 100, make([]float32, 10000)}
	dot.Pix[0] = 1
	for _, c := range []struct {
		name string
		m    *Mask
		w, h int
		want error
	}{
		{"same", white(64, 48), 64, 48, nil},
		{"larger", white(640, 480), 64, 48, nil},
		{"smaller", white(32, 24), 64, 48, nil},
		{"2 % wider", white(1018, 1000), 500, 500, nil},
		{"3 % wider", white(1030, 1000), 500, 500, ErrMaskShape},
		{"3 % higher", white(1000, 1030), 500, 500, ErrMaskShape},
		{"turned", white(48, 64), 64, 48, ErrMaskShape},
		{"panorama, rounded", white(4000, 200), 64, 3, nil},
		{"black", empty, 100, 100, ErrMaskEmpty},
		{"one pixel", dot, 100, 100, nil},
		{"a quarter of a pixel", dot, 50, 50, ErrMaskEmpty},
	} {
		m, err := c.m.Fit("protect mask", 0, c.w, c.h)
		if !errors.Is(err, c.want) || (c.want == nil && err != nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
			continue
		}
		var e *MaskError
		switch {
		case c.want == nil && (m.W != c.w || m.H != c.h):
			t.Errorf("%s: fitted to %dx%d", c.name, m.W, m.H)
		case c.want != nil && (!errors.As(err, &e) || e.What != "protect mask" || !strings.Contains(err.Error(), "protect mask")):
			t.Errorf("%s: %v does not say which mask", c.name, err)
		}
	}
}

// TestProtection looks at blend and gradient as the function and derivative that
// they say they are, and that what is protected is kept to the bit.
func TestProtection(t *testing.T) {
	content, x := warm(16, 12), cold(16, 12)
	p := newProtection(half(32, 24), content)
	blended := slices.Clone(x.Pix)
	p.blend(blended)
	n := 16 * 12
	ins, outs := 0, 0
	for i, v := range blended {
		m := p.mask.Pix[i%n]
		switch {
		case m == 1:
			ins++
			if v != content.Pix[i] {
				t.Fatalf("protected value %d is %v, want %v", i, v, content.Pix[i])
			}
		case m == 0:
			outs++
			if v != x.Pix[i] {
				t.Fatalf("value %d is %v, want %v", i, v, x.Pix[i])
			}
		case math.Abs(float64(v-(m*content.Pix[i]+(1-m)*x.Pix[i]))) > 1e-6:
			t.Fatalf("value %d is %v at mask %v", i, v, m)
		}
	}
	if ins == 0 || outs == 0 || ins+outs == len(blended) {
		t.Fatalf("the mask has %d values in and %d out: the test shows nothing", ins, outs)
	}

	// f(x) = sum of w p(x): its gradient to p is w, to x what gradient makes of it.
	w := warm(16, 12).Pix
	f := func(x []float32) (sum float64) {
		p.blend(x)
		for i, v := range x {
			sum += float64(w[i]) * float64(v)
		}
		return sum
	}
	g := slices.Clone(w)
	p.gradient(g)
	for _, i := range []int{0, 7, 8, 9, 15, n + 8, 2*n + 191} {
		up, down := slices.Clone(x.Pix), slices.Clone(x.Pix)
		up[i] += 0.5
		down[i] -= 0.5
		if d := f(up) - f(down); math.Abs(d-float64(g[i])) > 1e-5 {
			t.Errorf("gradient %d is %v, want %v", i, g[i], d)
		}
	}

	result := colour.Post{}.Finish(&imgio.Planar{W: 16, H: 12, Pix: blended}, content)
	p.mask.restore(result, content)
	for i, v := range result.Pix {
		if p.mask.Pix[i%n] == 1 && v != content.Pix[i] {
			t.Fatalf("restored value %d is %v, want %v", i, v, content.Pix[i])
		}
	}
}

func TestProtectionOfAll(t *testing.T) {
	var e *MaskError
	if _, err := NewMask(flat(9, 9, 1, 1, 1)).forProtection(9, 9); !errors.Is(err, ErrMaskFull) || !errors.As(err, &e) {
		t.Errorf("got %v, want a MaskError of ErrMaskFull", err)
	}
}

// TestRunProtect looks that what is protected equals the content exactly in the
// result and in the last picture on the way, in every mode of colour and from every
// start, and that the rest is painted.
func TestRunProtect(t *testing.T) {
	for _, c := range []struct {
		colour    Colour
		init      Init
		optimizer Method
	}{
		{ColourStyle, InitContent, Adam},
		{ColourStyle, InitNoise, LBFGS},
		{ColourLuma, InitContent, Adam},
		{ColourMatch, InitMean, LBFGSTorch},
		{ColourPost, InitNoise, Adam},
		{ColourHistogram, InitContent, LBFGS},
	} {
		tr, j := scene(t, func(o *Options) { o.Color, o.Schedule.Init, o.Optimizer.Method = c.colour, c.init, c.optimizer })
		j.Protect = half(160, 120)
		var last *imgio.Planar
		j.Progress = func(at Progress) { last = at.Picture() }
		r, err := tr.Run(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		mask, want := half(160, 120).resize(64, 48), j.Content.Resize(64, 48)
		for _, got := range []*imgio.Planar{r.Picture, last} {
			changed, kept := 0, 0
			for i, v := range got.Pix {
				switch m := mask.Pix[i%(64*48)]; {
				case m == 1 && v != want.Pix[i]:
					t.Fatalf("%v: protected value %d is %v, want %v", c, i, v, want.Pix[i])
				case m == 1:
					kept++
				case m == 0 && v != want.Pix[i]:
					changed++
				}
			}
			if kept < 3000 || changed < 3000 {
				t.Errorf("%v: %d values kept, %d changed, of 9216", c, kept, changed)
			}
		}
	}
	tr, j := scene(t, nil)
	j.Protect = half(60, 80)
	if _, err := tr.Run(context.Background(), j); !errors.Is(err, ErrMaskShape) {
		t.Errorf("a mask on its side: %v, want ErrMaskShape", err)
	}
}

// TestRunSoftProtect looks that nine tenths of the content are in the picture under
// a mask of 0.9, whatever the rest is.
func TestRunSoftProtect(t *testing.T) {
	for _, average := range []float64{0, 0.8} {
		tr, j := scene(t, func(o *Options) { o.Schedule.Init, o.Optimizer.Average, o.Schedule.Scales = InitNoise, average, 1 })
		j.Content, j.Protect = warm(80, 60), NewMask(flat(80, 60, 0.9, 0.9, 0.9))
		r, err := tr.Run(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range j.Content.Resize(64, 48).Pix {
			if rest := r.Picture.Pix[i] - 0.9*c; rest < -1e-5 || rest > 0.1+1e-5 {
				t.Fatalf("average %v: value %d is %v, where 0.9 of the content are %v", average, i, r.Picture.Pix[i], 0.9*c)
			}
		}
	}
}

// TestProtectedVariables looks that the optimiser moves nothing below a mask.
func TestProtectedVariables(t *testing.T) {
	tr, j := scene(t, func(o *Options) { o.Schedule.Init, o.Schedule.Scales = InitNoise, 1 })
	plan, err := tr.network.scales(&tr.options.Schedule, j.Content, j.Style, 64)
	if err != nil {
		t.Fatal(err)
	}
	j.Protect = half(64, 48)
	r := (&run{transfer: tr, job: &j, colour: colour.Plain{}, plan: plan, contents: contentsOf(j.Content, plan)}).on(tr.preferred())
	p, err := r.begin(context.Background(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.objective.close()
	before := slices.Clone(p.variables)
	if err := p.descend(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, v := range p.variables {
		if m := j.Protect.Pix[i%(64*48)]; m == 1 && v != before[i] || m == 0 && v == before[i] {
			t.Fatalf("variable %d went from %v to %v where the mask is %v", i, before[i], v, m)
		}
	}
}
