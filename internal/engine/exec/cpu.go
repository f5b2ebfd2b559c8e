package exec

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// HostMemoryError tells that the system has no memory for a machine or its vectors.
type HostMemoryError = kernel.MemoryError

// CPU is the processor as a [Device].
type CPU struct {
	engine  *kernel.Engine
	filters *filters
	spare   *kernel.Memory // of a machine that was closed, for the next one
	by      multiplying
}

// OpenCPU returns the processor with the given number of threads. The variable
// NST_CPU, read by getenv, can force an instruction set; see kernel.Detect.
func OpenCPU(threads int, getenv func(string) string) (*CPU, error) {
	cpu, err := kernel.Detect(getenv)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	e := kernel.NewEngine(cpu, kernel.NewPool(threads))
	return &CPU{engine: e, filters: newFilters(), spare: new(kernel.Memory)}, nil
}

// Name is the instruction set and the number of threads, and how it multiplies if that is not
// in float32.
func (d *CPU) Name() string {
	by := map[multiplying]string{inBF16: "bf16, ", mixed: "mixed, "}[d.by]
	return fmt.Sprintf("cpu (%s, %s%d threads)", d.engine.CPU().Name(), by, d.engine.Pool().Threads())
}

// Kernels is the instruction set that the kernels were chosen for.
func (d *CPU) Kernels() string { return d.engine.CPU().Name() }

// Features lists what the processor offers, used or not.
func (d *CPU) Features() []string { return d.engine.CPU().Features() }

// Close ends the threads and frees the memory. The machines of d must have been closed.
func (d *CPU) Close() error {
	d.engine.Pool().Close()
	d.spare.Free()
	d.filters.release()
	return nil
}

// filterNeed is a filter that a schedule takes: w (k, c, 3, 3), of a fixed network.
type filterNeed struct {
	w       []float32
	k, c    int
	rotated bool
	bf16    bool
}

func (f filterNeed) key() filterKey { return filterKey{&f.w[0], f.rotated, f.bf16} }

// floats is the length of the filter as the kernels want it.
func (f filterNeed) floats() int {
	if f.bf16 {
		return kernel.BF16FilterLen(whole(f.k), whole(f.c))
	}
	return kernel.FilterLen(whole(f.k), whole(f.c))
}

// whole rounds a number of channels up to whole blocks.
func whole(c int) int { return (c + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes }

// padFilters returns the filters w (k, c, 3, 3), padded with zeros to k2 outputs and c2
// inputs. If nothing needs padding it returns w itself.
func padFilters(w []float32, k, c, k2, c2 int) []float32 {
	if k == k2 && c == c2 {
		return w
	}
	out := make([]float32, k2*c2*9)
	for i := range k {
		copy(out[i*c2*9:], w[i*c*9:][:c*9])
	}
	return out
}

// padBias is padFilters for biases.
func padBias(b []float32, k2 int) []float32 {
	if len(b) == k2 {
		return b
	}
	out := make([]float32, k2)
	copy(out, b)
	return out
}

// cpuProgram is a graph planned for the processor: steps that run in order.
type cpuProgram struct {
	device  *CPU
	steps   []step
	values  map[*Node]*value
	scalars map[*Node]*float32
	memory  kernel.Memory // of the arena and the masks
	arena   []float32
	masks   int64
	trained []*trained
}

// step is one kernel with its operands.
type step struct {
	name string
	run  func()
}

// compile plans the schedule in two passes. The first lowers every node to steps and so
// finds when each buffer is in use. The second gives the buffers their places and makes
// the kernels.
func (d *CPU) compile(s *schedule) (program, error) {
	c, err := d.lower(s)
	if err != nil {
		return nil, err
	}
	p := &cpuProgram{device: d, values: c.values, scalars: c.scalars}
	if err := p.begin(c); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// lower is the first pass. It allocates no memory for the values of the graph.
func (d *CPU) lower(s *schedule) (*lowering, error) {
	c := newLowering(d, s)
	for _, n := range s.nodes {
		if err := c.lower(n); err != nil {
			return nil, err
		}
	}
	c.keepOutputs()
	return c, nil
}

// Plan returns the memory that a machine for these outputs would hold, and its device with
// it. It allocates none of it.
func (d *CPU) Plan(outputs ...*Node) (Plan, error) {
	c, err := d.lower(newSchedule(outputs))
	if err != nil {
		return Plan{}, fmt.Errorf("exec: %w", err)
	}
	p := Plan{
		Weights: d.filters.bytes(), Features: 4 * int64(arrange(c.buffers)), Masks: c.maskBytes(),
		Scratch: 4 * int64(d.engine.PlanScratch(c.scratch)),
	}
	seen := map[filterKey]bool{}
	for _, f := range c.needs {
		if d.filters.get(f.key()) == nil && !seen[f.key()] {
			seen[f.key()] = true
			p.Weights += 4 * int64(f.floats())
		}
	}
	for _, t := range c.filters {
		p.Weights += 4 * int64(t.floats())
	}
	return p, nil
}

// begin is the second pass.
func (p *cpuProgram) begin(c *lowering) error {
	d := p.device
	for _, need := range c.needs {
		if err := d.make(need); err != nil {
			return err
		}
	}
	for _, t := range c.filters {
		p.trained = append(p.trained, t)
		if err := t.begin(d.engine.CPU()); err != nil {
			return err
		}
	}
	d.engine.Reserve(c.scratch)
	if err := p.place(c); err != nil {
		return err
	}
	for _, l := range c.steps {
		p.steps = append(p.steps, step{l.name, l.make()})
	}
	return c.loadInputs(p)
}

// place gives the buffers and the masks their memory.
func (p *cpuProgram) place(c *lowering) (err error) {
	floats := arrange(c.buffers)
	p.masks = c.maskBytes()
	if p.memory, err = p.device.take(floats + align + int(p.masks/4)); err != nil {
		return err
	}
	p.arena = p.memory.Floats()[:floats]
	for _, b := range c.buffers {
		b.data = p.arena[b.at:][:b.floats:b.floats]
	}
	rest := p.memory.Floats()[(floats+align-1)/align*align:]
	for _, m := range c.masks {
		m.bits = unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(rest))), m.words)
		rest = rest[m.floats():]
	}
	return nil
}

