// Command avx2 writes the micro-kernels for AVX2.
package main

import "nst/internal/engine/kernel/asm/gen"

func main() { gen.AVX2.All() }
