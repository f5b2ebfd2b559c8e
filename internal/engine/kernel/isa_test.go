package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// TestRequire logs which instruction sets the tests cover on this machine, and fails unless
// Detect chooses the one that NST_TEST_REQUIRE names: assembly that never runs passes every
// test. go test -run TestRequire -v ./internal/engine/kernel shows the list.
func TestRequire(t *testing.T) {
	var covered []string
	for _, c := range Supported() {
		covered = append(covered, c.Choice())
	}
	t.Logf("covered here: %v", covered)
	want := os.Getenv("NST_TEST_REQUIRE")
	if want == "" {
		t.Skip("NST_TEST_REQUIRE is not set: any instruction set will do")
	}
	if cpu, err := Detect(os.Getenv); err != nil || cpu.Choice() != want {
		t.Errorf("NST_TEST_REQUIRE=%s, but Detect gives %v, %v", want, cpu, err)
	}
}

// kernelCase is a call of a micro-kernel: outputs are buffers that it may write to, compared
// with those of the twin in Go; guards lie to both sides of each.
type kernelCase struct {
	name string
	run  func(s *isa, in [][]float32, mask []uint16, out [][]float32, bits []uint16)
	in   []int // lengths
	mask int
	out  []int
	bits int
	tol  float64 // of the largest output
}

const guard = 64

// compare runs c with s and in plain Go on the same random data, at an offset from
// alignment.
func (c *kernelCase) compare(t *testing.T, s *isa, r *rand.Rand, offset int) {
	t.Helper()
	in := make([][]float32, len(c.in))
	kept := make([][]float32, len(c.in))
	for i, n := range c.in {
		in[i] = make([]float32, n+offset)[offset:]
		for j := range in[i] {
			in[i][j] = float32(r.NormFloat64())
			if r.IntN(8) == 0 {
				in[i][j] = float32(r.IntN(3) - 1) // ties and zeros
			}
		}
		kept[i] = append([]float32(nil), in[i]...)
	}
	mask := make([]uint16, c.mask)
	for i := range mask {
		mask[i] = uint16(r.Uint32())
	}
	var got, want [][]float32
	for _, n := range c.out {
		g := make([]float32, n+2*guard+offset)[offset:]
		for j := range g {
			g[j] = float32(r.NormFloat64())
		}
		got = append(got, g)
		want = append(want, append([]float32(nil), g...))
	}
	gotBits, wantBits := make([]uint16, c.bits+2*guard), make([]uint16, c.bits+2*guard)
	for i := range gotBits {
		gotBits[i] = uint16(r.Uint32())
	}
	copy(wantBits, gotBits)
	body := func(x [][]float32) [][]float32 {
		b := make([][]float32, len(x))
		for i := range x {
			b[i] = x[i][guard : len(x[i])-guard]
		}
		return b
	}
	c.run(s, in, mask, body(got), gotBits[guard:guard+c.bits])
	c.run(generic(), in, mask, body(want), wantBits[guard:guard+c.bits])
	for i := range want {
		scale := 1.0
		for _, v := range want[i] {
			scale = max(scale, math.Abs(float64(v)))
		}
		for j, v := range want[i] {
			if d := math.Abs(float64(v) - float64(got[i][j])); !(d <= c.tol*scale) {
				t.Fatalf("%s: output %d, element %d of %d is %v, want %v", c.name, i, j-guard, len(want[i])-2*guard, got[i][j], v)
			}
		}
	}
	for i, v := range wantBits {
		if gotBits[i] != v {
			t.Fatalf("%s: mask word %d of %d is %016b, want %016b", c.name, i-guard, c.bits, gotBits[i], v)
		}
	}
	for i := range in {
		for j, v := range in[i] {
			if v != kept[i][j] {
				t.Fatalf("%s: input %d is written to", c.name, i)
			}
		}
	}
}

// TestMicroKernels compares each routine in assembly with its twin.
func TestMicroKernels(t *testing.T) {
	for _, cpu := range supported() {
		s := cpu.isa
		t.Run(s.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, c := range gemmCases(s) {
				c.compare(t, s, r, 0)
				c.compare(t, s, r, 1)
			}
			for _, c := range winoCases() {
				c.compare(t, s, r, 0)
				c.compare(t, s, r, 3)
			}
			for _, c := range feedForwardCases() {
				c.compare(t, s, r, 0)
				c.compare(t, s, r, 5)
			}
			for _, c := range otherCases(s) {
				c.compare(t, s, r, 0)
				c.compare(t, s, r, 5)
			}
		})
	}
}

