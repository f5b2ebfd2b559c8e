//go:build gpu && linux

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"gorgonia.org/cu"

	"nst/internal/cuda/lazy"
)

// Built tells whether this program can use cards.
const Built = true

// Cards lists the cards that the driver knows, usable or not. The error is a
// [NoDriverError] or [ErrNoCard]. NST_LIBCUDA, read by getenv, names the driver's
// library where it is not to be searched for.
func Cards(getenv func(string) string) ([]Info, error) {
	if err := lazy.Open(getenv); err != nil {
		if err == error(lazy.InitError(cu.NoDevice)) {
			return nil, ErrNoCard
		}
		return nil, &NoDriverError{err}
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, &NoDriverError{fmt.Errorf("counting cards: %w", err)}
	}
	if n == 0 {
		return nil, ErrNoCard
	}
	cards := make([]Info, n)
	for i := range cards {
		if cards[i], err = describe(i); err != nil {
			return nil, &NoDriverError{err}
		}
	}
	return cards, nil
}

func describe(ordinal int) (Info, error) {
	d, err := cu.GetDevice(ordinal)
	if err != nil {
		return Info{}, fmt.Errorf("card %d: %w", ordinal, err)
	}
	i := Info{Ordinal: ordinal}
	if i.Name, err = d.Name(); err == nil {
		i.Memory, err = d.TotalMem()
	}
	if err == nil {
		i.Major, err = d.Attribute(cu.ComputeCapabilityMajor)
	}
	if err == nil {
		i.Minor, err = d.Attribute(cu.ComputeCapabilityMinor)
	}
	if err == nil {
		i.Multiprocessors, err = d.Attribute(cu.MultiprocessorCount)
	}
	if err != nil {
		return Info{}, fmt.Errorf("card %d: %w", ordinal, err)
	}
	return i, nil
}

// Driver returns the version of CUDA that the driver is for, 0.0 for none.
func Driver(getenv func(string) string) (major, minor int) {
	if lazy.Open(getenv) != nil {
		return 0, 0
	}
	v := max(cu.Version(), 0)
	return v / 1000, v % 1000 / 10
}

// Card is one card, opened. What belongs to the driver is touched by one thread,
// which the card keeps for itself; methods may be called from any goroutine.
type Card struct {
	info  Info
	mu    sync.Mutex
	calls chan func() error
	reply chan error

	device cu.Device
	module cu.Module
	stream cu.Stream
	known  map[string]function

	single launch // of Launch, with arguments of its own
	args   []uint64
	run    func() error
}

// Open opens the card of that number and loads the kernels. The error is one of
// [Cards], names a card that there is not, or says what the driver did not do.
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

// serve runs what do asks for, on a thread of its own. The thread is not unlocked at
// the end and so dies with the goroutine, and its context with it.
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

// call is do where mu is held.
func (c *Card) call(f func() error) error {
	c.calls <- f
	return <-c.reply
}

// wrap names the card, and what it was asked to do.
func (c *Card) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cuda: %s: %s: %w", c.info.Name, what, err)
}

// begin takes the primary context of the card, which other libraries in the process
// would share, and loads the kernels.
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

// Close gives back all that the card holds but what was not released by [Card.Release].
func (c *Card) Close() error {
	err := c.do(func() error {
		return errors.Join(c.stream.Destroy(), c.module.Unload(), c.device.ReleasePrimaryCtx())
	})
	close(c.calls)
	return c.wrap("closing", err)
}

// Info describes the card.
func (c *Card) Info() Info { return c.info }

// Free returns how many bytes of the card's memory are free.
func (c *Card) Free() (free int64, err error) {
	err = c.do(func() (err error) {
		free, _, err = cu.MemInfo()
		return err
	})
	return free, c.wrap("asking for free memory", err)
}

// Alloc takes memory, whose contents are anything. The error is a [MemoryError]
// where there is not enough.
func (c *Card) Alloc(bytes int64) (p Ptr, err error) {
	err = c.do(func() error {
		at, err := cu.MemAlloc(max(bytes, 4))
		if err == error(cu.OutOfMemory) {
			free, _, _ := cu.MemInfo()
			return &MemoryError{Card: c.info.Name, Wanted: bytes, Free: free}
		}
		p = Ptr(at)
		return err
	})
	if full := new(MemoryError); errors.As(err, &full) {
		return 0, full
	}
	return p, c.wrap(fmt.Sprintf("taking %d bytes", bytes), err)
}

// Share takes memory for n float32 that host and card both see, zeros at first. The
// host may touch it when nothing runs: after [Card.Wait], a download or an upload.
// What was taken is given back by Release of [Place].
func (c *Card) Share(n int) (x []float32, err error) {
	err = c.do(func() error {
		at, err := cu.MemAllocManaged(4*int64(n), cu.AttachGlobal)
		if err == error(cu.OutOfMemory) {
			free, _, _ := cu.MemInfo()
			return &MemoryError{Card: c.info.Name, Wanted: 4 * int64(n), Free: free}
		}
		if err == nil {
			x = unsafe.Slice((*float32)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), n)
			err = cu.MemsetD32Async(at, 0, int64(n), c.stream)
		}
		return err
	})
	return x, c.wrap(fmt.Sprintf("taking %d bytes to share", 4*n), err)
}

// Place is where the card sees x of [Card.Share], or a part of it.
func Place(x []float32) Ptr { return Ptr(uintptr(unsafe.Pointer(unsafe.SliceData(x)))) }

