package nst

import (
	"context"
	"fmt"
	"math"
	"slices"

	"nst/internal/engine/exec"
	"nst/loss"
)

// With StyleNeighbours the target of a layer is features of the style at many positions, and
// every position of the picture is compared with the one that is nearest to it (Kolkin et al.
// 2022, arXiv 2203.13215). Which one that is, is decided when the objective is made: while an
// optimiser works on it, the objective is a smooth function. A turn later it is made again.

// mostSamples is the most features of a style that a layer chooses from.
const mostSamples = 2048

// quarters is the number of rotations of a style picture, by quarter turns, that its features
// are taken from.
const quarters = 4

// matched is the statistic of StyleNeighbours. It is compared by the loss of neighbours, which
// also needs the matches. Multiplied by the mean square of the content's features, as it is, it
// grows with their square.
func matched() statistic {
	return statistic{
		name:   statisticNeighbours,
		factor: func(int) float64 { return 1 },
		order:  2,
		reach:  func([]float32, int) float64 { return 1 },
	}
}

// neighbourWeight is what the loss of neighbours is multiplied by, besides the weights of network
// and layer and the mean square of the content's features. At the default strength a face keeps its
// features and the strokes of the style are seen. With half as much most of the photograph is
// left, with twice as much the eyes of a portrait are lost.
const neighbourWeight = 0.05

// besideNeighbours is what the loss of Gram matrices is multiplied by in StyleGramNeighbours,
// besides the weights of network and layer. With a twentieth of it skies stay flat, with five
// times as much single buildings get lost. See docs/notes/neighbours.md.
const besideNeighbours = 0.2

// gramWeight is the weight of the network for the Gram matrix of a layer, 1 if it has none.
func (n *network) gramWeight(layer string) float64 {
	for _, l := range n.weights().Network.StyleLayers {
		if l.Layer == layer {
			return l.Weight
		}
	}
	return 1
}

// matches reports whether the style is compared feature by feature.
func (o *Objective) matches() bool { return o.StyleLoss.matches() }

// blend returns several styles as one target: features of all, and the mean of what else was
// measured. Each style has as many features as its share, as far as all have enough.
func (e evaluator) blend(all []target) target {
	out := mean(all)
	shares := map[source]float64{}
	for _, from := range all {
		for of := range from.values {
			if of.statistic == statisticNeighbours {
				shares[of] += from.share
			}
		}
	}
	for of, sum := range shares {
		l, _ := e.layer(of.layer)
		c, total := l.K, float64(mostSamples)
		for _, from := range all {
			if rows := len(from.values[of]) / c; rows > 0 {
				total = min(total, float64(rows)*sum/from.share)
			}
		}
		var rows []float32
		for _, from := range all {
			values := from.values[of]
			n := int(math.Round(total * from.share / sum))
			rows = append(rows, values[:min(max(n, 1)*c, len(values))]...)
		}
		out.values[of] = rows
	}
	return out
}

// centred returns features (s, c) as the loss of neighbours wants them: their mean, then the
// features less it, of norm 1. What is at the mean stays 0.
func centred(values []float32, c int) []float32 {
	out := make([]float32, c+len(values))
	mean := make([]float64, c)
	for i, v := range values {
		mean[i%c] += float64(v)
	}
	for k := range mean {
		mean[k] /= float64(len(values) / c)
		out[k] = float32(mean[k])
	}
	for at := 0; at < len(values); at += c {
		from, to, sum := values[at:at+c], out[c+at:][:c], 0.0
		for k, v := range from {
			d := float64(v) - mean[k]
			sum += d * d
		}
		if sum == 0 {
			continue
		}
		norm := math.Sqrt(sum)
		for k, v := range from {
			to[k] = float32((float64(v) - mean[k]) / norm)
		}
	}
	return out
}

