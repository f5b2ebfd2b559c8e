package nst

import (
	"context"
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// objective is the function that a run minimises, for pictures of one size: the loss of a
// picture and its gradient to the pixels.
type objective struct {
	machine        *exec.Machine
	centre         centre
	pixels         *exec.Node          // minus centre
	inputs         inputs              // until the machine has them
	photograph     map[string][]tensor // features of the content
	difference     []float32           // to centre, of evaluate; made when first needed
	total          *exec.Node
	gradient       *exec.Node // nil when only the loss is wanted
	contentWeight  float64
	reach          float64 // see builder.reach
	content, style []layerTerm
	tv             layerTerm
}

// layerTerm is one term of the objective; layer is empty for the total variation.
type layerTerm struct {
	layer     string
	weight    float64
	strength  float64   // the weight of the layer, which normalised gradients have
	statistic statistic // of a style
	target    int       // which of the style's, from 0
	region    int       // from 1; 0 if there are none
	guided    bool      // it has a region that is not everywhere
	guide     []float32 // of that region, (h, w)
	node      *exec.Node
}

// terms lists all terms.
func (o *objective) terms() []layerTerm {
	return append(slices.Concat(o.content, o.style), o.tv)
}

// comparison is what an objective compares pictures with.
type comparison struct {
	content       *imgio.Planar // at the size of the pictures
	contentWeight float64       // in place of that in the options
	style         *Style
	size          int   // of the scale
	calm          *Mask // see calmOf

	// photograph is features of the content, as another objective of the same orientation and
	// size has measured them; nil if there is none.
	photograph map[string][]tensor

	// matched is the picture that StyleNeighbours finds the matches of, as its difference to
	// the centre; nil is the content.
	matched []float32

	// score keeps the terms that have no weight, and leaves the gradient out. Otherwise
	// those terms are left out, except the total variation.
	score bool
}

// newObjective makes the objective for a comparison, measuring content and style. The caller
// closes it.
func (e evaluator) newObjective(ctx context.Context, c comparison) (*objective, error) {
	if err := e.checkSize("content", c.content.W, c.content.H, e.layers()); err != nil {
		return nil, err
	}
	content := c.photograph
	if content == nil {
		var err error
		if content, err = e.measure(ctx, c.content, e.options.ContentLayers, whole); err != nil {
			return nil, err
		}
	}
	measured, err := e.targetsAt(ctx, c.style, c.size)
	if err != nil {
		return nil, err
	}
	style, err := e.compared(ctx, c, measured)
	if err != nil {
		return nil, err
	}
	scale, err := e.featureScale(ctx)
	if err != nil {
		return nil, err
	}
	o, err := e.build(outline{
		w: c.content.W, h: c.content.H, contentWeight: c.contentWeight, scale: scale, score: c.score,
		content: content, style: style, calm: c.calm,
	})
	if err != nil {
		return nil, err
	}
	if o.reach == 0 {
		return nil, ErrBlind
	}
	o.photograph = content
	if err := o.open(e.device); err != nil {
		return nil, err
	}
	if err := o.inputs.set(o.machine); err != nil {
		o.close()
		return nil, err
	}
	o.inputs = nil
	return o, nil
}

// compared returns the targets that a comparison has the terms of, from those measured of each
// style picture.
func (e evaluator) compared(ctx context.Context, c comparison, measured []target) ([]target, error) {
	style := c.style.wanted(measured, e.options.StyleMix, e.blend)
	if !e.options.matches() {
		return style, nil
	}
	if c.matched == nil {
		c.matched = make([]float32, len(c.content.Pix))
		e.centre.subtract(c.matched, c.content.Pix)
	}
	return e.match(ctx, style, c.matched, c.content.W, c.content.H)
}

// open makes the machine for the graph.
func (o *objective) open(d exec.Device) (err error) {
	if o.machine, err = exec.New(d, o.outputs()...); err != nil {
		return fmt.Errorf("nst: %w", err)
	}
	return nil
}

// outputs lists the nodes that are wanted.
func (o *objective) outputs() []*exec.Node {
	outputs := []*exec.Node{o.total}
	for _, term := range o.terms() {
		outputs = append(outputs, term.node)
	}
	if o.gradient != nil {
		outputs = append(outputs, o.gradient)
	}
	return outputs
}

// evaluate is evaluateDifference for a picture (3, h, w) in [0, 1].
func (o *objective) evaluate(ctx context.Context, picture, gradient []float32) (Loss, error) {
	if o.difference == nil {
		o.difference = make([]float32, len(picture))
	}
	o.centre.subtract(o.difference, picture)
	return o.evaluateDifference(ctx, o.difference, gradient)
}

// evaluateDifference returns the loss of a picture (3, h, w), given as its difference to the
// centre. Unless gradient is nil, it gets the derivative of the total to each pixel.
func (o *objective) evaluateDifference(ctx context.Context, difference, gradient []float32) (Loss, error) {
	if err := o.machine.Set(o.pixels, difference); err != nil {
		return Loss{}, err
	}
	if err := o.machine.Run(ctx); err != nil {
		return Loss{}, err
	}
	if gradient != nil {
		if err := o.machine.Get(gradient, o.gradient); err != nil {
			return Loss{}, err
		}
	}
	sum := func(terms []layerTerm) (total float64) {
		for _, t := range terms {
			total += t.weight * o.value(t.node)
		}
		return total
	}
	l := Loss{Content: sum(o.content), Style: sum(o.style), TV: o.tv.weight * o.value(o.tv.node)}
	l.Total = l.Content + l.Style + l.TV
	return l, nil
}

// value reads a scalar of the last evaluation.
func (o *objective) value(n *exec.Node) float64 { return o.machine.Scalar(n) }

// score reads every term of the last evaluation.
func (o *objective) score() *Score {
	terms := func(from []layerTerm) []Term {
		to := make([]Term, len(from))
		for i, t := range from {
			to[i] = Term{t.layer, t.statistic.name, t.region, o.value(t.node), t.weight}
		}
		return to
	}
	s := &Score{Content: terms(o.content), Style: terms(o.style), TV: PlainTerm{o.value(o.tv.node), o.tv.weight}}
	for _, t := range o.terms() {
		s.Total += t.weight * o.value(t.node)
	}
	return s
}

// close frees what o holds; of nil, nothing.
func (o *objective) close() {
	if o != nil {
		o.machine.Close()
	}
}
