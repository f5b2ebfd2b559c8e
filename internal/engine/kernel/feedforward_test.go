package kernel_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nst/internal/engine/kernel"
)

// shapes are of any channels, and of every size at least 2x2.
func shapes() []kernel.Shape {
	all := []kernel.Shape{{C: 48, H: 35, W: 70}, {C: 3, H: 2, W: 2}}
	for i, hw := range someSizes()[1:] {
		all = append(all, kernel.Shape{C: channels[i%4], H: hw[0], W: hw[1]})
	}
	return all
}

func TestReflect(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, s := range shapes() {
			checkReflect(t, e, r, s)
		}
	})
}

// checkReflect compares the border of a random tensor with its inside, and looks that what
// lies beyond is as before.
func checkReflect(t *testing.T, e *kernel.Engine, r *rand.Rand, s kernel.Shape) {
	t.Helper()
	x := random(r, s.Len()) // also beside the picture
	want := slices.Clone(x)
	mirror := func(i, n int) int {
		switch i {
		case -1:
			return 1
		case n:
			return n - 2
		}
		return i
	}
	at := func(b, y, x int) int { return ((b*s.Rows()+y+1)*s.Pitch() + x + 1) * 16 }
	for b := range s.Blocks() {
		for y := -1; y <= s.H; y++ {
			for p := -1; p <= s.W; p++ {
				copy(want[at(b, y, p):][:16], x[at(b, mirror(y, s.H), mirror(p, s.W)):])
			}
		}
	}
	e.NewReflect(kernel.ReflectSpec{C: s.C, H: s.H, W: s.W, X: x}).Run()
	wantClose(t, x, want, 0)
}

func TestUpsample(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, s := range append(shapes(), kernel.Shape{C: 16, H: 1, W: 1}) {
			checkUpsample(t, e, r, s)
		}
	})
}

// checkUpsample compares upsampling of shape s, and its gradient, with the definitions.
func checkUpsample(t *testing.T, e *kernel.Engine, r *rand.Rand, s kernel.Shape) {
	t.Helper()
	big := kernel.Shape{C: s.C, H: 2 * s.H, W: 2 * s.W}
	n := s.C * s.H * s.W
	x, dy, add := random(r, n), random(r, 4*n), random(r, n)
	y, dx := make([]float32, 4*n), make([]float32, n)
	kernel.RefUpsample(y, x, s.C, s.H, s.W)
	kernel.RefUpsampleGrad(dx, dy, s.C, s.H, s.W)

	spec := kernel.UpsampleSpec{C: s.C, H: s.H, W: s.W, In: pack(x, s), Out: dirty(big.Len())}
	e.NewUpsample(spec).Run()
	wantBlocked(t, spec.Out, y, big, 0)
	grad := kernel.UpsampleGradSpec{C: s.C, H: s.H, W: s.W, Grad: pack(dy, big), Out: dirty(s.Len())}
	e.NewUpsampleGrad(grad).Run()
	wantBlocked(t, grad.Out, dx, s, 0)
	grad.Accumulate, grad.Out = true, pack(add, s)
	e.NewUpsampleGrad(grad).Run()
	wantBlocked(t, grad.Out, sum(dx, add), s, 0)
}

func TestSpread(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, s := range append(shapes(), kernel.Shape{C: 16, H: 1, W: 1}) {
			checkSpread(t, e, r, s)
		}
	})
}

// checkSpread spreads a tensor to the even positions of one of shape s.
func checkSpread(t *testing.T, e *kernel.Engine, r *rand.Rand, s kernel.Shape) {
	t.Helper()
	half := kernel.Shape{C: s.C, H: (s.H + 1) / 2, W: (s.W + 1) / 2}
	kept, spread := random(r, half.C*half.H*half.W), make([]float32, s.C*s.H*s.W)
	for i, v := range kept {
		c, y, p := i/(half.H*half.W), i/half.W%half.H, i%half.W
		spread[(c*s.H+2*y)*s.W+2*p] = v
	}
	up := kernel.SpreadSpec{C: s.C, H: s.H, W: s.W, In: pack(kept, half), Out: dirty(s.Len())}
	e.NewSpread(up).Run()
	wantBlocked(t, up.Out, spread, s, 0)
}

func TestSigmoid(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for _, s := range append(shapes(), kernel.Shape{C: 3, H: 1, W: 1}) {
			s.C = min(s.C, 16)
			checkSigmoid(t, e, r, s)
		}
	})
}

