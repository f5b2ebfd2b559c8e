package kernel_test

import (
	"math/rand/v2"
	"testing"

	"nst/internal/engine/kernel"
)

func TestConvForward(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range someSizes() {
			c, k, h, w := 16*(1+i%5), 16*(1+(i*3)%7), hw[0], hw[1]
			in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
			x, wt, bias := random(r, c*h*w), random(r, k*c*9), random(r, k)
			u := kernel.NewFilter(e.CPU(), wt, k, c, false)
			for _, relu := range []bool{false, true} {
				want := make([]float32, k*h*w)
				kernel.RefConv3x3(want, x, wt, bias, c, h, w, k, relu)
				spec := kernel.ConvSpec{C: c, K: k, H: h, W: w, U: u, Bias: bias, In: pack(x, in), Out: dirty(out.Len()), ReLU: relu}
				e.NewConv(spec).Run()
				wantBlocked(t, spec.Out, want, out, tol)
				if !relu {
					continue
				}
				spec.OutMask = dirtyMask(out.MaskLen())
				e.NewConv(spec).Run()
				plain := make([]float32, len(want))
				kernel.Unpack(plain, spec.Out, out)
				wantMask(t, spec.OutMask, packMask(plain, out))
				if h < 2 || w < 2 {
					continue
				}
				for _, kind := range []kernel.Pooling{kernel.Max, kernel.Avg} {
					testConvPool(t, e, spec, plain, kind)
				}
			}
		}
	})
}

// testConvPool checks the fused pooling of spec, whose unpooled output is full,
// and the gradient through it.
func testConvPool(t *testing.T, e *kernel.Engine, spec kernel.ConvSpec, full []float32, kind kernel.Pooling) {
	t.Helper()
	k, h, w := spec.K, spec.H, spec.W
	out := kernel.Shape{C: k, H: h, W: w}
	half := out.Pooled()
	want, d := make([]float32, k*half.H*half.W), make([]float32, k*h*w)
	dy := random(rand.New(rand.NewPCG(3, 4)), len(want))
	if kind == kernel.Max {
		kernel.RefMaxPool(want, full, k, h, w)
		for i := range want {
			want[i] *= 1.5
		}
		kernel.RefMaxPoolGrad(d, full, dy, k, h, w)
		for i := range d {
			d[i] *= 1.5
		}
	} else {
		kernel.RefAvgPool(want, full, k, h, w, 1.5)
		kernel.RefAvgPoolGrad(d, dy, k, h, w, 1.5)
	}
	spec.OutPool, spec.PoolScale = kind, 1.5
	spec.Out, spec.OutMask = dirty(half.Len()), dirtyMask(out.MaskLen())
	e.NewConv(spec).Run()
	wantBlocked(t, spec.Out, want, half, tol)

	kernel.RefReLUGrad(d, full, d)
	back := dirty(out.Len())
	e.NewPoolBackward(kernel.PoolGradSpec{C: k, H: h, W: w, Kind: kind, In: pack(dy, half), Mask: spec.OutMask, Out: back, Scale: 1.5}).Run()
	wantBlocked(t, back, d, out, 1e-6)

	// Unpooling on the way into the next convolution, which goes back to c channels.
	c := 32
	wt := random(rand.New(rand.NewPCG(5, 6)), k*c*9)
	dx := make([]float32, c*h*w)
	kernel.RefConv3x3Grad(dx, d, wt, c, h, w, k)
	in := kernel.Shape{C: c, H: h, W: w}
	grad := kernel.ConvSpec{
		C: k, K: c, H: h, W: w, U: kernel.NewFilter(e.CPU(), wt, k, c, true),
		In: pack(dy, half), InMask: spec.OutMask, Unpool: kind, PoolScale: 1.5, Out: dirty(in.Len()),
	}
	e.NewConv(grad).Run()
	wantBlocked(t, grad.Out, dx, in, tol)
}

func TestConvBackward(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range someSizes() {
			c, k, h, w := 16*(1+i%4), 16*(1+(i*3)%5), hw[0], hw[1]
			in, out := kernel.Shape{C: c, H: h, W: w}, kernel.Shape{C: k, H: h, W: w}
			y, dy, wt, add := random(r, k*h*w), random(r, k*h*w), random(r, k*c*9), random(r, c*h*w)
			masked, want := make([]float32, k*h*w), make([]float32, c*h*w)
			kernel.RefReLUGrad(masked, y, dy)
			kernel.RefConv3x3Grad(want, masked, wt, c, h, w, k)
			u := kernel.NewFilterIn(e.CPU(), make([]float32, kernel.FilterLen(k, c)), wt, k, c, true)
			u.Make(e.Pool())
			spec := kernel.ConvSpec{C: k, K: c, H: h, W: w, U: u, In: pack(dy, out), InMask: packMask(y, out), Out: dirty(in.Len())}
			e.NewConv(spec).Run()
			wantBlocked(t, spec.Out, want, in, tol)

			spec.Accumulate, spec.Out = true, pack(add, in)
			for i := range want {
				want[i] += add[i]
			}
			e.NewConv(spec).Run()
			wantBlocked(t, spec.Out, want, in, tol)
		}
	})
}

func TestConvFirst(t *testing.T) {
	each(t, func(t *testing.T, e *kernel.Engine, r *rand.Rand) {
		for i, hw := range someSizes() {
			k, h, w := 16*(1+i%7), hw[0], hw[1]
			s := kernel.Shape{C: k, H: h, W: w}
			x, wt, bias, dy, add := random(r, 3*h*w), random(r, k*27), random(r, k), random(r, k*h*w), random(r, 3*h*w)
			for v := range 4 {
				relu, replicate := v&1 != 0, v&2 != 0
				conv, grad := kernel.RefConv3x3, kernel.RefConv3x3Grad
				if replicate {
					conv, grad = kernel.RefConv3x3Replicate, kernel.RefConv3x3ReplicateGrad
				}
				want := make([]float32, k*h*w)
				conv(want, x, wt, bias, 3, h, w, k, relu)
				spec := kernel.ConvFirstSpec{K: k, H: h, W: w, Weights: wt, Bias: bias, In: x, Out: dirty(s.Len()), ReLU: relu, Replicate: replicate}
				e.NewConvFirst(spec).Run()
				wantBlocked(t, spec.Out, want, s, 1e-6)

				back := kernel.ConvFirstGradSpec{K: k, H: h, W: w, Weights: wt, In: pack(dy, s), Out: dirty(3 * h * w), Replicate: replicate}
				d := dy
				if relu {
					spec.Out, spec.OutMask = dirty(s.Len()), dirtyMask(s.MaskLen())
					e.NewConvFirst(spec).Run()
					kernel.Unpack(want, spec.Out, s)
					wantMask(t, spec.OutMask, packMask(want, s))
					back.InMask = spec.OutMask
					d = make([]float32, len(dy))
					kernel.RefReLUGrad(d, want, dy)
				}
				dx := make([]float32, 3*h*w)
				grad(dx, d, wt, 3, h, w, k)
				e.NewConvFirstGrad(back).Run()
				wantClose(t, back.Out, dx, 2e-6)
				back.Accumulate, back.Out = true, append([]float32(nil), add...)
				for i := range dx {
					dx[i] += add[i]
				}
				e.NewConvFirstGrad(back).Run()
				wantClose(t, back.Out, dx, 2e-6)
			}
		}
	})
}
