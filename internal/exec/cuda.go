package exec

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nst/internal/cuda"
	"nst/internal/kernel"
	"nst/internal/op"
)

// CUDA is an NVIDIA card as a [Device]. In builds without the tag gpu there is none.
type CUDA struct {
	card     *cuda.Card
	exact    bool
	packed   map[packing]cuda.Ptr
	bytes    int64            // of packed
	shared   map[cuda.Ptr]int // memory that the host sees too, and its length
	patience int              // floats of a program from which on it is run in parts
	poison   bool             // fill memory with NaN, to show what is read before it is written
}

// Precision says how a card multiplies.
type Precision int

// The precisions: factors rounded to the 10 bits of TF32, which tensor cores are
// fastest with, or split in two of them, as good as float32. Sums are float32 in both.
const (
	TF32 Precision = iota
	FP32
)

// BuiltWithCUDA tells whether this program can use cards.
const BuiltWithCUDA = cuda.Built

// The errors of cards; see package cuda.
type (
	CardError     = cuda.CardError
	MemoryError   = cuda.MemoryError
	NoDriverError = cuda.NoDriverError
	UnusableError = cuda.UnusableError
)

// The errors of programs and machines without cards, and of drivers that say nothing; see
// package cuda.
var (
	ErrNotBuilt      = cuda.ErrNotBuilt
	ErrNoCard        = cuda.ErrNoCard
	ErrDriverUnknown = cuda.ErrDriverUnknown
)

// UnsupportedError is a graph that a card has no kernels for.
type UnsupportedError struct {
	Node   string
	Reason string // what is the matter with the node
}

// Error names the node and says what is the matter with it.
func (e *UnsupportedError) Error() string { return fmt.Sprintf("cuda: %s %s", e.Node, e.Reason) }

// Card describes a card.
type Card = cuda.Info

// Cards lists the cards that the driver knows, usable or not; see cuda.Cards.
func Cards(getenv func(string) string) ([]Card, error) { return cuda.Cards(getenv) }

// CUDADriver returns the version of CUDA that the driver is for, 0.0 for none.
func CUDADriver(getenv func(string) string) (major, minor int) { return cuda.Driver(getenv) }

// OpenCUDA returns the card of that number, from 0. The error is one of cuda.Open.
func OpenCUDA(ordinal int, p Precision, getenv func(string) string) (*CUDA, error) {
	card, err := cuda.Open(ordinal, getenv)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	return &CUDA{patience: 1 << 27, card: card, exact: p == FP32, packed: map[packing]cuda.Ptr{}, shared: map[cuda.Ptr]int{}}, nil
}

// Name is the card's own, with its number and what it multiplies.
func (d *CUDA) Name() string {
	i, precision := d.card.Info(), "tf32"
	if d.exact {
		precision = "fp32"
	}
	return fmt.Sprintf("cuda:%d (%s, %s)", i.Ordinal, i.Name, precision)
}

// Held returns the bytes of weights that lie on the card for the machines to come.
func (d *CUDA) Held() int64 { return d.bytes }

// Free returns how many bytes of the card's memory are free.
func (d *CUDA) Free() (int64, error) { return d.card.Free() }

// Close gives the card back. Its machines must have been closed.
func (d *CUDA) Close() error {
	var errs []error
	for _, p := range d.packed {
		errs = append(errs, d.card.Release(p))
	}
	return errors.Join(append(errs, d.card.Close())...)
}

// upload takes memory for data and fills it.
func (d *CUDA) upload(data []float32) (cuda.Ptr, error) {
	p, err := d.card.Alloc(4 * int64(len(data)))
	if err != nil {
		return 0, err
	}
	if err := d.card.Upload(p, data); err != nil {
		return 0, errors.Join(err, d.card.Release(p))
	}
	return p, nil
}

// take takes memory for floats numbers, whose contents are anything.
func (d *CUDA) take(floats int) (cuda.Ptr, error) {
	if d.poison {
		return d.upload(nans(floats))
	}
	return d.card.Alloc(4 * int64(floats))
}

// cudaProgram is a graph planned for a card. Its scalars lie side by side, and come
// back in one piece at the end of each run.
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

// compile plans the schedule: first every node is lowered to launches, which says
// what lives when; then the buffers get their places in one piece of memory.
func (d *CUDA) compile(s *schedule) (program, error) {
	c, floats, err := d.arrange(s)
	if err != nil {
		return nil, err
	}
	p := &cudaProgram{device: d, values: c.values, places: c.scalars, scalars: make([]float32, max(c.places, 1)), floats: floats}
	if err := p.begin(c); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// arrange lowers the schedule and gives the buffers their places, in memory of so
// many floats. It takes none of the card.
func (d *CUDA) arrange(s *schedule) (c *cudaLowering, floats int, err error) {
	c = newCUDALowering(d, s)
	for _, n := range s.nodes {
		if err := c.lower(n); err != nil {
			return nil, 0, err
		}
	}
	c.keepOutputs()
	return c, arrange(c.buffers), nil
}

// Plan returns the memory that a machine for these outputs would hold, and takes
// none.
func (d *CUDA) Plan(outputs ...*Node) (Plan, error) {
	c, floats, err := d.arrange(newSchedule(outputs))
	if err != nil {
		return Plan{}, fmt.Errorf("exec: %w", err)
	}
	p := Plan{Weights: d.bytes, Features: 4 * int64(floats+c.places)}
	seen := map[packing]bool{}
	for _, s := range c.steps {
		for _, a := range s.args {
			f, ok := a.(fixed)
			if !ok || seen[f.key()] || d.packed[f.key()] != 0 {
				continue
			}
			seen[f.key()] = true
			p.Weights += 4 * int64(len(f.w))
		}
	}
	return p, nil
}

// begin takes the memory and fills the inputs, with the value that they have already.
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

// run queues all launches and waits for the scalars. A program of much memory takes
// long: there it waits for each few launches, to look at ctx.
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

// reserve makes scratch n floats long.
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

// nans returns n NaN of which two make one of float64, too.
func nans(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(math.MaxUint32)
	}
	return x
}
