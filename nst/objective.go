package nst

import (
	"context"
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// objective is the function that is made small, for pictures of one size: the
// loss of a picture and its gradient to the pixels.
type objective struct {
	machine        *exec.Machine
	centre         centre
	pixels         *exec.Node // minus centre
	difference     []float32  // to centre, of evaluate; made when first wanted
	total          *exec.Node
	gradient       *exec.Node // nil when only the loss is wanted
	contentWeight  float64
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
	guide     []float32 // of its region, (h, w); nil is everywhere
	node      *exec.Node
}

// terms lists all terms.
func (o *objective) terms() []layerTerm {
	return append(slices.Concat(o.content, o.style), o.tv)
}

// newObjective makes the objective for a content picture at a scale, where contentWeight
// takes the place of that in the options. Terms without weight are left out of it, but for
// the total variation and unless all are asked for, in which case there is no gradient.
func (t *Transfer) newObjective(ctx context.Context, content *imgio.Planar, contentWeight float64, s *Style, size int, all bool) (*objective, error) {
	names := layerNames(slices.Concat(t.options.Objective.ContentLayers, t.options.Objective.StyleLayers))
	if err := t.checkSize("content", content.W, content.H, names); err != nil {
		return nil, err
	}
	targets, err := t.forward(ctx, content, t.options.Objective.ContentLayers, nil, whole)
	if err != nil {
		return nil, err
	}
	measured, err := t.targetsAt(ctx, s, size)
	if err != nil {
		return nil, err
	}
	style := s.wanted(measured, t.options.Objective.StyleMix)
	o := &objective{centre: t.centre, contentWeight: contentWeight}
	given := map[*exec.Node][]float32{}
	if err := exec.Build(func() error { return t.build(o, content, targets, style, all, given) }); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	if err := o.plan(t.device); err != nil {
		return nil, err
	}
	for n, data := range given {
		if err := o.machine.Set(n, data); err != nil {
			return nil, fmt.Errorf("nst: %w", err)
		}
	}
	return o, nil
}

// plan makes the machine for the graph.
func (o *objective) plan(d exec.Device) (err error) {
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

// evaluate is look at a picture (3, h, w) in [0, 1].
func (o *objective) evaluate(ctx context.Context, picture, gradient []float32) (Loss, error) {
	if o.difference == nil {
		o.difference = make([]float32, len(picture))
	}
	o.centre.subtract(o.difference, picture)
	return o.look(ctx, o.difference, gradient)
}

// look returns the loss of a picture (3, h, w), given as its difference to the
// centre, and, unless it is nil, fills gradient with the derivative of the total to
// each pixel.
func (o *objective) look(ctx context.Context, difference, gradient []float32) (Loss, error) {
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