// take returns n zeros or more, in the memory of a closed machine if that is large enough.
// If it is too small it goes back to the system first.
func (d *CPU) take(n int) (kernel.Memory, error) {
	m := *d.spare
	*d.spare = kernel.Memory{}
	if len(m.Floats()) >= n {
		clear(m.Floats()[:n])
		return m, nil
	}
	m.Free()
	return kernel.NewMemory(n)
}

// loadInputs fills the inputs that already have a value.
func (c *lowering) loadInputs(p *cpuProgram) error {
	for _, n := range c.schedule.nodes {
		if n.Op() != nil || n.Value() == nil || (c.values[n] == nil && c.scalars[n] == nil) {
			continue
		}
		if err := p.set(n, op.Floats(n.Value())); err != nil {
			return err
		}
	}
	return nil
}

func (p *cpuProgram) run(ctx context.Context) error {
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.steps[i].run()
	}
	return nil
}

func (p *cpuProgram) set(n *Node, data []float32) error {
	if s := p.scalars[n]; s != nil {
		*s = data[0]
		return nil
	}
	v := p.values[n]
	if v == nil {
		return fmt.Errorf("exec: %s is not used by the outputs", n.Name())
	}
	if v.blocked {
		kernel.Pack(v.buf.data, data, v.shape)
	} else {
		p.device.engine.Copy(v.buf.data, data)
	}
	return nil
}

func (p *cpuProgram) get(data []float32, n *Node) error {
	if s := p.scalars[n]; s != nil {
		data[0] = *s
		return nil
	}
	v := p.values[n]
	if v.blocked {
		kernel.Unpack(data, v.buf.data, v.shape)
	} else {
		p.device.engine.Copy(data, v.buf.data)
	}
	return nil
}

func (p *cpuProgram) plan() Plan {
	plan := Plan{
		Weights: p.device.filters.bytes(), Features: int64(len(p.arena)) * 4, Masks: p.masks,
		Scratch: int64(p.device.engine.ScratchLen()) * 4,
	}
	for _, t := range p.trained {
		plan.Weights += int64(t.floats()) * 4
	}
	return plan
}

func (p *cpuProgram) close() error {
	d := p.device
	if len(p.memory.Floats()) > len(d.spare.Floats()) {
		p.memory, *d.spare = *d.spare, p.memory
	}
	p.memory.Free()
	for _, t := range p.trained {
		t.close()
	}
	p.steps, p.values, p.arena, p.trained = nil, nil, nil, nil
	return nil
}

// Trim frees the memory that is kept for the next machine.
func (d *CPU) Trim() { d.spare.Free() }

// Held returns the bytes of filters that stay for later machines.
func (d *CPU) Held() int64 { return d.filters.bytes() }
