package nst

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nst/imgio"
	"nst/internal/exec"
)

// Style is what is wanted of the features of a picture, taken from one or more
// paintings. It serves any number of jobs of the Transfer that made it, and
// remembers what it has measured for each scale.
type Style struct {
	pictures []StylePicture // weights add up to 1
	targets  map[int][]target
}

// target is what a picture is to match, at one scale; where there are several, the
// losses add up.
type target struct {
	share  float64 // of the style weight; 1 in all
	values map[source][]float32
}

// source says which statistic of which layer a number belongs to.
type source struct{ layer, statistic string }

// keep is the number of scales that a Style remembers: those of a few contents of
// sizes of their own.
const keep = 24

// Style takes the style of pictures, mixed in the proportion of their weights as
// Options.StyleMix says. At each scale pictures that are larger than it, by their longest
// side, are scaled down to it; smaller ones stay as they are.
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
	s := &Style{targets: map[int][]target{}}
	for _, p := range pictures {
		if t.options.Size != OriginalSize {
			p.Picture = within(p.Picture, t.options.Size)
		}
		if err := t.checkSize("style", p.Picture.W, p.Picture.H, layerNames(t.options.StyleLayers)); err != nil {
			return nil, err
		}
		s.pictures = append(s.pictures, StylePicture{p.Picture, p.Weight / sum})
	}
	return s, ctx.Err()
}

// within scales a picture down so that its longest side is at most size.
func within(p *imgio.Planar, size int) *imgio.Planar {
	if max(p.W, p.H) <= size {
		return p
	}
	return fit(p, size)
}

// targetsAt returns the targets of a style at a scale, measured the first time.
func (t *Transfer) targetsAt(ctx context.Context, s *Style, size int) ([]target, error) {
	if known := s.targets[size]; known != nil {
		return known, nil
	}
	var all []target
	for _, p := range s.pictures {
		values, err := t.measure(ctx, within(p.Picture, size))
		if err != nil {
			return nil, err
		}
		all = append(all, target{p.Weight, values})
	}
	if t.options.StyleMix == MixMean {
		all = []target{mean(all)}
	}
	if len(s.targets) >= keep {
		clear(s.targets)
	}
	s.targets[size] = all
	return all, nil
}

// mean returns the one target that lies between all, by their shares.
func mean(all []target) target {
	out := target{1, map[source][]float32{}}
	for _, from := range all {
		for of, values := range from.values {
			if out.values[of] == nil {
				out.values[of] = make([]float32, len(values))
			}
			for i, v := range values {
				out.values[of][i] += float32(from.share * float64(v))
			}
		}
	}
	return out
}

// measure returns the statistics of a picture at each style layer.
func (t *Transfer) measure(ctx context.Context, p *imgio.Planar) (map[source][]float32, error) {
	if err := t.checkSize("style", p.W, p.H, layerNames(t.options.StyleLayers)); err != nil {
		return nil, err
	}
	statistics := t.options.statistics()
	got, err := t.forward(ctx, p, t.options.StyleLayers, func(layer string, f *exec.Node) (nodes []*exec.Node, err error) {
		for _, s := range statistics {
			n, err := s.measure(s.name+"/"+layer, f)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		}
		return nodes, nil
	})
	if err != nil {
		return nil, err
	}
	values := map[source][]float32{}
	for layer, tensors := range got {
		for i, v := range tensors {
			values[source{layer, statistics[i].name}] = v.data
		}
	}
	return values, nil
}
