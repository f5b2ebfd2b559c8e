package vgg

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"nst/internal/engine/op"
)

// leastPooled is how many positions along each side averaging leaves at least: so many are
// left of relu4_1 at 128 pixels where the sides are as 2 to 1. Photograph and painting, of
// other shapes, have to be averaged alike, or what they have cannot be compared.
const leastPooled = 2

// Coarse returns features of a layer, (1, c, h, w) as [Weights.Features] has returned them,
// as the style of a picture is to be measured by them: averaged over two by two positions,
// Layer.StylePooling times, as long as that leaves two along each side. The result is
// (1, c, h', w'), see [Weights.StylePooledSize]; an error is one of adding to the graph. Of odd
// sizes the last row or column is left out; but for that the mean over a picture stays what
// it is. Of how features go together what is left is how they do over some distance.
//
// Networks that stand in for none return features as they are. So does slim at all
// layers but relu4_1. There, measured by VGG-19, what it paints with averaged features is
// as near to the style as with all of them; see docs/slim.md.
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

// StylePooledSize returns the size of what [Weights.StylePooled] makes of features of a layer of w by
// h positions.
func (w *Weights) StylePooledSize(layer string, width, height int) (int, int) {
	times := w.stylePooling(layer, width, height)
	return width >> times, height >> times
}

// stylePooling is how often features of a layer of w by h positions are averaged.
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
