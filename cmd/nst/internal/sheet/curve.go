package sheet

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
)

// Sample is what one iteration has for the curve of a run.
type Sample struct {
	Scale  int    // which size of the picture, from 1
	Label  string // names the scale: 256x192
	Values []float64
}

// Curve is how the terms of a loss go over the iterations of a run. Names has
// one name for each value of a sample.
type Curve struct {
	Title   string
	Names   []string
	Samples []Sample
}

// points of a line beyond which the eye sees no difference.
const points = 2000

// PlotFormats lists the formats that [Curve.Plot] writes.
func PlotFormats() []string { return []string{"svg", "png"} }

// Plot writes the curve in one of [PlotFormats]: a line for each name over the
// number of the iteration, from 1, in a logarithmic scale, broken and marked
// where the size of the picture changes. Values that have no logarithm are left
// out, and with them the names that have no other. The same curve gives the same
// bytes. A curve without any sample that can be shown is an error.
func (c *Curve) Plot(w io.Writer, format string) error {
	f, err := newFonts()
	if err != nil {
		return err
	}
	var to canvas
	switch format {
	case "svg":
		to = newSVG()
	case "png":
		to = newRaster(f)
	default:
		return fmt.Errorf("sheet: no plots in format %q", format)
	}
	drawn, err := c.chart()
	if err != nil {
		return err
	}
	drawn.draw(to, f)
	return to.encode(w)
}

// chart returns the lines of the curve and the axes that they need.
func (c *Curve) chart() (*chart, error) {
	low, high := c.extent()
	if low > high {
		return nil, errors.New("sheet: no loss that a plot can show")
	}
	out := &chart{
		title: c.Title, xTitle: "iteration", yTitle: "loss times weight",
		x: span{0, float64(len(c.Samples))}, y: span{low, high}, marks: c.marks(),
	}
	for i, name := range c.Names {
		if pieces := c.segments(i, low); len(pieces) > 0 {
			out.lines = append(out.lines, line{name, lineColour(i), pieces})
		}
	}
	return out, nil
}

// extent returns the losses between which the plot shows the lines, of at most
// twelve decades; without any, low is above high. The low end
// is that of the second half of the run: a term that starts from nothing, as the
// content's does from itself, would else take most of the room.
func (c *Curve) extent() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	least := low
	for i, s := range c.Samples {
		for _, v := range s.Values {
			if !canShow(v) {
				continue
			}
			high, least = max(high, v), min(least, v)
			if i >= len(c.Samples)/2 {
				low = min(low, v)
			}
		}
	}
	if low > high { // the second half has none
		low = least
	}
	return max(low, high/1e12) / 3, high * 1.3
}

// canShow reports whether a loss has a place on a logarithmic scale, with room for
// a margin.
func canShow(v float64) bool { return v > 1e-300 && v < 1e300 }

// segments returns the line of a name, in one piece for each scale, thinned to
// about [points], without what lies below low.
func (c *Curve) segments(name int, low float64) [][]point {
	every := 1 + len(c.Samples)/points
	var out [][]point
	scale := 0
	for i, s := range c.Samples {
		first := s.Scale != scale
		last := i+1 == len(c.Samples) || c.Samples[i+1].Scale != s.Scale
		v := s.Values[name]
		if !canShow(v) || v < low || !(first || last || i%every == 0) {
			continue
		}
		if first {
			scale = s.Scale
			out = append(out, nil)
		}
		at := &out[len(out)-1]
		*at = append(*at, point{float64(i + 1), v})
	}
	return out
}

// marks returns where each scale begins: between two iterations.
func (c *Curve) marks() []mark {
	var out []mark
	for i, s := range c.Samples {
		switch {
		case i == 0:
			out = append(out, mark{0, s.Label})
		case s.Scale != c.Samples[i-1].Scale:
			out = append(out, mark{float64(i) + 0.5, s.Label})
		}
	}
	return out
}

// lineColour is one of Okabe and Ito's colours, which all eyes tell apart; the
// first is black.
func lineColour(i int) color.RGBA {
	return []color.RGBA{
		ink,
		{0, 114, 178, 255},
		{213, 94, 0, 255},
		{0, 158, 115, 255},
		{204, 121, 167, 255},
		{230, 159, 0, 255},
		{86, 180, 233, 255},
	}[i%7]
}
