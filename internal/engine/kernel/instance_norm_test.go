package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/internal/engine/kernel"
)

// norm is an instance normalisation with random data, and what the plain definitions make
// of it.
type norm struct {
	kernel.InstanceNormSpec
	s                kernel.Shape
	y, dy, dx, grads []float32 // plain; grads (2,C)
	grad             []float32 // dy, blocked
	mask             []uint16  // of y > 0, or nil
}

// newNorm makes a normalisation of shape s whose channels have the mean and the deviation
// given.
func newNorm(r *rand.Rand, s kernel.Shape, relu bool, mean, deviation float32) *norm {
	n := s.H * s.W
	x, affine := random(r, s.C*n), random(r, 2*s.C)
	for i, v := range x {
		x[i] = mean + deviation*v
	}
	o := &norm{s: s, y: make([]float32, s.C*n), dy: random(r, s.C*n), dx: make([]float32, s.C*n), grads: make([]float32, 2*s.C)}
	kernel.RefInstanceNorm(o.y, x, affine, s.C, n, relu)
	o.InstanceNormSpec = kernel.InstanceNormSpec{
		C: s.C, H: s.H, W: s.W, In: pack(x, s), Affine: affine, Out: dirty(s.Len()), ReLU: relu, Stats: dirty(2 * s.C),
	}
	o.grad = pack(o.dy, s)
	if relu {
		o.mask, o.Mask = packMask(o.y, s), dirtyMask(s.MaskLen())
		for i, v := range o.y {
			if v <= 0 {
				o.dy[i] = 0
			}
		}
	}
	kernel.RefInstanceNormGrad(o.dx, o.grads, o.dy, x, affine, s.C, n)
	return o
}

// check runs the steps of o and compares them with the plain definitions.
func (o *norm) check(t *testing.T, e *kernel.Engine, r *rand.Rand, tol float64) {
	t.Helper()
	e.NewInstanceNorm(o.InstanceNormSpec).Run()
	wantBlocked(t, o.Out, o.y, o.s, loose(tol, o.Affine, o.y))
	if o.Mask != nil {
		full := make([]float32, len(o.y))
		kernel.Unpack(full, o.Out, o.s)
		wantMask(t, o.Mask, packMask(full, o.s))
	}
	given, first := o.InstanceNormSpec, slices.Clone(o.Out)
	given.Given, given.Out, given.Mask = true, slices.Clone(o.In), nil
	given.In = given.Out
	e.NewInstanceNorm(given).Run()
	if !slices.Equal(given.Out, first) {
		t.Fatalf("%v: the same statistics, given, make another picture", o.s)
	}

	sums := kernel.InstanceNormSumsSpec{C: o.C, H: o.H, W: o.W, Grad: o.grad, In: o.In, Stats: o.Stats, Mask: o.mask, Out: dirty(2 * o.C)}
	e.NewInstanceNormSums(sums).Run()
	all := []float32{0} // of g: the sums may cancel
	for _, g := range o.dy {
		all[0] += max(g, -g) / float32(o.C)
	}
	wantClose(t, sums.Out, o.grads, loose(tol, all, o.grads))
	grad := kernel.InstanceNormGradSpec{
		C: o.C, H: o.H, W: o.W, Grad: o.grad, In: o.In, Stats: o.Stats, Affine: o.Affine,
		Sums: sums.Out, Mask: o.mask, Out: dirty(o.s.Len()),
	}
	e.NewInstanceNormGrad(grad).Run()
	terms := make([]float32, len(o.dy)) // scale inv g: what is subtracted may be nearly as large
	for i, g := range o.dy {
		c := i / (o.H * o.W)
		terms[i] = o.Affine[c] * o.Stats[o.C+c] * g
	}
	wantBlocked(t, grad.Out, o.dx, o.s, loose(tol, terms, o.dx))

	add, addGrads := random(r, len(o.dx)), random(r, 2*o.C)
	grad.Accumulate, grad.Out = true, pack(add, o.s)
	e.NewInstanceNormGrad(grad).Run()
	sums.Accumulate, sums.Out = true, slices.Clone(addGrads)
	e.NewInstanceNormSums(sums).Run()
	wantBlocked(t, grad.Out, sum(o.dx, add), o.s, loose(tol, terms, sum(o.dx, add)))
	wantClose(t, sums.Out, sum(o.grads, addGrads), loose(tol, all, sum(o.grads, addGrads)))
}

// loose is the tolerance for want that is tol for terms, where those are larger.
func loose(tol float64, terms, want []float32) float64 {
	largest := func(x []float32) float64 {
		m := 1e-30
		for _, v := range x {
			m = max(m, math.Abs(float64(v)))
		}
		return m
	}
	return tol * max(1, largest(terms)/largest(want))
}

