package nst

import (
	"context"
	"math"
	"slices"
	"testing"

	"nst/imgio"
	"nst/vgg"
)

func TestReflected(t *testing.T) {
	var got []int
	for i := -4; i < 8; i++ {
		got = append(got, reflected(i, 3))
	}
	if want := []int{2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := mirrored([]float32{1, 2, 3, 4}, 2, 2, 4, 3); !slices.Equal(got, []float32{1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}) {
		t.Errorf("mirrored: %v", got)
	}
	n := &network{options: Objective{MirrorStyles: true}}
	for _, tt := range [][5]int{{100, 50, 100, 100, 50}, {95, 50, 100, 95, 50}, {50, 40, 100, 100, 80}, {300, 10, 100, 300, 10}} {
		if w, h := n.styleCover(tt[0], tt[1], tt[2]); w != tt[3] || h != tt[4] {
			t.Errorf("a style of %dx%d at %d pixels is measured at %dx%d", tt[0], tt[1], tt[2], w, h)
		}
	}
	if w, h := new(network).styleCover(50, 40, 100); w != 50 || h != 40 {
		t.Errorf("without the option, a style of 50x40 at 100 pixels is measured at %dx%d", w, h)
	}
}

// chromaOf returns the mean distance of colours from grey, in 8-bit levels, in a frame of an
// eighth of the picture and in the part within.
func chromaOf(p *imgio.Planar) (frame, middle float64) {
	r, g, b := planes(p)
	var sum [2]float64
	var n [2]float64
	for y := range p.H {
		for x := range p.W {
			i, at := y*p.W+x, 0
			if x >= p.W/8 && x < p.W-p.W/8 && y >= p.H/8 && y < p.H-p.H/8 {
				at = 1
			}
			mean := (r[i] + g[i] + b[i]) / 3
			sum[at] += levels * math.Sqrt(float64((r[i]-mean)*(r[i]-mean)+(g[i]-mean)*(g[i]-mean)+(b[i]-mean)*(b[i]-mean)))
			n[at]++
		}
	}
	return sum[0] / n[0], sum[1] / n[1]
}

// slimly paints with slim, at one size, in one orientation.
func slimly(t *testing.T, content, style *imgio.Planar, change func(*Options)) *imgio.Planar {
	t.Helper()
	w, err := vgg.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Schedule.Scales, o.Objective.Orientations = 1, 1
	change(&o)
	tr, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	s, err := tr.Style(context.Background(), StylePicture{Picture: style, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := tr.Run(context.Background(), Job{Content: content, Style: s})
	if err != nil {
		t.Fatal(err)
	}
	return r.Picture
}

// TestNoFrame looks that a style much smaller than the picture is not painted as a frame around
// a pale middle. Measured as they are, these styles gave the frame 1.7 to 1.8 times the chroma.
func TestNoFrame(t *testing.T) {
	content, _, err := imgio.Open("../testdata/images/content/town.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flow", "pointillism"} {
		style, _, err := imgio.Open("../testdata/images/style/" + name + ".jpg")
		if err != nil {
			t.Fatal(err)
		}
		p := slimly(t, content, style, func(o *Options) {
			o.Size, o.Schedule.Iterations, o.Objective.StyleScale = 160, 24, 0.25
		})
		if frame, middle := chromaOf(p); frame > 1.25*middle {
			t.Errorf("%s: chroma %.1f in the frame, %.1f in the middle", name, frame, middle)
		}
	}
}
