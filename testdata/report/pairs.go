package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// pair is a content and a style picture.
type pair struct {
	name           string
	content, style *imgio.Planar
}

// reportPairs paints each pair with both networks and prints their losses by the
// objective of VGG-19.
func (s *settings) reportPairs(ctx context.Context, teacher, slim *vgg.Weights) error {
	if err := os.MkdirAll(s.out, 0o777); err != nil {
		return err
	}
	fmt.Printf("painted at %d pixels by the default settings, losses by VGG-19:\n\n", s.options.Size)
	fmt.Println("| pair | style: start | vgg19 | slim | slim / vgg19 | slim / start | content: vgg19 | slim | seconds: vgg19 | slim |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var ratios, parts []float64
	style := s.options.Objective.StyleLayersOf(teacher.Network)
	layers := make([]layerRatio, len(style))
	for text := range strings.SplitSeq(s.pairs, ",") {
		p, err := readPair(text)
		if err != nil {
			return err
		}
		large, tLarge, err := s.paint(ctx, teacher, p, "vgg19", s.reuse)
		if err != nil {
			return err
		}
		small, tSmall, err := s.paint(ctx, slim, p, "slim", false)
		if err != nil {
			return err
		}
		l, err := s.score(ctx, teacher, p, p.content, large, small)
		if err != nil {
			return err
		}
		ratio, part := l[2].style/l[1].style, l[2].style/l[0].style
		ratios, parts = append(ratios, ratio), append(parts, part)
		fmt.Printf("| %s | %.3g | %.3g | %.3g | %.2f | %.1f %% | %.3g | %.3g | %s | %.1f |\n", p.name, l[0].style, l[1].style, l[2].style,
			ratio, 100*part, l[1].content, l[2].content, tLarge, tSmall.Seconds())
		for i := range layers {
			layers[i].ratios = append(layers[i].ratios, l[2].layers[i]/l[1].layers[i])
			layers[i].share += l[2].layers[i] / l[2].style / float64(1+strings.Count(s.pairs, ","))
		}
		strip := sideBySide(large.H, p.content, p.style, large, small)
		if err := imgio.Save(filepath.Join(s.out, p.name+".jpg"), strip, imgio.Encoding{Quality: 90}); err != nil {
			return err
		}
	}
	fmt.Printf("\nslim / vgg19: %.2f, slim / start: %.1f %% (geometric means); strips in %s\n\n", geometric(ratios), 100*geometric(parts), s.out)
	fmt.Println("| style layer | slim / vgg19 | share of slim's style loss |\n| --- | --- | --- |")
	for i, l := range style {
		fmt.Printf("| %s | %.2f | %.1f %% |\n", l.Layer, geometric(layers[i].ratios), 100*layers[i].share)
	}
	return nil
}

// layerRatio compares the pictures of slim and of VGG-19 at a style layer of VGG-19: the ratio
// of their losses for each pair, and the mean share of the layer in the loss.
type layerRatio struct {
	ratios []float64
	share  float64
}

// sideBySide returns pictures in a row, scaled to the same height in pixels, with white
// between and around them.
func sideBySide(height int, pictures ...*imgio.Planar) *imgio.Planar {
	gap := max(2, height/40)
	width := gap
	scaled := make([]*imgio.Planar, len(pictures))
	for i, p := range pictures {
		scaled[i] = p.Resize(max(1, (p.W*height+p.H/2)/p.H), height)
		width += scaled[i].W + gap
	}
	out := imgio.NewPlanar(width, height+2*gap)
	for i := range out.Pix {
		out.Pix[i] = 1
	}
	x := gap
	for _, p := range scaled {
		for row := range 3 * height {
			c, y := row/height, row%height
			copy(out.Pix[(c*out.H+gap+y)*width+x:], p.Pix[row*p.W:][:p.W])
		}
		x += p.W + gap
	}
	return out
}

// readPair reads CONTENT:STYLE.
func readPair(text string) (p pair, err error) {
	content, style, ok := strings.Cut(text, ":")
	if !ok {
		return p, fmt.Errorf("pair %q: want CONTENT:STYLE", text)
	}
	if p.content, _, err = imgio.Open(content); err != nil {
		return p, err
	}
	if p.style, _, err = imgio.Open(style); err != nil {
		return p, err
	}
	stem := func(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }
	p.name = stem(content) + "-" + stem(style)
	return p, nil
}

// taken is the time of a run, 0 if there was none.
type taken struct{ time.Duration }

// String returns the time in seconds, or - for none.
func (t taken) String() string {
	if t.Duration == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", t.Seconds())
}

// paint paints a pair with a network, or reuses an earlier picture.
func (s *settings) paint(ctx context.Context, w *vgg.Weights, p pair, network string, reuse bool) (*imgio.Planar, taken, error) {
	path := filepath.Join(s.out, fmt.Sprintf("%s-%d-%d-%s.png", p.name, s.options.Size, s.options.Schedule.Iterations, network))
	if reuse {
		if old, _, err := imgio.Open(path); err == nil {
			return old, taken{}, nil
		}
	}
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Iterations = s.options.Size, s.options.Schedule.Iterations
	if len(w.Projections) > 0 {
		o.Objective.Orientations = s.orientations
	}
	t, err := nst.New(w, o)
	if err != nil {
		return nil, taken{}, err
	}
	defer t.Close()
	style, err := t.Style(ctx, nst.StylePicture{Picture: p.style, Weight: 1})
	if err != nil {
		return nil, taken{}, err
	}
	r, err := t.Run(ctx, nst.Job{Content: p.content, Style: style})
	if err != nil {
		return nil, taken{}, err
	}
	return r.Picture, taken{r.Elapsed}, imgio.Save(path, r.Picture, imgio.Encoding{})
}

// losses are the terms of an objective, each times its weight.
type losses struct {
	content, style float64
	layers         []float64 // of the style, in the order of the options
}

// score returns the losses of pictures by the objective of a network.
func (s *settings) score(ctx context.Context, w *vgg.Weights, p pair, pictures ...*imgio.Planar) ([]losses, error) {
	t, err := nst.New(w, s.options)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	style, err := t.Style(ctx, nst.StylePicture{Picture: p.style, Weight: 1})
	if err != nil {
		return nil, err
	}
	var out []losses
	for _, picture := range pictures {
		score, err := t.Score(ctx, p.content, style, picture)
		if err != nil {
			return nil, err
		}
		sum := func(terms []nst.Term) (total float64) {
			for _, term := range terms {
				total += term.Loss * term.Weight
			}
			return total
		}
		l := losses{content: sum(score.Content), style: sum(score.Style)}
		for _, term := range score.Style {
			l.layers = append(l.layers, term.Loss*term.Weight)
		}
		out = append(out, l)
	}
	return out, nil
}

// geometric returns the geometric mean.
func geometric(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(x)))
}
