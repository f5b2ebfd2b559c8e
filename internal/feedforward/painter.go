package feedforward

import (
	"context"
	"fmt"

	"nst/internal/engine/exec"
)

// Painter paints pictures of one size in one pass. Only one of its methods may be called at
// a time.
type Painter struct {
	shared, norms             []Parameter
	machine                   *exec.Machine
	photo, painted            *exec.Node
	sharedInputs, normsInputs []*exec.Node
}

// NewPainter builds the graph of a network for pictures of w by h pixels, multiples of 4
// from 8, on device d. Close frees it.
func NewPainter(d exec.Device, a Architecture, w, h int) (*Painter, error) {
	p, err := newPainter(a, w, h)
	if err != nil {
		return nil, err
	}
	if p.machine, err = exec.New(d, p.painted); err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return p, nil
}

// newPainter is NewPainter without a machine.
func newPainter(a Architecture, w, h int) (*Painter, error) {
	p := &Painter{shared: a.Parameters(), norms: a.Norms()}
	err := exec.Build(func() (err error) {
		g := exec.NewGraph()
		p.photo = exec.Input(g, "photo", 1, 3, h, w)
		p.sharedInputs, p.normsInputs = Inputs(g, "shared", p.shared), Inputs(g, "style", p.norms)
		p.painted, err = a.Paint("painted", p.photo, p.sharedInputs, p.normsInputs)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	return p, nil
}

// Teach sets the parameters: those that styles share, and those of a style or of a blend of
// styles.
func (p *Painter) Teach(shared, style []float32) error {
	for i, n := range p.sharedInputs {
		if err := p.machine.Set(n, p.shared[i].Of(shared)); err != nil {
			return err
		}
	}
	for i, n := range p.normsInputs {
		if err := p.machine.Set(n, p.norms[i].Of(style)); err != nil {
			return err
		}
	}
	return nil
}

// Paint paints photo (3, h, w), RGB in [0, 1], to out. They may be the same.
func (p *Painter) Paint(ctx context.Context, out, photo []float32) error {
	if err := p.machine.Set(p.photo, photo); err != nil {
		return err
	}
	if err := p.machine.Run(ctx); err != nil {
		return err
	}
	return p.machine.Get(out, p.painted)
}

// Close frees the memory.
func (p *Painter) Close() error { return p.machine.Close() }
