package kernel

import "unsafe"

// hugePage is the size, in bytes, of the pages that large slices ask for.
const hugePage = 2 << 20

// Floats returns n zeros for a tensor or a vector. Steps take any slice, but this one
// starts at a cache line. If it is large it also asks for huge pages, on Linux, because
// with small pages the processor misses its page tables' cache too often.
func Floats(n int) []float32 {
	if n < hugePage/4 {
		return align(make([]float32, n+16), 64)[:n:n]
	}
	x := align(make([]float32, n+hugePage/4), hugePage)[:n:n]
	adviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*n))
	return x
}

// align drops what lies before the first address that is a multiple of bytes.
func align(x []float32, bytes uintptr) []float32 {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	return x[(bytes-at%bytes)%bytes/4:]
}
