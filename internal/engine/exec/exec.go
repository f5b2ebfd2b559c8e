// Package exec runs Gorgonia graphs of our operations fast. It is a gorgonia.VM
// that, where Gorgonia's own machine makes every node a tensor of its own, plans
// the whole graph for one device: what can be done in one pass is, memory is
// shared between values that do not live at the same time, and running allocates
// nothing.
//
// Build a graph with [NewGraph], [Input], the packages vgg and loss, and
// [Gradient], inside [Build]; open a device with [OpenCPU]; then
//
//	m, err := exec.New(device, loss, gradient)
//	m.Set(pixels, picture)
//	m.Run(ctx)
//	m.Get(picture, gradient)
//
// The results are those that gorgonia.NewTapeMachine gives for the same graph,
// up to the rounding of float32; the tests hold one against the other.
package exec

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Node is a value in a graph, Graph is a graph. The names spare packages that
// only pass them on from importing Gorgonia.
type (
	Node  = G.Node
	Graph = G.ExprGraph
)

// NewGraph returns an empty graph.
func NewGraph() *Graph { return G.NewGraph() }

// Input adds to g a float32 input that [Machine.Set] fills; without a shape it is
// a scalar. Names must be unique, since Gorgonia merges what has one name.
func Input(g *Graph, name string, shape ...int) *Node {
	if len(shape) == 0 {
		return G.NewScalar(g, tensor.Float32, G.WithName(name))
	}
	return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name))
}

// Gradient adds to the graph the gradient of the scalar cost to the input wrt and
// returns its node, of the shape of wrt.
func Gradient(cost, wrt *Node) (*Node, error) {
	seed := G.NewScalar(cost.Graph(), tensor.Float32, G.WithName(cost.Name()+"/seed"), G.WithValue(float32(1)))
	d, err := G.Backpropagate(G.Nodes{cost}, G.Nodes{seed}, G.Nodes{wrt})
	if err != nil {
		return nil, fmt.Errorf("exec: gradient of %s: %w", cost.Name(), err)
	}
	return d[0], nil
}

// Build calls f, which adds to graphs, and turns the panics with which Gorgonia
// meets mistakes into errors.
func Build(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("exec: building the graph: %v", p)
		}
	}()
	return f()
}
