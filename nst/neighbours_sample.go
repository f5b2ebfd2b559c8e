package nst

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/loss"
)

// sampledIn returns the orientation of the network that features of a style for another
// orientation are taken in: 0 or, for those that mirror, 1. A network turned by quarters sees in
// the four rotations of a picture what it sees upright in them, in another order.
func sampledIn(orientation int) int {
	return bits.OnesCount(uint(orientation)) % 2
}

// samplesOf returns features of what a mask selects of a style picture, for each style layer
// where that is enough: in random order, mostSamples or as many as there are over all
// rotations.
func (e evaluator) samplesOf(ctx context.Context, p *imgio.Planar, mask *Mask) (map[source][]float32, error) {
	if err := e.checkSize("style", p.W, p.H, layerNames(e.options.StyleLayers)); err != nil {
		return nil, err
	}
	parts := map[string][][]float32{}
	for turn := range quarters {
		got, err := e.measure(ctx, p, e.options.StyleLayers, e.samples(p.W, p.H, mask, turn))
		if err != nil {
			return nil, err
		}
		for layer, tensors := range got {
			parts[layer] = append(parts[layer], tensors[0].data)
		}
		p, mask = quarterTurned(p), mask.quarterTurned()
	}
	values := map[source][]float32{}
	for layer, rotations := range parts {
		l, _ := e.layer(layer)
		values[source{layer, statisticNeighbours}] = interleave(rotations, l.K)
	}
	return values, nil
}

// samples measures features at random positions of what a mask selects of a picture of w by h
// pixels. The turn changes the positions, as the seed does.
func (n *network) samples(w, h int, mask *Mask, turn int) measure {
	return func(layer string, f *exec.Node, in inputs) ([]*exec.Node, error) {
		w, h := n.styleSize(layer, w, h)
		guide, ok := mask.guide(w, h)
		if !ok {
			return nil, nil
		}
		r := rand.New(rand.NewPCG(n.seed, 0x6e65617200+uint64(turn)))
		positions := draw(r, w*h, guide, mostSamples/quarters)
		at := exec.Input(f.Graph(), layer+"/positions", len(positions))
		in[at] = positions
		node, err := loss.Sample("samples/"+layer, f, at)
		return []*exec.Node{node}, err
	}
}

// draw returns at most some of n positions, none twice, in random order. With a guide position
// p counts as much as guide[p]²: the keys of Efraimidis and Spirakis (2006).
func draw(r *rand.Rand, n int, guide []float32, most int) []float32 {
	if guide == nil {
		return shuffled(r, n, most)
	}
	type keyed struct {
		key float64
		at  int
	}
	var all []keyed
	for p := range n {
		key, weight := r.ExpFloat64(), float64(guide[p])*float64(guide[p])
		if weight > 0 {
			all = append(all, keyed{key / weight, p})
		}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return a.at - b.at
	})
	positions := make([]float32, min(len(all), most))
	for i := range positions {
		positions[i] = float32(all[i].at)
	}
	return positions
}

// shuffled returns the beginning of a random order of n positions.
func shuffled(r *rand.Rand, n, most int) []float32 {
	all := make([]float32, n)
	for p := range all {
		all[p] = float32(p)
	}
	most = min(n, most)
	for i := range most {
		j := i + r.IntN(n-i)
		all[i], all[j] = all[j], all[i]
	}
	return all[:most]
}

// interleave returns the rows of c numbers of some parts, one of each part in turn.
func interleave(parts [][]float32, c int) (rows []float32) {
	for at := 0; ; at += c {
		before := len(rows)
		for _, part := range parts {
			if at < len(part) {
				rows = append(rows, part[at:at+c]...)
			}
		}
		if len(rows) == before {
			return rows
		}
	}
}

// quarterTurned returns a picture, turned clockwise by a quarter.
func quarterTurned(p *imgio.Planar) *imgio.Planar {
	out := imgio.NewPlanar(p.H, p.W)
	n := p.W * p.H
	for c := range 3 {
		turnPlane(out.Pix[c*n:][:n], p.Pix[c*n:][:n], p.W, p.H)
	}
	return out
}

// quarterTurned returns a mask, turned clockwise by a quarter; of nil, nil.
func (m *Mask) quarterTurned() *Mask {
	if m == nil {
		return nil
	}
	out := &Mask{m.H, m.W, make([]float32, len(m.Pix))}
	turnPlane(out.Pix, m.Pix, m.W, m.H)
	return out
}

// turnPlane writes a plane of w by h numbers to dst, turned clockwise by a quarter.
func turnPlane(dst, src []float32, w, h int) {
	for y := range h {
		for x, v := range src[y*w:][:w] {
			dst[x*h+h-1-y] = v
		}
	}
}
