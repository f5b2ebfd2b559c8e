package nst

import (
	"nst/imgio"
	"nst/internal/engine/exec"
)

// Plan is the memory that a run takes, by purpose.
type Plan struct {
	Device string `json:"device"` // which holds the filters, features and masks
	Width  int    `json:"width"`  // of the picture, pixels
	Height int    `json:"height"`
	Parts  []Part `json:"parts"`
	Total  int64  `json:"total"` // bytes

	device, heap, host, addresses int64
}

// OnDevice returns the memory on the device, in bytes. A card holds no more than that.
func (p Plan) OnDevice() int64 { return p.device }

// OnHeap returns the part of the memory that lies on the heap of Go, in bytes. The rest is
// mapped.
func (p Plan) OnHeap() int64 { return p.heap }

// OnHost returns the memory of the machine itself, in bytes: all of it unless a card computes.
func (p Plan) OnHost() int64 { return p.host }

// Addresses returns the bytes of addresses that the run takes besides its memory: it makes the
// vectors of a scale before it frees those of the scale before, and the heap of Go keeps those of
// what has ended.
func (p Plan) Addresses() int64 { return p.addresses }

// Of returns the memory for a purpose, 0 if there is none of that name.
func (p Plan) Of(name string) int64 {
	for _, part := range p.Parts {
		if part.Name == name {
			return part.Bytes
		}
	}
	return 0
}

// Add adds memory for another purpose, on the heap.
func (p *Plan) Add(name string, bytes int64) {
	p.Parts = append(p.Parts, Part{name, bytes})
	p.Total += bytes
	p.heap += bytes
	p.host += bytes
}

// AddMapped adds memory for another purpose, outside the heap.
func (p *Plan) AddMapped(name string, bytes int64) {
	p.Parts = append(p.Parts, Part{name, bytes})
	p.Total += bytes
	p.host += bytes
}

// AddAfter adds memory for another purpose that begins when others have ended. It takes mapped bytes
// outside of the heap and heap bytes on it, after freedMapped and freedHeap bytes of the others
// have been freed. Only what goes beyond those counts.
func (p *Plan) AddAfter(name string, mapped, heap, freedMapped, freedHeap int64) {
	bytes := max(0, mapped+heap-freedMapped-freedHeap)
	mapped, heap = max(0, mapped-freedMapped), max(0, heap-freedHeap)
	p.Parts = append(p.Parts, Part{name, bytes})
	p.Total += bytes
	p.heap += heap
	p.host += bytes
	p.addresses += mapped + heap - bytes
}

// Part is the memory for one purpose.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// The names of parts that a caller may have to know.
const (
	PartFilters   = "filters as the kernels want them"
	PartFeatures  = "features and gradients"
	PartScratch   = "working space of the kernels"
	PartNetwork   = "network"
	PartPictures  = "pictures and targets"
	PartOptimizer = "optimiser"
)

// Size is that of a picture in pixels.
type Size struct{ W, H int }

// Bytes is the memory of a picture of that size, as an [imgio.Planar].
func (s Size) Bytes() int64 { return 12 * int64(s.W) * int64(s.H) }

// Inputs are what the memory of a run depends on besides the options: the sizes of what it
// is given.
type Inputs struct {
	Content Size
	Styles  []Size // of the pictures of the style, as they are given to Transfer.Style
	Regions bool   // there are content masks, one for each picture of the style
	Protect bool   // there is a protect mask
	Score   bool   // a picture is measured by Transfer.Score, not painted
}

// ProgramBytes is the memory of the program itself in a run: the pages of its file that it has
// touched, 17 to 21 MB, and Go's runtime, as measured on Linux.
const ProgramBytes = 28 << 20

// Plan returns the memory at the end of a run with these options that paints a picture of
// w by h pixels, in the style of a picture of that size. It plans the run but neither starts
// it nor allocates its memory. The sizes of features, masks and filters are those that the
// run will allocate, to the byte. The error is [ErrClosed], a [TooSmallError], or an error of
// the card as [Transfer.Run] returns it.
func (t *Transfer) Plan(w, h int) (Plan, error) {
	return t.PlanAt(Inputs{Content: Size{w, h}, Styles: []Size{{w, h}}}, max(w, h))
}

