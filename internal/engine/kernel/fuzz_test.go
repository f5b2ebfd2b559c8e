package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// FuzzConv runs a convolution of any shape, with any fusion, forward and back, on
// every instruction set and compares it with the plain definition.
func FuzzConv(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(3), uint8(6), uint8(16), uint8(32), uint8(1), uint64(2))
	f.Add(uint8(4), uint8(2), uint8(24), uint8(8), uint8(2), uint64(3))
	f.Add(uint8(1), uint8(7), uint8(12), uint8(47), uint8(3), uint64(4))
	f.Fuzz(func(t *testing.T, cb, kb, hh, ww, variant uint8, seed uint64) {
		c, k := 16*(1+int(cb)%6), 16*(1+int(kb)%9)
		h, w := 1+int(hh)%40, 1+int(ww)%40
		r := rand.New(rand.NewPCG(seed, 0))
		in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
		x, wt, bias := random(r, c*h*w), random(r, k*c*9), random(r, k)
		want := make([]float32, k*h*w)
		kernel.RefConv3x3(want, x, wt, bias, c, h, w, k, true)
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			e := kernel.NewEngine(cpu, pool)
			spec := kernel.ConvSpec{
				C: c, K: k, H: h, W: w, U: kernel.NewFilter(cpu, wt, k, c, false), Bias: bias,
				In: pack(x, in), Out: dirty(out.Len()), OutMask: dirtyMask(out.MaskLen()), ReLU: true,
			}
			e.NewConv(spec).Run()
			wantBlocked(t, spec.Out, want, out, tol)
			full := make([]float32, len(want))
			kernel.Unpack(full, spec.Out, out)
			wantMask(t, spec.OutMask, packMask(full, out))
			if kind := kernel.Pooling(1 + variant%2); h > 1 && w > 1 {
				testConvPool(t, e, spec, full, kind)
			}
			pool.Close()
		}
	})
}

// FuzzMirrored runs the gradients of a mirrored convolution of any shape, with any stride, on
// every instruction set and compares them with the plain definitions.
func FuzzMirrored(f *testing.F) {
	f.Add(uint8(2), uint8(15), uint8(0), uint8(0), false, uint64(1))
	f.Add(uint8(63), uint8(47), uint8(15), uint8(31), true, uint64(2))
	f.Add(uint8(79), uint8(19), uint8(6), uint8(2), false, uint64(3))
	f.Fuzz(func(t *testing.T, cc, kk, hh, ww uint8, strided bool, seed uint64) {
		c, k, h, w, stride := 1+int(cc)%80, 1+int(kk)%80, 2+int(hh)%30, 2+int(ww)%40, 1
		if strided {
			stride = 2
		}
		r := rand.New(rand.NewPCG(seed, 2))
		m, wt := newMirrored(r, c, k, h, w, stride), random(r, k*c*9)
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			e := kernel.NewEngine(cpu, pool)
			m.testWeights(t, e)
			m.testInput(t, e, wt)
			pool.Close()
		}
	})
}

// FuzzVectors compares sums over vectors of any length with float64 ones.
func FuzzVectors(f *testing.F) {
	f.Add(uint32(0), uint64(1))
	f.Add(uint32(17), uint64(2))
	f.Add(uint32(20000), uint64(3))
	f.Fuzz(func(t *testing.T, length uint32, seed uint64) {
		n := int(length % 40000)
		r := rand.New(rand.NewPCG(seed, 1))
		x, y := random(r, n), random(r, n)
		dot, sum := 0.0, 1.0
		for i := range x {
			dot += float64(x[i]) * float64(y[i])
			sum += math.Abs(float64(x[i]) * float64(y[i]))
		}
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(2)
			e := kernel.NewEngine(cpu, pool)
			if got := e.Dot(x, y); math.Abs(got-dot) > 1e-12*sum {
				t.Errorf("%s: dot is %v, want %v", cpu.Name(), got, dot)
			}
			z := append([]float32(nil), y...)
			e.Axpy(-2, x, z)
			for i := range z {
				if want := float64(y[i]) - 2*float64(x[i]); math.Abs(want-float64(z[i])) > 1e-6*(1+math.Abs(want)) {
					t.Fatalf("%s: axpy element %d is %v, want %v", cpu.Name(), i, z[i], want)
				}
			}
			pool.Close()
		}
	})
}
