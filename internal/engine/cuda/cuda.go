// Package cuda allocates memory and runs kernels on NVIDIA cards.
//
// Call [Open] first. It returns a [Card], which has memory, addressed by a [Ptr], and runs
// a [Program], a list of kernels that are launched one after the other. The kernels are
// those of nst.ptx, compiled from the folder kernel.
//
// The package needs only the driver, through gorgonia.org/cu. It searches for the library
// of the driver when a card is first needed. Only builds with the tag gpu on Linux can use
// cards. In all others [Open] and [Cards] return [ErrNotBuilt], so that importing packages
// need no build tag.
package cuda

import (
	"errors"
	"fmt"
)

// ErrNotBuilt says that this program was built without CUDA.
var ErrNotBuilt = errors.New("cuda: this program was built without CUDA")

// ErrNoCard says that there is a driver, but no card that it can use.
var ErrNoCard = errors.New("cuda: the NVIDIA driver finds no card")

// ErrDriverUnknown says that the driver fails with CUDA_ERROR_UNKNOWN, for example because
// its kernel module is not loaded. A [NoDriverError] wraps it.
var ErrDriverUnknown = errors.New("the NVIDIA driver fails for an unknown reason")

// NoDriverError says that there is no driver, or that it does not work.
type NoDriverError struct {
	Found bool // there is one
	Err   error
}

// Error says what was wrong.
func (e *NoDriverError) Error() string { return fmt.Sprintf("cuda: %v", e.Err) }

// Unwrap returns what was wrong.
func (e *NoDriverError) Unwrap() error { return e.Err }

// MemoryError says that a card has less free memory than was wanted.
type MemoryError struct {
	Card         string
	Wanted, Free int64 // bytes
}

// Error says what was wanted and what is free, in MB of 2^20 bytes.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("cuda: %s: no %d MB of memory, %d MB are free", e.Card, (e.Wanted+1<<20-1)>>20, e.Free>>20)
}

// CardError is a failed call to a card or its driver. After most such errors the card
// cannot be used again in this process.
type CardError struct {
	Card, What string
	Err        error
}

// Error names the card, the call, and the error of the driver.
func (e *CardError) Error() string { return fmt.Sprintf("cuda: %s: %s: %v", e.Card, e.What, e.Err) }

// Unwrap returns the error of the driver.
func (e *CardError) Unwrap() error { return e.Err }

// UnusableError says why the kernels cannot run on a card.
type UnusableError struct{ Reason string }

// Error is the reason.
func (e *UnusableError) Error() string { return "cuda: " + e.Reason }

// Info describes a card.
type Info struct {
	Ordinal      int
	Name         string
	Major, Minor int   // compute capability
	Memory       int64 // bytes, in all

	Multiprocessors int

	// Concurrent reports whether the host may use shared memory while the card works.
	// If not, as on Windows, it may do so only while no card of the process works.
	Concurrent bool

	Err error // what the driver said, if it could not be asked for all this
}

// The least compute capability that the kernels run on: tensor cores with TF32.
const minMajor = 8

// Usable returns nil if the kernels can run on the card, or else an [UnusableError] that
// says why not.
func (i Info) Usable() error {
	if i.Err != nil {
		return &UnusableError{i.Err.Error()}
	}
	if i.Major < minMajor {
		return &UnusableError{fmt.Sprintf("%s has compute capability %d.%d, the kernels want %d.0", i.Name, i.Major, i.Minor, minMajor)}
	}
	return nil
}

// Ptr is an address in the memory of a card. 0 is none.
type Ptr uint64

// Plus returns the address n float32 further.
func (p Ptr) Plus(n int) Ptr { return p + Ptr(4*n) }

// Launch is a kernel with its arguments. Each argument takes eight bytes: a [Ptr], the bits
// of a float64, or an int32 or the bits of a float32 in the low bytes. The kernel itself
// determines the number of threads of a block.
type Launch struct {
	Kernel string
	Blocks int
	Args   []uint64
}
