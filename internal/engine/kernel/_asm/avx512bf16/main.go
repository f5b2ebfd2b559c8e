// Command avx512bf16 writes the micro-kernels for AVX-512 that work with bfloat16.
package main

import "nst/internal/engine/kernel/asm/gen"

func main() { gen.AVX512BF16.BF16() }