func gemmCases(s *isa) []kernelCase {
	var cases []kernelCase
	for w := range s.gemm {
		nb := 1 << w
		for n := 1; n <= 20; n++ {
			for _, k := range []int{16, 32, 48, 112} {
				for _, add := range []bool{false, true} {
					aStride, mRow, mStride := (n+3)*16, 16, (n+1)*16
					if n%2 == 0 {
						mRow, mStride = nb*16+5, 16
					}
					cases = append(cases, kernelCase{
						name: fmt.Sprintf("gemm%d n=%d k=%d add=%v", nb, n, k, add),
						in:   []int{k / 16 * aStride, k * nb * 16},
						out:  []int{(n-1)*mRow + (nb-1)*mStride + 16},
						tol:  2e-6,
						run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
							s.gemm[w](n, k, in[0], aStride, in[1], out[0], mRow, mStride, add)
						},
					})
				}
			}
		}
	}
	for _, n := range []int{0, 1, 2, 7, 128} {
		cases = append(cases, kernelCase{
			name: fmt.Sprintf("gram n=%d", n),
			in:   []int{n * 16, n * 16},
			out:  []int{256},
			tol:  2e-6,
			run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.gram(n, in[0], in[1], out[0])
			},
		})
	}
	return cases
}

func winoCases() []kernelCase {
	var cases []kernelCase
	for n := range 5 {
		cases = append(cases, kernelCase{
			name: fmt.Sprintf("winoFilter n=%d", n),
			in:   []int{n * 144},
			out:  []int{35*(n*17+5) + n*17 + 16},
			tol:  1e-6,
			run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoFilter(n, in[0], out[0], n*17+5, 17)
			},
		})
		for i, side := range []int{4, 2} {
			frequencies, pitch := []int{36, 9}[i], side*n+3
			cases = append(cases, kernelCase{
				name: fmt.Sprintf("winoGrad stride=%d n=%d", i+1, n),
				in:   []int{((side-1)*pitch + side*n) * 16},
				out:  []int{(frequencies-1)*(n+1)*16 + n*16},
				tol:  1e-6,
				run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
					s.winoGrad[i](n, in[0], pitch, out[0], (n+1)*16)
				},
			})
		}
		cases = append(cases, kernelCase{
			name: fmt.Sprintf("winoWeights n=%d", n),
			in:   []int{35*(n+1)*16 + n*16},
			out:  []int{n * 9 * 16},
			tol:  1e-6,
			run: func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoWeights(n, in[0], (n+1)*16, out[0])
			},
		})
	}
	type call func(s *isa, in [][]float32, mask []uint16, out [][]float32, bits []uint16)
	for n := range 5 {
		pitch, half := 4*n+2+n, 2*n+2+n
		x, v := (5*pitch+4*n+2)*16, 35*(n+1)*16+n*16
		m, y := v, (3*pitch+4*n)*16
		for name, c := range map[string]struct {
			in, out, mask, bits int
			run                 call
		}{
			"In": {x, v, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoIn(n, in[0], pitch, out[0], (n+1)*16)
			}},
			"InMask": {x, v, x / 16, 0, func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
				s.winoInMask(n, in[0], mask, pitch, out[0], (n+1)*16)
			}},
			"InUnpool": {(3*half + 2*n + 2) * 16, v, x / 16, 0, func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
				s.winoInUnpool(n, in[0], half, mask, pitch, 0.75, out[0], (n+1)*16)
			}},
			"InAffine": {x, v, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoInAffine(n, in[0], pitch, in[1], -0.5, out[0], (n+1)*16)
			}},
			"RepeatIn": {(3*half + 2*n + 2) * 16, 15*(n+1)*16 + n*16, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.repeatIn(n, in[0], half, in[1], -0.5, out[0], (n+1)*16)
			}},
			"RepeatOut": {24*(n+1)*16 + n*16, y, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.repeatOut(n, in[0], (n+1)*16, out[0], pitch)
			}},
			"OutEven": {28*(n+1)*16 + n*16, (half + 2*n) * 16, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoOutEven(n, in[0], (n+1)*16, out[0], half)
			}},
			"Out": {m, y, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoOut(n, in[0], (n+1)*16, in[1], out[0], pitch)
			}},
			"OutAdd": {m, y, 0, 0, func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.winoOutAdd(n, in[0], (n+1)*16, in[1], out[0], pitch)
			}},
			"OutReLU": {m, y, 0, y / 16, func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
				s.winoOutReLU(n, in[0], (n+1)*16, in[1], out[0], bits, pitch)
			}},
			"OutMax": {m, (half + 2*n) * 16, 0, y / 16, func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
				s.winoOutMax(n, in[0], (n+1)*16, in[1], out[0], half, bits, pitch, 1.25)
			}},
			"OutAvg": {m, (half + 2*n) * 16, 0, y / 16, func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
				s.winoOutAvg(n, in[0], (n+1)*16, in[1], out[0], half, bits, pitch, 1.25)
			}},
		} {
			cases = append(cases, kernelCase{
				name: fmt.Sprintf("wino%s n=%d", name, n), run: c.run, tol: 2e-6,
				in: []int{max(0, c.in), 48}, out: []int{max(0, c.out)}, mask: max(0, c.mask), bits: max(0, c.bits),
			})
		}
	}
	return cases
}

