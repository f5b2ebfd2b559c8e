package colour

import (
	"testing"

	"nst/imgio"
)

func TestColourless(t *testing.T) {
	tinted := func(p *imgio.Planar, red float32, pixels int) *imgio.Planar {
		p = p.Clone()
		for i := range pixels {
			p.Pix[i] += red / 255
		}
		return p
	}
	plain := Luma{}.Content(soft(40, 30, 1, [3]float32{0.5, 0.5, 0.5}, [3]float32{0.3, 0.3, 0.3}))
	for name, tt := range map[string]struct {
		p    *imgio.Planar
		want bool
	}{
		"grey":           {plain, true},
		"one level red":  {tinted(plain, 1, 1200), true},
		"sepia":          {tinted(plain, 6, 1200), false},
		"one red corner": {tinted(plain, 60, 4), false},
		"warm":           {warm(40, 30), false},
		"black":          {flat(40, 30, 0, 0, 0), false},
	} {
		if got := Colourless(tt.p); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if (Grey{}).Style(plain, nil) != plain {
		t.Error("a grey style becomes another")
	}
	p := Grey{}.Style(tinted(plain, 1, 1200), nil)
	if r, g, b := planes(p); r[7] != g[7] || g[7] != b[7] {
		t.Error("a style with a tint keeps it")
	}
}
