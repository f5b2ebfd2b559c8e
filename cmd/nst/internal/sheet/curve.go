package sheet

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
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

// The size of a plot; in PNG at 144 dots an inch.
const (
	plotWidth  = 8 * vg.Inch
	plotHeight = 5 * vg.Inch
	plotMargin = vg.Length(8)
	plotDPI    = 144
)

// PlotFormats lists the formats that [Curve.Plot] writes.
func PlotFormats() []string { return []string{"svg", "png"} }

// Plot writes the curve in one of [PlotFormats]: a line for each name over the
// number of the iteration, from 1, in a logarithmic scale, broken and marked
// where the size of the picture changes. Values that have no logarithm are left
// out, and with them the names that have no other. A curve without any sample
// that can be shown is an error.
func (c *Curve) Plot(w io.Writer, format string) error {
	if !slices.Contains(PlotFormats(), format) {
		return fmt.Errorf("sheet: no plots in format %q", format)
	}
	p, legend, err := c.draw()
	if err != nil {
		return err
	}
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	if format == "svg" {
		canvas = vgsvg.New(plotWidth, plotHeight)
	} else {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(plotDPI))}
	}
	all := draw.New(canvas)
	all.SetColor(paper)
	all.Fill(all.Path())
	all = draw.Crop(all, plotMargin, -plotMargin, plotMargin, -plotMargin)
	legend.Draw(all)
	p.Draw(draw.Crop(all, 0, -legend.Rectangle(all).Size().X-plotMargin, 0, 0))
	_, err = canvas.WriteTo(w)
	return err
}

// draw returns the plot and the legend that goes beside it.
func (c *Curve) draw() (*plot.Plot, *plot.Legend, error) {
	p := newPlot(c.Title)
	legend := plot.NewLegend()
	legend.Top = true
	legend.TextStyle.Font.Variant = "Sans"
	legend.TextStyle.Font.Size = vg.Points(10)
	legend.Padding = vg.Points(2)
	low, high := c.extent()
	if low > high {
		return nil, nil, errors.New("sheet: no loss that a plot can show")
	}
	p.X.Min, p.X.Max = 0, float64(len(c.Samples))
	p.Y.Min, p.Y.Max = low, high
	for i, name := range c.Names {
		for j, s := range c.segments(i, low) {
			line, err := plotter.NewLine(s)
			if err != nil {
				return nil, nil, fmt.Errorf("sheet: %w", err)
			}
			line.Color = lineColour(i)
			line.Width = vg.Points(1.3)
			p.Add(line)
			if j == 0 {
				legend.Add(name, line)
			}
		}
	}
	p.X.Min, p.X.Max = 0, float64(len(c.Samples)) // Add may have changed them
	p.Y.Min, p.Y.Max = low, high
	return p, &legend, c.markScales(p)
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

// canShow tells whether a loss has a place on a logarithmic scale, with room for
// a margin.
func canShow(v float64) bool { return v > 1e-300 && v < 1e300 }

func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = "iteration", "loss times weight"
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = decades{}
	for _, f := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle,
		&p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label,
	} {
		f.Font.Variant = "Sans"
		f.Color = ink
	}
	p.Title.TextStyle.Font.Size = vg.Points(12)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = void
	p.Add(grid)
	return p
}

// segments returns the line of a name, in one piece for each scale, thinned to
// about [points], without what lies below low.
func (c *Curve) segments(name int, low float64) []plotter.XYs {
	every := 1 + len(c.Samples)/points
	var out []plotter.XYs
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
		*at = append(*at, plotter.XY{X: float64(i + 1), Y: v})
	}
	return out
}

// markScales draws where a scale begins, and its name above.
func (c *Curve) markScales(p *plot.Plot) error {
	var at plotter.XYLabels
	for i, s := range c.Samples {
		if i > 0 && s.Scale == c.Samples[i-1].Scale {
			continue
		}
		at.XYs = append(at.XYs, plotter.XY{X: float64(i), Y: p.Y.Max})
		at.Labels = append(at.Labels, s.Label)
		if i == 0 {
			continue
		}
		line, err := plotter.NewLine(plotter.XYs{{X: float64(i) + 0.5, Y: p.Y.Min}, {X: float64(i) + 0.5, Y: p.Y.Max}})
		if err != nil {
			return fmt.Errorf("sheet: %w", err)
		}
		line.Color, line.Width = faint, vg.Points(0.5)
		line.Dashes = []vg.Length{vg.Points(3), vg.Points(3)}
		p.Add(line)
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return fmt.Errorf("sheet: %w", err)
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Variant = "Sans"
		labels.TextStyle[i].Font.Size = vg.Points(8)
		labels.TextStyle[i].Color = faint
	}
	labels.Offset.Y = vg.Points(4)
	p.Add(labels)
	return nil
}

// lineColour is one of Okabe and Ito's colours, which all eyes tell apart; the
// first is black.
func lineColour(i int) color.Color {
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

// decades puts ticks at the powers of ten, and at twice and five times them where
// there are few.
type decades struct{}

// Ticks returns the ticks from low to high, both above 0, some of them with labels.
func (decades) Ticks(low, high float64) []plot.Tick {
	from, to := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	step := 1 + (to-from)/9
	var ticks []plot.Tick
	for d := from; d <= to; d++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow10(d)
			if v < low || v > high {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 && d%step == 0 || to-from <= 2 && (m == 2 || m == 5) {
				t.Label = fmt.Sprintf("%de%d", m, d)
				if d > -3 && d < 4 {
					t.Label = fmt.Sprintf("%g", v)
				}
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
