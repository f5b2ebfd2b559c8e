package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"nst/imgio"
	"nst/nst"
	"nst/vgg"
)

// comparePrecisions compares the precisions of the processor, with the default settings. For
// each pair a row in Markdown has the objective of the picture in fp32, and how far that of the
// others is above it. All are measured in fp32.
func (s *settings) comparePrecisions(ctx context.Context, w *vgg.Weights) error {
	others := []nst.Precision{nst.PrecisionMixed, nst.PrecisionBF16}
	fmt.Printf("| pair, %d px | fp32 | mixed | bf16 |\n| --- | --- | --- | --- |\n", s.size)
	means := make([]float64, len(others))
	pairs := strings.Split(s.pairs, ",")
	for _, pair := range pairs {
		content, style, err := open(pair)
		if err != nil {
			return err
		}
		first, err := s.paintIn(ctx, w, nst.PrecisionFP32, content, style)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("| %s | %.4g |", name(pair), first)
		for i, p := range others {
			loss, err := s.paintIn(ctx, w, p, content, style)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %+.2f %% |", 100*(loss/first-1))
			means[i] += math.Log(loss/first) / float64(len(pairs))
		}
		fmt.Println(line)
	}
	fmt.Printf("| geometric mean | | %+.2f %% | %+.2f %% |\n", 100*(math.Exp(means[0])-1), 100*(math.Exp(means[1])-1))
	return nil
}

// paintIn returns the objective of the picture that is painted in a precision.
func (s *settings) paintIn(ctx context.Context, w *vgg.Weights, p nst.Precision, content, style *imgio.Planar) (float64, error) {
	o := nst.DefaultOptions()
	o.Size, o.Optimizer.Method = s.size, s.optimizer
	o.Compute = nst.Compute{Threads: s.threads, Device: nst.DeviceCPU, Precision: p}
	j, err := newJudge(ctx, w, o, content, style)
	if err != nil {
		return 0, err
	}
	defer j.transfer.Close()
	r, err := j.transfer.Run(ctx, nst.Job{Content: content, Style: j.style})
	if err != nil {
		return 0, err
	}
	return j.loss(ctx, r.Picture)
}
