package vgg

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// leastPooled is the least number of positions along each side that averaging leaves. It is
// low because photograph and painting must be averaged the same number of times, or their
// statistics cannot be compared: a picture of 128 by 64 pixels has just 2 positions along
// the short side of relu4_1 after averaging twice.
const leastPooled = 2

// StylePooled returns the features of a layer as the style is measured on them: averaged
// over 2x2 positions, Layer.StylePooling times, as long as two positions are left along each
// side. features is (1, c, h, w), from [Weights.Features]; the result is (1, c, h', w'), see
// [Weights.StylePooledSize]. An error comes from the graph.
//
// An odd size loses its last row or column. Otherwise the mean over the picture stays the
// same. Only correlations between features over larger distances are kept.
//
// Only slim averages, and only at relu4_1. By the measure of VGG-19, its pictures are as
// close to the style as without averaging.
func (w *Weights) StylePooled(layer string, features *G.Node) (*G.Node, error) {
	s := features.Shape()
	times := w.stylePooling(layer, s[3], s[2])
	if times == 0 {
		return features, nil
	}
	x, r, mapped := op.PointwiseOf(features)
	if !mapped {
		x = features
	}
	var err error
	for i := range times {
		if x, err = op.Apply(fmt.Sprintf("vgg/%s/stylepool%d", layer, i+1), op.NewPool(op.Avg, 1), x); err != nil {
			return nil, fmt.Errorf("vgg: %s: %w", layer, err)
		}
	}
	if !mapped {
		return x, nil
	}
	return op.Apply("vgg/"+layer+"/stylepool/projection", op.NewPointwise(), x, r)
}

// StylePooledSize returns the width and height that [Weights.StylePooled] gives features of
// a layer with width by height positions.
func (w *Weights) StylePooledSize(layer string, width, height int) (int, int) {
	times := w.stylePooling(layer, width, height)
	return width >> times, height >> times
}

// stylePooling returns how many times features with width by height positions are averaged.
func (w *Weights) stylePooling(layer string, width, height int) int {
	i, err := w.Network.Index(layer)
	if err != nil {
		return 0
	}
	times := 0
	for times < w.Network.Layers[i].StylePooling && min(width, height)>>(times+1) >= leastPooled {
		times++
	}
	return times
}