// checkSigmoid compares the sigmoid of shape s, its gradient to the features and to the
// bias, and a packed picture, with the definitions.
func checkSigmoid(t *testing.T, e *kernel.Engine, r *rand.Rand, s kernel.Shape) {
	t.Helper()
	n := s.C * s.H * s.W
	x, bias, dy, add := random(r, n), random(r, s.C), random(r, n), random(r, n)
	for i := range x {
		x[i] *= 8
	}
	y, dx, dbias := make([]float32, n), make([]float32, n), make([]float32, s.C)
	kernel.RefSigmoid(y, x, bias, s.C, s.H*s.W)
	kernel.RefSigmoidGrad(dx, dy, y)
	kernel.RefChannelSums(dbias, dx, s.C, s.H*s.W)

	spec := kernel.SigmoidSpec{C: s.C, H: s.H, W: s.W, In: pack(x, s), Bias: bias, Out: dirty(n)}
	e.NewSigmoid(spec).Run()
	for i, v := range y {
		if d := math.Abs(float64(spec.Out[i] - v)); !(d <= 1e-6*float64(v)) {
			t.Fatalf("sigmoid of %v is %v, want %v", x[i], spec.Out[i], v)
		}
	}
	grad := kernel.SigmoidGradSpec{C: s.C, H: s.H, W: s.W, Grad: dy, Y: y, Out: dirty(s.Len())}
	e.NewSigmoidGrad(grad).Run()
	wantBlocked(t, grad.Out, dx, s, 1e-7)
	sums := kernel.ChannelSumsSpec{C: s.C, H: s.H, W: s.W, In: grad.Out, Out: dirty(s.C)}
	e.NewChannelSums(sums).Run()
	wantClose(t, sums.Out, dbias, 1e-6)
	sums.Accumulate = true
	e.NewChannelSums(sums).Run()
	wantClose(t, sums.Out, sum(dbias, dbias), 1e-6)
	grad.Accumulate, grad.Out = true, pack(add, s)
	e.NewSigmoidGrad(grad).Run()
	wantBlocked(t, grad.Out, sum(dx, add), s, 1e-7)
	picture := kernel.PackPictureSpec{C: s.C, H: s.H, W: s.W, In: x, Out: dirty(s.Len())}
	e.NewPackPicture(picture).Run()
	wantClose(t, picture.Out, spec.In, 0)
}

// TestSigmoidEnds: far from zero the sigmoid is 0 or 1, also of an infinity. NaN passes.
func TestSigmoidEnds(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := []float32{-inf, -1e30, -100, -88, -87, 87, 88, 100, 1e30, inf, nan, 0}
	for len(x) < 37 {
		x = append(x, x[:12]...)
	}
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		s := kernel.Shape{C: 1, H: 1, W: len(x)}
		spec := kernel.SigmoidSpec{C: 1, H: 1, W: s.W, In: pack(x, s), Bias: []float32{0}, Out: dirty(s.W)}
		e.NewSigmoid(spec).Run()
		for i, got := range spec.Out {
			var ok bool
			switch v := x[i]; {
			case v != v:
				ok = got != got
			case v < 0:
				ok = got >= 0 && got < 2e-38
			case v > 0:
				ok = got == 1
			default:
				ok = got == 0.5
			}
			if !ok {
				t.Errorf("sigmoid of %v is %v", x[i], got)
			}
		}
	})
}

// TestFeedForwardThreads checks that the number of threads does not show in any bit of the
// steps of a feed-forward network, and that they allocate nothing.
func TestFeedForwardThreads(t *testing.T) {
	s, half, double := kernel.Shape{C: 20, H: 37, W: 45}, kernel.Shape{C: 20, H: 19, W: 23}, kernel.Shape{C: 20, H: 74, W: 90}
	picture := kernel.Shape{C: 3, H: 37, W: 45}
	for _, cpu := range kernel.Supported() {
		var first []float32
		for threads := 1; threads <= 3; threads++ {
			pool := kernel.NewPool(threads)
			e := kernel.NewEngine(cpu, pool)
			r := rand.New(rand.NewPCG(7, 8))
			o := newNorm(r, s, true, 0.5, 2)
			pixels, y := random(r, 3*s.H*s.W), dirty(3*s.H*s.W)
			small, large, image := pack(random(r, half.C*half.H*half.W), half), dirty(double.Len()), dirty(picture.Len())
			sums, back := dirty(2*s.C), dirty(s.Len())
			steps := []interface{ Run() }{
				e.NewInstanceNorm(o.InstanceNormSpec),
				e.NewInstanceNormSums(kernel.InstanceNormSumsSpec{C: s.C, H: s.H, W: s.W, Grad: o.grad, In: o.In, Stats: o.Stats, Mask: o.mask, Out: sums}),
				e.NewInstanceNormGrad(kernel.InstanceNormGradSpec{
					C: s.C, H: s.H, W: s.W, Grad: o.grad, In: o.In, Stats: o.Stats, Affine: o.Affine, Sums: sums, Mask: o.mask, Out: back,
				}),
				e.NewReflect(kernel.ReflectSpec{C: s.C, H: s.H, W: s.W, X: back}),
				e.NewUpsample(kernel.UpsampleSpec{C: s.C, H: s.H, W: s.W, In: back, Out: large}),
				e.NewUpsampleGrad(kernel.UpsampleGradSpec{C: s.C, H: s.H, W: s.W, Grad: large, Out: back}),
				e.NewSpread(kernel.SpreadSpec{C: s.C, H: s.H, W: s.W, In: small, Out: back}),
				e.NewPackPicture(kernel.PackPictureSpec{C: 3, H: s.H, W: s.W, In: pixels, Out: image}),
				e.NewSigmoid(kernel.SigmoidSpec{C: 3, H: s.H, W: s.W, In: image, Bias: []float32{1, 2, 3}, Out: y}),
				e.NewSigmoidGrad(kernel.SigmoidGradSpec{C: 3, H: s.H, W: s.W, Grad: pixels, Y: y, Out: image}),
				e.NewChannelSums(kernel.ChannelSumsSpec{C: s.C, H: s.H, W: s.W, In: back, Out: sums}),
			}
			run := func() {
				for _, k := range steps {
					k.Run()
				}
			}
			if n := testing.AllocsPerRun(3, run); n != 0 {
				t.Errorf("%s, %d threads: %v allocations a run", cpu.Name(), threads, n)
			}
			got := slices.Concat(o.Out, o.Stats, sums, back, large, small, image, y)
			pool.Close()
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Errorf("%s: %d threads make other bytes than 1", cpu.Name(), threads)
			}
		}
	}
}

