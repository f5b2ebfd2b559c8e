package exec

import (
	"context"
	"fmt"
	"runtime/debug"

	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
	"nst/internal/memory"
)

// CPU is the processor as a [Device].
type CPU struct {
	engine  *kernel.Engine
	filters map[filterKey]*kernel.Filter
	spare   []float32 // the arena of a machine that was closed, for the next one
}

// filterKey identifies a filter by the address of its weights, which must not change,
// and by its direction.
type filterKey struct {
	weights *float32
	rotated bool
}

// OpenCPU returns the processor with the given number of threads. The variable
// NST_CPU, read by getenv, can force an instruction set; see kernel.Detect.
func OpenCPU(threads int, getenv func(string) string) (*CPU, error) {
	cpu, err := kernel.Detect(getenv)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	e := kernel.NewEngine(cpu, kernel.NewPool(threads))
	return &CPU{engine: e, filters: map[filterKey]*kernel.Filter{}}, nil
}

// Name is the instruction set and the number of threads.
func (d *CPU) Name() string {
	return fmt.Sprintf("cpu (%s, %d threads)", d.engine.CPU().Name(), d.engine.Pool().Threads())
}

// Kernels is the instruction set that the kernels were chosen for.
func (d *CPU) Kernels() string { return d.engine.CPU().Name() }

// Features lists what the processor offers, used or not.
func (d *CPU) Features() []string { return d.engine.CPU().Features() }

// Close ends the threads.
func (d *CPU) Close() error {
	d.engine.Pool().Close()
	return nil
}

// filter returns the filters w (k, c, 3, 3) in the form that the kernels take. They are
// made once and shared by all machines.
func (d *CPU) filter(w []float32, k, c int, rotated bool) *kernel.Filter {
	key := filterKey{&w[0], rotated}
	f := d.filters[key]
	if f == nil {
		k16, c16 := whole(k), whole(c)
		f = kernel.NewFilterIn(d.engine.CPU(), memory.Make[float32](kernel.FilterLen(k16, c16)), padFilters(w, k, c, k16, c16), k16, c16, rotated)
		f.Transform(d.engine.Pool())
		d.filters[key] = f
	}
	return f
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
	c := newLowering(d, s)
	for _, n := range s.nodes {
		if err := c.lower(n); err != nil {
			return nil, err
		}
	}
	c.keepOutputs()
	p := &cpuProgram{device: d, values: c.values, scalars: c.scalars}
	p.arena = d.takeArena(arrange(c.buffers))
	for _, b := range c.buffers {
		b.data = p.arena[b.at:][:b.floats:b.floats]
	}
	for _, m := range c.masks {
		m.bits = make([]uint16, m.words)
		p.masks += int64(m.words) * 2
	}
	for _, l := range c.steps {
		p.steps = append(p.steps, step{l.name, l.make()})
	}
	for _, t := range c.filters {
		p.trained = append(p.trained, t)
	}
	return p, c.loadInputs(p)
}

// takeArena returns n zeros, in the arena of a closed machine if it is large enough. If
// it is too small, takeArena returns it to the system first. Otherwise both arenas would
// be in memory until the next garbage collection, and memory could run out.
func (d *CPU) takeArena(n int) []float32 {
	arena := d.spare
	d.spare = nil
	if cap(arena) >= n {
		arena = arena[:n]
		clear(arena)
		return arena
	}
	if arena != nil {
		arena = nil
		debug.FreeOSMemory()
	}
	return memory.Make[float32](n)
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
	plan := Plan{Features: int64(len(p.arena)) * 4, Masks: p.masks, Scratch: int64(p.device.engine.ScratchLen()) * 4}
	for _, f := range p.device.filters {
		plan.Weights += int64(kernel.FilterLen(f.K, f.C)) * 4
	}
	for _, t := range p.trained {
		plan.Weights += int64(t.floats()) * 4
	}
	return plan
}

func (p *cpuProgram) close() error {
	if cap(p.arena) > cap(p.device.spare) {
		p.device.spare = p.arena
	}
	p.steps, p.values, p.arena, p.trained = nil, nil, nil, nil
	return nil
}
