package feedforward

import (
	"context"
	"fmt"
	"slices"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
)

// FilmPainter paints the frames of a film in one pass each. The mean and deviation that each
// layer is normalised with follow those of the frames slowly, so that a change in one part of
// a frame does not change the colours of all others. Only one of its methods may be called at
// a time.
type FilmPainter struct {
	Painter
	steady steadyNodes
	memory []float32 // the moments that the last frame was painted with, all layers in turn
	own    []float32 // those of the frame itself
}

// steadyNodes are the inputs and outputs of the normalisations of a film.
type steadyNodes struct {
	graph     *exec.Graph
	keep      *exec.Node
	past, own []*exec.Node // of each layer, (2, c)
}

// norm adds the normalisation of a layer.
func (s *steadyNodes) norm(p *painter, l Layer, x, affine *exec.Node) *exec.Node {
	own := p.apply(l.Name+"/moments", op.NewMoments(false), x)
	past := exec.Input(s.graph, l.Name+"/past", 2, l.Out)
	s.own, s.past = append(s.own, own), append(s.past, past)
	return p.apply(l.Name, op.NewSteadyNorm(l.ReLU), x, affine, own, past, s.keep)
}

// NewFilmPainter builds the graph of a network for frames of w by h pixels, multiples of 4
// from 8, on device d. [Painter.Teach] sets the parameters. Close frees it.
func NewFilmPainter(d exec.Device, a Architecture, w, h int) (*FilmPainter, error) {
	if w%4 != 0 || h%4 != 0 || min(w, h) < 8 {
		return nil, fmt.Errorf("feedforward: frames of %dx%d pixels, want multiples of 4, from 8", w, h)
	}
	f := &FilmPainter{Painter: Painter{shared: a.Parameters(), norms: a.Norms()}}
	err := exec.Build(func() (err error) {
		g := exec.NewGraph()
		f.steady.graph, f.steady.keep = g, exec.Input(g, "keep")
		f.photo = exec.Input(g, "photo", 1, 3, h, w)
		f.sharedInputs, f.normsInputs = Inputs(g, "shared", f.shared), Inputs(g, "style", f.norms)
		p := &painter{name: "painted", shared: f.sharedInputs, norms: f.normsInputs, steady: &f.steady}
		f.painted, err = a.paint(p, f.photo)
		return err
	})
	if err == nil {
		f.machine, err = exec.New(d, append([]*exec.Node{f.painted}, f.steady.own...)...)
	}
	if err != nil {
		return nil, fmt.Errorf("feedforward: %w", err)
	}
	f.own = make([]float32, a.PerStyle())
	return f, nil
}

// PaintNext paints the next frame, as [Painter.Paint] does. keep, 0 to 1, is the share of the
// moments of the frames before; the first frame and one after [FilmPainter.Cut] have their
// own.
func (f *FilmPainter) PaintNext(ctx context.Context, out, photo []float32, keep float64) error {
	if f.memory == nil {
		f.memory, keep = make([]float32, len(f.own)), 0
	}
	share := float32(keep)
	if err := f.machine.Set(f.steady.keep, []float32{share}); err != nil {
		return err
	}
	if err := f.each(f.steady.past, f.memory, f.machine.Set); err != nil {
		return err
	}
	if err := f.Paint(ctx, out, photo); err != nil {
		return err
	}
	get := func(n *exec.Node, to []float32) error { return f.machine.Get(to, n) }
	if err := f.each(f.steady.own, f.own, get); err != nil {
		return err
	}
	for i, m := range f.own {
		f.memory[i] = op.Steady(m, f.memory[i], share)
	}
	return nil
}

// each calls do with each node and its part of a vector.
func (f *FilmPainter) each(nodes []*exec.Node, vector []float32, do func(*exec.Node, []float32) error) error {
	for _, n := range nodes {
		size := n.Shape().TotalSize()
		if err := do(n, vector[:size]); err != nil {
			return err
		}
		vector = vector[size:]
	}
	return nil
}

// Cut forgets the frames so far: the next one begins another scene.
func (f *FilmPainter) Cut() { f.memory = nil }

// Memory returns a copy of what is remembered of the frames so far, nil after a cut.
func (f *FilmPainter) Memory() []float32 { return slices.Clone(f.memory) }

// Remember takes over what [FilmPainter.Memory] returned, so that the next frame is painted as
// it would have been then.
func (f *FilmPainter) Remember(memory []float32) error {
	if memory != nil && len(memory) != len(f.own) {
		return fmt.Errorf("feedforward: a memory of %d numbers, want %d", len(memory), len(f.own))
	}
	f.memory = slices.Clone(memory)
	return nil
}
