package feedforward

import (
	"context"
	"fmt"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
)

// pass computes layers for all bands of a picture. It measures the mean and variance of the
// last layer before its normalisation, and stores its features if there is a place for them.
type pass struct {
	bands  *Bands
	from   []float32 // the picture, or the stored features
	scale  int       // rows of from for a row at quarter resolution: 4 or 1
	layers []Layer
	keeps  bool      // the features of the last layer, or the picture; else it only measures
	to     []float32 // where they are kept
	then   func()    // what follows; nil for nothing

	machine *exec.Machine
	input   *exec.Node
	guide   *exec.Node               // 1 in the rows that are taken
	output  *exec.Node               // of the last layer, before its normalisation
	moments *exec.Node               // nil if it has none
	given   map[*exec.Node][]float32 // what the inputs besides input and guide hold
}

// run computes the layers.
func (p *pass) run(ctx context.Context) error {
	b := p.bands
	height := min(b.rows+2*margin, b.h/4)
	if err := exec.Build(func() error { return p.draw(height) }); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	var err error
	if p.machine, err = exec.New(b.device, p.outputs()...); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	defer p.machine.Close()
	for n, data := range p.given {
		if err := p.machine.Set(n, data); err != nil {
			return err
		}
	}
	var m moments
	for row := 0; row < b.h/4; row += b.rows {
		if err := p.band(ctx, &m, row, min(row+b.rows, b.h/4), height); err != nil {
			return err
		}
	}
	if last := p.layers[len(p.layers)-1]; last.Norm {
		b.affine[last.Name] = m.affineOf(b.norm(last).Of(b.style))
	}
	return nil
}

// after does what follows the pass.
func (p *pass) after() {
	if p.then != nil {
		p.then()
	}
}

// outputs lists what the machine computes.
func (p *pass) outputs() []*exec.Node {
	var outputs []*exec.Node
	if p.keeps {
		outputs = append(outputs, p.output)
	}
	if p.moments != nil {
		outputs = append(outputs, p.moments)
	}
	return outputs
}

// norm returns the parameter of a layer's normalisation.
func (b *Bands) norm(l Layer) Parameter {
	at := 0
	for _, other := range b.architecture.Layers() {
		if other.Name == l.Name {
			break
		}
		at++
	}
	return b.architecture.Norms()[at]
}

// draw adds the layers to a graph, for bands of height rows at quarter resolution.
func (p *pass) draw(height int) error {
	b := p.bands
	g := exec.NewGraph()
	channels := b.architecture.Widths[2]
	if p.scale == 4 {
		channels = 3
	}
	p.input = exec.Input(g, "input", 1, channels, height*p.scale, b.w/4*p.scale)
	p.given = map[*exec.Node][]float32{}
	d := &painter{name: "band"}
	parameters := map[string]Parameter{}
	for _, q := range b.architecture.Parameters() {
		parameters[q.Name] = q
	}
	add := func(name string) {
		q := parameters[name]
		n := exec.Input(g, name, q.Shape...)
		if b.shared != nil {
			p.given[n] = q.Of(b.shared)
		}
		d.shared = append(d.shared, n)
	}
	x := p.input
	for i, l := range p.layers {
		add(l.Name + ".weight")
		if !l.Norm {
			add(l.Name + ".bias")
		}
		x = d.convolve(l, x)
		if i < len(p.layers)-1 {
			affine := exec.Input(g, l.Name+"/affine", 2, l.Out)
			p.given[affine] = b.affine[l.Name]
			x = d.apply(l.Name, op.NewScaleShift(l.ReLU), x, affine)
		}
	}
	if p.output = x; d.err != nil {
		return d.err
	}
	if p.layers[len(p.layers)-1].Norm {
		s := x.Shape()
		p.guide = exec.Input(g, "guide", s[2], s[3])
		p.moments = d.apply("moments", op.NewMoments(true), x, p.guide)
	}
	return d.err
}

// band computes the rows from begin to end, at quarter resolution.
func (p *pass) band(ctx context.Context, m *moments, begin, end, height int) error {
	b := p.bands
	start := min(max(begin-margin, 0), b.h/4-height)
	if err := p.machine.Set(p.input, b.rowsOf(p.from, b.w/4*p.scale, b.h/4*p.scale, start*p.scale, height*p.scale)); err != nil {
		return err
	}
	s := p.output.Shape()
	scale := s[2] / height // of the output
	if p.guide != nil {
		guide := b.room(s[2] * s[3])
		for i := range guide {
			guide[i] = 0
			if row := i/s[3]/scale + start; row >= begin && row < end {
				guide[i] = 1
			}
		}
		if err := p.machine.Set(p.guide, guide); err != nil {
			return err
		}
	}
	if err := p.machine.Run(ctx); err != nil {
		return err
	}
	if p.moments != nil {
		values := make([]float32, 2*s[1])
		if err := p.machine.Get(values, p.moments); err != nil {
			return err
		}
		m.rows, m.values = append(m.rows, float64(end-begin)), append(m.values, values)
	}
	if !p.keeps {
		return nil
	}
	out := b.room(s.TotalSize())
	if err := p.machine.Get(out, p.output); err != nil {
		return err
	}
	h, taken := b.h/4*scale, (end-begin)*scale
	for c := range s[1] {
		from := out[(c*s[2]+(begin-start)*scale)*s[3]:][:taken*s[3]]
		copy(p.to[(c*h+begin*scale)*s[3]:], from)
	}
	return nil
}

// rowsOf copies n rows from row first on, of planes x of h rows of w. The next call of a
// method overwrites them.
func (b *Bands) rowsOf(x []float32, w, h, first, n int) []float32 {
	planes := len(x) / (w * h)
	out := b.room(planes * n * w)
	for c := range planes {
		copy(out[c*n*w:], x[(c*h+first)*w:][:n*w])
	}
	return out
}

// room returns n floats, whatever they are, until it is called again.
func (b *Bands) room(n int) []float32 {
	if len(b.spare) < n {
		b.spare = make([]float32, n)
	}
	return b.spare[:n]
}
