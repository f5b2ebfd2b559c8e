package nst

import (
	"errors"
	"testing"

	"nst/imgio"
)

func evenly(w, h int, v float32) *imgio.Planar {
	p := imgio.NewPlanar(w, h)
	for i := range p.Pix {
		p.Pix[i] = v
	}
	return p
}

// Regions that do not touch, overlap and leave something, and a protected part, by hand.
func TestCompose(t *testing.T) {
	content := evenly(4, 1, 0.5)
	a, b := evenly(4, 1, 1), evenly(4, 1, 0)
	regions := []*Mask{{4, 1, []float32{1, 1, 0, 0}}, {4, 1, []float32{0, 1, 0, 0.5}}}
	out, err := Compose(content, []*imgio.Planar{a, b}, regions, &Mask{4, 1, []float32{0, 0, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{1, 0.5, 0.5, 0.5} {
		if out.Pix[i] != want {
			t.Errorf("pixel %d is %v, want %v", i, out.Pix[i], want)
		}
	}

	out, err = Compose(content, []*imgio.Planar{evenly(4, 1, 1), evenly(4, 1, 0)}, []*Mask{nil, {4, 1, []float32{1, 0, 0, 0}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Pix[0] != 0.5 || out.Pix[1] != 1 {
		t.Errorf("a region that is everywhere gives %v", out.Pix)
	}
}

func TestComposeRefuses(t *testing.T) {
	content := evenly(8, 4, 0.5)
	for _, tt := range []struct {
		regions []*Mask
		protect *Mask
		want    error
	}{
		{[]*Mask{{4, 4, make([]float32, 16)}}, nil, ErrMaskShape},
		{[]*Mask{{8, 4, make([]float32, 32)}}, nil, ErrMaskEmpty},
		{nil, NewMask(evenly(8, 4, 1)), ErrMaskFull},
	} {
		_, err := Compose(content, []*imgio.Planar{evenly(8, 4, 1)}, tt.regions, tt.protect)
		if !errors.Is(err, tt.want) || !errors.As(err, new(*MaskError)) {
			t.Errorf("got %v, want %v", err, tt.want)
		}
	}
}
