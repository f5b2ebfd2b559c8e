package nst

import (
	"fmt"

	"nst/internal/engine/exec"
)

// Plan is the memory that a run takes, by purpose.
type Plan struct {
	Device string `json:"device"` // which holds the filters, features and masks
	Width  int    `json:"width"`  // of the picture, pixels
	Height int    `json:"height"`
	Parts  []Part `json:"parts"`
	Total  int64  `json:"total"` // bytes

	device int64
}

// OnDevice returns the memory on the device, in bytes. A card holds no more than that.
func (p Plan) OnDevice() int64 { return p.device }

// Part is the memory for one purpose.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// program is the memory of the program before it reads anything: its code and Go's runtime,
// as measured on Linux.
const program = 24 << 20

// Plan returns the memory at the end of a run with these options that paints a picture of
// w by h pixels. It plans the run but does not start it. The sizes of features, masks and
// filters are those that the run will allocate, to the byte. The error is [ErrClosed], a
// [TooSmallError], or an error of the card as [Transfer.Run] returns it.
func (t *Transfer) Plan(w, h int) (Plan, error) {
	if t.closed {
		return Plan{}, ErrClosed
	}
	var p Plan
	err := t.fallBack(nil, func(d exec.Device) (begun bool, err error) {
		p, err = evaluator{t.network, 0, d}.plan(w, h)
		return false, t.named(err, w, h)
	})
	if err != nil {
		return Plan{}, err
	}
	pixels := 3 * int64(w*h)
	p.Parts = append(p.Parts,
		Part{"optimiser", t.options.optimizerBytes(pixels)},
		Part{"pictures and targets", 7*4*pixels + t.network.contentBytes(w, h)},
		Part{"program", program})
	for _, part := range p.Parts {
		p.Total += part.Bytes
	}
	return p, nil
}

// plan returns the parts that the network and the objective take.
func (e evaluator) plan(w, h int) (Plan, error) {
	m, err := e.memory(w, h)
	if err != nil {
		return Plan{}, err
	}
	return Plan{device: m.Total(), Device: e.device.Name(), Width: w, Height: h, Parts: []Part{
		{"network", e.weightBytes()},
		{"filters as the kernels want them", m.Weights},
		{"features and gradients", m.Features},
		{"masks", m.Masks},
		{"working space of the kernels", m.Scratch},
	}}, nil
}

// weightBytes is the memory of the weights in all orientations.
func (n *network) weightBytes() int64 {
	values := 0
	for _, f := range n.weights().Filters {
		values += len(f.W) + len(f.B)
	}
	for _, m := range n.weights().Projections {
		values += len(m.W) + len(m.R)
	}
	return 4 * int64(values*len(n.oriented))
}

// contentBytes is the memory of the content targets of a picture of w by h pixels.
func (n *network) contentBytes(w, h int) (bytes int64) {
	for _, shape := range n.contentShapes(w, h) {
		bytes += 4 * int64(shape[1]*shape[2]*shape[3])
	}
	return bytes
}

// contentShapes returns the shape of the features of each content layer.
func (n *network) contentShapes(w, h int) map[string][]int {
	shapes := map[string][]int{}
	for _, l := range n.options.ContentLayers {
		layer, stride := n.layer(l.Layer)
		shapes[l.Layer] = []int{1, layer.K, h / stride, w / stride}
	}
	return shapes
}

// memory returns what a machine for the objective of w by h pixels takes. A card need not
// have that much to tell. It keeps the filters of all orientations; the processor keeps
// those of one.
func (e evaluator) memory(w, h int) (exec.Plan, error) {
	o, err := e.sketch(w, h)
	if err != nil {
		return exec.Plan{}, err
	}
	card, ok := e.device.(*exec.CUDA)
	if !ok {
		if err := o.open(e.device); err != nil {
			return exec.Plan{}, err
		}
		defer o.close()
		return o.machine.Plan(), nil
	}
	p, err := card.Plan(o.outputs()...)
	for i := 1; err == nil && i < len(e.oriented); i++ {
		var other *objective
		if other, err = (evaluator{e.network, i, card}).sketch(w, h); err != nil {
			return p, err
		}
		var more exec.Plan
		more, err = card.Plan(other.outputs()...)
		p.Weights += more.Weights - card.Held()
	}
	if err != nil {
		return p, fmt.Errorf("nst: %w", err)
	}
	return p, nil
}

// sketch returns the objective for a picture of w by h pixels and one style, without a
// machine and without numbers.
func (e evaluator) sketch(w, h int) (*objective, error) {
	if err := e.checkSize("content", w, h, e.layers()); err != nil {
		return nil, err
	}
	content := map[string][]tensor{}
	for layer, shape := range e.contentShapes(w, h) {
		content[layer] = []tensor{{shape: shape}}
	}
	return e.build(outline{w: w, h: h, contentWeight: e.options.ContentWeight, content: content, style: []target{{share: 1}}})
}

// optimizerBytes is the memory of the optimiser for n variables at the end of a run.
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
