package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

// padded is filters (k,c,3,3) with zeros up to whole blocks of channels.
func (m *mirrored) padded(wt []float32) []float32 {
	c16, k16 := m.in.Blocks()*16, m.out.Blocks()*16
	p := make([]float32, k16*c16*9)
	for k := range m.k {
		copy(p[k*c16*9:], wt[k*m.c*9:][:m.c*9])
	}
	return p
}

// spread is dy with zeros in the rows and columns that a stride leaves out.
func (m *mirrored) spread() []float32 {
	full := make([]float32, m.k*m.h*m.w)
	for i, v := range m.dy {
		k, y, x := i/(m.out.H*m.out.W), i/m.out.W%m.out.H, i%m.out.W
		full[(k*m.h+y*m.stride)*m.w+x*m.stride] = v
	}
	return full
}

// inputGrad is the two steps of the gradient to the input: the convolution with the rotated
// filter, and the share of the mirrored border. Both write to the buffer that it returns.
func (m *mirrored) inputGrad(e *kernel.Engine, wt []float32) (conv *kernel.Conv, border *kernel.ReflectGrad, out []float32) {
	c16, k16 := m.in.Blocks()*16, m.out.Blocks()*16
	wt = m.padded(wt)
	grad := pack(m.spread(), kernel.Shape{C: m.k, H: m.h, W: m.w})
	out = dirty(m.in.Len())
	conv = e.NewConv(kernel.ConvSpec{C: k16, K: c16, H: m.h, W: m.w, U: kernel.NewFilter(e.CPU(), wt, k16, c16, true), In: grad, Out: out})
	border = e.NewReflectGrad(kernel.ReflectGradSpec{C: m.c, K: m.k, H: m.h, W: m.w, Weights: wt, Grad: grad, Out: out})
	return conv, border, out
}

// testInput compares the gradient to the input with the plain definition.
func (m *mirrored) testInput(t *testing.T, e *kernel.Engine, wt []float32) {
	t.Helper()
	want := make([]float32, m.c*m.h*m.w)
	kernel.RefMirrorConvGrad(want, m.dy, wt, m.c, m.h, m.w, m.k, m.stride)
	conv, border, out := m.inputGrad(e, wt)
	conv.Run()
	border.Run()
	wantBlocked(t, out, want, m.in, tol)
}

// TestReflectGrad checks that a convolution with the rotated filter and ReflectGrad are the
// gradient of a mirrored convolution. With stride 2 there are zeros between the gradients.
func TestReflectGrad(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, m := range mirroredCases(r, testing.Short()) {
			t.Run(m.String(), func(t *testing.T) { m.testInput(t, e, random(r, m.k*m.c*9)) })
		}
	})
}

// TestMirroredThreads checks that the number of threads does not show in any bit of the
// gradients of a mirrored convolution.
func TestMirroredThreads(t *testing.T) {
	for _, cpu := range kernel.Supported() {
		for _, m := range []*mirrored{
			newMirrored(rand.New(rand.NewPCG(7, 8)), 70, 20, 66, 83, 1),
			newMirrored(rand.New(rand.NewPCG(7, 8)), 20, 70, 66, 83, 2),
		} {
			var first []float32
			for _, threads := range []int{1, 2, 3} {
				pool := kernel.NewPool(threads)
				e := kernel.NewEngine(cpu, pool)
				s := m.spec()
				e.NewConvWeights(s).Run()
				conv, border, out := m.inputGrad(e, random(rand.New(rand.NewPCG(9, 10)), m.k*m.c*9))
				conv.Run()
				border.Run()
				pool.Close()
				got := append(s.Out, out...)
				if first == nil {
					first = got
				}
				for i := range got {
					if got[i] != first[i] {
						t.Fatalf("%s: %v: %d threads give %v, 1 gives %v", cpu.Name(), m, threads, got[i], first[i])
					}
				}
			}
		}
	}
}

// TestMirroredAllocations checks that running the gradients allocates nothing.
func TestMirroredAllocations(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		m := newMirrored(r, 20, 33, 18, 21, 2)
		weights := e.NewConvWeights(m.spec())
		_, border, _ := m.inputGrad(e, random(r, m.k*m.c*9))
		if n := testing.AllocsPerRun(5, func() { weights.Run(); border.Run() }); n != 0 {
			t.Errorf("%v allocations a run", n)
		}
	})
}
