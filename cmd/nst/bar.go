package main

import (
	"fmt"
	"strings"
	"time"
)

// redraw is how often a line is drawn over at most.
const redraw = 100 * time.Millisecond

// barLine is a line on a terminal that is drawn over and over: a text, a bar, and a count.
type barLine struct {
	e      *env
	last   time.Time // of the last drawing
	length int       // of what is on the terminal
}

// draw shows how far the work is, from 0 to 1. Of the texts, long ones first, it takes the
// first that fits. Nothing is drawn soon after the last time, unless the work is done.
func (l *barLine) draw(fraction float64, count string, texts ...string) {
	now := time.Now()
	if fraction < 1 && now.Sub(l.last) < redraw {
		return
	}
	l.last = now
	line := barText(l.e.columns()-1, fraction, count, texts...)
	// What a terminal refuses is not worth the picture.
	_, _ = fmt.Fprintf(l.e.Stderr, "\r%s%s", line, strings.Repeat(" ", max(0, l.length-len(line))))
	l.length = len(line)
}

// end leaves the line for what comes next.
func (l *barLine) end() {
	if l.length > 0 {
		fmt.Fprintln(l.e.Stderr)
	}
	l.length = 0
}

// The width of a bar, without its brackets.
const (
	leastBar = 4
	mostBar  = 24
)

// barText returns a line of at most width columns; without room for a bar, the count alone.
func barText(width int, fraction float64, count string, texts ...string) string {
	room := width - len(count) - len(" []")
	head := ""
	for _, text := range texts {
		if len(text)+2+leastBar <= room {
			head = text + "  "
			break
		}
	}
	bar := min(room-len(head), mostBar)
	if bar < leastBar {
		return count[:min(len(count), max(0, width))]
	}
	done := int(fraction * float64(bar))
	return fmt.Sprintf("%s[%s%s] %s", head, strings.Repeat("=", done), strings.Repeat(" ", bar-done), count)
}
