//go:build gpu && linux && cgo

package cuda

import (
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/cu"
)

// Program is a list of launches that are ready to run.
type Program struct {
	launches []launch
	from, to int // of the launches that run is to do
	run      func() error
}

// Len returns the number of launches.
func (p *Program) Len() int { return len(p.launches) }

// Set changes an argument of a launch, both counted from 0. Launches that are already
// running keep the old one.
func (p *Program) Set(launch, argument int, bits uint64) {
	*(*uint64)(p.launches[launch].params[argument]) = bits
}

type launch struct {
	kernel   string
	function function
	blocks   int
	params   []unsafe.Pointer // to the arguments
	count    int              // of the arguments, for Launch
}

// function is a kernel that has been found in the module.
type function struct {
	cu.Function
	kernel
}

// Load prepares launches to be run in order. The error names a kernel that does not exist
// or has other arguments.
func (c *Card) Load(launches []Launch) (*Program, error) {
	p := &Program{launches: make([]launch, len(launches))}
	err := c.do(func() error {
		for i, l := range launches {
			f, err := c.function(l.Kernel)
			if err == nil && len(l.Args) != f.params {
				err = fmt.Errorf("%d arguments, want %d", len(l.Args), f.params)
			}
			if err != nil {
				return fmt.Errorf("kernel %s: %w", l.Kernel, err)
			}
			args := slices.Clone(l.Args)
			params := make([]unsafe.Pointer, len(args))
			for j := range args {
				params[j] = unsafe.Pointer(&args[j])
			}
			p.launches[i] = launch{kernel: l.Kernel, function: f, blocks: l.Blocks, params: params}
		}
		return nil
	})
	if err != nil {
		return nil, c.wrap("loading", err)
	}
	p.run = func() error { return c.launch(p) }
	return p, nil
}

// function returns a kernel.
func (c *Card) function(name string) (f function, err error) {
	if f, ok := c.known[name]; ok {
		return f, nil
	}
	if f.kernel, err = find(name); err != nil {
		return f, err
	}
	if f.Function, err = c.module.Function(name); err != nil {
		return f, err
	}
	if f.bytes > maxShared {
		if err := allowShared(f.Function, f.bytes); err != nil {
			return f, fmt.Errorf("%d bytes of shared memory: %w", f.bytes, err)
		}
	}
	if f.bytes > 0 {
		preferShared(f.Function)
	}
	c.known[name] = f
	return f, nil
}

// Run queues the launches of p after all earlier calls, and does not wait for them.
func (c *Card) Run(p *Program) error { return c.RunPart(p, 0, p.Len()) }

// RunPart is [Card.Run] for the launches from..to-1.
func (c *Card) RunPart(p *Program, from, to int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.from, p.to = from, to
	return c.wrap("running", c.call(p.run))
}

func (c *Card) launch(p *Program) error {
	for i := p.from; i < p.to; i++ {
		if err := c.start(&p.launches[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Card) start(l *launch) error {
	f := &l.function
	if err := f.Launch(l.blocks, 1, 1, f.threads, 1, 1, f.bytes, c.stream, l.params[:f.params]); err != nil {
		return fmt.Errorf("kernel %s: %w", l.kernel, err)
	}
	return nil
}

// maxArgs is the largest number of arguments of a kernel.
const maxArgs = 16

// Launch queues one kernel after all earlier calls, and does not wait for it. It allocates
// nothing after the first launch of a kernel.
func (c *Card) Launch(kernel string, blocks int, args ...uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.single.kernel, c.single.blocks = kernel, blocks
	c.single.count = copy(c.args, args)
	return c.wrap("running", c.call(c.run))
}

func (c *Card) runSingle() (err error) {
	l := &c.single
	if l.function, err = c.function(l.kernel); err == nil && l.function.params != l.count {
		err = fmt.Errorf("%d arguments, want %d", l.count, l.function.params)
	}
	if err != nil {
		return fmt.Errorf("kernel %s: %w", l.kernel, err)
	}
	return c.start(l)
}
