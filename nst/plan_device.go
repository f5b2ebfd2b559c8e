package nst

import (
	"fmt"
	"slices"

	"nst/internal/engine/exec"
)

// planner is a device that says what a machine would take.
type planner interface {
	exec.Device
	Plan(outputs ...*exec.Node) (exec.Plan, error)
	Held() int64 // bytes of filters that stay for later machines
}

// memory returns what the machines of a scale take: the one for the objective, and those that
// measure styles before it. A card need not have that much to tell. A device keeps the
// filters of all orientations.
func (e evaluator) memory(in Inputs, at scale) (exec.Plan, error) {
	p, err := e.objectiveMemory(in, at)
	if err != nil {
		return p, err
	}
	for i := 1; i < len(e.oriented); i++ {
		other := evaluator{e.network, i, e.device}
		more, err := other.objectiveMemory(in, at)
		if err != nil {
			return p, err
		}
		p.Weights += more.Weights - e.device.(planner).Held()
	}
	for _, s := range in.Styles {
		w, h := e.styleFit(s.W, s.H, at.size)
		w, h = e.styleCover(w, h, at.size)
		var measures []measure
		if len(e.options.measured()) > 0 {
			measures = append(measures, e.summaries(w, h, nil))
		}
		if e.options.matches() {
			measures = append(measures, e.samples(w, h, nil, 0))
		}
		for _, measure := range measures {
			if err := e.alsoMeasures(&p, w, h, measure); err != nil {
				return p, err
			}
		}
	}
	if !e.options.matches() {
		return p, nil
	}
	err = e.alsoMeasures(&p, at.w, at.h, func(layer string, f *exec.Node, numbers inputs) ([]*exec.Node, error) {
		nodes, _, err := e.nearest(layer, f, numbers, e.sketchStyle(in, at), at.w, at.h)
		return nodes, err
	})
	return p, err
}

// alsoMeasures raises p to what the machine of a measure takes, which is closed before the one
// of the objective is made.
func (e evaluator) alsoMeasures(p *exec.Plan, w, h int, by measure) error {
	g, err := e.graphOf(w, h, e.options.StyleLayers, by)
	if err != nil {
		return err
	}
	m, err := e.planFor(slices.Concat(g.wanted...))
	if err != nil {
		return err
	}
	if m.Features+m.Masks > p.Features+p.Masks {
		p.Features, p.Masks = m.Features, m.Masks
	}
	p.Scratch = max(p.Scratch, m.Scratch)
	return nil
}

// objectiveMemory returns what the machine for an objective takes.
func (e evaluator) objectiveMemory(in Inputs, at scale) (exec.Plan, error) {
	o, err := e.sketch(in, at)
	if err != nil {
		return exec.Plan{}, err
	}
	return e.planFor(o.outputs())
}

// planFor returns what a machine for these outputs takes.
func (e evaluator) planFor(outputs []*exec.Node) (exec.Plan, error) {
	if len(outputs) == 0 {
		return exec.Plan{}, nil
	}
	p, err := e.device.(planner).Plan(outputs...)
	if err != nil {
		return p, fmt.Errorf("nst: %w", err)
	}
	return p, nil
}

// sketch returns the objective of a run, without a machine and without numbers.
func (e evaluator) sketch(in Inputs, at scale) (*objective, error) {
	if err := e.checkSize("content", at.w, at.h, e.layers()); err != nil {
		return nil, err
	}
	content := map[string][]tensor{}
	for layer, shape := range e.contentShapes(at.w, at.h) {
		content[layer] = []tensor{{shape: shape}}
	}
	return e.build(outline{
		w: at.w, h: at.h, score: in.Score, contentWeight: e.options.ContentWeight, content: content, style: e.sketchStyle(in, at),
	})
}

// sketchStyle returns the targets of a run, without numbers.
func (e evaluator) sketchStyle(in Inputs, at scale) []target {
	if !in.Regions && e.options.StyleMix != MixSum {
		return []target{{share: 1, rows: e.targetRows(in.Styles, at.size)}}
	}
	style := make([]target, len(in.Styles))
	for i := range style {
		style[i].share = 1 / float64(len(style))
		style[i].rows = e.targetRows(in.Styles[i:i+1], at.size)
		if in.Regions {
			style[i].region = i + 1
		}
	}
	return style
}
