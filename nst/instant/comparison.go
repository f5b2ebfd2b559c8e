package instant

import (
	"context"

	"nst/imgio"
	"nst/nst"
)

// Comparison is what a network reaches beside the optimisation of package nst, measured by
// its default objective with the loss network of the training: means over photographs that
// the network was not taught with.
type Comparison struct {
	Photographs int
	Photograph  nst.Loss // of the photographs themselves
	Network     nst.Loss // of what the network paints
	Optimised   nst.Loss // of what the optimisation paints
}

// comparedPhotos is the most photographs that are compared, since each takes an optimisation.
const comparedPhotos = 3

// compared returns the options of the optimisation that a network is compared with.
func (o *Options) compared() nst.Options {
	c := nst.DefaultOptions()
	c.Size = o.Size
	c.Objective.StyleScale = float64(o.StyleSize) / float64(o.Size)
	c.Compute = nst.Compute{Threads: o.Threads, Device: nst.DeviceCPU, Precision: c.Compute.Precision}
	return c
}

// Compare compares the network as it is with the optimisation, for one style, at
// Options.Size. It takes some seconds for each of a few photographs. It frees the memory of the
// steps first; a step afterwards takes it again.
func (t *Trainer) Compare(ctx context.Context, style int) (*Comparison, error) {
	t.closeTeacher()
	o := t.options.compared()
	transfer, err := nst.New(t.loss, o)
	if err != nil {
		return nil, err
	}
	defer transfer.Close()
	s, err := transfer.Style(ctx, nst.StylePicture{Picture: t.styles[style].Picture, Weight: 1})
	if err != nil {
		return nil, err
	}
	c := &Comparison{Photographs: min(comparedPhotos, t.photos.Validation())}
	for i := range c.Photographs {
		photo := imgio.NewPlanar(o.Size, o.Size)
		t.photos.middle(t.photos.Training()+i, photo.Pix, o.Size)
		painted, err := t.Sample(ctx, photo, style)
		if err != nil {
			return nil, err
		}
		result, err := transfer.Run(ctx, nst.Job{Content: photo, Style: s})
		if err != nil {
			return nil, err
		}
		for _, p := range []struct {
			picture *imgio.Planar
			sum     *nst.Loss
		}{{photo, &c.Photograph}, {painted, &c.Network}, {result.Picture, &c.Optimised}} {
			score, err := transfer.Score(ctx, photo, s, p.picture)
			if err != nil {
				return nil, err
			}
			add(p.sum, score, float64(c.Photographs))
		}
	}
	return c, nil
}

// add adds a score to a mean over n.
func add(sum *nst.Loss, s *nst.Score, n float64) {
	for _, term := range s.Content {
		sum.Content += term.Loss * term.Weight / n
	}
	for _, term := range s.Style {
		sum.Style += term.Loss * term.Weight / n
	}
	sum.TV += s.TV.Loss * s.TV.Weight / n
	sum.Total += s.Total / n
}
