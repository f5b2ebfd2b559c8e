package kernel

import (
	"fmt"
	"math"
	"testing"
)

// feedForwardCases are the micro-kernels of a feed-forward network. Sums in float64 are the
// same to the last bit: the products of two float32 are exact.
func feedForwardCases() []kernelCase {
	var cases []kernelCase
	type call func(s *isa, in [][]float32, mask []uint16, out [][]float32, bits []uint16)
	add := func(name string, tol float64, in, out []int, mask, bits int, run call) {
		cases = append(cases, kernelCase{name, run, in, mask, out, bits, tol})
	}
	sums := func(out []float32, run func(sums []float64)) {
		wide := make([]float64, 32)
		for i, v := range out {
			wide[i] = float64(v)
		}
		run(wide)
		for i, v := range wide {
			out[i] = float32(v)
		}
	}
	for n := range 7 {
		name := func(kernel string) string { return fmt.Sprintf("%s n=%d", kernel, n) }
		x, k := n*16, 64
		add(name("moments"), 0, []int{x}, []int{32}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
			sums(out[0], func(w []float64) { s.moments(in[0], w) })
		})
		add(name("products"), 0, []int{x, x}, []int{32}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
			sums(out[0], func(w []float64) { s.products(n, in[0], in[1], w) })
		})
		add(name("productsMask"), 0, []int{x, x}, []int{32}, n, 0, func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
			sums(out[0], func(w []float64) { s.productsMask(n, in[0], in[1], mask, w) })
		})
		for _, lo := range []float32{0, float32(math.Inf(-1))} {
			add(name("affine"), 1e-6, []int{x, k}, []int{x}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.affine(n, in[0], in[1], lo, out[0])
			})
		}
		// Factors of small whole numbers: the results are exact, and so are the bits.
		add(name("affineReLU"), 0, []int{x, k}, []int{x}, 0, n, func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
			s.affineReLU(n, whole(in[0]), whole(in[1]), out[0], bits)
		})
		add(name("affineSum"), 1e-6, []int{x, k, x}, []int{x}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
			s.affineSum(n, in[0], in[1], in[2], out[0])
		})
		for _, sum := range []bool{false, true} {
			add(name("normGrad"), 1e-6, []int{x, x, k}, []int{x}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.normGrad(n, in[0], in[1], in[2], out[0], sum)
			})
			add(name("normGradMask"), 1e-6, []int{x, x, k}, []int{x}, n, 0, func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
				s.normGradMask(n, in[0], in[1], in[2], mask, out[0], sum)
			})
			pitch := 2*n + 3
			full := max(0, pitch+2*n) * 16
			add(name("quads"), 0, []int{full}, []int{x}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.quads(n, in[0], pitch, out[0], sum)
			})
			add(name("upsample"), 0, []int{x}, []int{full}, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.upsample(n, in[0], out[0], pitch)
			})
		}
	}
	for n := range 40 {
		add(fmt.Sprintf("sigmoid n=%d", n), 4e-7, nil, []int{n}, 0, 0, func(s *isa, _ [][]float32, _ []uint16, out [][]float32, _ []uint16) { s.sigmoid(out[0]) })
	}
	return cases
}

// whole is x, times 4 and rounded.
func whole(x []float32) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(math.Round(4 * float64(v)))
	}
	return y
}

// TestSigmoidError states the relative error of the sigmoid in assembly over its range:
// 1.3e-7.
func TestSigmoidError(t *testing.T) {
	for _, cpu := range supported() {
		worst, at := 0.0, float32(0)
		for v := float32(-86.9); v < 87; v += 1.0 / 512 {
			x := []float32{v}
			cpu.isa.sigmoid(x)
			want := 1 / (1 + math.Exp(-float64(v)))
			if d := math.Abs(float64(x[0])-want) / want; !(d <= worst) {
				worst, at = d, v
			}
		}
		t.Logf("%s: relative error %.2g at %v", cpu.Name(), worst, at)
		if !(worst < 3e-7) {
			t.Errorf("%s: relative error %.2g at %v", cpu.Name(), worst, at)
		}
	}
}
