package main

import (
	"fmt"
	"time"

	"nst/internal/film"
)

// filmProgress shows how many frames of a film are painted.
type filmProgress struct {
	t      *console
	mode   string // of --progress
	frames int    // about; 0 is not known
	first  int    // frames that earlier runs have painted
	done   int
	began  time.Time
	line   *barLine
	told   time.Time // when the last line was written
	tenth  int       // then
}

// frame counts a frame that is painted.
func (p *filmProgress) frame() {
	p.done++
	p.frames = max(p.frames, p.done)
	elapsed := time.Since(p.began)
	rate := float64(p.done-p.first) / max(elapsed.Seconds(), 1e-9)
	left := time.Duration(float64(p.frames-p.done) / max(rate, 1e-9) * float64(time.Second)).Round(time.Second)
	speed := fmt.Sprintf("%.3g frames/s", rate)
	switch p.mode {
	case "bar":
		if p.line == nil {
			p.line = &barLine{e: p.t.e}
		}
		p.line.draw(float64(p.done)/float64(p.frames), fmt.Sprintf("%d/%d", p.done, p.frames), speed+"  "+left.String()+" left", left.String()+" left")
	case "json":
		p.t.put(struct {
			Frame   int    `json:"frame"`
			Frames  int    `json:"frames"`
			Seconds number `json:"seconds"`
		}{p.done, p.frames, number(elapsed.Seconds())}, "")
	case "plain":
		tenth := 10 * p.done / p.frames
		if tenth == p.tenth && time.Since(p.told) < 10*time.Second {
			return
		}
		p.told, p.tenth = time.Now(), tenth
		p.t.say("frame %d/%d  %s  %s left", p.done, p.frames, speed, left.String())
	}
}

// end leaves the cursor at the start of a line.
func (p *filmProgress) end() {
	if p.line != nil {
		p.line.end()
	}
}

// wrote reports the film.
func (p *filmProgress) wrote(path string, s film.Shape, frames int, elapsed time.Duration) {
	p.t.put(struct {
		Wrote   string `json:"wrote"`
		Width   int    `json:"width"`
		Height  int    `json:"height"`
		Frames  int    `json:"frames"`
		Seconds number `json:"seconds"`
	}{path, s.W, s.H, frames, number(elapsed.Seconds())},
		sprintf("wrote %s (%dx%d, %s, %s)", path, s.W, s.H, count(frames, "frame"), seconds(elapsed.Seconds())))
}
