package exec

import (
	"context"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Device runs graphs: the processor ([OpenCPU]) or a card.
type Device interface {
	// Name says which device it is, for people.
	Name() string

	// compile plans the schedule and allocates its memory. If the device has no kernel
	// for an operation, the error names the node.
	compile(s *schedule) (program, error)

	// Close frees the device. Its machines must have been closed.
	Close() error
}

// program is a schedule planned for a device.
type program interface {
	// set and get copy the values of inputs and outputs between the host and the
	// device, in the order of the tensor. data has the length that n has.
	set(n *Node, data []float32) error
	get(data []float32, n *Node) error

	// run computes everything once. It checks ctx between operations.
	run(ctx context.Context) error

	plan() Plan
	close() error
}

// Machine computes some outputs of a graph, and whatever they depend on.
type Machine struct {
	schedule *schedule
	program  program
	sizes    map[*Node]int // values of every scheduled node
	scalar   [1]float32
}

var _ G.VM = (*Machine)(nil)

// New plans the graph of outputs for device d and allocates all the memory that a run
// needs. Inputs that already have a value, such as weights, are read now and must not
// change. [Machine.Set] fills the others.
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

// Set copies data to input n. data must have as many values as n.
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

// Get copies the value of output n from the last run to data.
func (m *Machine) Get(data []float32, n *Node) error {
	if !m.schedule.outputs[n] {
		return fmt.Errorf("exec: %s is no output", n.Name())
	}
	if len(data) != m.sizes[n] {
		return fmt.Errorf("exec: %s: %d values for shape %v", n.Name(), len(data), n.Shape())
	}
	return m.program.get(data, n)
}

// Scalar returns the value of the scalar output n from the last run. It panics if n is
// not a scalar output.
func (m *Machine) Scalar(n *Node) float64 {
	if err := m.Get(m.scalar[:], n); err != nil {
		panic(err)
	}
	return float64(m.scalar[0])
}

// Run computes the outputs once. If ctx ends, Run returns its error within one operation,
// and the outputs are undefined.
func (m *Machine) Run(ctx context.Context) error { return m.program.run(ctx) }

// RunAll is [Machine.Run] without a context. It makes Machine a gorgonia.VM.
func (m *Machine) RunAll() error { return m.Run(context.Background()) }

// Reset does nothing: a Machine can be run again as it is.
func (m *Machine) Reset() {}

// Close frees the memory.
func (m *Machine) Close() error { return m.program.close() }

// Plan returns the memory that the machine holds.
func (m *Machine) Plan() Plan { return m.program.plan() }

// Plan is the memory of a machine in bytes, by purpose.
type Plan struct {
	Weights  int64 // filters in the layout of the device; shared by its machines
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
