package sheet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

func samples(n int, f func(i int) Sample) (out []Sample) {
	for i := range n {
		out = append(out, f(i))
	}
	return out
}

func TestPlot(t *testing.T) {
	two := func(i int) Sample {
		s := Sample{Scale: 1, Label: "64x48", Values: []float64{100 / float64(i+1), 0}}
		if i >= 10 {
			s.Scale, s.Label = 2, "128x96"
		}
		return s
	}
	c := &Curve{Title: "out.png", Names: []string{"total", "never"}, Samples: samples(30, two)}
	var b bytes.Buffer
	if err := c.Plot(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"out.png": true, "total": true, "never": false, "64x48": true, "128x96": true, "iteration": true} {
		if bytes.Contains(b.Bytes(), []byte(">"+text+"<")) != want {
			t.Errorf("%q in the plot: want %v", text, want)
		}
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Errorf("no XML: %v", err)
	}
	b.Reset()
	if err := c.Plot(&b, "png"); err != nil {
		t.Fatal(err)
	}
	if m, err := png.Decode(&b); err != nil || m.Bounds().Size() != image.Pt(1152, 720) {
		t.Errorf("the PNG is none: %v", err)
	}
	if s := c.segments(0, 0); len(s) != 2 || len(s[0]) != 10 || len(s[1]) != 20 || s[1][0].x != 11 {
		t.Errorf("segments %v", s)
	}

	c.Samples = samples(100_000, two)
	if s := c.segments(0, 0); len(s[1]) > points+2 || s[1][len(s[1])-1].x != 100_000 {
		t.Errorf("a long line has %d points, ends at %v", len(s[1]), s[1][len(s[1])-1])
	}
}

// TestPlotOddValues looks that no loss makes the plot panic.
func TestPlotOddValues(t *testing.T) {
	for name, tt := range map[string]struct {
		values []float64
		fails  bool
	}{
		"none":       {nil, true},
		"zeros":      {[]float64{0, 0}, true},
		"not finite": {[]float64{math.NaN(), math.Inf(1)}, true},
		"one":        {[]float64{5}, false},
		"constant":   {[]float64{5, 5, 5}, false},
		"early only": {[]float64{5, 0, 0, 0}, false},
		"late only":  {[]float64{0, math.NaN(), -1, 7}, false},
		"wide":       {[]float64{1e299, 1e-299}, false},
		"huge":       {[]float64{1e299, 1e299}, false},
		"too huge":   {[]float64{1e308, 1e308}, true},
		"tiny":       {[]float64{1e-299, 1e-299}, false},
		"denormal":   {[]float64{5e-324, 5e-324}, true},
	} {
		c := &Curve{Title: "t", Names: []string{"v"}}
		for _, v := range tt.values {
			c.Samples = append(c.Samples, Sample{1, "1x1", []float64{v}})
		}
		for _, format := range PlotFormats() {
			if err := c.Plot(io.Discard, format); (err != nil) != tt.fails {
				t.Errorf("%s as %s: got %v", name, format, err)
			}
		}
	}
	if err := (&Curve{}).Plot(io.Discard, "gif"); err == nil {
		t.Error("format gif: no error")
	}
}

// drawing is what the tests read of an SVG.
type drawing struct {
	Texts []struct {
		X      float64 `xml:"x,attr"`
		Y      float64 `xml:"y,attr"`
		Anchor string  `xml:"text-anchor,attr"`
		Text   string  `xml:",chardata"`
	} `xml:"text"`
	Paths []struct {
		D      string `xml:"d,attr"`
		Stroke string `xml:"stroke,attr"`
	} `xml:"path"`
}