// sum is x + y.
func sum(x, y []float32) []float32 {
	s := slices.Clone(x)
	for i, v := range y {
		s[i] += v
	}
	return s
}

var channels = []int{3, 16, 20, 48}

func TestInstanceNorm(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range append([][2]int{{70, 90}}, someSizes()...) {
			for _, relu := range []bool{false, true} {
				s := kernel.Shape{C: channels[i%4], H: hw[0], W: hw[1]}
				newNorm(r, s, relu, 0.5, 2).check(t, e, r, 4e-6)
			}
		}
	})
}

// TestInstanceNormFarFromZero normalises channels whose mean is a thousand times their
// deviation. What is left of the error is that of a mean in float32: 4e-6, here 4e-5
// deviations.
func TestInstanceNormFarFromZero(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, hw := range [][2]int{{3, 2}, {17, 25}, {70, 90}} {
			newNorm(r, kernel.Shape{C: 20, H: hw[0], W: hw[1]}, false, 100, 0.1).check(t, e, r, 6e-5)
		}
	})
}

// TestInstanceNormFlat normalises channels in which all values are equal: to their shifts.
func TestInstanceNormFlat(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		newNorm(r, kernel.Shape{C: 20, H: 19, W: 5}, true, 1.0/3, 0).check(t, e, r, 1e-5)
	})
}

// TestInstanceNormNaN: a NaN makes its channel NaN, ReLU or not, and no other.
func TestInstanceNormNaN(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, masked := range []bool{false, true} {
			o := newNorm(r, kernel.Shape{C: 3, H: 4, W: 4}, true, 0, 1)
			if !masked {
				o.Mask = nil
			}
			o.In[(1*o.s.Pitch()+1)*16+1] = float32(math.NaN())
			e.NewInstanceNorm(o.InstanceNormSpec).Run()
			y := make([]float32, len(o.y))
			kernel.Unpack(y, o.Out, o.s)
			for i, v := range y {
				if isNaN := v != v; isNaN != (i/16 == 1) {
					t.Fatalf("masked=%v: element %d is %v", masked, i, v)
				}
			}
		}
	})
}

// FuzzInstanceNorm runs normalisations of any shape and their gradients on every
// instruction set and compares them with the plain definitions.
func FuzzInstanceNorm(f *testing.F) {
	f.Add(uint8(3), uint8(7), uint8(9), true, uint64(1))
	f.Add(uint8(47), uint8(1), uint8(30), false, uint64(2))
	f.Fuzz(func(t *testing.T, c, h, w uint8, relu bool, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := kernel.Shape{C: 1 + int(c)%70, H: 2 + int(h)%40, W: 2 + int(w)%40}
		n := newNorm(r, s, relu, float32(r.NormFloat64()), 1)
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			n.check(t, kernel.NewEngine(cpu, pool), r, 1e-5)
			pool.Close()
		}
	})
}

// traffic are the shapes of the benchmarks of steps that are as fast as memory.
var traffic = []kernel.Shape{{C: 64, H: 64, W: 64}, {C: 16, H: 256, W: 256}}

// rate runs f and reports the rate at which it moves n floats.
func rate(b *testing.B, name string, s kernel.Shape, n int, f func()) {
	b.Run(fmt.Sprintf("%s/%v", name, s), func(b *testing.B) {
		b.SetBytes(int64(4 * n))
		f()
		for b.Loop() {
			f()
		}
	})
}

// BenchmarkInstanceNorm counts each pass over a tensor once, also where the tensor is still
// in the cache from the pass before.
func BenchmarkInstanceNorm(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, s := range traffic {
			o, n := newNorm(r, s, true, 0, 1), s.Len()
			rate(b, "forward", s, 3*n, e.NewInstanceNorm(o.InstanceNormSpec).Run)
			rate(b, "sums", s, 2*n, e.NewInstanceNormSums(kernel.InstanceNormSumsSpec{
				C: s.C, H: s.H, W: s.W, Grad: o.grad, In: o.In, Stats: o.Stats, Mask: o.mask, Out: o.grads,
			}).Run)
			rate(b, "gradient", s, 3*n, e.NewInstanceNormGrad(kernel.InstanceNormGradSpec{
				C: s.C, H: s.H, W: s.W, Grad: o.grad, In: o.In, Stats: o.Stats, Affine: o.Affine, Sums: o.grads, Mask: o.mask, Out: o.Out,
			}).Run)
		}
	})
}
