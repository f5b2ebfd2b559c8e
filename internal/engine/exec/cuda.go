package exec

import (
	"errors"
	"fmt"
	"math"

	"nst/internal/engine/cuda"
)

// CUDA is an NVIDIA card as a [Device]. In builds without the tag gpu there is none.
type CUDA struct {
	card     *cuda.Card
	exact    bool
	packed   map[packing]cuda.Ptr
	bytes    int64            // of packed
	shared   map[cuda.Ptr]int // memory that the host sees too, and its length
	patience int              // programs of more floats than this run in parts
	poison   bool             // fill memory with NaN, to show what is read before it is written
}

// Precision says how a card multiplies.
type Precision int

// The precisions. TF32 rounds factors to 10 bits of fraction, which is the fastest for
// tensor cores. FP32 splits each factor into two such numbers and is as exact as float32.
// Both add up in float32.
const (
	TF32 Precision = iota
	FP32
)

// BuiltWithCUDA reports whether this program can use cards.
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

// Name is the name of the card, with its number and its precision.
func (d *CUDA) Name() string {
	i, precision := d.card.Info(), "tf32"
	if d.exact {
		precision = "fp32"
	}
	return fmt.Sprintf("cuda:%d (%s, %s)", i.Ordinal, i.Name, precision)
}

// Held returns the bytes of weights that stay on the card for later machines.
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

// upload allocates memory for data and copies data to it.
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

// take allocates memory for the given number of floats. The contents are undefined.
func (d *CUDA) take(floats int) (cuda.Ptr, error) {
	if d.poison {
		return d.upload(nans(floats))
	}
	return d.card.Alloc(4 * int64(floats))
}

// compile plans the schedule. It lowers every node to launches and so finds when each
// buffer is in use. Then it gives the buffers their places in one piece of memory.
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

// arrange lowers the schedule, gives the buffers their places and returns how many floats
// they take in all. It allocates nothing on the card.
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

// Plan returns the memory that a machine for these outputs would hold. It allocates
// nothing on the card.
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

// nans returns n NaN. Two of them side by side are also a NaN in float64.
func nans(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(math.MaxUint32)
	}
	return x
}
