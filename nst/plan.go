package nst

import (
	"fmt"
	"slices"

	"nst/imgio"
	"nst/internal/engine/exec"
)

// Plan is the memory that a run takes, by what it is for.
type Plan struct {
	Device string `json:"device"` // that holds the filters, features and masks
	Width  int    `json:"width"`  // of the picture, pixels
	Height int    `json:"height"`
	Parts  []Part `json:"parts"`
	Total  int64  `json:"total"` // bytes

	device int64
}

// OnDevice is the part that is on the device, in bytes: all that a card holds.
func (p Plan) OnDevice() int64 { return p.device }

// Part is the memory for one purpose.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// program is what the program itself takes before it has read anything: its code
// and Go's runtime, as measured on Linux.
const program = 24 << 20

// Plan returns the memory at the end of a run with these options that paints a
// picture of w x h pixels. It plans the run but does not begin it; the sizes of
// features, masks and filters are those that the run will allocate, to the byte.
func (t *Transfer) Plan(w, h int) (Plan, error) {
	if t.closed {
		return Plan{}, ErrClosed
	}
	o, content, err := t.sketch(w, h)
	if err != nil {
		return Plan{}, err
	}
	m, err := t.memory(o, w, h)
	if err = t.named(err, w, h); t.yields(err) {
		var p Plan
		err := t.onCPU(func() (err error) {
			p, err = t.Plan(w, h)
			return err
		})
		return p, err
	}
	if err != nil {
		return Plan{}, err
	}
	var network int64
	for _, f := range t.weights.Filters {
		network += int64(len(f.W)+len(f.B)) * 4
	}
	for _, m := range t.weights.Projections {
		network += int64(len(m.W)+len(m.R)) * 4
	}
	network *= int64(len(t.sights))
	pixels := int64(3*w*h) * 4
	p := Plan{device: m.Total(), Device: t.Device(), Width: w, Height: h, Parts: []Part{
		{"network", network},
		{"filters as the kernels want them", m.Weights},
		{"features and gradients", m.Features},
		{"masks", m.Masks},
		{"working space of the kernels", m.Scratch},
		{"optimiser", t.options.optimizerBytes(int64(3 * w * h))},
		{"pictures and targets", 7*pixels + content},
		{"program", program},
	}}
	for _, part := range p.Parts {
		p.Total += part.Bytes
	}
	return p, nil
}

// memory returns what a machine for the objective of w by h pixels takes. A card need not
// have it to tell. It keeps the filters of all views, the processor those of one.
func (t *Transfer) memory(o *objective, w, h int) (exec.Plan, error) {
	if t.device == exec.Device(t.card) {
		p, err := t.card.Plan(o.outputs()...)
		if err != nil {
			return p, fmt.Errorf("nst: %w", err)
		}
		for view := 1; view < len(t.sights); view++ {
			other, _, err := t.looking(view).sketch(w, h)
			if err != nil {
				return p, err
			}
			more, err := t.card.Plan(other.outputs()...)
			if err != nil {
				return p, fmt.Errorf("nst: %w", err)
			}
			p.Weights += more.Weights - t.card.Held()
		}
		return p, nil
	}
	if err := o.plan(t.device); err != nil {
		return exec.Plan{}, err
	}
	defer o.close()
	return o.machine.Plan(), nil
}

// sketch returns the objective for a picture of w x h pixels and a style, without a
// machine, and the memory of its content targets in bytes.
func (t *Transfer) sketch(w, h int) (*objective, int64, error) {
	names := layerNames(slices.Concat(t.options.Objective.ContentLayers, t.options.Objective.StyleLayers))
	if err := t.checkSize("content", w, h, names); err != nil {
		return nil, 0, err
	}
	blank := &imgio.Planar{W: w, H: h}
	style := []target{{share: 1}}
	o := &objective{contentWeight: t.options.Objective.ContentWeight}
	given := map[*exec.Node][]float32{}
	targets := map[string][]tensor{}
	var content int64
	for _, l := range t.options.Objective.ContentLayers {
		i, _ := t.weights.Network.Index(l.Layer)
		s := t.weights.Network.Stride(i)
		c := t.channels(l.Layer)
		targets[l.Layer] = []tensor{{shape: []int{1, c, h / s, w / s}}}
		content += int64(c*(h/s)*(w/s)) * 4
	}
	if err := exec.Build(func() error { return t.build(o, blank, targets, style, false, given) }); err != nil {
		return nil, 0, fmt.Errorf("nst: %w", err)
	}
	return o, content, nil
}

// optimizerBytes is the memory of the optimiser for n variables in the end.
func (o *Options) optimizerBytes(n int64) int64 {
	if o.Optimizer.Method == Adam {
		if o.Optimizer.Average > 0 {
			return 12 * n
		}
		return 8 * n
	}
	pairs := min(int64(o.Optimizer.History), int64(o.Schedule.Iterations))
	vectors := 8 * n * (pairs + 1)
	if o.Optimizer.Method == LBFGSWolfe {
		vectors += 12 * n // the ends of the search
	}
	if o.Optimizer.Method == LBFGS {
		vectors += 4 * n / 3 // the levels of the pyramid
	}
	return vectors
}
