package nst

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// Style is the style of one or more pictures. It serves any number of jobs of the [Transfer]
// that made it, of one that [Transfer.Retune] has given other options, and of others with the
// same network and the same options that change what is measured: Size, and StyleScale,
// StyleLayers, StyleLoss, Pooling, Rescale, Preprocessing and Padding of [Objective]. With
// another Transfer it is a [StyleError]. It remembers what it has measured at each scale.
// Several Transfers may use it at once: what one has measured serves the others.
type Style struct {
	pictures []StylePicture // weights add up to 1, masks are of the pictures' sizes
	regions  []region       // where each is painted; nil is all of them everywhere
	targets  *targets
	origin   origin
}

// targets are what a style has measured, by setting: statistics, and features for
// StyleNeighbours.
type targets struct {
	mu           sync.Mutex
	at, features map[setting][]target
}

func newTargets() *targets {
	return &targets{at: map[setting][]target{}, features: map[setting][]target{}}
}

// setting is what targets are measured in: an orientation of the network, a scale, and the
// colour that pictures are differences to.
type setting struct {
	orientation, size int
	centre            centre
	rounded           bool   // features in bf16
	seed              uint64 // of the positions of neighbours; else 0
}

// target is what the features of a picture are compared with, at one scale. With several
// targets the losses add up.
type target struct {
	share  float64 // of the style weight
	where  *Mask   // of the content; nil is everywhere
	region int     // from 1; 0 if there are none
	values map[source][]float32

	// With StyleNeighbours, values are features, and matches says for each position of a layer
	// (h, w) which of them it is compared with. A plan has only the number of rows.
	matches map[string][]float32
	rows    map[string]int
}

// lacks reports whether a statistic was not measured, because the mask of the style selects
// nothing at the layer. A target without values, which only a plan has, lacks nothing.
func (t *target) lacks(of source) bool { return t.values != nil && t.values[of] == nil }

// source says which statistic of which layer a number belongs to.
type source struct{ layer, statistic string }

// remembered is the number of settings that a Style remembers statistics of: six scales in
// eight orientations, or with one orientation the scales of many contents.
const remembered = 48

// rememberedFeatures is that of the features of StyleNeighbours, which are large: those of one
// scale, see sampledIn.
func (n *network) rememberedFeatures() int { return min(len(n.oriented), 2) }

// Style returns the style of pictures, mixed in the proportion of their weights as
// Objective.StyleMix says. At each scale pictures are scaled down so that their longest side
// is at most that of the scale times Objective.StyleScale; they are never enlarged. If they are
// smaller than the scale, their mirror images continue them. The error
// is [ErrClosed], a [PictureError], a [MaskError], a [TooSmallError], or one for a weight
// that is not a finite number above 0.
func (t *Transfer) Style(ctx context.Context, pictures ...StylePicture) (*Style, error) {
	if t.closed {
		return nil, ErrClosed
	}
	var sum float64
	for i, p := range pictures {
		if err := checkPicture(fmt.Sprintf("style %d", i+1), p.Picture); err != nil {
			return nil, err
		}
		if !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			return nil, fmt.Errorf("nst: weight of style picture %d is %v, must be above 0", i+1, p.Weight)
		}
		sum += p.Weight
	}
	if len(pictures) == 0 {
		return nil, errors.New("nst: no style picture")
	}
	s := &Style{targets: newTargets(), origin: t.origin}
	for i, p := range pictures {
		if t.options.Size != OriginalSize {
			p.Picture = t.network.shrunk(p.Picture, t.options.Size)
		}
		if p.Mask != nil {
			var err error
			if p.Mask, err = p.Mask.Fit("style mask", i+1, p.Picture.W, p.Picture.H); err != nil {
				return nil, err
			}
		}
		if err := t.network.checkSize("style", p.Picture.W, p.Picture.H, layerNames(t.options.Objective.StyleLayers)); err != nil {
			return nil, err
		}
		p.Weight /= sum
		s.pictures = append(s.pictures, p)
	}
	return s, ctx.Err()
}

// Pictures returns the pictures of the style, scaled down to the largest size at which they
// are compared, with their masks. Their weights add up to 1. They belong to the style and must
// not be changed.
func (s *Style) Pictures() []StylePicture { return slices.Clone(s.pictures) }