// Clear sets n float32 to 0, after all that was asked for before.
func (c *Card) Clear(p Ptr, n int) error {
	return c.wrap("clearing", c.do(func() error { return cu.MemsetD32Async(cu.DevicePtr(p), 0, int64(n), c.stream) }))
}

// Copy copies n float32 within the card, after all that was asked for before.
func (c *Card) Copy(dst, src Ptr, n int) error {
	return c.wrap("copying", c.do(func() error {
		return cu.MemcpyDtoDAsync(cu.DevicePtr(dst), cu.DevicePtr(src), 4*int64(n), c.stream)
	}))
}

// Release gives memory of [Card.Alloc] back, when all that runs has ended.
func (c *Card) Release(p Ptr) error {
	return c.wrap("releasing memory", c.do(func() error {
		return errors.Join(c.stream.Synchronize(), cu.MemFree(cu.DevicePtr(p)))
	}))
}

// Upload copies src to dst, after all that was asked for before.
func (c *Card) Upload(dst Ptr, src []float32) error {
	if len(src) == 0 {
		return nil
	}
	return c.upload(dst, unsafe.Pointer(&src[0]), 4*len(src))
}

// UploadWords is [Card.Upload] for words, which may be places.
func (c *Card) UploadWords(dst Ptr, src []uint64) error {
	if len(src) == 0 {
		return nil
	}
	return c.upload(dst, unsafe.Pointer(&src[0]), 8*len(src))
}

func (c *Card) upload(dst Ptr, src unsafe.Pointer, bytes int) error {
	return c.wrap("upload", c.do(func() error {
		if err := c.stream.Synchronize(); err != nil {
			return err
		}
		return cu.MemcpyHtoD(cu.DevicePtr(dst), src, int64(bytes))
	}))
}

// Download copies src to dst, after all that was asked for before; an error may be
// one of that.
func (c *Card) Download(dst []float32, src Ptr) error {
	if len(dst) == 0 {
		return nil
	}
	return c.download(unsafe.Pointer(&dst[0]), src, 4*len(dst))
}

// DownloadWords is [Card.Download] for words, such as float64.
func (c *Card) DownloadWords(dst []uint64, src Ptr) error {
	if len(dst) == 0 {
		return nil
	}
	return c.download(unsafe.Pointer(&dst[0]), src, 8*len(dst))
}

func (c *Card) download(dst unsafe.Pointer, src Ptr, bytes int) error {
	return c.wrap("download", c.do(func() error {
		if err := c.stream.Synchronize(); err != nil {
			return err
		}
		return cu.MemcpyDtoH(dst, cu.DevicePtr(src), int64(bytes))
	}))
}

// Wait returns when all that was asked for has been done; an error may be one of that.
func (c *Card) Wait() error { return c.wrap("running", c.do(c.stream.Synchronize)) }

// Program is a list of launches made ready.
type Program struct {
	launches []launch
	run      func() error
}

// Set changes an argument of a launch, both counted from 0. What is running keeps the
// old one.
func (p *Program) Set(launch, argument int, bits uint64) {
	*(*uint64)(p.launches[launch].params[argument]) = bits
}

type launch struct {
	kernel   string
	function function
	grid     [2]int
	params   []unsafe.Pointer // to the arguments
	count    int              // of the arguments, for Launch
}

// function is a kernel that has been found in the module.
type function struct {
	cu.Function
	kernel
}

// Load makes launches ready to be run in turn. The error names the kernel that there
// is not, or that has other arguments.
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
			p.launches[i] = launch{kernel: l.Kernel, function: f, grid: l.Grid, params: params}
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
	c.known[name] = f
	return f, nil
}

// Run has the launches of p done after all that was asked for before, and does not
// wait for their end.
func (c *Card) Run(p *Program) error { return c.wrap("running", c.do(p.run)) }

func (c *Card) launch(p *Program) error {
	for i := range p.launches {
		if err := c.start(&p.launches[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Card) start(l *launch) error {
	f := &l.function
	if err := f.Launch(l.grid[0], l.grid[1], 1, f.threads, 1, 1, f.bytes, c.stream, l.params[:f.params]); err != nil {
		return fmt.Errorf("kernel %s: %w", l.kernel, err)
	}
	return nil
}

// maxArgs is the most arguments of a kernel.
const maxArgs = 16

// Launch has one kernel done after all that was asked for before, and does not wait
// for its end. It allocates nothing once the kernel is known.
func (c *Card) Launch(kernel string, blocks int, args ...uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.single.kernel, c.single.grid = kernel, [2]int{blocks, 1}
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

// Time returns how long the card took for what f had it do.
func (c *Card) Time(f func() error) (time.Duration, error) {
	var from, to cu.Event
	err := c.do(func() (err error) {
		if from, err = cu.MakeEvent(cu.DefaultEvent); err == nil {
			to, err = cu.MakeEvent(cu.DefaultEvent)
		}
		if err == nil {
			err = from.Record(c.stream)
		}
		return err
	})
	if err != nil {
		return 0, c.wrap("timing", err)
	}
	if err := f(); err != nil {
		return 0, err
	}
	var ms float64
	err = c.do(func() (err error) {
		if err = to.Record(c.stream); err == nil {
			err = to.Synchronize()
		}
		if err == nil {
			ms, err = from.Elapsed(to)
		}
		return errors.Join(err, cu.DestroyEvent(&from), cu.DestroyEvent(&to))
	})
	return time.Duration(ms * float64(time.Millisecond)), c.wrap("timing", err)
}
