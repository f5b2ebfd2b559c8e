package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// plotAll draws the losses of all pairs over the seconds, each over what the file that
// neural-style's schedule leaves has.
func plotAll(file string, all [][2]course) error {
	p := plot.New()
	p.Title.Text = "neural-style's objective at the full size"
	p.X.Label.Text, p.Y.Label.Text = "seconds", "loss over that of the file that neural-style's schedule leaves"
	p.X.Min = 0
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	colours := [2]color.Color{color.RGBA{0x88, 0x88, 0x88, 255}, color.RGBA{0xc4, 0x3c, 0x1e, 255}}
	names := [2]string{"neural-style's schedule: one size, L-BFGS", "ours: from coarse to fine"}
	for n, pair := range all {
		end := pair[0].written
		for i, c := range pair {
			var line plotter.XYs
			for _, q := range c.points {
				if q.loss < 10*end {
					line = append(line, plotter.XY{X: q.seconds, Y: q.loss / end})
				}
			}
			if len(line) == 0 {
				continue
			}
			l, err := plotter.NewLine(line)
			if err != nil {
				return err
			}
			l.Color, l.Width = colours[i], vg.Points(1)
			p.Add(l)
			if n == 0 {
				p.Legend.Add(names[i], l)
			}
		}
	}
	p.Legend.Top = true
	return p.Save(8*vg.Inch, 5*vg.Inch, file)
}
