//go:build gpu && linux && cgo

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"gorgonia.org/cu"

	"nst/internal/engine/cuda/lazy"
)

// Built reports whether this program can use cards.
const Built = true

// Cards lists the cards that the driver knows, usable or not. The error is a
// [NoDriverError] or [ErrNoCard]. If the variable NST_LIBCUDA, read by getenv, is set, it
// names the library of the driver, and Cards does not search for it.
func Cards(getenv func(string) string) ([]Info, error) {
	if err := lazy.Open(getenv); err != nil {
		return nil, refused(err)
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, &NoDriverError{true, fmt.Errorf("counting cards: %w", err)}
	}
	if n == 0 {
		return nil, ErrNoCard
	}
	cards := make([]Info, n)
	for i := range cards {
		cards[i] = describe(i)
	}
	return cards, nil
}

// refused turns an error of lazy.Open into one of this package.
func refused(err error) error {
	switch err {
	case lazy.InitError(cu.NoDevice):
		return ErrNoCard
	case lazy.InitError(cu.Unknown):
		err = ErrDriverUnknown
	}
	return &NoDriverError{!errors.Is(err, lazy.ErrNoDriver), err}
}

// describe asks the driver for the [Info] of a card. A failure affects only that card.
func describe(ordinal int) Info {
	i := Info{Ordinal: ordinal, Name: fmt.Sprintf("card %d", ordinal)}
	d, err := cu.GetDevice(ordinal)
	if err == nil {
		i.Name, err = d.Name()
	}
	if err == nil {
		i.Memory, err = d.TotalMem()
	}
	concurrent := 0
	for _, a := range []struct {
		to *int
		of cu.DeviceAttribute
	}{
		{&i.Major, cu.ComputeCapabilityMajor},
		{&i.Minor, cu.ComputeCapabilityMinor},
		{&i.Multiprocessors, cu.MultiprocessorCount},
		{&concurrent, cu.ConcurrentManagedAccess},
	} {
		if err == nil {
			*a.to, err = d.Attribute(a.of)
		}
	}
	i.Concurrent = concurrent != 0
	if err != nil {
		i.Err = fmt.Errorf("card %d: %w", ordinal, err)
	}
	return i
}

// Driver returns the version of CUDA that the driver is for, 0.0 for none.
func Driver(getenv func(string) string) (major, minor int) {
	if lazy.Open(getenv) != nil {
		return 0, 0
	}
	v := max(cu.Version(), 0)
	return v / 1000, v % 1000 / 10
}

// Card is an open card. It keeps one thread for itself, which makes all calls to the
// driver. Its methods may be called from any goroutine.
type Card struct {
	info   Info
	mu     sync.Mutex
	closed bool
	calls  chan func() error
	reply  chan error

	device cu.Device
	module cu.Module
	stream cu.Stream
	known  map[string]function

	single launch // of Launch, with arguments of its own
	args   []uint64
	run    func() error
}

// Open opens the card with that number and loads the kernels. The error is one of [Cards],
// names a card that does not exist, or says which call to the driver failed.
func Open(ordinal int, getenv func(string) string) (*Card, error) {
	cards, err := Cards(getenv)
	if err != nil {
		return nil, err
	}
	if ordinal < 0 || ordinal >= len(cards) {
		return nil, fmt.Errorf("cuda: no card %d: there are %d, from 0", ordinal, len(cards))
	}
	if err := cards[ordinal].Usable(); err != nil {
		return nil, err
	}
	c := &Card{info: cards[ordinal], calls: make(chan func() error), reply: make(chan error), known: map[string]function{}}
	c.args = make([]uint64, maxArgs)
	c.single.params = make([]unsafe.Pointer, maxArgs)
	for i := range c.args {
		c.single.params[i] = unsafe.Pointer(&c.args[i])
	}
	c.run = c.runSingle
	go c.serve()
	if err := c.do(c.begin); err != nil {
		close(c.calls)
		return nil, c.wrap("opening", err)
	}
	return c, nil
}

// serve runs the functions that do sends, on its own thread. It never unlocks the thread,
// so the thread ends with the goroutine, and its context too.
func (c *Card) serve() {
	runtime.LockOSThread()
	for f := range c.calls {
		c.reply <- f()
	}
}

// do runs f on the thread of the card.
func (c *Card) do(f func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.call(f)
}

// errClosed is the error of every call after Close.
var errClosed = errors.New("the card was closed")

// call is do for callers that hold mu.
func (c *Card) call(f func() error) error {
	if c.closed {
		return errClosed
	}
	c.calls <- f
	return <-c.reply
}

// wrap adds the card and the call to an error. Too little memory is not a [CardError].
func (c *Card) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if full := new(MemoryError); errors.As(err, &full) {
		return full
	}
	return &CardError{c.info.Name, what, err}
}

// begin retains the primary context of the card, which all libraries in the process share,
// and loads the kernels.
func (c *Card) begin() (err error) {
	if c.device, err = cu.GetDevice(c.info.Ordinal); err != nil {
		return err
	}
	context, err := c.device.RetainPrimaryCtx()
	if err != nil {
		return err
	}
	if err = cu.SetCurrentContext(context); err == nil {
		c.module, err = cu.LoadData(ptx)
	}
	if err == nil {
		c.stream, err = cu.MakeStream(cu.NonBlocking)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("loading the kernels: %w", err), c.device.ReleasePrimaryCtx())
	}
	return nil
}

// Close frees the kernels and the context. Memory must have been freed by [Card.Release]
// before. Every later call is an error, except another Close.
func (c *Card) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	err := c.call(func() error {
		return errors.Join(c.stream.Destroy(), c.module.Unload(), c.device.ReleasePrimaryCtx())
	})
	c.closed = true
	close(c.calls)
	return c.wrap("closing", err)
}

// Info describes the card.
func (c *Card) Info() Info { return c.info }
