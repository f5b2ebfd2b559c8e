package exec

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nst/internal/engine/cuda"
	"nst/internal/engine/kernel"
	"nst/internal/engine/op"
)

// cudaProgram is a graph planned for a card. Its scalars lie side by side and are
// downloaded in one piece at the end of each run.
type cudaProgram struct {
	device  *CUDA
	program *cuda.Program
	values  map[*Node]*cudaValue
	places  map[*Node]int // of scalars
	scalars []float32
	scratch []float32 // of set and get, as the card lays it out
	arena   cuda.Ptr
	tables  []cuda.Ptr // constants of this program
	guided  []guided
	at      cuda.Ptr // of the scalars
	floats  int      // in arena
}

// guided is an argument of a launch that changes with a guide.
type guided struct {
	inverseTotal
	launch, argument int
}

// begin allocates the memory and fills the inputs that already have a value.
func (p *cudaProgram) begin(c *cudaLowering) (err error) {
	card := p.device.card
	if p.arena, err = p.device.take(p.floats); err != nil {
		return err
	}
	if p.device.poison {
		copy(p.scalars, nans(len(p.scalars)))
	}
	if p.at, err = p.device.upload(p.scalars); err != nil {
		return err
	}
	launches, err := c.resolve(p)
	if err != nil {
		return err
	}
	if p.program, err = card.Load(launches); err != nil {
		return err
	}
	for _, n := range c.schedule.nodes {
		_, scalar := p.places[n]
		if n.Op() != nil || p.values[n] == nil && !scalar {
			continue
		}
		data := make([]float32, size(n)) // as on the processor, where memory begins so
		if n.Value() != nil {
			data = op.Floats(n.Value())
		}
		if err := p.set(n, data); err != nil {
			return err
		}
	}
	return nil
}

