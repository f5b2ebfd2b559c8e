package feedforward

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"nst/internal/engine/exec"
	"nst/internal/engine/op"
)

// Inputs adds an input to g for each of the parameters p, under a name that begins with
// name. [exec.Machine.Set] fills them.
func Inputs(g *exec.Graph, name string, p []Parameter) []*exec.Node {
	nodes := make([]*exec.Node, len(p))
	for i, q := range p {
		nodes[i] = exec.Input(g, name+"/"+q.Name, q.Shape...)
	}
	return nodes
}

// Paint adds the network to the graph of the picture x (1, 3, h, w), RGB in [0, 1], and
// returns the picture that it paints, of the same size. h and w are multiples of 4 and at
// least 8. shared and norms are inputs for [Architecture.Parameters] and
// [Architecture.Norms], see [Inputs]: pictures of several styles in one graph share the
// first. name begins the names of the nodes.
func (a Architecture) Paint(name string, x *exec.Node, shared, norms []*exec.Node) (*exec.Node, error) {
	if s := x.Shape(); s.Dims() != 4 || s[2]%4 != 0 || s[3]%4 != 0 || min(s[2], s[3]) < 8 {
		return nil, fmt.Errorf("feedforward: %s: picture %v, want sizes that are multiples of 4, from 8", name, s)
	}
	p := &painter{name: name, shared: shared, norms: norms}
	return a.paint(p, x)
}

// paint adds the layers that p makes.
func (a Architecture) paint(p *painter, x *exec.Node) (*exec.Node, error) {
	before := x // the input of the layer before
	for _, l := range a.Layers() {
		y := p.layer(l, x)
		if l.Residual {
			y = p.add(before, y)
		}
		before, x = x, y
	}
	return x, p.err
}

// painter adds layers. It takes the parameters in their order. After the first error it does
// nothing.
type painter struct {
	name          string
	shared, norms []*exec.Node // that are left
	steady        *steadyNodes // of a film; nil normalises each picture by itself
	err           error
}

func (p *painter) take(from *[]*exec.Node) *exec.Node {
	if len(*from) == 0 {
		p.err = fmt.Errorf("feedforward: %s: too few parameters", p.name)
		return nil
	}
	n := (*from)[0]
	*from = (*from)[1:]
	return n
}

func (p *painter) apply(name string, o G.Op, in ...*exec.Node) (n *exec.Node) {
	if p.err == nil {
		n, p.err = op.Apply(p.name+"/"+name, o, in...)
	}
	return n
}

// layer adds a layer, without what is added to a residual one.
func (p *painter) layer(l Layer, x *exec.Node) *exec.Node {
	x = p.convolve(l, x)
	if !l.Norm {
		return x
	}
	affine := p.take(&p.norms)
	if p.steady != nil {
		return p.steady.norm(p, l, x, affine)
	}
	return p.apply(l.Name, op.NewInstanceNorm(l.ReLU), x, affine)
}

// convolve adds a layer up to its normalisation. A layer without one is added whole.
func (p *painter) convolve(l Layer, x *exec.Node) *exec.Node {
	if l.Upsample {
		x = p.apply(l.Name+"/upsample", op.NewUpsample(), x)
	}
	w := p.take(&p.shared)
	x = p.apply(l.Name+"/conv", op.NewMirrorConv(l.Stride), x, w)
	if l.Norm {
		return x
	}
	bias := p.take(&p.shared)
	return p.apply(l.Name, op.NewSigmoid(), x, bias)
}

func (p *painter) add(x, y *exec.Node) (sum *exec.Node) {
	if p.err == nil {
		sum, p.err = G.Add(x, y)
	}
	return sum
}
