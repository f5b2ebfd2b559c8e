package feedforward

import (
	"fmt"

	"nst/internal/engine/exec"
	"nst/loss"
	"nst/vgg"
)

// PlanPainter returns the memory that the machine of a [Painter] would take on the processor.
// It allocates none of it.
func PlanPainter(d *exec.CPU, a Architecture, w, h int) (exec.Plan, error) {
	p, err := newPainter(a, w, h)
	if err != nil {
		return exec.Plan{}, err
	}
	return d.Plan(p.painted)
}

// PlanBands returns the memory that [Bands] would take: that of the largest of their machines,
// and the bytes of the features that they store and of the rows that they copy. It allocates
// none of it.
func PlanBands(d *exec.CPU, a Architecture, w, h int) (most exec.Plan, stored int64, err error) {
	b, err := bandsOf(d, a, w, h, 0)
	if err != nil {
		return most, 0, err
	}
	b.affine = map[string][]float32{}
	for _, l := range a.Layers() {
		b.affine[l.Name] = nil
	}
	stored = 2 * 4 * int64(b.featureFloats())
	room := 0
	for _, p := range b.passes(nil, nil) {
		height := min(b.rows+2*margin, b.h/4)
		if err := exec.Build(func() error { return p.draw(height) }); err != nil {
			return most, 0, fmt.Errorf("feedforward: %w", err)
		}
		plan, err := d.Plan(p.outputs()...)
		if err != nil {
			return most, 0, err
		}
		if plan.Total() > most.Total() {
			most = plan
		}
		out := p.output.Shape()
		if room = max(room, p.input.Shape().TotalSize(), out[2]*out[3]); p.keeps { // rows, guide, rows
			room = max(room, out.TotalSize())
		}
	}
	return most, stored + 4*int64(room), nil
}

// PlanTeacher returns the memory that the machine of a [Teacher] would take. It allocates none
// of it.
func PlanTeacher(d *exec.CPU, l Lesson) (exec.Plan, error) {
	t, err := newTeacher(l)
	if err != nil {
		return exec.Plan{}, err
	}
	return d.Plan(t.outputs()...)
}

// PlanStyle returns the memory that [Lesson.MeasureStyle] would take for a picture of w by h
// pixels. It allocates none of it.
func (l *Lesson) PlanStyle(d *exec.CPU, w, h int) (exec.Plan, error) {
	_, outputs, _, err := measured(l.Loss, l.styleNames(), w, h, func(layer string, features *exec.Node, _ inputs) ([]*exec.Node, error) {
		return one(loss.Gram(layer+"/gram", features))
	})
	if err != nil {
		return exec.Plan{}, err
	}
	return d.Plan(outputs...)
}

// Plan returns the memory that [Describer.Describe] would take for a picture of w by h pixels.
// It allocates none of it.
func (d *Describer) Plan(device *exec.CPU, w, h int) (exec.Plan, error) {
	_, outputs, _, err := measured(d.network, describedLayers(), w, h, func(layer string, features *exec.Node, in inputs) ([]*exec.Node, error) {
		return describedBy(layer, features, nil, in)
	})
	if err != nil {
		return exec.Plan{}, err
	}
	return device.Plan(outputs...)
}

// measured builds the graph of statistics of the features of a picture at each layer.
func measured(network *vgg.Weights, layers []string, w, h int,
	statistics func(layer string, features *exec.Node, in inputs) ([]*exec.Node, error),
) (pixels *exec.Node, outputs []*exec.Node, in inputs, err error) {
	in = inputs{}
	err = exec.Build(func() error {
		pixels = exec.Input(exec.NewGraph(), "pixels", 1, 3, h, w)
		features, err := network.Features(pixels, layers, vgg.FeatureOptions{})
		if err != nil {
			return err
		}
		for _, l := range layers {
			n, err := statistics(l, features[l], in)
			if err != nil {
				return err
			}
			outputs = append(outputs, n...)
		}
		return nil
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("feedforward: %w", err)
	}
	return pixels, outputs, in, nil
}
