package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// redraw is the shortest time between two drawings of a bar.
const redraw = 100 * time.Millisecond

// The bar counts in steps of 1/barSteps, whatever the work is.
const barSteps = 1000

// The width of a bar, and of what the library writes around it: " 100% [" and "]  ".
const (
	leastBar = 2
	mostBar  = 24
	around   = 10
)

// barLine is a line on a terminal that is drawn over and over: a text, a bar and a count.
type barLine struct {
	e       *env
	bar     *progressbar.ProgressBar
	columns int // of the terminal that bar was made for
}

// draw shows how much of the work is done, from 0 to 1. It takes the first text that fits
// beside the count; the long ones come first. It draws no more often than redraw says,
// unless the work is done.
func (l *barLine) draw(fraction float64, count string, texts ...string) {
	text, width := barFit(l.e.columns()-1, count, texts...)
	if l.bar == nil || l.columns != l.e.columns() {
		l.columns = l.e.columns()
		l.bar = progressbar.NewOptions(barSteps,
			progressbar.OptionSetWriter(l.e.Stderr),
			progressbar.OptionSetDescription(text),
			progressbar.OptionSetWidth(width),
			progressbar.OptionSetTheme(progressbar.ThemeASCII),
			progressbar.OptionThrottle(redraw),
			progressbar.OptionSetPredictTime(false), // nst knows better: sizes differ
			progressbar.OptionSetElapsedTime(false))
	} else {
		l.bar.Describe(text)
	}
	// A terminal that refuses the bar must not lose the picture.
	_ = l.bar.Set(int(fraction * barSteps))
}

// end moves to the next line.
func (l *barLine) end() {
	if l.bar != nil {
		_ = l.bar.Exit()
		fmt.Fprintln(l.e.Stderr)
		l.bar = nil
	}
}

// barFit returns the text in front of a bar, and the width of the bar, for a line of at most
// width columns. A terminal that is narrower than the shortest line gets the shortest line.
func barFit(width int, count string, texts ...string) (text string, bar int) {
	room := width - around
	text = count
	for _, t := range texts {
		t = printable(t)
		if len(t)+2+len(count)+leastBar <= room {
			text = t + "  " + count
			break
		}
	}
	return text, min(max(room-len(text), leastBar), mostBar)
}