func plotSVG(t *testing.T, c *Curve) (d drawing) {
	t.Helper()
	var b bytes.Buffer
	if err := c.Plot(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// path returns the points of the first path in a colour.
func (d drawing) path(t *testing.T, stroke string) (out []point) {
	t.Helper()
	for _, p := range d.Paths {
		if p.Stroke != stroke {
			continue
		}
		for pair := range strings.SplitSeq(strings.TrimPrefix(p.D, "M"), " ") {
			x, y, _ := strings.Cut(strings.TrimSuffix(pair, "h0"), ",")
			px, errX := strconv.ParseFloat(x, 64)
			py, errY := strconv.ParseFloat(y, 64)
			if errX != nil || errY != nil {
				t.Fatalf("path %q: %v, %v", p.D, errX, errY)
			}
			out = append(out, point{px, py})
		}
		return out
	}
	t.Fatalf("no path in %s", stroke)
	return nil
}

// label returns where a text is.
func (d drawing) label(t *testing.T, text string) point {
	t.Helper()
	for _, l := range d.Texts {
		if l.Text == text {
			return point{l.X, l.Y}
		}
	}
	t.Fatalf("no text %q", text)
	return point{}
}

// ramp is a curve of one line, from 1e4 to 1e2 over iterations 10 to 30.
func ramp() *Curve {
	return &Curve{Title: "t", Names: []string{"v"}, Samples: samples(30, func(i int) Sample {
		v := math.NaN()
		if i >= 9 {
			v = math.Pow(10, 4-float64(i-9)/10)
		}
		return Sample{1, "1x1", []float64{v}}
	})}
}

// TestPlotPlaces holds the ends of a line against the labels of the axes.
func TestPlotPlaces(t *testing.T) {
	d := plotSVG(t, ramp())
	line := d.path(t, "#222222")
	if len(line) != 21 {
		t.Fatalf("%d points, want 21", len(line))
	}
	shift := d.label(t, "1e4").y - line[0].y // of the baseline against the middle of a label
	for _, tt := range []struct {
		at   point
		x, y string
	}{{line[0], "10", "1e4"}, {line[10], "20", "1000"}, {line[20], "30", "100"}} {
		x, y := d.label(t, tt.x).x, d.label(t, tt.y).y-shift
		if math.Abs(tt.at.x-x) > 0.02 || math.Abs(tt.at.y-y) > 0.02 {
			t.Errorf("iteration %s with loss %s is at %v, want (%v, %v)", tt.x, tt.y, tt.at, x, y)
		}
	}
	if shift < 2 || shift > 5 {
		t.Errorf("labels are %v points below their ticks", shift)
	}
}

// TestPlotPixels looks for the line of the SVG in the PNG.
func TestPlotPixels(t *testing.T) {
	c := ramp()
	c.Names = []string{"nothing", "v"} // the second name is blue
	for i := range c.Samples {
		c.Samples[i].Values = append([]float64{0}, c.Samples[i].Values...)
	}
	var b bytes.Buffer
	if err := c.Plot(&b, "png"); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	at := func(x, y float64) color.RGBA {
		return color.RGBAModel.Convert(m.At(int(x*dots), int(y*dots))).(color.RGBA)
	}
	line := plotSVG(t, c).path(t, "#0072b2")
	for i := 1; i < len(line); i++ {
		x, y := (line[i].x+line[i-1].x)/2, (line[i].y+line[i-1].y)/2
		if got := at(x, y); got != lineColour(1) {
			t.Errorf("on the line, at (%.1f, %.1f), is %v", x, y, got)
		}
		if got := at(x, y+6); got == lineColour(1) {
			t.Errorf("below the line, at (%.1f, %.1f), is its colour", x, y+6)
		}
	}
	// The title of the y axis is written upward: a high and narrow block of dark pixels.
	if box := inked(m, image.Rect(0, 100, int(30*dots), 620)); box.Dy() < 3*box.Dx() || box.Dx() < 10 {
		t.Errorf("the title of the y axis is in %v", box)
	}
}

// inked returns what is dark in a part of a picture.
func inked(m image.Image, part image.Rectangle) (box image.Rectangle) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if r, _, _, _ := m.At(x, y).RGBA(); r < 0x8000 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

// TestPlotText looks that a text is read as it was written, and that equal curves
// have equal bytes.
func TestPlotText(t *testing.T) {
	c := ramp()
	c.Title, c.Names = `a <b> & "c"`, []string{"</svg>"}
	d := plotSVG(t, c)
	d.label(t, c.Title)
	d.label(t, c.Names[0])
	c.Title = strings.Repeat("long ", 100)
	if text := plotSVG(t, c).Texts[0].Text; !strings.HasPrefix(text, "long long") || !strings.HasSuffix(text, "…") {
		t.Errorf("a long title is %q", text)
	}
	for _, format := range PlotFormats() {
		var first, second bytes.Buffer
		if err := errors.Join(c.Plot(&first, format), c.Plot(&second, format)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("two plots as %s differ", format)
		}
	}
}

// TestPlotDot looks that a run of one iteration shows.
func TestPlotDot(t *testing.T) {
	c := &Curve{Names: []string{"v"}, Samples: []Sample{{1, "1x1", []float64{5}}}}
	d := plotSVG(t, c)
	at := d.path(t, "#222222")[0]
	if y := d.label(t, "5").y; at.x != d.label(t, "1").x || math.Abs(at.y+3.5-y) > 0.02 {
		t.Errorf("the dot is at %v", at)
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []tick) string {
		var out []string
		for _, tick := range ticks {
			if tick.label != "" {
				out = append(out, tick.label)
			}
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		ticks func(span) []tick
		of    span
		want  string
	}{
		{linearTicks, span{0, 1}, "0 1"},
		{linearTicks, span{0, 7}, "0 1 2 3 4 5 6 7"},
		{linearTicks, span{0, 50}, "0 10 20 30 40 50"},
		{linearTicks, span{0, 133}, "0 20 40 60 80 100 120"},
		{linearTicks, span{0, 3e6}, "0 500000 1000000 1500000 2000000 2500000 3000000"},
		{logTicks, span{5.0 / 3, 6.5}, "2 5"},
		{logTicks, span{0.019, 0.6}, "0.02 0.05 0.1 0.2 0.5"},
		{logTicks, span{3e-7, 3e4}, "1e-6 1e-4 0.01 1 100 1e4"},
		{logTicks, span{4e4, 3e8}, "1e5 1e6 1e7 1e8"},
		{logTicks, span{4e5, 9e6}, "5e5 1e6 2e6 5e6"},
	} {
		if got := labels(tt.ticks(tt.of)); got != tt.want {
			t.Errorf("ticks of %v: %s, want %s", tt.of, got, tt.want)
		}
	}
}
