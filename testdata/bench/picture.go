package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nst/imgio"
	"nst/internal/reftest"
	"nst/nst"
	"nst/vgg"
)

// part is what a part of a picture took.
type part struct {
	name    string
	seconds float64
}

// stopwatch divides the time of a picture into parts.
type stopwatch struct {
	last  time.Time
	parts []part
}

// lap ends a part.
func (s *stopwatch) lap(name string) {
	now := time.Now()
	s.parts = append(s.parts, part{name, now.Sub(s.last).Seconds()})
	s.last = now
}

// scaleClock divides the time of a run into that of preparing sizes and that of their
// evaluations.
type scaleClock struct {
	stopwatch
	scale int
	each  []float64 // seconds of the evaluations of this size but the first
	first float64   // from the end of the size before to the end of its first evaluation
	side  string
}

// observe is told of each evaluation.
func (c *scaleClock) observe(p nst.Progress) {
	now := time.Now()
	took := now.Sub(c.last).Seconds()
	c.last = now
	if p.Scale != c.scale {
		c.end()
		c.scale, c.first, c.side = p.Scale, took, fmt.Sprintf("%dx%d", p.Width, p.Height)
		return
	}
	c.each = append(c.each, took)
}

// end ends a size. Its first evaluation is taken to last as long as the median of the others.
func (c *scaleClock) end() {
	if c.scale == 0 {
		return
	}
	var sum, median float64
	for _, s := range c.each {
		sum += s
	}
	if n := len(c.each); n > 0 {
		slices.Sort(c.each)
		median = min(c.each[n/2], c.first)
	}
	c.parts = append(c.parts, part{c.side + ": targets and plan", c.first - median},
		part{fmt.Sprintf("%s: %d evaluations", c.side, len(c.each)+1), sum + median})
	c.each = c.each[:0]
}

// picture paints a picture with the default settings and prints where the time goes, from the
// weights to the file.
func picture(size, threads int, network, pair string) error {
	if pair == "" {
		pair, _, _ = strings.Cut(reftest.Pairs(), ",")
	}
	contentFile, styleFile, _ := strings.Cut(pair, ":")
	ctx := context.Background()
	c := scaleClock{stopwatch: stopwatch{last: time.Now()}}
	began := c.last
	home, err := vgg.Home(os.Getenv)
	if err != nil {
		return err
	}
	weights, err := vgg.Store{Dir: home}.Load(network)
	if err != nil {
		return err
	}
	c.lap("load " + network)
	content, _, err := imgio.Open(contentFile)
	if err != nil {
		return err
	}
	style, _, err := imgio.Open(styleFile)
	if err != nil {
		return err
	}
	c.lap("read pictures")
	o := nst.DefaultOptions()
	o.Size, o.Compute.Threads = size, threads
	t, err := nst.New(weights, o)
	if err != nil {
		return err
	}
	defer t.Close()
	wanted, err := t.Style(ctx, nst.StylePicture{Picture: style, Weight: 1})
	if err != nil {
		return err
	}
	c.lap("prepare")
	r, err := t.Run(ctx, nst.Job{Content: content, Style: wanted, Progress: c.observe})
	if err != nil {
		return err
	}
	c.end()
	c.lap("finish")
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := imgio.Save(filepath.Join(folder, "picture.png"), r.Picture, imgio.Encoding{}); err != nil {
		return err
	}
	c.lap("save")
	fmt.Printf("| %s, %d pixels, %s | seconds |\n| --- | --- |\n", network, size, t.Device())
	for _, p := range append(c.parts, part{"in all", time.Since(began).Seconds()}) {
		fmt.Printf("| %s | %.3f |\n", p.name, p.seconds)
	}
	return nil
}
