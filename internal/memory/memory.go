// Package memory allocates large slices.
package memory

import "unsafe"

// HugePage is the size, in bytes, of the pages that large slices ask for.
const HugePage = 2 << 20

// Make returns n zeros, from the start of a cache line on. If they are large, it asks for
// huge pages, on Linux: of small ones each costs a fault when it is first written to, which
// takes longer than most of what is done with a picture, and the processor misses its page
// tables' cache too often.
func Make[T float32 | uint8](n int) []T {
	size := int(unsafe.Sizeof(*new(T)))
	if n*size < HugePage {
		return Align(make([]T, n+64/size), 64)[:n:n]
	}
	x := Align(make([]T, n+HugePage/size), HugePage)[:n:n]
	AdviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), size*n))
	return x
}

// Align drops what lies before the first address that is a multiple of bytes.
func Align[T float32 | uint8](x []T, bytes uintptr) []T {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	return x[(bytes-at%bytes)%bytes/unsafe.Sizeof(x[0]):]
}
