package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
)

// The size of the plot and the positions of its axes, in pixels.
const (
	plotWidth, plotHeight    = 800.0, 500.0
	left, right, top, bottom = 70.0, 780.0, 40.0, 445.0
)

// The range of losses in the plot, divided by the loss of neural-style's file.
const lowest, highest = 0.4, 10.0

// plotAll draws the losses of all pairs over time, divided by the loss of the file that
// neural-style's schedule writes.
func plotAll(file string, all [][2]course) error {
	colours := [2]string{"#888888", "#c43c1e"}
	names := [2]string{"neural-style's schedule: one size, L-BFGS", "ours: from coarse to fine"}
	longest := 1.0
	for _, pair := range all {
		longest = max(longest, pair[0].seconds, pair[1].seconds)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" font-family="Helvetica, Arial, sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", plotWidth, plotHeight)
	axes(&b, longest)
	for _, pair := range all {
		for i, c := range pair {
			fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" points="`, colours[i])
			for _, q := range c.points {
				if y := q.loss / pair[0].written; y > lowest && y < highest {
					fmt.Fprintf(&b, "%.1f,%.1f ", across(q.seconds, longest), down(y))
				}
			}
			b.WriteString("\"/>\n")
		}
	}
	for i, name := range names {
		y := top + 15 + 20*float64(i)
		fmt.Fprintf(&b, `<line x1="450" x2="480" y1="%g" y2="%[1]g" stroke="%s"/><text x="488" y="%g">%s</text>`+"\n", y, colours[i], y+4, name)
	}
	b.WriteString("</svg>\n")
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// across and down return the place of a time and of a loss.
func across(seconds, longest float64) float64 { return left + (right-left)*seconds/longest }

func down(loss float64) float64 {
	return bottom - (bottom-top)*math.Log(loss/lowest)/math.Log(highest/lowest)
}

// axes draws the axes, their labels and the title.
func axes(b *bytes.Buffer, longest float64) {
	text := func(x, y float64, s string) {
		fmt.Fprintf(b, `<text transform="translate(%.1f %.1f)" text-anchor="middle">%s</text>`+"\n", x, y, s)
	}
	text((left+right)/2, 22, "neural-style's objective at the full size")
	text((left+right)/2, plotHeight-12, "seconds")
	fmt.Fprintf(b, `<text transform="translate(20 %g) rotate(-90)" text-anchor="middle">loss over that of the file that neural-style's schedule leaves</text>`+"\n", (top+bottom)/2)
	for _, loss := range []float64{0.5, 1, 2, 5, 10} {
		fmt.Fprintf(b, `<line x1="%g" x2="%g" y1="%.1f" y2="%[3]g" stroke="#dddddd"/>`+"\n", left, right, down(loss))
		text(left-18, down(loss)+4, fmt.Sprint(loss))
	}
	step := math.Pow10(int(math.Log10(longest)))
	if longest < 3*step {
		step /= 2
	}
	for s := 0.0; s <= longest; s += step {
		text(across(s, longest), bottom+20, fmt.Sprint(s))
	}
	fmt.Fprintf(b, `<path d="M%g %g V%g H%g" fill="none" stroke="#222222"/>`+"\n", left, top, bottom, right)
}
