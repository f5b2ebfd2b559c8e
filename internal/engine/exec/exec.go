// Package exec runs Gorgonia graphs of our operations fast.
//
// Call [Build] first, and inside it make a graph with [NewGraph], [Input], the packages
// vgg and loss, and [Gradient]. Open a device with [OpenCPU]. Then:
//
//	m, err := exec.New(device, loss, gradient)
//	m.Set(pixels, picture)
//	m.Run(ctx)
//	m.Get(picture, gradient)
//
// A [Machine] is a gorgonia.VM. Gorgonia's own machine allocates a tensor for every node.
// A Machine plans the whole graph for one device instead: it fuses operations, values that
// are not needed at the same time share memory, and a run allocates nothing.
//
// The results equal those of gorgonia.NewTapeMachine for the same graph, up to the
// rounding of float32. The tests compare the two.
package exec

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Node is a value in a graph, and Graph is a graph. Packages that only pass them on can
// use these names without importing Gorgonia.
type (
	Node  = G.Node
	Graph = G.ExprGraph
)

// NewGraph returns an empty graph.
func NewGraph() *Graph { return G.NewGraph() }

// Input adds a float32 input to g, which [Machine.Set] fills. Without a shape it is a
// scalar. Names must be unique, because Gorgonia merges nodes of the same name.
func Input(g *Graph, name string, shape ...int) *Node {
	if len(shape) == 0 {
		return G.NewScalar(g, tensor.Float32, G.WithName(name))
	}
	return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name))
}

// Gradient adds the gradient of the scalar cost with respect to the input wrt to the
// graph. It returns the node of the gradient, which has the shape of wrt.
func Gradient(cost, wrt *Node) (*Node, error) {
	d, err := Gradients(cost, wrt)
	if err != nil {
		return nil, err
	}
	return d[0], nil
}

// Gradients is [Gradient] with respect to several inputs. A machine computes its outputs in
// the order of [New]. If the gradients of the last layers come first there, fewer features
// are in use at a time.
func Gradients(cost *Node, wrt ...*Node) ([]*Node, error) {
	seed := G.NewScalar(cost.Graph(), tensor.Float32, G.WithName(cost.Name()+"/seed"), G.WithValue(float32(1)))
	d, err := G.Backpropagate(G.Nodes{cost}, G.Nodes{seed}, wrt)
	if err != nil {
		return nil, fmt.Errorf("exec: gradient of %s: %w", cost.Name(), err)
	}
	return d, nil
}

// Build calls f, which adds to graphs, and turns the panics of Gorgonia into errors.
func Build(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("exec: building the graph: %v", p)
		}
	}()
	return f()
}
