package sheet

import (
	"image/color"
	"io"
	"math"
)

// The size of a chart and of what is on it, in points of 1/72 inch.
const (
	chartWidth  = 576.0
	chartHeight = 360.0
	chartMargin = 10.0
	majorTick   = 6.0
	minorTick   = 3.0
	lineWidth   = 1.4
	dotWidth    = 4.0 // of a piece of one point
	swatch      = 18.0
)

// chart is a set of lines over a linear x axis and a logarithmic y axis.
type chart struct {
	title, xTitle, yTitle string
	x, y                  span // what the axes show
	lines                 []line
	marks                 []mark
}

// span is an interval; its low end is below its high end.
type span struct{ low, high float64 }

// point is a pair of values on a [chart] and a place on a [canvas].
type point struct{ x, y float64 }

// line is a named line; there is a gap between two of its pieces.
type line struct {
	name   string
	colour color.RGBA
	pieces [][]point
}

// mark is a place on the x axis with a label above the lines.
type mark struct {
	x     float64
	label string
}

// canvas is what a chart is drawn on: chartWidth x chartHeight points, from the
// top left corner.
type canvas interface {
	// rule draws a hairline, which is horizontal or vertical.
	rule(a, b point, dashed bool, c color.RGBA)
	// stroke draws a line with round ends and corners, or a dot if it has one point.
	stroke(line []point, width float64, c color.RGBA)
	// text writes a line with its baseline at a point.
	text(at point, s string, l lettering)
	encode(w io.Writer) error
}

// lettering is how a text is written.
type lettering struct {
	size   textSize
	colour color.RGBA
	side   anchor
	upward bool // from the bottom to the top
}

// anchor is the part of a text that is put at its place.
type anchor int

const (
	start anchor = iota
	middle
	end
)

// frame is a chart with the place of its axes on a canvas.
type frame struct {
	*chart
	fonts
	canvas
	left, right, top, bottom float64
	xTicks, yTicks           []tick
}

// draw puts the chart on a canvas.
func (c *chart) draw(to canvas, f fonts) {
	fr := &frame{
		chart: c, fonts: f, canvas: to,
		top: 44, bottom: chartHeight - chartMargin - 30,
		xTicks: linearTicks(c.x), yTicks: logTicks(c.y),
	}
	labels, names := 0.0, 0.0
	for _, t := range fr.yTicks {
		labels = max(labels, f.width(t.label, medium))
	}
	for _, l := range c.lines {
		names = max(names, f.width(l.name, medium))
	}
	fr.left = chartMargin + 18 + labels + majorTick + 4
	// Another program may show an SVG in a wider font.
	fr.right = chartWidth - chartMargin - swatch - 22 - 1.15*names
	fr.drawAxes()
	fr.drawMarks()
	for _, l := range c.lines {
		fr.drawLine(l)
	}
	fr.drawLegend()
}

// at returns the place of a pair of values.
func (f *frame) at(p point) point {
	x := (p.x - f.x.low) / (f.x.high - f.x.low)
	low := math.Log(f.y.low)
	y := (math.Log(p.y) - low) / (math.Log(f.y.high) - low)
	return point{f.left + x*(f.right-f.left), f.bottom - y*(f.bottom-f.top)}
}

func (f *frame) drawAxes() {
	centre := (f.left + f.right) / 2
	title := f.shorten(f.title, large, chartWidth-2*chartMargin)
	f.text(point{chartWidth / 2, 18}, title, lettering{large, ink, middle, false})
	f.text(point{centre, chartHeight - chartMargin - 2}, f.xTitle, lettering{medium, ink, middle, false})
	f.text(point{chartMargin + 9, (f.top + f.bottom) / 2}, f.yTitle, lettering{medium, ink, middle, true})
	for _, t := range f.yTicks {
		y, long := f.at(point{f.x.low, t.value}).y, minorTick
		if t.label != "" {
			long = majorTick
			f.rule(point{f.left, y}, point{f.right, y}, false, void)
			f.text(point{f.left - majorTick - 3, y + 3.5}, t.label, lettering{medium, ink, end, false})
		}
		f.rule(point{f.left - long, y}, point{f.left, y}, false, ink)
	}
	for _, t := range f.xTicks {
		x := f.at(point{t.value, f.y.low}).x
		f.rule(point{x, f.bottom}, point{x, f.bottom + majorTick}, false, ink)
		f.text(point{x, f.bottom + majorTick + 10}, t.label, lettering{medium, ink, middle, false})
	}
	f.rule(point{f.left, f.top}, point{f.left, f.bottom}, false, ink)
	f.rule(point{f.left, f.bottom}, point{f.right, f.bottom}, false, ink)
}

// drawMarks draws a dashed rule at each mark within the axes, and its label where it
// does not run into the one before.
func (f *frame) drawMarks() {
	free := 0.0
	for _, m := range f.marks {
		x := f.at(point{m.x, f.y.low}).x
		if m.x > f.x.low {
			f.rule(point{x, f.top}, point{x, f.bottom}, true, faint)
		}
		if x >= free {
			f.text(point{x, f.top - 5}, m.label, lettering{small, faint, start, false})
			free = x + 1.15*f.width(m.label, small) + 4
		}
	}
}

func (f *frame) drawLine(l line) {
	for _, piece := range l.pieces {
		places := make([]point, len(piece))
		for i, p := range piece {
			places[i] = f.at(p)
		}
		width := lineWidth
		if len(places) == 1 {
			width = dotWidth
		}
		f.stroke(places, width, l.colour)
	}
}

// drawLegend names the lines to the right of them.
func (f *frame) drawLegend() {
	x, y := f.right+12, f.top+4
	for _, l := range f.lines {
		f.stroke([]point{{x, y}, {x + swatch, y}}, lineWidth, l.colour)
		f.text(point{x + swatch + 6, y + 3.5}, l.name, lettering{medium, ink, start, false})
		y += 15
	}
}
