package instant_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// universal returns the network of the program, or skips where it has none.
func universal(t testing.TB) *instant.UniversalModel {
	t.Helper()
	m, err := instant.Universal()
	if errors.Is(err, instant.ErrNoUniversal) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func apply(t testing.TB, m *instant.UniversalModel, content *imgio.Planar, threads int, styles ...nst.StylePicture) *imgio.Planar {
	t.Helper()
	o := instant.DefaultApply()
	o.Threads = threads
	out, err := m.Apply(context.Background(), content, styles, o)
	if err != nil {
		t.Fatal(err)
	}
	if out.W != content.W || out.H != content.H {
		t.Fatalf("picture of %dx%d pixels, want %dx%d", out.W, out.H, content.W, content.H)
	}
	return out
}

// tinted returns a picture whose channels have other levels.
func tinted(w, h int, n uint64, r, g, b float32) *imgio.Planar {
	p := picture(w, h, n)
	for c, level := range []float32{r, g, b} {
		for i := range w * h {
			p.Pix[c*w*h+i] *= level
		}
	}
	return p
}

// mean returns the mean of a channel.
func mean(p *imgio.Planar, c int) (sum float64) {
	for _, v := range p.Pix[c*p.W*p.H:][:p.W*p.H] {
		sum += float64(v) / float64(p.W*p.H)
	}
	return sum
}

func TestUniversal(t *testing.T) {
	m := universal(t)
	content := picture(71, 50, 1)
	red := nst.StylePicture{Picture: tinted(600, 40, 2, 1, 0.2, 0.1), Weight: 1}
	blue := nst.StylePicture{Picture: tinted(64, 64, 3, 0.1, 0.2, 1), Weight: 1}
	first := apply(t, m, content, 1, red)
	for threads := 2; threads <= 3; threads++ {
		if !slices.Equal(apply(t, m, content, threads, red).Pix, first.Pix) {
			t.Errorf("%d threads paint another picture", threads)
		}
	}
	other := apply(t, m, content, 2, blue)
	if a, b := mean(first, 0)-mean(first, 2), mean(other, 0)-mean(other, 2); a < b+0.2 {
		t.Errorf("red less blue is %v in a red style, %v in a blue one", a, b)
	}
	blend := apply(t, m, content, 2, red, blue)
	if r, a, b := mean(blend, 0), mean(first, 0), mean(other, 0); r > max(a, b) || r < min(a, b) {
		t.Errorf("red is %v in a blend, %v and %v in its parts", r, a, b)
	}
	blue.Weight = 0
	if !slices.Equal(apply(t, m, content, 2, red, blue).Pix, first.Pix) {
		t.Error("a style without weight changes the picture")
	}
}

func TestUniversalErrors(t *testing.T) {
	m := universal(t)
	content, style := picture(64, 64, 1), nst.StylePicture{Picture: picture(64, 64, 2), Weight: 1}
	o := instant.DefaultApply()
	ctx := context.Background()
	var size *instant.SizeError
	if _, err := m.Apply(ctx, picture(64, 20, 1), []nst.StylePicture{style}, o); !errors.As(err, &size) {
		t.Errorf("small content: %v", err)
	}
	small := nst.StylePicture{Picture: picture(20, 64, 2), Weight: 1}
	if _, err := m.Apply(ctx, content, []nst.StylePicture{small}, o); !errors.As(err, &size) {
		t.Errorf("small style: %v", err)
	}
	negative := style
	negative.Weight = -1
	for name, styles := range map[string][]nst.StylePicture{"none": nil, "negative": {negative}} {
		if _, err := m.Apply(ctx, content, styles, o); err == nil {
			t.Errorf("styles %s: no error", name)
		}
	}
	o.Strength = 2
	var option *nst.OptionError
	if _, err := m.Apply(ctx, content, []nst.StylePicture{style}, o); !errors.As(err, &option) {
		t.Errorf("strength 2: %v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.Apply(stopped, content, []nst.StylePicture{style}, instant.DefaultApply()); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// part returns a mask that is white where select is.
func part(w, h int, selects func(x, y int) bool) *nst.Mask {
	m := &nst.Mask{W: w, H: h, Pix: make([]float32, w*h)}
	for i := range m.Pix {
		if selects(i%w, i/w) {
			m.Pix[i] = 1
		}
	}
	return m
}

// TestUniversalMask paints like one half of a painting, and like all that a mask selects.
func TestUniversalMask(t *testing.T) {
	m := universal(t)
	content, painting := picture(71, 50, 1), picture(96, 64, 2)
	for i := range 96 * 64 {
		blue := i%96 >= 48
		for c, level := range map[bool][3]float32{false: {1, 0.2, 0.1}, true: {0.1, 0.2, 1}}[blue] {
			painting.Pix[c*96*64+i] *= level
		}
	}
	like := func(mask *nst.Mask) *imgio.Planar {
		return apply(t, m, content, 2, nst.StylePicture{Picture: painting, Weight: 1, Mask: mask})
	}
	whole, left, right := like(nil), like(part(96, 64, func(x, _ int) bool { return x < 48 })), like(part(192, 128, func(x, _ int) bool { return x >= 96 }))
	a, b, c := mean(left, 0)-mean(left, 2), mean(whole, 0)-mean(whole, 2), mean(right, 0)-mean(right, 2)
	if a < b+0.1 || b < c+0.1 {
		t.Errorf("red less blue is %v like the red half, %v like both, %v like the blue one", a, b, c)
	}
	if !slices.Equal(like(part(48, 32, func(int, int) bool { return true })).Pix, whole.Pix) {
		t.Error("a mask that selects all changes the picture")
	}
	for reason, mask := range map[error]*nst.Mask{
		nst.ErrMaskValues: {},
		nst.ErrMaskShape:  part(64, 96, func(int, int) bool { return true }),
		nst.ErrMaskEmpty:  part(96, 64, func(int, int) bool { return false }),
		nst.ErrMaskSmall:  part(96, 64, func(x, y int) bool { return x == 50 && y < 2 }),
	} {
		_, err := m.Apply(context.Background(), content, []nst.StylePicture{{Picture: painting, Weight: 1, Mask: mask}}, instant.DefaultApply())
		if bad := new(nst.MaskError); !errors.As(err, &bad) || bad.Index != 1 || !errors.Is(err, reason) {
			t.Errorf("got %v, want %v", err, reason)
		}
	}
}

func TestUniversalSize(t *testing.T) {
	info, err := os.Stat("universal.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 3<<20 {
		t.Errorf("the network has %d bytes, want at most 3 MB", info.Size())
	}
}

// BenchmarkUniversal paints 512 pixels in the style of a painting of 512 pixels.
func BenchmarkUniversal(b *testing.B) {
	m := universal(b)
	content, style := picture(512, 384, 1), nst.StylePicture{Picture: picture(512, 400, 2), Weight: 1}
	for b.Loop() {
		apply(b, m, content, 0, style)
	}
}