// targetsAt returns the targets of each picture of a style at a scale, which it measures the
// first time. Another Transfer that wants targets of the style waits for that.
func (e evaluator) targetsAt(ctx context.Context, s *Style, size int) ([]target, error) {
	s.targets.mu.Lock()
	defer s.targets.mu.Unlock()
	var all []target
	var err error
	if len(e.options.measured()) > 0 {
		if all, err = e.remember(ctx, s, size, s.targets.at, remembered, e.statisticsOf); err != nil || !e.options.matches() {
			return all, err
		}
	}
	e.orientation = sampledIn(e.orientation)
	features, err := e.remember(ctx, s, size, s.targets.features, e.rememberedFeatures(), e.samplesOf)
	if err != nil || all == nil {
		return features, err
	}
	return joined(all, features), nil
}

// measuring is what the targets of a picture, and of what a mask selects of it, come from.
type measuring func(ctx context.Context, p *imgio.Planar, mask *Mask) (map[source][]float32, error)

// remember returns the targets of each picture of a style at a scale that a memory of some
// settings has, or else measures them by what.
func (e evaluator) remember(ctx context.Context, s *Style, size int, memory map[setting][]target, settings int, by measuring) ([]target, error) {
	at := setting{e.orientation, size, e.centre, exec.RoundsFeatures(e.device), e.seed}
	if known := memory[at]; known != nil {
		return known, nil
	}
	var all []target
	for _, p := range s.pictures {
		picture, mask := e.covering(p.Picture, p.Mask, size)
		values, err := by(ctx, picture, mask)
		if err != nil {
			return nil, err
		}
		all = append(all, target{share: p.Weight, values: values})
	}
	if len(memory) >= settings {
		clear(memory)
	}
	memory[at] = all
	return all, nil
}

// joined returns targets with the values of others for the same pictures as well.
func joined(all, others []target) []target {
	all = slices.Clone(all)
	for i := range all {
		all[i].values = maps.Clone(all[i].values)
		maps.Copy(all[i].values, others[i].values)
	}
	return all
}

// mean returns the mean of the statistics of targets, weighted by their shares. A target that
// lacks one does not count for it. Features have no mean, see blend.
func mean(all []target) target {
	out, sums := target{share: 1, values: map[source][]float32{}}, map[source]float64{}
	for _, from := range all {
		for of := range from.values {
			sums[of] += from.share
		}
	}
	for _, from := range all {
		for of, values := range from.values {
			if of.statistic == statisticNeighbours {
				continue
			}
			if out.values[of] == nil {
				out.values[of] = make([]float32, len(values))
			}
			share := from.share / sums[of]
			for i, v := range values {
				out.values[of][i] += float32(share * float64(v))
			}
		}
	}
	return out
}

// statisticsOf returns the statistics of what a mask selects of a picture, at each style
// layer where that is enough.
func (e evaluator) statisticsOf(ctx context.Context, p *imgio.Planar, mask *Mask) (map[source][]float32, error) {
	if err := e.checkSize("style", p.W, p.H, layerNames(e.options.StyleLayers)); err != nil {
		return nil, err
	}
	got, err := e.measure(ctx, p, e.options.StyleLayers, e.summaries(p.W, p.H, mask))
	if err != nil {
		return nil, err
	}
	statistics, values := e.options.measured(), map[source][]float32{}
	for layer, tensors := range got {
		for i, v := range tensors {
			values[source{layer, statistics[i].name}] = v.data
		}
	}
	return values, nil
}

// summaries measures the statistics of what a mask selects of a picture of w by h pixels.
func (n *network) summaries(w, h int, mask *Mask) measure {
	return func(layer string, f *exec.Node, in inputs) (nodes []*exec.Node, err error) {
		w, h := n.styleSize(layer, w, h)
		values, ok := mask.guide(w, h)
		if !ok {
			return nil, nil
		}
		if f, err = n.styleFeatures(layer, f); err != nil {
			return nil, err
		}
		var guide *exec.Node
		if values != nil {
			guide = exec.Input(f.Graph(), layer+"/guide", h, w)
			in[guide] = values
		}
		for _, s := range n.options.measured() {
			node, err := s.measure(s.name+"/"+layer, f, guide)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, node)
		}
		return nodes, nil
	}
}
