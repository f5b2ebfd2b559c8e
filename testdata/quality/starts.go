package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
	"nst/vgg"
)

// attempt is a run with the default settings but for its start and its sizes. --auto-balance is
// off, so that all minimise the same objective.
type attempt struct {
	name    string
	instant bool // starts from the picture of one pass, as --init instant does
	scales  int  // 0 is all
}

func attempts() []attempt {
	return []attempt{
		{"photograph", false, 0},
		{"photograph, one size", false, 1},
		{"one pass", true, 0},
		{"one pass, two sizes", true, 2},
		{"one pass, one size", true, 1},
	}
}

// looks is how many iterations pass between two measurements of a run whose network is not the
// one that measures: one in each orientation of slim.
const looks = 8

// tried is how an attempt went. Work is in evaluations of the last size; an evaluation at
// another size counts in proportion to its pixels.
type tried struct {
	loss    float64 // of the result, by VGG-19's default objective
	work    float64
	reached float64 // the work until the loss of the first attempt; 0 is never
}

// starts compares the start from the photograph with that from the picture of one pass, by the
// default objective of VGG-19, whatever network the runs have. For each pair a row in Markdown
// has the loss of each attempt, relative to the first, and the share of the first one's work
// until its loss is reached.
func (s *settings) starts(ctx context.Context, store vgg.Store, w *vgg.Weights) error {
	judge := w
	if w.Network.Name != "vgg19" {
		var err error
		if judge, err = store.Load("vgg19"); err != nil {
			return err
		}
	}
	head, rule := "| pair |", "| --- |"
	for _, a := range attempts()[1:] {
		head, rule = head+" "+a.name+" | there at |", rule+" --- | --- |"
	}
	fmt.Println(head + "\n" + rule)
	means := make([]float64, len(attempts()))
	pairs := strings.Split(s.pairs, ",")
	for _, pair := range pairs {
		content, style, err := open(pair)
		if err != nil {
			return err
		}
		var first tried
		line := "| " + name(pair) + " |"
		for i, a := range attempts() {
			got, err := s.try(ctx, w, judge, a, content, style, first.loss)
			if err != nil {
				return err
			}
			if i == 0 {
				first = got
				continue
			}
			at := "never"
			if got.reached > 0 {
				at = fmt.Sprintf("%.2f", got.reached/first.work)
			}
			line += fmt.Sprintf(" %.3f | %s |", got.loss/first.loss, at)
			means[i] += math.Log(got.loss/first.loss) / float64(len(pairs))
		}
		fmt.Println(line)
	}
	line := "| geometric mean |"
	for _, m := range means[1:] {
		line += fmt.Sprintf(" %.3f | |", math.Exp(m))
	}
	fmt.Println(line)
	return nil
}

// try runs an attempt. want is the loss to reach; 0 is none.
func (s *settings) try(ctx context.Context, w, judge *vgg.Weights, a attempt, content, style *imgio.Planar, want float64) (tried, error) {
	var got tried
	o := nst.DefaultOptions()
	o.Size, o.Schedule.Scales, o.Schedule.AutoBalance, o.Compute.Threads = s.size, a.scales, false, s.threads
	if a.instant {
		o.Schedule.Init = nst.InitImage
	}
	measure, err := newJudge(ctx, judge, o, content, style)
	if err != nil {
		return got, err
	}
	defer measure.transfer.Close()
	t, err := nst.New(w, o)
	if err != nil {
		return got, err
	}
	defer t.Close()
	job := nst.Job{Content: content}
	if job.Style, err = t.Style(ctx, nst.StylePicture{Picture: style, Weight: 1}); err != nil {
		return got, err
	}
	if a.instant {
		if job.Start, err = onePass(ctx, content, job.Style, s.size); err != nil {
			return got, err
		}
	}
	var failed error
	job.Progress = func(p nst.Progress) {
		got.work += float64(p.Width*p.Height) / float64(p.FullWidth*p.FullHeight)
		if want == 0 || got.reached > 0 || failed != nil || p.Scale < p.Scales || w != judge && p.Iteration%looks != 0 {
			return
		}
		loss := p.Loss.Total
		if w != judge {
			loss, failed = measure.loss(ctx, p.Picture())
		}
		if loss <= want {
			got.reached = got.work
		}
	}
	r, err := t.Run(ctx, job)
	if err == nil {
		err = failed
	}
	if err != nil {
		return got, err
	}
	got.loss, err = measure.loss(ctx, r.Picture)
	return got, err
}

// onePass returns the picture that --init instant starts from.
func onePass(ctx context.Context, content *imgio.Planar, style *nst.Style, size int) (*imgio.Planar, error) {
	m, err := instant.Universal()
	if err != nil {
		return nil, err
	}
	return m.Apply(ctx, content.Resize(imgio.FitLongest(content.W, content.H, size)), style.Pictures(), instant.DefaultApply())
}

// judge measures pictures by the default objective.
type judge struct {
	transfer *nst.Transfer
	content  *imgio.Planar
	style    *nst.Style
}

func newJudge(ctx context.Context, w *vgg.Weights, o nst.Options, content, style *imgio.Planar) (*judge, error) {
	t, err := nst.New(w, o)
	if err != nil {
		return nil, err
	}
	wanted, err := t.Style(ctx, nst.StylePicture{Picture: style, Weight: 1})
	return &judge{t, content, wanted}, err
}

func (j *judge) loss(ctx context.Context, p *imgio.Planar) (float64, error) {
	score, err := j.transfer.Score(ctx, j.content, j.style, p)
	if err != nil {
		return 0, err
	}
	return score.Total, nil
}
