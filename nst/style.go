package nst

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nst/imgio"
	"nst/internal/exec"
	"nst/loss"
)

// Style is what is wanted of the features of a picture, taken from one or more
// paintings. It serves any number of jobs of the Transfer that made it.
type Style struct {
	grams map[string][]float32 // by layer, (c, c)
}

// Style measures the style of pictures, their Gram matrices mixed in the
// proportion of their weights. Pictures larger than Options.Size are scaled down
// to it first.
func (t *Transfer) Style(ctx context.Context, pictures ...StylePicture) (*Style, error) {
	var sum float64
	for i, p := range pictures {
		if !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			return nil, fmt.Errorf("nst: weight of style picture %d is %v, must be above 0", i+1, p.Weight)
		}
		sum += p.Weight
	}
	if len(pictures) == 0 {
		return nil, errors.New("nst: no style picture")
	}
	s := &Style{grams: map[string][]float32{}}
	for _, p := range pictures {
		grams, err := t.grams(ctx, p.Picture)
		if err != nil {
			return nil, err
		}
		for layer, g := range grams {
			if s.grams[layer] == nil {
				s.grams[layer] = make([]float32, len(g.data))
			}
			for i, v := range g.data {
				s.grams[layer][i] += float32(p.Weight / sum * float64(v))
			}
		}
	}
	return s, nil
}

// grams returns the Gram matrix of a picture at each style layer.
func (t *Transfer) grams(ctx context.Context, p *imgio.Planar) (map[string]tensor, error) {
	if max(p.W, p.H) > t.options.Size {
		p = t.fit(p)
	}
	if err := t.checkSize("style", p.W, p.H, layerNames(t.options.StyleLayers)); err != nil {
		return nil, err
	}
	return t.forward(ctx, p, t.options.StyleLayers, func(layer string, f *exec.Node) (*exec.Node, error) {
		return loss.Gram("gram/"+layer, f)
	})
}
