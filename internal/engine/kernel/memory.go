package kernel

import (
	"fmt"
	"unsafe"

	"nst/internal/memory"
)

// Memory is a large block of memory from the system, outside the heap of Go. If the heap
// cannot grow, the program ends; if there is no memory for a block, that is an error. A block
// goes back to the system at once when it is freed, and never waits for a garbage collection.
type Memory struct {
	floats []float32
	mapped []byte
}

// MemoryError tells that the system has no memory for a block.
type MemoryError struct {
	Bytes int64 // of the block
	Err   error // of the system
}

// Error says how much was asked for, in MB of 2^20 bytes.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("kernel: no memory for %d MB: %v", (e.Bytes+1<<20-1)>>20, e.Err)
}

// Unwrap returns the error of the system.
func (e *MemoryError) Unwrap() error { return e.Err }

// NewMemory returns a block of n zeros. As those of [Floats], they start at a cache line and
// large blocks ask for huge pages. The error is a [MemoryError].
func NewMemory(n int) (Memory, error) {
	if n == 0 {
		return Memory{}, nil
	}
	b, err := mapMemory(4 * n)
	if err != nil {
		return Memory{}, &MemoryError{4 * int64(n), err}
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
	if 4*n < memory.HugePage {
		return Memory{memory.Align(x, 64)[:n:n], b}, nil
	}
	x = memory.Align(x, memory.HugePage)[:n:n]
	memory.AdviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*n))
	return Memory{x, b}, nil
}

// Floats returns the block. After Free it must not be used.
func (m *Memory) Floats() []float32 { return m.floats }

// Free gives the block back. Of the zero Memory it does nothing.
func (m *Memory) Free() {
	if m.mapped != nil {
		unmapMemory(m.mapped)
	}
	*m = Memory{}
}