// PlanAt is [Transfer.Plan] of a run with given inputs whose result is of size pixels, which
// takes the place of Options.Size. What the caller holds of the inputs is not counted.
func (t *Transfer) PlanAt(in Inputs, size int) (p Plan, err error) {
	if t.closed {
		return Plan{}, ErrClosed
	}
	if c := in.Content; c.W < 1 || c.H < 1 || size < 1 {
		return Plan{}, t.network.checkSize("content", 0, 0, t.network.layers())
	}
	at := scale{size: size}
	at.w, at.h = imgio.FitLongest(in.Content.W, in.Content.H, size)
	err = t.fallBack(nil, func(d exec.Device) (begun bool, err error) {
		p, err = t.planOn(d, in, at)
		return false, t.named(err, at.w, at.h)
	})
	return p, err
}

// planOn is PlanAt for a device.
func (t *Transfer) planOn(d exec.Device, in Inputs, at scale) (Plan, error) {
	if in.Score {
		d = t.exactly(d)
	}
	e := evaluator{t.network, 0, d}
	m, err := e.memory(in, at)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{device: m.Total(), Device: d.Name(), Width: at.w, Height: at.h, Total: m.Weights + m.Features + m.Masks}
	p.Parts = []Part{
		{PartFilters, m.Weights},
		{PartFeatures, m.Features},
		{"masks", m.Masks},
	}
	o, picture := &t.options, Size{at.w, at.h}.Bytes()
	vectors := o.vectorBytes(picture / 4)
	if in.Score {
		vectors = 0
	}
	p.Parts, p.Total = append(p.Parts, Part{PartOptimizer, vectors}), p.Total+vectors
	if _, card := d.(*exec.CUDA); !card {
		p.host, p.addresses = p.Total, vectors/2
	}
	p.Add(PartScratch, m.Scratch)
	p.Add(PartNetwork, e.weightBytes())
	p.Add(PartPictures, t.pictureBytes(in, at)+e.targetBytes(in, at, t.rememberedScales(at.size)))
	p.Add("program", ProgramBytes)
	return p, nil
}

// weightBytes is the memory of the weights: filters in all orientations, which share the rest.
func (n *network) weightBytes() int64 {
	turned, shared := 0, 0
	for _, f := range n.weights().Filters {
		turned += len(f.W)
		shared += len(f.B)
	}
	for _, m := range n.weights().Projections {
		shared += len(m.W) + len(m.R)
	}
	return 4 * int64(turned*len(n.oriented)+shared)
}

// pictureBytes is the memory of the pictures of a run: the content at every scale, the
// styles, the masks, and at the last scale what is painted and its difference to the centre.
func (t *Transfer) pictureBytes(in Inputs, last scale) (bytes int64) {
	picture := Size{last.w, last.h}.Bytes()
	for i := range t.options.Schedule.count(last.size) {
		bytes += int64(float64(picture) / float64(int64(1)<<i))
	}
	bytes += 2 * picture
	if t.options.Color != ColourStyle {
		bytes += picture
	}
	for _, s := range in.Styles {
		w, h := t.network.styleFit(s.W, s.H, last.size)
		bytes += Size{w, h}.Bytes()
		if t.options.Color != ColourStyle {
			bytes += Size{w, h}.Bytes()
		}
		if in.Regions {
			bytes += picture / 3
		}
	}
	if in.Protect {
		bytes += picture + 2*picture/3
	}
	return bytes
}

// rememberedScales is the number of scales that styles are measured at, up to size. Contents
// that keep their sizes can have others than the last one.
func (t *Transfer) rememberedScales(size int) int {
	if t.options.Size == OriginalSize {
		return countScales(size, MinSize)
	}
	return t.options.Schedule.count(size)
}

// targetBytes is the memory of the targets: the features of the content, which the machine
// has a copy of, and what was measured of the styles in every orientation and at so many scales.
func (e evaluator) targetBytes(in Inputs, at scale, scales int) (bytes int64) {
	for _, shape := range e.contentShapes(at.w, at.h) {
		bytes += 4 * int64(shape[1]*shape[2]*shape[3])
	}
	style := 0
	for _, l := range e.options.StyleLayers {
		layer, _ := e.layer(l.Layer)
		for _, s := range e.options.measured() {
			style += s.rows(layer.K) * layer.K
		}
	}
	settings := len(e.oriented) * scales
	bytes += 4 * int64(style*min(remembered, settings)*len(in.Styles))
	return bytes + e.matchBytes(in, at, min(e.rememberedFeatures(), settings))
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