// FuzzFeedForward runs the steps between convolutions on tensors of any shape, on every
// instruction set, and compares them with the plain definitions.
func FuzzFeedForward(f *testing.F) {
	f.Add(uint8(3), uint8(7), uint8(9), uint64(1))
	f.Add(uint8(47), uint8(0), uint8(30), uint64(2))
	f.Fuzz(func(t *testing.T, c, h, w uint8, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := kernel.Shape{C: 1 + int(c)%50, H: 2 + int(h)%40, W: 2 + int(w)%40}
		for _, cpu := range kernel.Supported() {
			pool := kernel.NewPool(1 + int(seed%4))
			e := kernel.NewEngine(cpu, pool)
			checkReflect(t, e, r, s)
			checkUpsample(t, e, r, s)
			checkSpread(t, e, r, s)
			checkSigmoid(t, e, r, kernel.Shape{C: min(s.C, 16), H: s.H, W: s.W})
			pool.Close()
		}
	})
}

// BenchmarkFeedForward is the steps of a feed-forward network that are as fast as memory.
// The sizes are those of the larger tensor of each.
func BenchmarkFeedForward(b *testing.B) {
	benchCPUs(b, func(b *testing.B, e *kernel.Engine) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, s := range traffic {
			half, n := s.Pooled(), s.Len()
			x, y, small := pack(random(r, s.C*s.H*s.W), s), kernel.Floats(n), kernel.Floats(half.Len())
			rate(b, "reflect", s, 4*16*s.Blocks()*(s.H+s.W), e.NewReflect(kernel.ReflectSpec{C: s.C, H: s.H, W: s.W, X: y}).Run)
			rate(b, "upsample", s, n+n/4, e.NewUpsample(kernel.UpsampleSpec{C: s.C, H: half.H, W: half.W, In: small, Out: y}).Run)
			rate(b, "upsample gradient", s, n+n/4, e.NewUpsampleGrad(kernel.UpsampleGradSpec{C: s.C, H: half.H, W: half.W, Grad: x, Out: small}).Run)
			rate(b, "spread", s, n+n/4, e.NewSpread(kernel.SpreadSpec{C: s.C, H: s.H, W: s.W, In: small, Out: y}).Run)
			rate(b, "channel sums", s, n, e.NewChannelSums(kernel.ChannelSumsSpec{C: s.C, H: s.H, W: s.W, In: x, Out: small}).Run)
		}
		s := traffic[1]
		pixels := 3 * s.H * s.W
		p, q, x := random(r, pixels), random(r, pixels), kernel.Floats(s.Len())
		rate(b, "pack picture", s, pixels+s.Len(), e.NewPackPicture(kernel.PackPictureSpec{C: 3, H: s.H, W: s.W, In: p, Out: x}).Run)
		rate(b, "sigmoid", s, pixels+s.Len(), e.NewSigmoid(kernel.SigmoidSpec{C: 3, H: s.H, W: s.W, In: x, Bias: p, Out: q}).Run)
		rate(b, "sigmoid gradient", s, 2*pixels+s.Len(), e.NewSigmoidGrad(kernel.SigmoidGradSpec{C: 3, H: s.H, W: s.W, Grad: p, Y: q, Out: x}).Run)
	})
}