// run queues all launches and waits for the scalars. A program with much memory takes
// long, so run then waits after every few launches and checks ctx.
func (p *cudaProgram) run(ctx context.Context) error {
	card, all := p.device.card, p.program.Len()
	each := all
	if p.floats >= p.device.patience {
		each = 8
	}
	for from := 0; from < all; from += each {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := card.RunPart(p.program, from, min(from+each, all))
		if err == nil && from+each < all {
			err = card.Wait()
		}
		if err != nil {
			return fmt.Errorf("exec: %w", err)
		}
	}
	if err := p.device.card.Download(p.scalars, p.at); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

// place is where a value lies.
func (p *cudaProgram) place(v *cudaValue) cuda.Ptr { return p.arena.Plus(v.buf.at) }

func (p *cudaProgram) set(n *Node, data []float32) error {
	if i, ok := p.places[n]; ok {
		p.scalars[i] = data[0]
		return p.device.card.Upload(p.at.Plus(i), data[:1])
	}
	v := p.values[n]
	if v == nil {
		return fmt.Errorf("exec: %s is not used by the outputs", n.Name())
	}
	if v.features {
		p.reserve(len(data))
		interleave(p.scratch, data, v.c)
		data = p.scratch
	}
	for _, g := range p.guided {
		if g.guide == v {
			p.program.Set(g.launch, g.argument, g.bits(kernel.GuideTotal(data, v.h, v.w)))
		}
	}
	if at, ok := p.device.shares(data); ok && !v.features {
		return p.device.card.Copy(p.place(v), at, len(data))
	}
	return p.device.card.Upload(p.place(v), data)
}

func (p *cudaProgram) get(data []float32, n *Node) error {
	if i, ok := p.places[n]; ok {
		data[0] = p.scalars[i]
		return nil
	}
	v := p.values[n]
	if at, ok := p.device.shares(data); ok && !v.features {
		return errors.Join(p.device.card.Copy(at, p.place(v), len(data)), p.device.card.Wait())
	}
	if !v.features {
		return p.device.card.Download(data, p.place(v))
	}
	p.reserve(len(data))
	if err := p.device.card.Download(p.scratch, p.place(v)); err != nil {
		return err
	}
	planes(data, p.scratch, v.c)
	return nil
}

// reserve sets the length of scratch to n floats.
func (p *cudaProgram) reserve(n int) {
	if cap(p.scratch) < n {
		p.scratch = make([]float32, n)
	}
	p.scratch = p.scratch[:n]
}

func (p *cudaProgram) plan() Plan {
	return Plan{Weights: p.device.bytes, Features: 4 * int64(p.floats+len(p.scalars))}
}

func (p *cudaProgram) close() error {
	var errs []error
	for _, at := range append(p.tables, p.arena, p.at) {
		if at != 0 {
			errs = append(errs, p.device.card.Release(at))
		}
	}
	p.program, p.values, p.arena, p.at, p.tables = nil, nil, 0, 0, nil
	return errors.Join(errs...)
}

// resolve turns the steps into launches, now that all buffers have their place.
func (c *cudaLowering) resolve(p *cudaProgram) ([]cuda.Launch, error) {
	for _, t := range c.tables {
		at, err := p.device.upload(t)
		if err != nil {
			return nil, err
		}
		p.tables = append(p.tables, at)
	}
	launches := make([]cuda.Launch, len(c.steps))
	for i, s := range c.steps {
		l := cuda.Launch{Kernel: s.kernel, Blocks: s.grid}
		for _, a := range s.args {
			if t, ok := a.(inverseTotal); ok && t.guide != nil {
				p.guided = append(p.guided, guided{t, i, len(l.Args)})
			}
			var err error
			if l.Args, err = p.argument(l.Args, a); err != nil {
				return nil, err
			}
		}
		launches[i] = l
	}
	return launches, nil
}

// argument appends the bits of an argument.
func (p *cudaProgram) argument(to []uint64, a any) ([]uint64, error) {
	switch a := a.(type) {
	case nil:
		return append(to, 0), nil
	case *buffer:
		return append(to, uint64(p.arena.Plus(a.at))), nil
	case *cudaValue:
		if a == nil {
			return append(to, 0), nil
		}
		return append(to, uint64(p.place(a))), nil
	case inside:
		return append(to, uint64(p.place(a.v).Plus(a.floats))), nil
	case *ending:
		mask := uint64(0)
		if a.mask != nil {
			mask = uint64(p.arena.Plus(a.mask.at))
		}
		return append(to, uint64(p.place(a.out)), mask, bit(a.add)), nil
	case scalarAt:
		return append(to, uint64(p.at.Plus(int(a)))), nil
	case tableAt:
		return append(to, uint64(p.tables[a])), nil
	case addresses:
		var list []uint64
		for _, t := range a {
			list, _ = p.argument(list, t)
		}
		at, err := p.device.card.Alloc(8 * int64(len(list)))
		if err != nil {
			return nil, err
		}
		p.tables = append(p.tables, at)
		return append(to, uint64(at)), p.device.card.UploadWords(at, list)
	case inverseTotal:
		return append(to, a.bits(float64(a.positions))), nil
	case fixed:
		at, err := p.device.constant(a)
		return append(to, uint64(at)), err
	case int:
		if a > math.MaxInt32 {
			return nil, fmt.Errorf("cuda: an argument of %d, want at most %d", a, math.MaxInt32)
		}
		return append(to, number(a)), nil
	case bool:
		return append(to, bit(a)), nil
	case float32:
		return append(to, uint64(math.Float32bits(a))), nil
	case float64:
		return append(to, math.Float64bits(a)), nil
	}
	return nil, fmt.Errorf("cuda: argument of type %T", a)
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// bits returns 1 over the sum in the type that the kernel takes.
func (t inverseTotal) bits(sum float64) uint64 {
	switch {
	case sum == 0:
		return 0 // a guide of zeros gives zeros
	case t.wide:
		return math.Float64bits(1 / sum)
	}
	return uint64(math.Float32bits(float32(1 / sum)))
}
