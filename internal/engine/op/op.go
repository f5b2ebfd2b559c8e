// Package op defines the operations of neural style transfer for Gorgonia graphs:
// convolution, pooling, the Gram matrix and the loss terms. Each has the symbolic
// derivative that gorgonia.Backpropagate needs.
//
// Call [Apply] first. It adds an operation to a graph:
//
//	y, err := op.Apply("conv1_1", op.NewConv(true, op.Zero), x, w, b)
//
// Activations are (1, c, h, w) float32, Gram matrices are (c, c), and losses are scalars.
// Do computes with the plain loops of package kernel, so Gorgonia's own TapeMachine can
// run any of our graphs. Package exec runs the same graphs fast, and its tests compare it
// with that machine.
package op

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Apply adds operation o over inputs to their graph and names the new node. If the graph
// already has a node of the same operation over the same inputs, Apply returns that node.
func Apply(name string, o G.Op, inputs ...*G.Node) (*G.Node, error) {
	if len(inputs) == 0 {
		return nil, fmt.Errorf("op: %s: no inputs", name)
	}
	before := len(inputs[0].Graph().AllNodes())
	n, err := G.ApplyOp(o, inputs...)
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", name, err)
	}
	if len(n.Graph().AllNodes()) > before {
		G.WithName(name)(n)
	}
	return n, nil
}

// meta has the methods that are alike for all operations. Its id must name every field
// that changes the result, because Gorgonia considers operations with the same hash equal.
type meta struct {
	id  string
	in  []int // number of dimensions of each input, 0 for a scalar, or filters
	out int   // number of dimensions of the output
}

// filters in meta.in is an input of four dimensions whose first may be above 1.
const filters = -4

func tensorType(dims int) hm.Type {
	switch dims {
	case 0:
		return hm.TypeVariable('a')
	case filters:
		dims = -filters
	}
	return G.TensorType{Dims: dims, Of: hm.TypeVariable('a')}
}

// Arity is the number of inputs.
func (m meta) Arity() int { return len(m.in) }

// Type is the type of the operation for Gorgonia: the number of dimensions of each input
// and of the output, all with the same type of number.
func (m meta) Type() hm.Type {
	t := make([]hm.Type, 0, len(m.in)+1)
	for _, d := range m.in {
		t = append(t, tensorType(d))
	}
	return hm.NewFnType(append(t, tensorType(m.out))...)
}

// ReturnsPtr is true, since values are tensors.
func (m meta) ReturnsPtr() bool { return true }

// CallsExtern is false: no operation leaves the processor.
func (m meta) CallsExtern() bool { return false }

// OverwritesInput is -1: the result gets memory of its own.
func (m meta) OverwritesInput() int { return -1 }

// WriteHash writes the id, by which Gorgonia tells operations apart.
func (m meta) WriteHash(h hash.Hash) { h.Write([]byte(m.id)) }

// String is the id.
func (m meta) String() string { return m.id }

// Hashcode is the hash of the id.
func (m meta) Hashcode() uint32 {
	h := fnv.New32a()
	m.WriteHash(h)
	return h.Sum32()
}

// shapes checks the number of inputs and their dimensions and returns them as
// shapes.
func (m meta) shapes(in []G.DimSizer) ([]tensor.Shape, error) {
	s, err := G.DimSizersToShapes(in)
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", m.id, err)
	}
	if len(s) != len(m.in) {
		return nil, fmt.Errorf("op: %s: %d inputs, want %d", m.id, len(s), len(m.in))
	}
	for i, d := range m.in {
		if s[i].Dims() != max(d, -d) {
			return nil, fmt.Errorf("op: %s: input %d has shape %v, want %d dimensions", m.id, i, s[i], max(d, -d))
		}
		if d == 4 && s[i][0] != 1 {
			return nil, fmt.Errorf("op: %s: input %d has shape %v, want one picture", m.id, i, s[i])
		}
	}
	return s, nil
}

// chw returns the channels, height and width of an activation.
func chw(s tensor.Shape) (c, h, w int) { return s[1], s[2], s[3] }

// Floats returns the numbers of a float32 value. They are shared, not copied.
func Floats(v G.Value) []float32 {
	switch d := v.Data().(type) {
	case []float32:
		return d
	case float32:
		return []float32{d}
	}
	panic(fmt.Sprintf("op: value of type %T, want float32", v.Data()))
}

// scalar returns the number of a scalar value.
func scalar(v G.Value) float32 { return Floats(v)[0] }

// dense makes a tensor of the given shape that uses d.
func dense(d []float32, shape ...int) G.Value {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d))
}
