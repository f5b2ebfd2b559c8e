package kernel

import "nst/internal/memory"

// Floats returns n zeros for a tensor or a vector. Steps take any slice, but this one starts
// at a cache line and, if it is large, asks for huge pages.
func Floats(n int) []float32 { return memory.Make[float32](n) }
