package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// sizes are heights and widths that end in every way a tile can.
var sizes = [][2]int{{1, 1}, {2, 3}, {3, 2}, {4, 4}, {5, 9}, {8, 12}, {9, 17}, {10, 6}, {17, 25}, {18, 33}, {31, 16}, {24, 40}}

// someSizes is sizes, or the small ones in a short run.
func someSizes() [][2]int {
	if testing.Short() {
		return sizes[:8]
	}
	return sizes
}

// each runs f with every instruction set of this machine.
func each(t *testing.T, f func(t *testing.T, e *kernel.Engine, r *rand.Rand)) {
	for _, cpu := range kernel.Supported() {
		t.Run(cpu.Name(), func(t *testing.T) {
			pool := kernel.NewPool(2)
			defer pool.Close()
			f(t, kernel.NewEngine(cpu, pool), rand.New(rand.NewPCG(1, 2)))
		})
	}
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// dirty is a buffer in which nothing is zero.
func dirty(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1e9
	}
	return x
}

func dirtyMask(n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = 0xffff
	}
	return x
}

func pack(x []float32, s kernel.Shape) []float32 {
	b := dirty(s.Len())
	kernel.Pack(b, x, s)
	return b
}

// packMask makes the mask of x > 0.
func packMask(x []float32, s kernel.Shape) []uint16 {
	m := make([]uint16, s.MaskLen())
	for c := range s.C {
		for y := range s.H {
			for j := range s.W {
				if x[(c*s.H+y)*s.W+j] > 0 {
					m[(c/16*s.Rows()+y+1)*s.Pitch()+j+1] |= 1 << (c % 16)
				}
			}
		}
	}
	return m
}

// wantBlocked checks a blocked tensor against a plain one, border and all.
func wantBlocked(t *testing.T, got, want []float32, s kernel.Shape, tol float64) {
	t.Helper()
	plain := make([]float32, len(want))
	kernel.Unpack(plain, got, s)
	wantClose(t, plain, want, tol)
	for i, v := range pack(plain, s) {
		if v != got[i] {
			t.Fatalf("%v: element %d beside the picture is %v", s, i, got[i])
		}
	}
}

// wantClose checks that got differs from want by at most tol times the largest
// value of want.
func wantClose(t *testing.T, got, want []float32, tol float64) {
	t.Helper()
	scale, worst, at := 1e-30, 0.0, 0
	for i, w := range want {
		scale = max(scale, math.Abs(float64(w)))
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tol*scale) {
		t.Fatalf("element %d is %v, want %v: off by %.2g of the largest", at, got[at], want[at], worst/scale)
	}
}

func wantMask(t *testing.T, got, want []uint16) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("mask word %d is %016b, want %016b", i, got[i], want[i])
		}
	}
}

const tol = 2e-5
