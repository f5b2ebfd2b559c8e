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
	x = p.layer("conv1", x, 1, true)
	x = p.layer("conv2", x, 2, true)
	x = p.layer("conv3", x, 2, true)
	for i := range a.Blocks {
		x = p.block(fmt.Sprintf("block%d", i+1), x)
	}
	x = p.layer("up1", p.apply("up1/upsample", op.NewUpsample(), x), 1, true)
	x = p.layer("up2", p.apply("up2/upsample", op.NewUpsample(), x), 1, true)
	x = p.conv("out", x, 1)
	x = p.apply("out", op.NewSigmoid(), x, p.take(&p.shared))
	return x, p.err
}

// painter adds layers. It takes the parameters in their order. After the first error it does
// nothing.
type painter struct {
	name          string
	shared, norms []*exec.Node // that are left
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

// conv adds a convolution.
func (p *painter) conv(name string, x *exec.Node, stride int) *exec.Node {
	w := p.take(&p.shared)
	return p.apply(name+"/conv", op.NewMirrorConv(stride), x, w)
}

// layer adds a convolution, the normalisation of the style, and with relu a ReLU.
func (p *painter) layer(name string, x *exec.Node, stride int, relu bool) *exec.Node {
	x = p.conv(name, x, stride)
	affine := p.take(&p.norms)
	return p.apply(name, op.NewInstanceNorm(relu), x, affine)
}

// block adds a residual block: x plus two layers of x.
func (p *painter) block(name string, x *exec.Node) *exec.Node {
	y := p.layer(name+".b", p.layer(name+".a", x, 1, true), 1, false)
	if p.err != nil {
		return nil
	}
	var sum *exec.Node
	sum, p.err = G.Add(x, y)
	return sum
}
