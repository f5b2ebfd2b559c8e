package exec

import (
	"fmt"

	"nst/internal/engine/kernel"
)

// Vectors is arithmetic on long vectors on a device, for optimisers and the loop around
// them. It implements optim.Vector. On a card, Make returns memory that host and card
// share. Every method except Copy takes only such slices, and the host may read or change
// them only after Wait.
type Vectors interface {
	Dot(x, y []float32) float64
	AbsSum(x []float32) float64
	AbsMax(x []float32) float32
	Axpy(a float32, x, y []float32)
	Scale(dst []float32, a float32, x []float32)
	Sub(dst, x, y []float32)
	Copy(dst, src []float32) // either may be the host's own memory
	Clear(x []float32)
	Make(n int) []float32

	// Reserve takes memory for slices of Make of so many floats in all, at most. Those that
	// fit into it cannot fail. It is called once, before Make. On a card it does nothing.
	Reserve(floats int) error

	Adam(x, g, m, v []float32, rate, beta1, beta2, eps float64, t int)

	// Pyramid is that of kernel.Engine.
	Pyramid(dst, src []float32, c, h, w, levels int, weight float32)

	// Bound brings x (3,h,w) into a range for each channel. Hold zeroes the gradient g
	// where x is outside the range and a step against g would move it further outside.
	Bound(x []float32, lo, hi [3]float32)
	Hold(g, x []float32, lo, hi [3]float32)

	// Wait waits until everything is done. It returns the first error since the start.
	Wait() error

	// Close frees the slices of Make.
	Close() error
}

// Vectors returns arithmetic on the processor.
func (d *CPU) Vectors() Vectors { return &hostVectors{Engine: d.engine} }

// hostVectors is [Vectors] of the processor. It takes any slices.
type hostVectors struct {
	*kernel.Engine
	memory kernel.Memory
	rest   []float32 // of memory
}

// Clear sets x to zeros.
func (*hostVectors) Clear(x []float32) { clear(x) }

// Reserve takes memory for Make. The error is a [HostMemoryError].
func (v *hostVectors) Reserve(floats int) (err error) {
	v.memory, err = kernel.NewMemory(floats)
	v.rest = v.memory.Floats()
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

// Make returns n zeros: of the reserve if they fit into it, else of Go's heap.
func (v *hostVectors) Make(n int) []float32 {
	whole := (n + align - 1) / align * align
	if len(v.rest) < whole {
		return make([]float32, n)
	}
	x := v.rest[:n:n]
	v.rest = v.rest[whole:]
	return x
}

// Wait returns nil: everything is done at once.
func (*hostVectors) Wait() error { return nil }

// Close frees the slices of Make.
func (v *hostVectors) Close() error {
	v.rest = nil
	v.memory.Free()
	return nil
}

// Bound brings each channel of x (3,h,w) into its range.
func (v *hostVectors) Bound(x []float32, lo, hi [3]float32) {
	n := len(x) / 3
	for c := range 3 {
		v.Clamp(x[c*n:(c+1)*n], lo[c], hi[c])
	}
}

// Hold zeroes g (3,h,w) where x is outside its range and a step against g would move it
// further outside.
func (*hostVectors) Hold(g, x []float32, lo, hi [3]float32) {
	n := len(x) / 3
	for c := range 3 {
		g, x := g[c*n:(c+1)*n], x[c*n:(c+1)*n]
		for i, v := range x {
			if v < lo[c] && g[i] > 0 || v > hi[c] && g[i] < 0 {
				g[i] = 0
			}
		}
	}
}
