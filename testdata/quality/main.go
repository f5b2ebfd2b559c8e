// Command quality compares our schedule, from coarse to fine, with that of neural-style,
// L-BFGS at one size. Both minimise the objective of neural-style from the content picture,
// on the same engine, and are timed.
//
//	quality [-starts] [-precisions] [-size 512] [-iterations 500] [-fine N] [-optimizer NAME] [-pairs CONTENT:STYLE,...] [-network NAME] [-out DIR]
//
// Each is measured by the picture that it writes, because neural-style's variables leave the
// range of a picture and a file cannot. For each pair a row in Markdown has the losses of
// neural-style's variables and of its file, and its time; then the time until ours reached
// the loss of that file, and the losses and the time of ours. DIR gets quality.svg, the
// losses over time.
//
// With -starts it compares nst's start from the photograph with that of --init instant, with
// the default settings. With -precisions it compares fp32, mixed and bf16, with the default
// settings.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
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

// settings are the flags.
type settings struct {
	size, iterations, fine, threads int
	starting                        bool // compare starts instead
	precise                         bool // compare precisions instead
	optimizer                       nst.Method
	pairs, network, out             string
}

func main() {
	var s settings
	flag.BoolVar(&s.starting, "starts", false, "compare the starts from the photograph and from the picture of one pass")
	flag.BoolVar(&s.precise, "precisions", false, "compare the precisions of the processor")
	flag.IntVar(&s.size, "size", 512, "longest side, `PIXELS`")
	flag.IntVar(&s.iterations, "iterations", 500, "evaluations that neural-style has")
	flag.IntVar(&s.fine, "fine", 0, "evaluations of ours at each scale but the first; 0 is the default's")
	flag.TextVar(&s.optimizer, "optimizer", nst.DefaultOptions().Optimizer.Method, "ours")
	flag.IntVar(&s.threads, "threads", 0, "processors; 0 is all")
	flag.StringVar(&s.pairs, "pairs", reftest.Pairs(), "pictures")
	flag.StringVar(&s.network, "network", "vgg19", "network")
	flag.StringVar(&s.out, "out", "build", "folder for the plot")
	flag.Parse()
	if err := s.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// point is the objective at the full size, some time after the start.
type point struct{ seconds, loss float64 }

// course is the result of a run.
type course struct {
	points  []point
	seconds float64 // in all
	written float64 // the objective of the picture as a file with 8 bits has it
}

func (s *settings) run(ctx context.Context) error {
	home, err := vgg.Home(os.Getenv)
	if err != nil {
		return err
	}
	store := vgg.Store{Dir: home}
	weights, err := store.Load(s.network)
	if err != nil {
		return err
	}
	if s.starting {
		return s.starts(ctx, store, weights)
	}
	if s.precise {
		return s.comparePrecisions(ctx, weights)
	}
	fmt.Println("| pair | neural-style ends at | in its file | after | ours is there after | ours ends at | in its file | after | times as fast |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var all [][2]course
	var ratios []float64
	for pair := range strings.SplitSeq(s.pairs, ",") {
		content, style, err := open(pair)
		if err != nil {
			return err
		}
		theirs, err := s.descend(ctx, weights, s.theirs(), content, style)
		if err != nil {
			return err
		}
		own, err := s.descend(ctx, weights, s.ours(), content, style)
		if err != nil {
			return err
		}
		ratios = append(ratios, row(pair, theirs, own))
		all = append(all, [2]course{theirs, own})
	}
	slices.Sort(ratios)
	n := len(ratios)
	fmt.Printf("\nmedian: %.1f times as fast\n", (ratios[(n-1)/2]+ratios[n/2])/2)
	return plotAll(filepath.Join(s.out, "quality.svg"), all)
}

// theirs returns neural-style's objective and schedule, except the start.
func (s *settings) theirs() nst.Options {
	p, _ := nst.PresetByName("neural-style")
	o := p.Options
	o.Size, o.Schedule.Iterations, o.Schedule.Init, o.Compute.Threads = s.size, s.iterations, nst.InitContent, s.threads
	return o
}

// ours returns neural-style's objective with our schedule.
func (s *settings) ours() nst.Options {
	o, d := s.theirs(), nst.DefaultOptions()
	o.Schedule.Scales, o.Schedule.MinScale, o.Schedule.Iterations, o.Schedule.FineIterations = d.Schedule.Scales, d.Schedule.MinScale, d.Schedule.Iterations, d.Schedule.FineIterations
	o.Optimizer.Method, o.Optimizer.LearningRate, o.Optimizer.Beta2, o.Optimizer.Average, o.Optimizer.Clamp, o.Optimizer.History = s.optimizer, d.Optimizer.LearningRate, d.Optimizer.Beta2, d.Optimizer.Average, d.Optimizer.Clamp, d.Optimizer.History
	if s.fine > 0 {
		o.Schedule.FineIterations = s.fine
	}
	return o
}

// descend returns the losses at the full size. The clock starts with the run.
func (s *settings) descend(ctx context.Context, w *vgg.Weights, o nst.Options, content, style *imgio.Planar) (course, error) {
	var c course
	t, err := nst.New(w, o)
	if err != nil {
		return c, err
	}
	defer t.Close()
	began := time.Now()
	wanted, err := t.Style(ctx, nst.StylePicture{Picture: style, Weight: 1})
	if err != nil {
		return c, err
	}
	r, err := t.Run(ctx, nst.Job{Content: content, Style: wanted, Progress: func(p nst.Progress) {
		if p.Scale == p.Scales {
			c.points = append(c.points, point{time.Since(began).Seconds(), p.Loss.Total})
		}
	}})
	if err != nil {
		return c, err
	}
	c.seconds = time.Since(began).Seconds()
	for i, v := range r.Picture.Pix {
		r.Picture.Pix[i] = float32(math.Round(255*float64(min(max(v, 0), 1))) / 255)
	}
	score, err := t.Score(ctx, content, wanted, r.Picture)
	if err == nil {
		c.written = score.Total
	}
	return c, err
}

// reached returns the time when a loss was first reached.
func reached(points []point, loss float64) (seconds float64, ok bool) {
	for _, p := range points {
		if p.loss <= loss {
			return p.seconds, true
		}
	}
	return 0, false
}

// row prints the results of a pair. It returns how many times faster ours reached the loss of
// neural-style's file, or 0 if it never did.
func row(pair string, theirs, own course) float64 {
	there, ratio := "never", 0.0
	if at, ok := reached(own.points, theirs.written); ok {
		there, ratio = fmt.Sprintf("%.0f s", at), theirs.seconds/at
	}
	last := func(c course) float64 { return c.points[len(c.points)-1].loss }
	fmt.Printf("| %s | %.4g | %.4g | %.0f s | %s | %.4g | %.4g | %.0f s | %.1f |\n",
		name(pair), last(theirs), theirs.written, theirs.seconds, there, last(own), own.written, own.seconds, ratio)
	return ratio
}

func name(pair string) string {
	c, s, _ := strings.Cut(pair, ":")
	stem := func(p string) string { return strings.TrimSuffix(filepath.Base(p), filepath.Ext(p)) }
	return stem(c) + ", " + stem(s)
}

func open(pair string) (content, style *imgio.Planar, err error) {
	c, s, ok := strings.Cut(pair, ":")
	if !ok {
		return nil, nil, fmt.Errorf("pair %q: want CONTENT:STYLE", pair)
	}
	if content, _, err = imgio.Open(c); err == nil {
		style, _, err = imgio.Open(s)
	}
	return content, style, err
}