// match completes targets for pictures of w by h pixels: it centres their features and finds
// the matches of a picture, given as its difference to the centre.
func (e evaluator) match(ctx context.Context, style []target, difference []float32, w, h int) ([]target, error) {
	style = slices.Clone(style)
	for i := range style {
		values := map[source][]float32{}
		for of, v := range style[i].values {
			if values[of] = v; of.statistic == statisticNeighbours {
				l, _ := e.layer(of.layer)
				values[of] = centred(v, l.K)
			}
		}
		style[i].values, style[i].matches = values, map[string][]float32{}
	}
	var targets []int // of the nodes of each layer, in the order of the layers
	counts := map[string]int{}
	got, err := e.measureDifference(ctx, difference, w, h, e.options.StyleLayers, func(layer string, f *exec.Node, in inputs) ([]*exec.Node, error) {
		nodes, of, err := e.nearest(layer, f, in, style, w, h)
		targets, counts[layer] = append(targets, of...), len(of)
		return nodes, err
	})
	if err != nil {
		return nil, err
	}
	for _, l := range e.options.StyleLayers {
		for i, at := range targets[:counts[l.Layer]] {
			style[at].matches[l.Layer] = got[l.Layer][i].data
		}
		targets = targets[counts[l.Layer]:]
	}
	return style, nil
}

// nearest adds the matches of a layer to its graph: a node for each target that has something
// there, and the number of the target.
func (e evaluator) nearest(layer string, f *exec.Node, in inputs, style []target, w, h int) (nodes []*exec.Node, targets []int, err error) {
	l, _ := e.layer(layer)
	w, h = e.styleSize(layer, w, h)
	for i := range style {
		s := &style[i]
		guide, ok := s.where.guide(w, h)
		if !ok || s.lacks(source{layer, statisticNeighbours}) {
			continue
		}
		name := fmt.Sprintf("nearest%d/%s", i+1, layer)
		target := exec.Input(f.Graph(), name+"/target", s.rowsAt(layer, l.K), l.K)
		in[target] = s.values[source{layer, statisticNeighbours}]
		var region *exec.Node
		if guide != nil || s.values == nil && s.region > 0 { // a plan
			region = exec.Input(f.Graph(), name+"/guide", h, w)
			in[region] = guide
		}
		node, err := loss.Nearest(name, f, region, target)
		if err != nil {
			return nil, nil, err
		}
		nodes, targets = append(nodes, node), append(targets, i)
	}
	return nodes, targets, nil
}

// rowsAt is the number of rows of a target of features with k channels.
func (t *target) rowsAt(layer string, k int) int {
	if t.values == nil { // a plan
		return t.rows[layer]
	}
	return len(t.values[source{layer, statisticNeighbours}]) / k
}

// matchBytes is the memory of what StyleNeighbours holds on the host: features of the styles in
// some settings, those of the objective once more, and its matches.
func (e evaluator) matchBytes(in Inputs, at scale, settings int) (bytes int64) {
	if !e.options.matches() {
		return 0
	}
	for _, s := range in.Styles {
		rows := e.targetRows([]Size{s}, at.size)
		for _, l := range e.options.StyleLayers {
			layer, _ := e.layer(l.Layer)
			bytes += 4 * int64((rows[l.Layer]-1)*layer.K*settings)
		}
	}
	for _, s := range e.sketchStyle(in, at) {
		for _, l := range e.options.StyleLayers {
			layer, _ := e.layer(l.Layer)
			w, h := e.styleSize(l.Layer, at.w, at.h)
			bytes += 4 * int64(s.rows[l.Layer]*layer.K+w*h)
		}
	}
	return bytes
}

// targetRows is the number of rows of the target of neighbours at each layer, for styles of
// these sizes at a scale.
func (e evaluator) targetRows(styles []Size, size int) map[string]int {
	rows := map[string]int{}
	for _, l := range e.options.StyleLayers {
		sum := 0
		for _, s := range styles {
			w, h := e.styleFit(s.W, s.H, size)
			w, h = e.styleCover(w, h, size)
			w, h = e.styleSize(l.Layer, w, h)
			sum += quarters * min(w*h, mostSamples/quarters)
		}
		rows[l.Layer] = 1 + min(sum, mostSamples)
	}
	return rows
}
