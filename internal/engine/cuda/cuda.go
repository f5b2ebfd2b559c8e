// Package cuda gives a program memory and kernels on NVIDIA's cards, by the driver
// alone: through gorgonia.org/cu, whose library is found when a card is first asked
// for. Builds with the tag gpu on Linux can do that; in all others [Open] and [Cards]
// return [ErrNotBuilt], so that who uses this package needs no tag.
//
// Begin with [Open]. A [Card] has memory, of which a part is named by a [Ptr], and
// runs a [Program], a list of kernels launched one after the other. The kernels are
// those of nst.ptx, compiled from the folder kernel.
package cuda

import (
	"errors"
	"fmt"
)

// ErrNotBuilt tells that this program was built without CUDA.
var ErrNotBuilt = errors.New("cuda: this program was built without CUDA")

// ErrNoCard tells that there is a driver and no card that it can use.
var ErrNoCard = errors.New("cuda: the NVIDIA driver finds no card")

// ErrDriverUnknown tells that the driver gives up with CUDA_ERROR_UNKNOWN, as it does
// where its kernel module is not loaded. A [NoDriverError] wraps it.
var ErrDriverUnknown = errors.New("the NVIDIA driver fails for an unknown reason")

// NoDriverError tells that there is no driver, or one that does not work.
type NoDriverError struct {
	Found bool // there is one
	Err   error
}

// Error says what was wrong.
func (e *NoDriverError) Error() string { return fmt.Sprintf("cuda: %v", e.Err) }

// Unwrap returns what was wrong.
func (e *NoDriverError) Unwrap() error { return e.Err }

// MemoryError tells that a card has not as much memory as was wanted.
type MemoryError struct {
	Card         string
	Wanted, Free int64 // bytes
}

// Error says what was wanted and what is free, in MB of 2^20 bytes.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("cuda: %s: no %d MB of memory, %d MB are free", e.Card, (e.Wanted+1<<20-1)>>20, e.Free>>20)
}

// CardError is a card, or its driver, that did not do what it was asked for. After most
// such errors the card does nothing more in this process.
type CardError struct {
	Card, What string
	Err        error
}

// Error names the card, what it was asked for, and what the driver said.
func (e *CardError) Error() string { return fmt.Sprintf("cuda: %s: %s: %v", e.Card, e.What, e.Err) }

// Unwrap returns what the driver said.
func (e *CardError) Unwrap() error { return e.Err }

// UnusableError tells that the kernels cannot run on a card, and why.
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

	// Concurrent tells whether the host may touch shared memory while the card works.
	// Where it may not, as on Windows, it may while no card of the process works only.
	Concurrent bool

	Err error // what the driver said, if it could not be asked for all this
}

// The least compute capability that the kernels run on: tensor cores with TF32.
const minMajor = 8

// Usable returns an [UnusableError] that says why the kernels cannot run on the card, nil if
// they can.
func (i Info) Usable() error {
	if i.Err != nil {
		return &UnusableError{i.Err.Error()}
	}
	if i.Major < minMajor {
		return &UnusableError{fmt.Sprintf("%s has compute capability %d.%d, the kernels want %d.0", i.Name, i.Major, i.Minor, minMajor)}
	}
	return nil
}

// Ptr is a place in the memory of a card, 0 for none.
type Ptr uint64

// Plus returns the place n float32 further.
func (p Ptr) Plus(n int) Ptr { return p + Ptr(4*n) }

// Launch is a kernel with its arguments. Each of them takes eight bytes: a place, an
// int32 or the bits of a float32, in the low bytes, or those of a float64. How many
// threads a block has is the kernel's own affair.
type Launch struct {
	Kernel string
	Blocks int
	Args   []uint64
}
