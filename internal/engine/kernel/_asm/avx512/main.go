// Command avx512 writes the micro-kernels for AVX-512.
package main

import "nst/internal/engine/kernel/asm/gen"

func main() { gen.AVX512.All() }
