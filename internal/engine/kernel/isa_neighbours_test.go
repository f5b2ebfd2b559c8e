package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// neighbourCases are the micro-kernels of neighbours.
func neighbourCases() []kernelCase {
	var cases []kernelCase
	for n := range 9 {
		// Small whole numbers: sums are exact, and many are equal.
		cases = append(cases, kernelCase{
			name: fmt.Sprintf("nearest n=%d", n), in: []int{n * 16, 16}, out: []int{n * 16, n * 16},
			run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				copy(out[0], whole(append([]float32(nil), out[0]...)))
				s.nearest(n, whole(in[0]), whole(in[1]), 7, out[0], out[1])
			},
		})
		for _, blocks := range []int{1, 2, 5} {
			const rows = 6
			stride := (n + 3) * 16
			x := (blocks-1)*stride + n*16
			at := make([]float32, n)
			for p := range at {
				at[p] = float32((5*p + 3) % rows)
			}
			in := []int{x, blocks * 16, rows * blocks * 16, n * 2}
			cases = append(cases, kernelCase{
				name: fmt.Sprintf("cosines n=%d blocks=%d", n, blocks), in: in, out: []int{n * 32}, tol: 1e-6,
				run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
					s.cosines(n, blocks, in[0], stride, in[1], in[2], at, out[0])
				},
			})
			for _, add := range []bool{false, true} {
				cases = append(cases, kernelCase{
					name: fmt.Sprintf("cosineGrad n=%d blocks=%d add=%v", n, blocks, add), in: in, out: []int{x}, tol: 1e-6,
					run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
						s.cosineGrad(n, blocks, in[0], stride, in[1], in[2], at, in[3], out[0], add)
					},
				})
			}
		}
	}
	return cases
}

// TestNeighbourKernels compares the routines of neighbours with their twins.
func TestNeighbourKernels(t *testing.T) {
	for _, cpu := range supported() {
		t.Run(cpu.isa.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			for _, c := range neighbourCases() {
				c.compare(t, cpu.isa, r, 0)
				c.compare(t, cpu.isa, r, 5)
			}
		})
	}
}

// TestNearestNaN checks that what is not a number is never the nearest.
func TestNearestNaN(t *testing.T) {
	for _, cpu := range supported() {
		x, bias := make([]float32, 16), make([]float32, 16)
		best, arg := make([]float32, 16), make([]float32, 16)
		for l := range x {
			x[l], best[l], arg[l] = float32(math.NaN()), -1, 3
		}
		x[4] = 2
		cpu.isa.nearest(1, x, bias, 9, best, arg)
		for l := range x {
			if want := map[bool][2]float32{true: {2, 9}, false: {-1, 3}}[l == 4]; best[l] != want[0] || arg[l] != want[1] {
				t.Errorf("%s: lane %d has %v of block %v, want %v", cpu.isa.name, l, best[l], arg[l], want)
			}
		}
	}
}
