// Command avx2 writes the micro-kernels for AVX2.
package main

import "nst/internal/kernel/asm/gen"

func main() { gen.AVX2.All() }