func otherCases(s *isa) []kernelCase {
	var cases []kernelCase
	add := func(name string, tol float64, in, out []int, mask, bits int, run func(s *isa, in [][]float32, mask []uint16, out [][]float32, bits []uint16)) {
		cases = append(cases, kernelCase{name, run, in, mask, out, bits, tol})
	}
	for w := range s.first {
		nb := 1 << w
		for n := range 15 {
			row := n + 2 + n%3
			plane := 3*row + 1
			for _, lo := range []float32{0, float32(math.Inf(-1))} {
				add(fmt.Sprintf("first%d n=%d", nb, n), 2e-6, []int{3 * plane, 27 * nb * 16, nb * 16}, []int{nb * (n + 1) * 16}, 0, nb*(n+2),
					func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
						s.first[w](n, in[0], row, plane, in[1], in[2], lo, out[0], (n+1)*16, bits, n+2)
					})
			}
		}
	}
	for n := 0; n <= 48; n += 16 {
		add(fmt.Sprintf("pack n=%d", n), 0, []int{n * 16}, []int{15*(n+3) + n}, n, 0,
			func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
				s.pack(n, in[0], mask, out[0], n+3)
			})
	}
	for n := range 40 {
		pitch := n + 2
		stride := 3*pitch + 7
		add(fmt.Sprintf("taps n=%d", n), 1e-6, []int{9 * stride}, []int{n}, 0, 0,
			func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) {
				s.taps(n, in[0], stride, pitch, out[0])
			})
	}
	for n := range 5 {
		pitch := 2*n + 3
		full := (pitch + 2*n) * 16
		for _, lo := range []float32{0, float32(math.Inf(-1))} {
			add(fmt.Sprintf("poolMax n=%d", n), 1e-6, []int{full}, []int{n * 16}, 0, full/16,
				func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
					s.poolMax(n, in[0], out[0], bits, pitch, lo, 1.5)
				})
			add(fmt.Sprintf("poolAvg n=%d", n), 1e-6, []int{full}, []int{n * 16}, 0, full/16,
				func(s *isa, in [][]float32, _ []uint16, out [][]float32, bits []uint16) {
					s.poolAvg(n, in[0], out[0], bits, pitch, lo, 1.5)
				})
		}
		for _, sum := range []bool{false, true} {
			add(fmt.Sprintf("unpool n=%d", n), 1e-6, []int{n * 16}, []int{full}, full/16, 0,
				func(s *isa, in [][]float32, mask []uint16, out [][]float32, _ []uint16) {
					s.unpool(n, in[0], mask, out[0], pitch, 1.5, sum)
				})
		}
		add(fmt.Sprintf("mask n=%d", n), 0, nil, []int{n * 16}, n, 0,
			func(s *isa, _ [][]float32, mask []uint16, out [][]float32, _ []uint16) { s.mask(out[0], mask) })
		add(fmt.Sprintf("sign n=%d", n), 0, []int{n * 16}, nil, 0, n,
			func(s *isa, in [][]float32, _ []uint16, _ [][]float32, bits []uint16) { s.sign(in[0], bits) })
	}
	for n := range 70 {
		vector := func(name string, in, out []int, run func(s *isa, in, out [][]float32)) {
			add(fmt.Sprintf("%s n=%d", name, n), 2e-6, in, out, 0, 0,
				func(s *isa, in [][]float32, _ []uint16, out [][]float32, _ []uint16) { run(s, in, out) })
		}
		vector("sums", []int{n, n}, []int{4}, func(s *isa, in, out [][]float32) {
			out[0][0], out[0][1] = float32(s.dot(in[0], in[1])), float32(s.diff2(in[0], in[1]))
			out[0][2], out[0][3] = float32(s.absSum(in[0])), s.absMax(in[0])
		})
		vector("axpy", []int{n}, []int{n}, func(s *isa, in, out [][]float32) { s.axpy(0.7, in[0], out[0]) })
		vector("scale", nil, []int{n}, func(s *isa, in, out [][]float32) { s.scale(0.7, out[0]) })
		vector("clamp", nil, []int{n}, func(s *isa, in, out [][]float32) { s.clamp(out[0], -0.3, 0.4) })
		vector("sub", []int{n, n}, []int{n}, func(s *isa, in, out [][]float32) { s.sub(out[0], in[0], in[1]) })
		vector("diffGrad", []int{n, n}, []int{n}, func(s *isa, in, out [][]float32) { s.diffGrad(0.7, in[0], in[1], out[0], false) })
		vector("diffGrad add", []int{n, n}, []int{n}, func(s *isa, in, out [][]float32) { s.diffGrad(0.7, in[0], in[1], out[0], true) })
		vector("adam", []int{n}, []int{n, n, n}, func(s *isa, in, out [][]float32) {
			for i, v := range out[2] {
				out[2][i] = v * v
			}
			s.adam(out[0], in[0], out[1], out[2], 0.1, 0.01, 0.3, 1.1, 1e-3)
		})
		vector("tvGrad", []int{n, n, n}, []int{n}, func(s *isa, in, out [][]float32) { s.tvGrad(out[0], in[0], in[1], in[2], 0.3, 0.4) })
	}
	return cases
}
