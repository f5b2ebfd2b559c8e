package exec

import (
	"context"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Device is something that can run a graph: the processor ([OpenCPU]) or a card.
type Device interface {
	// Name says which device it is, for people.
	Name() string

	// compile plans the schedule and takes the memory for it. An operation that
	// the device has no kernel for is an error that names the node.
	compile(s *schedule) (program, error)

	// Close frees the device. Its machines must have been closed.
	Close() error
}

// program is a schedule planned for a device.
type program interface {
	// set and get move values of inputs and outputs, in the order of the tensor,
	// between the host and the device. n has a slot: a shape that fits data.
	set(n *Node, data []float32) error
	get(data []float32, n *Node) error

	// run computes all once; it looks at ctx between operations.
	run(ctx context.Context) error

	plan() Plan
	close() error
}

// Machine runs the part of one graph that given outputs need.
type Machine struct {
	schedule *schedule
	program  program
	sizes    map[*Node]int // values of every scheduled node
	scalar   [1]float32
}

var _ G.VM = (*Machine)(nil)

// New plans the graph of outputs for device d and takes all memory that running
// needs. Inputs that have a value when New is called, such as weights, are read
// now and must not change; the others wait for [Machine.Set].
func New(d Device, outputs ...*Node) (*Machine, error) {
	if len(outputs) == 0 {
		return nil, errors.New("exec: no outputs")
	}
	s := newSchedule(outputs)
	p, err := d.compile(s)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	m := &Machine{schedule: s, program: p, sizes: map[*Node]int{}}
	for _, n := range s.nodes {
		m.sizes[n] = size(n)
	}
	return m, nil
}

// Set fills input n; data has as many values as the shape of n and is copied.
func (m *Machine) Set(n *Node, data []float32) error {
	want, ok := m.sizes[n]
	if !ok {
		return fmt.Errorf("exec: %s is not used by the outputs", n.Name())
	}
	if len(data) != want {
		return fmt.Errorf("exec: %s: %d values for shape %v", n.Name(), len(data), n.Shape())
	}
	return m.program.set(n, data)
}

// Get copies the value of output n, as the last run left it, to data.
func (m *Machine) Get(data []float32, n *Node) error {
	if !m.schedule.outputs[n] {
		return fmt.Errorf("exec: %s is no output", n.Name())
	}
	if len(data) != m.sizes[n] {
		return fmt.Errorf("exec: %s: %d values for shape %v", n.Name(), len(data), n.Shape())
	}
	return m.program.get(data, n)
}

// Scalar returns the value of output n, a scalar, as the last run left it. It
// panics if n is no such output.
func (m *Machine) Scalar(n *Node) float64 {
	if err := m.Get(m.scalar[:], n); err != nil {
		panic(err)
	}
	return float64(m.scalar[0])
}

// Run computes the outputs once. If ctx ends it returns its error within one
// operation, and the outputs are of no use.
func (m *Machine) Run(ctx context.Context) error { return m.program.run(ctx) }

// RunAll is Run without a context; it makes Machine a gorgonia.VM.
func (m *Machine) RunAll() error { return m.Run(context.Background()) }

// Reset does nothing: a Machine can be run again as it is.
func (m *Machine) Reset() {}

// Close gives the memory back.
func (m *Machine) Close() error { return m.program.close() }

// Plan returns the memory that the machine holds.
func (m *Machine) Plan() Plan { return m.program.plan() }

// Plan is memory by what it is for, in bytes.
type Plan struct {
	Weights  int64 // filters as the device wants them; shared by its machines
	Features int64 // values of the graph: features, gradients, inputs, outputs
	Masks    int64 // a bit for each ReLU
	Scratch  int64 // of the kernels; shared by the machines of the device
}

// Total is the sum of the parts.
func (p Plan) Total() int64 { return p.Weights + p.Features + p.Masks + p.Scratch }

// size is the number of values of a node.
func size(n *Node) int {
	if n.IsScalar() {
		return 1
	}
	return n.Shape().TotalSize()
}
